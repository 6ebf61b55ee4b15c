/*
 * Who has a file open for writing, as far as /proc shows it: for files that the kernel grants no lease on (lease.h).
 */
#ifndef PCAPSLIM_WRITERS_H
#define PCAPSLIM_WRITERS_H

enum writers {
    WRITERS_NONE,    /* every process of the system was looked at: none has it open for writing */
    WRITERS_SEEN,    /* one has */
    WRITERS_UNKNOWN, /* not every process could be looked at, and of those that could none has */
};

/*
 * Look at the descriptors of all processes: proc(5), /proc/PID/fd. proc: where it is mounted. Only in the initial PID
 * namespace can they be all, and only with CAP_SYS_PTRACE or alone among one's own processes may they be looked at;
 * from inside a Landlock sandbox never (ptrace access is refused). What has only a mapping left is not seen.
 */
enum writers writers_look(const char *proc, int fd);

#endif

/*
 * Giving up what is not needed any more. A program that has opened what it works on needs few system calls and few
 * files; what else it could do is only of use to whoever takes it over with a capture made for that.
 *
 * Two things of Linux are used, each where the kernel has it: Landlock (landlock(7)) for what may be opened, made,
 * renamed and deleted, and a seccomp filter (seccomp(2), through libseccomp) for the system calls. A call that is not
 * allowed fails with EPERM or EACCES; the process lives on and can still delete its temporary file. There is no way
 * back, and children inherit it.
 */
#ifndef PCAPSLIM_SANDBOX_H
#define PCAPSLIM_SANDBOX_H

#include <stddef.h>

/* What a program still has to do. Each includes those before it. */
enum sandbox_need {
    SANDBOX_STREAMS, /* read and write descriptors that are open; open nothing */
    SANDBOX_READ,    /* open files and directories for reading */
    SANDBOX_CHANGE,  /* create, write, rename and delete regular files, make and delete directories, keep attributes */
};

/* What is in force, or-ed. */
enum {
    SANDBOX_HAS_LANDLOCK = 1,
    SANDBOX_HAS_SECCOMP = 2,
};

/*
 * Give up everything but need. Never allowed from here on: running programs, signals to others, executable memory,
 * sockets, tracing, links, device files, mounts, changing identity (but, with SANDBOX_CHANGE, that towards filesystems:
 * lease.c). directory_fd: where SANDBOX_READ and SANDBOX_CHANGE may open and change files, with all that is beneath it;
 * the directory stays the caller's. Or SANDBOX_ANYWHERE. Descriptors that are open already stay as usable as they were.
 * Returns what is in force: 0 on a kernel that has neither, and in builds that could not work inside (a sanitizer's
 * report needs to open files and to trace).
 */
unsigned sandbox_enter(enum sandbox_need need, const int *directories, size_t count);

#endif

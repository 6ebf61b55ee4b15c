/*
 * Whether somebody has a file open for writing. The kernel grants a read lease only on a file that nobody has
 * (fcntl(2), F_SETLEASE). A capture tool that sits on buffered packets shows neither in size nor in mtime, but here it
 * does.
 *
 * Programs that use it ignore SIGIO: the kernel announces with it that a lease is in somebody's way.
 */
#ifndef PCAPSLIM_LEASE_H
#define PCAPSLIM_LEASE_H

#include <stdbool.h>

enum lease {
    LEASE_NO_WRITER, /* nobody has, and while the lease is held nobody can */
    LEASE_NONE_SEEN, /* there is no lease to be had, but nobody has it open for writing now: writers.h */
    LEASE_WRITER,    /* a process has it open for writing */
    LEASE_UNKNOWN, /* cannot be told: a network filesystem, or a file of another user whose identity cannot be taken */
};

/* Take a read lease; as the file's owner where the process may not. Who opens the file for writing waits until it is
 * given back; LEASE_NO_WRITER: there is one. */
enum lease lease_take(int fd);

/*
 * Whether somebody waits to open it for writing until our lease is given back or, after /proc/sys/fs/lease-break-time,
 * taken. Only while the lease is held.
 */
bool lease_is_contested(int fd);

/* Give it back. */
void lease_give_back(int fd);

/* Only ask. */
enum lease lease_probe(int fd);

#endif

/*
 * Which file it is and whether it is still as it was: what stat(2) says of it at one moment.
 */
#ifndef PCAPSLIM_IDENTITY_H
#define PCAPSLIM_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct identity {
    uint64_t device;
    uint64_t inode;
    uint64_t size_bytes;
    int64_t mtime_sec;
    int64_t mtime_ns; /* behind the second */
};

/* Take the identity of a file from its stat(2). */
struct identity identity_of(const struct stat *st);

/* Whether the open file is the one that has this name in the directory. */
bool identity_is_named(int fd, int directory_fd, const char *name);

/* Whether two moments show the same unchanged file: inode, size and modification time. */
bool identity_same(const struct identity *a, const struct identity *b);

#endif

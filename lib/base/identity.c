#include "identity.h"

#include <fcntl.h>

struct identity identity_of(const struct stat *st) {
    struct identity i = {
        .device = (uint64_t)st->st_dev,
        .inode = (uint64_t)st->st_ino,
        .size_bytes = (uint64_t)st->st_size,
        .mtime_sec = (int64_t)st->st_mtim.tv_sec,
        .mtime_ns = (int64_t)st->st_mtim.tv_nsec,
    };
    return i;
}

bool identity_same(const struct identity *a, const struct identity *b) {
    return a->device == b->device && a->inode == b->inode && a->size_bytes == b->size_bytes &&
           a->mtime_sec == b->mtime_sec && a->mtime_ns == b->mtime_ns;
}

bool identity_is_named(int fd, int directory_fd, const char *name) {
    struct stat here;
    struct stat there;
    return fstat(fd, &here) == 0 && fstatat(directory_fd, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void place_init(struct place *p) {
    p->directory_fd = -1;
    p->directory = NULL;
    p->name = NULL;
    p->stage_fd = -1;
}

int place_check_stage(int stage_fd, int directory_fd, struct failure *f) {
    struct stat stage, directory;
    if (fstat(stage_fd, &stage) != 0 || fstat(directory_fd, &directory) != 0) {
        return failure_errno(f, errno, "cannot tell which filesystem it is on");
    }
    bool same = stage.st_dev == directory.st_dev;
#ifdef STATX_MNT_ID
    struct statx a, b;
    if (same && statx(stage_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &a) == 0 &&
        statx(directory_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &b) == 0 &&
        (a.stx_mask & b.stx_mask & STATX_MNT_ID) != 0) {
        same = a.stx_mnt_id == b.stx_mnt_id;
    }
#endif
    return same ? 0 : failure_set(f, "the stage directory is not on its filesystem; name one that is, or none");
}

static char *directory_of(const char *path, const char *slash) {
    if (slash == NULL) {
        return strdup(".");
    }
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

bool place_is_in(const struct place *p, const char *path) {
    char *directory = directory_of(path, strrchr(path, '/'));
    bool same = directory != NULL && p->directory_fd >= 0 && strcmp(p->directory, directory) == 0;
    free(directory);
    return same;
}

int place_go(struct place *p, const char *path, struct failure *f) {
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        return failure_set(f, "this is not the name of a file");
    }
    char *directory = directory_of(path, slash);
    if (directory == NULL) {
        return failure_set(f, "out of memory");
    }
    p->name = name;
    if (place_is_in(p, path)) {
        free(directory);
        return 0;
    }
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        failure_errno(f, errno, "cannot open its directory");
        free(directory);
        return -1;
    }
    if (p->stage_fd >= 0 && place_check_stage(p->stage_fd, fd, f) != 0) {
        (void)close(fd);
        free(directory);
        return -1;
    }
    place_leave(p);
    p->directory_fd = fd;
    p->directory = directory;
    p->name = name;
    return 1;
}

int place_open_file(const struct place *p) {
    const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    int fd = openat(p->directory_fd, p->name, flags | O_NOATIME);
    if (fd < 0 && errno == EPERM) { /* only an owner or a privileged process may leave the access time alone */
        fd = openat(p->directory_fd, p->name, flags);
    }
    return fd;
}

void place_leave(struct place *p) {
    if (p->directory_fd >= 0) {
        (void)close(p->directory_fd);
    }
    free(p->directory);
    p->directory_fd = -1;
    p->directory = NULL;
    p->name = NULL;
}

#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void place_init(struct place *p) {
    p->beneath = false;
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

#define DIRECTORY_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

/* One component after the other; `rest` is taken apart. */
static int open_beneath(char *rest, const char *complaint, struct failure *f) {
    char *next = NULL;
    int fd = open(".", DIRECTORY_FLAGS);
    for (char *name = strtok_r(rest, "/", &next); fd >= 0 && name != NULL; name = strtok_r(NULL, "/", &next)) {
        if (strcmp(name, ".") == 0) {
            continue;
        }
        int below = strcmp(name, "..") != 0 ? openat(fd, name, DIRECTORY_FLAGS | O_NOFOLLOW) : -1;
        int error = strcmp(name, "..") != 0 ? errno : EXDEV;
        (void)close(fd);
        if (below < 0 && (error == ENOTDIR || error == ELOOP)) {
            return failure_set(f, "a symbolic link or something else that is no directory stands in its path");
        }
        fd = below;
        errno = error;
    }
    return fd >= 0 ? fd : failure_errno(f, errno, "%s", complaint);
}

static int open_directory(const char *directory, bool beneath, const char *complaint, struct failure *f) {
    if (beneath) {
        char *rest = directory[0] != '/' ? strdup(directory) : NULL;
        if (rest == NULL) {
            return failure_set(f, directory[0] == '/' ? "it is not below the current directory" : "out of memory");
        }
        int fd = open_beneath(rest, complaint, f);
        free(rest);
        return fd;
    }
    int fd = open(directory, DIRECTORY_FLAGS);
    return fd >= 0 ? fd : failure_errno(f, errno, "%s", complaint);
}

int place_open_directory(const char *directory, bool beneath, struct failure *f) {
    return open_directory(directory, beneath, "cannot open", f);
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
        return failure_memory(f);
    }
    p->name = name;
    if (place_is_in(p, path)) {
        free(directory);
        return 0;
    }
    int fd = open_directory(directory, p->beneath, "cannot open its directory", f);
    if (fd < 0) {
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

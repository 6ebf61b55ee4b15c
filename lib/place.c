#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void place_init(struct place *p) {
    p->directory_fd = -1;
    p->directory = NULL;
    p->name = NULL;
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
    place_init(p);
}

#include "mirror.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int mirror_path(int directory_fd, char *out, size_t room_bytes, struct failure *f) {
    char link[64];
    struct stat here;
    struct stat there;
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", directory_fd);
    const ssize_t length = readlink(link, out, room_bytes);
    if (length < 0) {
        return failure_errno(f, errno, "cannot tell the path of its directory from /proc");
    }
    if ((size_t)length >= room_bytes) {
        return failure_set(f, "the path of its directory is too long for --marker-dir");
    }
    out[length] = '\0';
    /* What /proc says of a directory that is gone, or that is not to be seen from here, looks like a path, too. */
    if (fstat(directory_fd, &here) != 0 || out[0] != '/' || stat(out, &there) != 0 || here.st_ino != there.st_ino ||
        here.st_dev != there.st_dev) {
        return failure_set(f, "its directory has no path from the root, as --marker-dir needs it");
    }
    return 0;
}

int mirror_open(int root_fd, int directory_fd, bool create, const struct marker_owner *owner, struct failure *f) {
    char path[PATH_MAX];
    char *next = NULL;
    if (mirror_path(directory_fd, path, sizeof path, f) != 0) {
        return -1;
    }
    int fd = openat(root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return failure_errno(f, errno, "cannot open the directory of --marker-dir");
    }
    for (char *name = strtok_r(path, "/", &next); fd >= 0 && name != NULL; name = strtok_r(NULL, "/", &next)) {
        const int below = marker_subdirectory_open(fd, name, create, owner, f);
        (void)close(fd);
        fd = below;
    }
    return fd;
}

bool mirror_is_of_markers(const char *path) {
    const size_t bytes = sizeof MARKER_DIRECTORY - 1;
    for (const char *at = strstr(path, MARKER_DIRECTORY); at != NULL; at = strstr(at + 1, MARKER_DIRECTORY)) {
        if ((at == path || at[-1] == '/') && (at[bytes] == '/' || at[bytes] == '\0')) {
            return true;
        }
    }
    return false;
}

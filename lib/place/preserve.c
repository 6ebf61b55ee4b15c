#include "preserve.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Kernel limits, <linux/limits.h>: XATTR_LIST_MAX and XATTR_SIZE_MAX. */
#define LIST_MAX_BYTES 65536
#define VALUE_MAX_BYTES 65536

static bool is_a_matter_of_rights(int error) {
    return error == EPERM || error == EACCES || error == ENOTSUP || error == EOPNOTSUPP || error == EINVAL ||
           error == ENOSYS || error == EROFS;
}

static int copy_attribute(int from_fd, int to_fd, const char *name, char *value, struct failure *f) {
    ssize_t length_bytes = fgetxattr(from_fd, name, value, VALUE_MAX_BYTES);
    if (length_bytes < 0) {
        return is_a_matter_of_rights(errno) || errno == ENODATA
                   ? 0
                   : failure_errno(f, errno, "cannot read extended attribute %s", name);
    }
    if (fsetxattr(to_fd, name, value, (size_t)length_bytes, 0) != 0 && !is_a_matter_of_rights(errno)) {
        return failure_errno(f, errno, "cannot keep extended attribute %s", name);
    }
    return 0;
}

/* The names of a file's attributes, each ended by a NUL. Returns their length, 0 where there are none, or -1. */
static ssize_t list_attributes(int fd, char *list, struct failure *f) {
    ssize_t list_bytes = flistxattr(fd, list, LIST_MAX_BYTES);
    if (list_bytes >= 0) {
        return list_bytes;
    }
    return is_a_matter_of_rights(errno) ? 0 : failure_errno(f, errno, "cannot list its attributes");
}

static bool is_in_list(const char *name, const char *list, ssize_t list_bytes) {
    for (ssize_t at = 0; at < list_bytes; at += (ssize_t)strlen(list + at) + 1) {
        if (strcmp(list + at, name) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * A new file may have got attributes from its directory: a default ACL would let people read the replacement who could
 * not read the capture.
 */
static int remove_others(int to_fd, const char *keep, ssize_t keep_bytes, char *list, struct failure *f) {
    ssize_t list_bytes = list_attributes(to_fd, list, f);
    for (ssize_t at = 0; at < list_bytes; at += (ssize_t)strlen(list + at) + 1) {
        const char *name = list + at;
        if (!is_in_list(name, keep, keep_bytes) && fremovexattr(to_fd, name) != 0 && errno != ENODATA &&
            !is_a_matter_of_rights(errno)) {
            return failure_errno(f, errno, "cannot remove extended attribute %s", name);
        }
    }
    return list_bytes < 0 ? -1 : 0;
}

static int copy_listed(int from_fd, int to_fd, char *list, char *others, char *value, struct failure *f) {
    ssize_t list_bytes = list_attributes(from_fd, list, f);
    if (list_bytes < 0 || remove_others(to_fd, list, list_bytes, others, f) != 0) {
        return -1;
    }
    for (ssize_t at = 0; at < list_bytes; at += (ssize_t)strlen(list + at) + 1) {
        if (copy_attribute(from_fd, to_fd, list + at, value, f) != 0) {
            return -1;
        }
    }
    return 0;
}

static int copy_attributes(int from_fd, int to_fd, struct failure *f) {
    if (flistxattr(from_fd, NULL, 0) == 0 && flistxattr(to_fd, NULL, 0) == 0) {
        return 0; /* the usual case: neither has any */
    }
    char *list = malloc(LIST_MAX_BYTES);
    char *others = malloc(LIST_MAX_BYTES);
    char *value = malloc(VALUE_MAX_BYTES);
    int status = list != NULL && others != NULL && value != NULL ? copy_listed(from_fd, to_fd, list, others, value, f)
                                                                 : failure_memory(f);
    free(value);
    free(others);
    free(list);
    return status;
}

int preserve_attributes(int from_fd, int to_fd, struct failure *f) {
    struct stat from;
    struct stat to;
    if (fstat(from_fd, &from) != 0 || fstat(to_fd, &to) != 0) {
        return failure_errno(f, errno, "cannot read its attributes");
    }
    bool owned = true;
    if (from.st_uid != to.st_uid || from.st_gid != to.st_gid) {
        owned = fchown(to_fd, from.st_uid, from.st_gid) == 0;
        if (!owned && !is_a_matter_of_rights(errno)) {
            return failure_errno(f, errno, "cannot keep its owner");
        }
        if (!owned) { /* the group alone may still be ours to give */
            (void)!fchown(to_fd, (uid_t)-1, from.st_gid);
        }
    }
    if (copy_attributes(from_fd, to_fd, f) != 0) {
        return -1;
    }
    /* After the owner, because a change of owner clears set-id bits; after the ACL, because its mask is in
     * the mode. */
    mode_t mode = from.st_mode & (owned ? (mode_t)07777 : (mode_t)01777);
    if (fchmod(to_fd, mode) != 0 && !is_a_matter_of_rights(errno)) {
        return failure_errno(f, errno, "cannot keep its mode");
    }
    const struct timespec times[2] = {from.st_atim, from.st_mtim};
    if (futimens(to_fd, times) != 0 && !is_a_matter_of_rights(errno)) {
        return failure_errno(f, errno, "cannot keep its timestamps");
    }
    return 0;
}

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

static int copy_attributes(int from_fd, int to_fd, struct failure *f) {
    ssize_t list_bytes = flistxattr(from_fd, NULL, 0);
    if (list_bytes <= 0) {
        return list_bytes == 0 || is_a_matter_of_rights(errno) ? 0
                                                               : failure_errno(f, errno, "cannot list its attributes");
    }
    char *list = malloc(LIST_MAX_BYTES);
    char *value = malloc(VALUE_MAX_BYTES);
    int status = list != NULL && value != NULL ? 0 : failure_set(f, "out of memory");
    if (status == 0) {
        list_bytes = flistxattr(from_fd, list, LIST_MAX_BYTES);
        status = list_bytes >= 0 ? 0 : failure_errno(f, errno, "cannot list its attributes");
    }
    for (ssize_t at = 0; status == 0 && at < list_bytes; at += (ssize_t)strlen(list + at) + 1) {
        status = copy_attribute(from_fd, to_fd, list + at, value, f);
    }
    free(value);
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

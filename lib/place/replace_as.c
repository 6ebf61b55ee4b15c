/* replace_commit_as(): the slim file gets a name of its own, and then the capture goes. */
#include "lease.h"
#include "replace.h"
#include "replace_checks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether two files have the same bytes. */
static bool same_bytes(int a_fd, int b_fd) {
    char a[4096];
    char b[4096];
    ssize_t got;
    off_t at = 0;
    do {
        got = pread(a_fd, a, sizeof a, at);
        if (got < 0 || pread(b_fd, b, sizeof b, at) != got || memcmp(a, b, (size_t)got) != 0) {
            return false;
        }
        at += got;
    } while (got > 0);
    return true;
}

/*
 * Something has the name already. A run that died between the two names has left its slim capture there; it is the very
 * one that we have made, and stays. Anything else is somebody's.
 */
static int adopt(const struct place *p, const char *name, int tmp_fd, struct failure *f) {
    struct stat st;
    int fd = openat(p->directory_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    const bool is_ours = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
                         same_bytes(fd, tmp_fd) && replace_sync(fd) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return is_ours ? 0 : failure_set(f, "%s is there already and is another file; move one of them away", name);
}

/* fresh: set to whether the name is a new one. */
static int put_beside(const struct place *p, const char *tmp, const char *name, int tmp_fd, bool *fresh,
                      struct failure *f) {
    *fresh = renameat2(place_tmp_fd(p), tmp, p->directory_fd, name, RENAME_NOREPLACE) == 0;
    if (!*fresh && errno != EEXIST) {
        return errno == EINVAL || errno == ENOSYS
                   ? failure_set(f, "this filesystem cannot say whether %s is there while giving that name", name)
                   : failure_errno(f, errno, "cannot give it the name %s", name);
    }
    if (!*fresh && adopt(p, name, tmp_fd, f) != 0) {
        return -1;
    }
    if (!*fresh && unlinkat(place_tmp_fd(p), tmp, 0) != 0) {
        return failure_errno(f, errno, "cannot remove %s", tmp);
    }
    return replace_sync(p->directory_fd) == 0 ? 0 : failure_errno(f, errno, "cannot make the name %s durable", name);
}

/*
 * The slim file stands. The capture gets the temporary name first, from which it can be brought back: a process that
 * opens it for writing at that very moment waits for the lease, and is seen.
 */
static int take_away(const struct place *p, int original_fd, const char *tmp, bool leased, bool *gone,
                     struct failure *f) {
    if (renameat2(p->directory_fd, p->name, place_tmp_fd(p), tmp, RENAME_NOREPLACE) != 0) {
        return failure_errno(f, errno, "cannot take it away");
    }
    *gone = true;
    if (leased && lease_is_contested(original_fd)) {
        *gone = renameat2(place_tmp_fd(p), tmp, p->directory_fd, p->name, RENAME_NOREPLACE) != 0;
        return *gone ? failure_errno(f, errno, "slimmed, but a process writes to what it was, which is %s now", tmp)
                     : failure_of(FAILURE_CHANGED, f, REPLACE_STILL_WRITTEN "a process opened it for writing");
    }
    if (unlinkat(place_tmp_fd(p), tmp, 0) != 0) {
        const int error = errno;
        *gone = renameat2(place_tmp_fd(p), tmp, p->directory_fd, p->name, RENAME_NOREPLACE) != 0;
        return *gone ? failure_errno(f, error, "slimmed, but what it was cannot be removed, which is %s now", tmp)
                     : failure_errno(f, error, "cannot remove it");
    }
    return 0;
}

/* From the last look at the capture to its end. */
static int check_and_take_away(const struct place *p, int original_fd, const struct identity *original, const char *tmp,
                               bool *gone, struct failure *f) {
    enum lease lease;
    int status = replace_look_last(p, original_fd, original, &lease, f);
    if (status == 0) {
        status = take_away(p, original_fd, tmp, lease == LEASE_NO_WRITER, gone, f);
    }
    replace_let_go(original_fd, lease);
    return status;
}

int replace_commit_as(const struct place *p, const char *name, int original_fd, const struct identity *original,
                      int tmp_fd, bool *replaced, struct failure *f) {
    char tmp[REPLACE_NAME_BYTES];
    bool fresh;
    *replaced = false;
    if (replace_tmp_name(p, tmp, f) != 0 || replace_prepare(p, original_fd, original, tmp_fd, f) != 0 ||
        replace_make_durable(tmp_fd, f) != 0 || replace_check_tmp(p, tmp, tmp_fd, f) != 0) {
        return -1;
    }
    if (put_beside(p, tmp, name, tmp_fd, &fresh, f) != 0 ||
        check_and_take_away(p, original_fd, original, tmp, replaced, f) != 0) {
        /* Where the capture is whole: a slim one of what is being written would be taken for all of it. */
        if (!*replaced && fresh && identity_is_named(tmp_fd, p->directory_fd, name)) {
            (void)unlinkat(p->directory_fd, name, 0);
        }
        return -1;
    }
    return replace_sync(p->directory_fd) == 0
               ? 0
               : failure_errno(f, errno, "slimmed, but its directory cannot be made durable");
}

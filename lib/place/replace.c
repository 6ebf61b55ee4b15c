#include "replace.h"

#include "lease.h"
#include "preserve.h"
#include "replace_checks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum replace_target replace_inspect(const struct place *p, struct identity *identity, struct failure *f) {
    struct stat st;
    if (fstatat(p->directory_fd, p->name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        failure_errno(f, errno, "cannot open");
        return REPLACE_ERROR;
    }
    if (S_ISLNK(st.st_mode)) {
        return REPLACE_SYMLINK;
    }
    if (!S_ISREG(st.st_mode)) {
        return REPLACE_NOT_REGULAR;
    }
    *identity = identity_of(&st);
    return st.st_nlink > 1 ? REPLACE_HARDLINKED : REPLACE_OK;
}

int replace_check_unchanged(const struct place *p, const struct identity *original, struct failure *f) {
    struct stat st;
    if (fstatat(p->directory_fd, p->name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return failure_errno(f, errno, REPLACE_STILL_WRITTEN "it went away");
    }
    struct identity now = identity_of(&st);
    if (now.inode != original->inode || now.device != original->device) {
        return failure_of(FAILURE_CHANGED, f, REPLACE_STILL_WRITTEN "another file has taken its name");
    }
    if (!identity_same(&now, original)) {
        return failure_of(FAILURE_CHANGED, f, REPLACE_STILL_WRITTEN "it changed while it was being slimmed");
    }
    if (st.st_nlink != 1) {
        return failure_set(f, "it has got a second hard link meanwhile");
    }
    return 0;
}

/* A clock may have been set back: what changed in a future farther than clocks of hosts differ says nothing. */
static bool is_young(const struct stat *st) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    const int64_t age_s = (int64_t)now.tv_sec - st->st_mtim.tv_sec;
    return age_s < REPLACE_YOUNG_S && age_s > -REPLACE_YOUNG_S;
}

static int check_writers(int fd, const struct stat *st, struct failure *f) {
    const enum lease lease = lease_probe(fd);
    if (lease == LEASE_WRITER) {
        return failure_of(FAILURE_CHANGED, f, REPLACE_STILL_WRITTEN "a process has it open for writing");
    }
    if (lease == LEASE_UNKNOWN && is_young(st)) {
        (void)failure_of(FAILURE_CHANGED, f,
                         "changed less than 5 minutes ago, and whether a process writes to it cannot be told");
        return REPLACE_TOO_YOUNG;
    }
    return 0;
}

int replace_open_original(const struct place *p, struct identity *identity, struct failure *f) {
    int fd = place_open_file(p);
    if (fd < 0) {
        return failure_errno(f, errno, "cannot open");
    }
    struct stat st;
    int status = 0;
    if (fstat(fd, &st) != 0) {
        status = failure_errno(f, errno, "cannot open");
    } else if (!S_ISREG(st.st_mode)) {
        status = failure_set(f, "it is no longer a regular file");
    } else if (st.st_nlink != 1) {
        status = failure_set(f, "it has got a second hard link meanwhile");
    } else {
        status = check_writers(fd, &st, f);
    }
    if (status != 0) {
        (void)close(fd);
        return status;
    }
    *identity = identity_of(&st);
    return fd;
}

int replace_sync(int fd) {
    int status;
    do {
        status = fsync(fd);
    } while (status != 0 && errno == EINTR);
    return status;
}

/*
 * Exchange the two names, which can be undone, and remove the capture as it was. A writer may look up the capture's
 * name before that and open what it stood for after it: what it then writes would be lost with the old file. While the
 * lease is held such a writer waits, and is seen. Returns 0, 1 where the filesystem cannot exchange, or -1 with f set.
 */
static int exchange(const struct place *p, int original_fd, const char *tmp, bool *replaced, struct failure *f) {
    const int from = place_tmp_fd(p);
    const int to = p->directory_fd;
    if (renameat2(from, tmp, to, p->name, RENAME_EXCHANGE) != 0) {
        return errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP ? 1
                                                                         : failure_errno(f, errno, "cannot replace it");
    }
    if (lease_is_contested(original_fd)) {
        *replaced = renameat2(from, tmp, to, p->name, RENAME_EXCHANGE) != 0;
        return *replaced
                   ? failure_errno(f, errno, "replaced, but a process writes to what it was, which is %s now", tmp)
                   : failure_of(FAILURE_CHANGED, f, REPLACE_STILL_WRITTEN "a process opened it for writing");
    }
    *replaced = true;
    if (unlinkat(from, tmp, 0) != 0) {
        return failure_errno(f, errno, "replaced, but what it was cannot be removed, which is %s now", tmp);
    }
    return 0;
}

static int put_in_place(const struct place *p, int original_fd, const char *tmp, bool leased, bool *replaced,
                        struct failure *f) {
    const int status = leased ? exchange(p, original_fd, tmp, replaced, f) : 1;
    if (status <= 0) {
        return status;
    }
    if (renameat(place_tmp_fd(p), tmp, p->directory_fd, p->name) != 0) {
        return failure_errno(f, errno, "cannot replace it");
    }
    *replaced = true;
    return 0;
}

int replace_prepare(const struct place *p, int original_fd, const struct identity *original, int tmp_fd,
                    struct failure *f) {
    /* Asked before its owner and mode are copied, too: another file may have taken the name, with an owner of its own.
     */
    if (replace_check_unchanged(p, original, f) != 0 || preserve_attributes(original_fd, tmp_fd, f) != 0) {
        return -1;
    }
    /* What goes wrong is the sync's to tell. */
    (void)sync_file_range(tmp_fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    return 0;
}

int replace_make_durable(int tmp_fd, struct failure *f) {
    return replace_sync(tmp_fd) == 0 ? 0 : failure_errno(f, errno, "cannot make the slim capture durable");
}

int replace_look_last(const struct place *p, int original_fd, const struct identity *original, enum lease *lease,
                      struct failure *f) {
    *lease = lease_take(original_fd);
    if (*lease == LEASE_WRITER) {
        return failure_of(FAILURE_CHANGED, f, REPLACE_STILL_WRITTEN "a process has it open for writing");
    }
    return replace_check_unchanged(p, original, f);
}

void replace_let_go(int original_fd, enum lease lease) {
    if (lease == LEASE_NO_WRITER) {
        lease_give_back(original_fd);
    }
}

int replace_check_tmp(const struct place *p, const char *tmp, int tmp_fd, struct failure *f) {
    return identity_is_named(tmp_fd, place_tmp_fd(p), tmp)
               ? 0
               : failure_of(FAILURE_CHANGED, f, "cannot replace it: %s was taken away or exchanged by another process",
                            tmp);
}

/* From the last look to the rename: as little time as can be, and no new writer in between where leases work. */
int replace_rename(const struct place *p, int original_fd, const struct identity *original, int tmp_fd, bool *replaced,
                   struct failure *f) {
    char tmp[REPLACE_NAME_BYTES];
    *replaced = false;
    if (replace_tmp_name(p, tmp, f) != 0) {
        return -1;
    }
    enum lease lease;
    int status = replace_look_last(p, original_fd, original, &lease, f);
    if (status == 0 && (status = replace_check_tmp(p, tmp, tmp_fd, f)) == 0) {
        status = put_in_place(p, original_fd, tmp, lease == LEASE_NO_WRITER, replaced, f);
    }
    replace_let_go(original_fd, lease);
    return status;
}

int replace_sync_directory(const struct place *p, struct failure *f) {
    if (replace_sync(p->directory_fd) != 0) {
        return failure_errno(f, errno, "replaced, but its directory cannot be synced, so a power cut may undo it");
    }
    if (p->stage_fd >= 0 && replace_sync(p->stage_fd) != 0) { /* or the temporary file's name might come back */
        return failure_errno(f, errno, "replaced, but the stage directory cannot be synced");
    }
    return 0;
}

int replace_commit(const struct place *p, int original_fd, const struct identity *original, int tmp_fd, bool *replaced,
                   struct failure *f) {
    *replaced = false;
    return replace_prepare(p, original_fd, original, tmp_fd, f) == 0 && replace_make_durable(tmp_fd, f) == 0 &&
                   replace_rename(p, original_fd, original, tmp_fd, replaced, f) == 0 &&
                   replace_sync_directory(p, f) == 0
               ? 0
               : -1;
}

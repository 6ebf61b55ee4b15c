#include "replace.h"

#include "preserve.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STILL_WRITTEN "still being written: "

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

/*
 * Whether a process has the file open for writing: 1 yes, 0 no, -1 cannot be told. The kernel grants a read
 * lease only on a file that nobody has open for writing (fcntl(2), F_SETLEASE); it is given back at once. A
 * capture tool that sits on buffered packets shows neither in size nor in mtime, but here it does.
 */
static int has_writer(int fd) {
    if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
        (void)fcntl(fd, F_SETLEASE, F_UNLCK);
        return 0;
    }
    return errno == EAGAIN ? 1 : -1;
}

static int check_unchanged(const struct place *p, int original_fd, const struct identity *original, struct failure *f) {
    struct stat st;
    if (fstatat(p->directory_fd, p->name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return failure_errno(f, errno, STILL_WRITTEN "it went away");
    }
    struct identity now = identity_of(&st);
    if (now.inode != original->inode || now.device != original->device) {
        return failure_set(f, STILL_WRITTEN "another file has taken its name");
    }
    if (!identity_same(&now, original)) {
        return failure_set(f, STILL_WRITTEN "it changed while it was being slimmed");
    }
    if (st.st_nlink != 1) {
        return failure_set(f, "it has got a second hard link meanwhile");
    }
    if (has_writer(original_fd) == 1) {
        return failure_set(f, STILL_WRITTEN "a process has it open for writing");
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
    } else if (has_writer(fd) == 1) {
        status = failure_set(f, STILL_WRITTEN "a process has it open for writing");
    }
    if (status != 0) {
        (void)close(fd);
        return -1;
    }
    *identity = identity_of(&st);
    return fd;
}

int replace_tmp_name(const char *name, char *out, struct failure *f) {
    size_t length_bytes = strlen(name);
    if (length_bytes + sizeof REPLACE_SUFFIX > REPLACE_NAME_BYTES) {
        return failure_set(f, "its name of %zu bytes leaves no room for " REPLACE_SUFFIX " (255 in all); shorten it",
                           length_bytes);
    }
    memcpy(out, name, length_bytes);
    memcpy(out + length_bytes, REPLACE_SUFFIX, sizeof REPLACE_SUFFIX);
    return 0;
}

static bool is_stale(const struct stat *st) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec - st->st_mtim.tv_sec > REPLACE_STALE_S;
}

/*
 * Whether a temporary file is dead, given that its name is claimed by us: no live run of ours has it, so what
 * is left is another program's. One that nobody has open for writing and that is ours by owner is a dead
 * run's. Where the filesystem cannot tell about writers, age has to do.
 */
static int judge_leftover(int directory_fd, const char *tmp, const struct stat *st, struct failure *f) {
    if (!S_ISREG(st->st_mode) || st->st_nlink != 1) {
        return failure_set(f, "%s is in the way and not a plain file (a link?); remove it", tmp);
    }
    if (st->st_uid != geteuid() && !is_stale(st)) {
        return failure_set(f, "%s is in the way and belongs to another user; is it in use?", tmp);
    }
    int fd = openat(directory_fd, tmp, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return failure_errno(f, errno, "%s is in the way", tmp);
    }
    struct stat opened;
    int writer =
        fstat(fd, &opened) == 0 && opened.st_ino == st->st_ino && opened.st_dev == st->st_dev ? has_writer(fd) : 1;
    (void)close(fd);
    if (writer == 1 || (writer < 0 && !is_stale(st))) {
        return failure_set(f, "%s is in the way and seems to be in use", tmp);
    }
    return 0;
}

int replace_create_tmp(const struct place *p, struct failure *f) {
    char tmp[REPLACE_NAME_BYTES];
    if (replace_tmp_name(p->name, tmp, f) != 0) {
        return -1;
    }
    const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(p->directory_fd, tmp, flags, 0600);
    if (fd >= 0 || errno != EEXIST) {
        return fd >= 0 ? fd : failure_errno(f, errno, "cannot create %s", tmp);
    }
    struct stat st;
    if (fstatat(p->directory_fd, tmp, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return failure_errno(f, errno, "cannot create %s", tmp);
    }
    if (judge_leftover(p->directory_fd, tmp, &st, f) != 0) {
        return -1;
    }
    if (unlinkat(p->directory_fd, tmp, 0) != 0) {
        return failure_errno(f, errno, "cannot remove %s, left by a dead run", tmp);
    }
    fd = openat(p->directory_fd, tmp, flags, 0600);
    return fd >= 0 ? fd : failure_errno(f, errno, "cannot create %s", tmp);
}

void replace_remove_tmp(const struct place *p, const struct identity *tmp) {
    char name[REPLACE_NAME_BYTES];
    struct stat st;
    if (replace_tmp_name(p->name, name, NULL) == 0 && fstatat(p->directory_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        (uint64_t)st.st_ino == tmp->inode && (uint64_t)st.st_dev == tmp->device) {
        (void)unlinkat(p->directory_fd, name, 0);
    }
}

/* Whether the open file is the one that has this name. */
static bool is_named(int fd, int directory_fd, const char *name) {
    struct stat here;
    struct stat there;
    return fstat(fd, &here) == 0 && fstatat(directory_fd, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

static int sync_fd(int fd) {
    int status;
    do {
        status = fsync(fd);
    } while (status != 0 && errno == EINTR);
    return status;
}

int replace_commit(const struct place *p, int original_fd, const struct identity *original, int tmp_fd, bool *replaced,
                   struct failure *f) {
    char tmp[REPLACE_NAME_BYTES];
    *replaced = false;
    if (replace_tmp_name(p->name, tmp, f) != 0 || preserve_attributes(original_fd, tmp_fd, f) != 0) {
        return -1;
    }
    if (sync_fd(tmp_fd) != 0) {
        return failure_errno(f, errno, "cannot make the slim capture durable");
    }
    if (check_unchanged(p, original_fd, original, f) != 0) {
        return -1;
    }
    if (!is_named(tmp_fd, p->directory_fd, tmp)) {
        return failure_set(f, "%s was taken away or exchanged by another process", tmp);
    }
    if (renameat(p->directory_fd, tmp, p->directory_fd, p->name) != 0) {
        return failure_errno(f, errno, "cannot replace it");
    }
    *replaced = true;
    if (sync_fd(p->directory_fd) != 0) {
        return failure_errno(f, errno, "replaced, but its directory cannot be synced, so a power cut may undo it");
    }
    return 0;
}

/* The capture's name in the name of a stale-looking temporary file, or false when it is none. */
static bool capture_of_tmp(const char *tmp, char *capture) {
    const char ending[] = ".pcap" REPLACE_SUFFIX;
    size_t length_bytes = strlen(tmp);
    if (length_bytes < sizeof ending - 1 || length_bytes >= REPLACE_NAME_BYTES ||
        strcmp(tmp + length_bytes - (sizeof ending - 1), ending) != 0) {
        return false;
    }
    size_t capture_bytes = length_bytes - (sizeof REPLACE_SUFFIX - 1);
    memcpy(capture, tmp, capture_bytes);
    capture[capture_bytes] = '\0';
    return true;
}

static bool looks_stale(int directory_fd, const char *tmp, struct stat *st) {
    return fstatat(directory_fd, tmp, st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st->st_mode) && is_stale(st);
}

/* With the claim in hand, look again: a run may have ended, or begun and ended, since the first look. */
static bool remove_if_stale(const struct claims *claims, const char *tmp, const char *capture) {
    bool gone = false;
    struct stat st;
    if (claims_take(claims, capture, NULL) == 1) {
        if (looks_stale(claims->directory_fd, tmp, &st)) {
            int fd = openat(claims->directory_fd, tmp, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
            if (fd < 0 || has_writer(fd) != 1) {
                gone = unlinkat(claims->directory_fd, tmp, 0) == 0;
            }
            if (fd >= 0) {
                (void)close(fd);
            }
        }
        claims_give_back(claims, capture);
    }
    return gone;
}

int replace_clean_stale(int directory_fd, const struct marker_owner *owner, unsigned long *removed, struct failure *f) {
    struct claims claims;
    claims_init(&claims);
    *removed = 0;
    int list_fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = list_fd >= 0 ? fdopendir(list_fd) : NULL;
    if (list == NULL) {
        failure_errno(f, errno, "cannot list the directory");
        if (list_fd >= 0) {
            (void)close(list_fd);
        }
        return -1;
    }
    int status = 0;
    struct dirent *entry;
    while (status == 0 && (entry = readdir(list)) != NULL) {
        char capture[REPLACE_NAME_BYTES];
        struct stat st;
        if (!capture_of_tmp(entry->d_name, capture) || !looks_stale(directory_fd, entry->d_name, &st)) {
            continue;
        }
        if (claims.lock_fd < 0) {
            status = claims_open(&claims, directory_fd, -1, owner, f);
        }
        if (status == 0 && remove_if_stale(&claims, entry->d_name, capture)) {
            ++*removed;
        }
    }
    claims_close(&claims);
    (void)closedir(list);
    return status;
}

#include "lease.h"
#include "replace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define ENDING_BYTES 32
#define COMPARED_BYTES 24 /* a file header of pcap */

/* What the names of temporary files end with, behind the capture's name. */
static int tmp_ending(int directory_fd, int stage_fd, char *ending, struct failure *f) {
    struct stat st;
    if (stage_fd < 0) {
        memcpy(ending, REPLACE_SUFFIX, sizeof REPLACE_SUFFIX);
        return 0;
    }
    if (fstat(directory_fd, &st) != 0) {
        return failure_errno(f, errno, "cannot stat its directory");
    }
    (void)snprintf(ending, ENDING_BYTES, ".%jx" REPLACE_SUFFIX, (uintmax_t)st.st_ino);
    return 0;
}

int replace_tmp_name(const struct place *p, char *out, struct failure *f) {
    char ending[ENDING_BYTES];
    if (tmp_ending(p->directory_fd, p->stage_fd, ending, f) != 0) {
        return -1;
    }
    const size_t length_bytes = strlen(p->name);
    const size_t ending_bytes = strlen(ending) + 1;
    if (length_bytes + ending_bytes > REPLACE_NAME_BYTES) {
        return failure_set(f, "its name of %zu bytes leaves no room for %s (255 in all); shorten it", length_bytes,
                           ending);
    }
    memcpy(out, p->name, length_bytes);
    memcpy(out + length_bytes, ending, ending_bytes);
    return 0;
}

static int open_tmp(const struct place *p, const struct identity *tmp, bool is_written, struct failure *f) {
    char name[REPLACE_NAME_BYTES];
    struct stat st;
    if (replace_tmp_name(p, name, f) != 0) {
        return -1;
    }
    int fd = openat(place_tmp_fd(p), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return failure_errno(f, errno, "cannot open its temporary file");
    }
    struct identity now;
    if (fstat(fd, &st) != 0 || (now = identity_of(&st), now.inode != tmp->inode || now.device != tmp->device) ||
        (is_written && !identity_same(&now, tmp))) {
        (void)close(fd);
        return failure_of(FAILURE_CHANGED, f, "its temporary file was changed by another process");
    }
    return fd;
}

int replace_open_tmp(const struct place *p, const struct identity *tmp, struct failure *f) {
    return open_tmp(p, tmp, true, f);
}

int replace_open_growing_tmp(const struct place *p, const struct identity *tmp, struct failure *f) {
    return open_tmp(p, tmp, false, f);
}

static bool is_stale(const struct stat *st) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec - st->st_mtim.tv_sec > REPLACE_STALE_S;
}

static bool same_mtime(const struct stat *a, const struct stat *b) {
    return a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* gzip, zstd, lz4: what may be written. */
static bool begins_packed(const uint8_t *bytes, size_t length_bytes) {
    static const struct {
        size_t length;
        uint8_t bytes[4];
    } MAGIC[] = {{2, {0x1f, 0x8b}}, {4, {0x28, 0xb5, 0x2f, 0xfd}}, {4, {0x04, 0x22, 0x4d, 0x18}}};
    for (size_t i = 0; i < sizeof MAGIC / sizeof MAGIC[0]; i++) {
        if (length_bytes >= MAGIC[i].length && memcmp(bytes, MAGIC[i].bytes, MAGIC[i].length) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * The temporary file of a dead run: it has the capture's owner or ours, is no longer than the capture and begins with
 * the same file header (as far as it got). Or it is the capture as it was, already replaced and not yet removed:
 * longer, with the modification time that its slim was given. Where one of the two is compressed, neither length nor
 * beginning tell anything. A file of somebody else's that happens to have the name is none of these.
 */
static bool looks_like_ours(const struct place *p, int tmp_fd, const struct stat *tmp) {
    uint8_t original_header[COMPARED_BYTES];
    uint8_t tmp_header[COMPARED_BYTES];
    struct stat original;
    bool ours = false;
    bool is_packed = false;
    int original_fd = place_open_file(p);
    if (original_fd >= 0 && fstat(original_fd, &original) == 0 &&
        (tmp->st_uid == geteuid() || tmp->st_uid == original.st_uid)) {
        const ssize_t got = pread(tmp_fd, tmp_header, sizeof tmp_header, 0);
        const ssize_t want = pread(original_fd, original_header, sizeof original_header, 0);
        ours = got >= 0 && got <= want && memcmp(tmp_header, original_header, (size_t)got) == 0;
        is_packed = got >= 0 && want >= 0 &&
                    (begins_packed(original_header, (size_t)want) || begins_packed(tmp_header, (size_t)got));
    }
    if (original_fd >= 0) {
        (void)close(original_fd);
    }
    return is_packed || (ours && (tmp->st_size <= original.st_size || same_mtime(tmp, &original)));
}

/* Whether a process writes it, or is about to put it in its capture's place (it locks it for that). */
static bool is_in_use(int tmp_fd) {
    return flock(tmp_fd, LOCK_EX | LOCK_NB) != 0 || lease_probe(tmp_fd) == LEASE_WRITER;
}

/*
 * Remove a file that has the temporary file's name, if it is a dead run's. The claim on the name is ours, so no live
 * run has it, but another program or, without claims, another stage may. Returns 0, or -1 with f set.
 */
static int remove_leftover(const struct place *p, const char *tmp, struct failure *f) {
    struct stat st;
    int fd = openat(place_tmp_fd(p), tmp, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ELOOP
                   ? failure_set(f, "%s is in the way and not a plain file (a symbolic link); remove it", tmp)
                   : failure_errno(f, errno, "%s is in the way", tmp);
    }
    int status = 0;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1) {
        status = failure_set(f, "%s is in the way and not a plain file of one name; remove it", tmp);
    } else if (is_in_use(fd)) {
        status = failure_set(f, "%s is in the way and in use by another process", tmp);
    } else if (!is_stale(&st) && !looks_like_ours(p, fd, &st)) {
        status = failure_set(
            f, "%s is in the way and is not a dead run's; remove it, or wait until it is 5 minutes old", tmp);
    } else if (!identity_is_named(fd, place_tmp_fd(p), tmp) || unlinkat(place_tmp_fd(p), tmp, 0) != 0) {
        status = failure_set(f, "cannot remove %s, left by a dead run", tmp);
    }
    (void)close(fd);
    return status;
}

int replace_create_tmp(const struct place *p, struct identity *identity, struct failure *f) {
    char tmp[REPLACE_NAME_BYTES];
    if (replace_tmp_name(p, tmp, f) != 0) {
        return -1;
    }
    const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(place_tmp_fd(p), tmp, flags, 0600);
    if (fd < 0 && errno == EEXIST) {
        if (remove_leftover(p, tmp, f) != 0) {
            return -1;
        }
        fd = openat(place_tmp_fd(p), tmp, flags, 0600);
    }
    if (fd < 0) {
        return failure_errno(f, errno, "cannot create %s", tmp);
    }
    struct stat st;
    if (fstat(fd, &st) != 0) {
        failure_errno(f, errno, "cannot stat %s", tmp);
        (void)unlinkat(place_tmp_fd(p), tmp, 0);
        (void)close(fd);
        return -1;
    }
    *identity = identity_of(&st);
    (void)flock(fd, LOCK_EX | LOCK_NB); /* nobody else can have it: it is new */
    return fd;
}

int replace_stat_tmp(int tmp_fd, struct identity *identity, struct failure *f) {
    struct stat st;
    if (fstat(tmp_fd, &st) != 0) {
        return failure_errno(f, errno, "cannot stat the temporary file");
    }
    *identity = identity_of(&st);
    return 0;
}

bool replace_lock_tmp(int tmp_fd) {
    return flock(tmp_fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

/* What has the temporary file's name now. Returns whether there is anything. */
static bool look_at_tmp(const struct place *p, char *name, struct identity *now) {
    struct stat st;
    if (replace_tmp_name(p, name, NULL) != 0 || fstatat(place_tmp_fd(p), name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return false;
    }
    *now = identity_of(&st);
    return true;
}

void replace_remove_tmp(const struct place *p, const struct identity *tmp) {
    char name[REPLACE_NAME_BYTES];
    struct identity now;
    if (look_at_tmp(p, name, &now) && now.inode == tmp->inode && now.device == tmp->device) {
        (void)unlinkat(place_tmp_fd(p), name, 0);
    }
}

bool replace_has_tmp(const struct place *p) {
    char name[REPLACE_NAME_BYTES];
    struct identity now;
    return look_at_tmp(p, name, &now);
}

void replace_remove_leftover(const struct place *p) {
    char name[REPLACE_NAME_BYTES];
    struct identity now;
    if (look_at_tmp(p, name, &now)) {
        (void)remove_leftover(p, name, NULL);
    }
}

void replace_remove_unchanged_tmp(const struct place *p, const struct identity *tmp) {
    char name[REPLACE_NAME_BYTES];
    struct identity now;
    if (look_at_tmp(p, name, &now) && identity_same(&now, tmp)) {
        (void)unlinkat(place_tmp_fd(p), name, 0);
    }
}

/* Where leftovers are looked for, and what their names end with. */
struct leftovers {
    int fd;
    const char *const *patterns; /* the captures' */
    char ending[ENDING_BYTES];
};

/* The capture's name in the name of a stale-looking temporary file, or false when it is none. */
static bool capture_of_tmp(const struct leftovers *in, const char *tmp, char *capture) {
    const char *const *pattern = in->patterns;
    const size_t length_bytes = strlen(tmp);
    const size_t ending_bytes = strlen(in->ending);
    if (length_bytes <= ending_bytes || length_bytes >= REPLACE_NAME_BYTES ||
        strcmp(tmp + length_bytes - ending_bytes, in->ending) != 0) {
        return false;
    }
    memcpy(capture, tmp, length_bytes - ending_bytes);
    capture[length_bytes - ending_bytes] = '\0';
    while (*pattern != NULL && fnmatch(*pattern, capture, 0) != 0) {
        pattern++;
    }
    return *pattern != NULL;
}

static bool looks_stale(int directory_fd, const char *tmp, struct stat *st) {
    return fstatat(directory_fd, tmp, st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st->st_mode) && is_stale(st);
}

/* With the claim in hand, look again: a run may have ended, or begun and ended, since the first look. */
static bool remove_if_stale(const struct claims *claims, int tmp_directory_fd, const char *tmp, const char *capture) {
    bool gone = false;
    struct stat st;
    if (claims_take(claims, capture, NULL) != 1) {
        return false;
    }
    int fd = openat(tmp_directory_fd, tmp, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0 && looks_stale(tmp_directory_fd, tmp, &st) && identity_is_named(fd, tmp_directory_fd, tmp) &&
        !is_in_use(fd)) {
        gone = unlinkat(tmp_directory_fd, tmp, 0) == 0;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    claims_give_back(claims, capture);
    return gone;
}

static int clean_one(int directory_fd, const struct leftovers *in, struct claims *claims,
                     const struct marker_owner *owner, unsigned long *removed, struct failure *f) {
    int list_fd = openat(in->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
        if (!capture_of_tmp(in, entry->d_name, capture) || !looks_stale(in->fd, entry->d_name, &st)) {
            continue;
        }
        if (claims->lock_fd < 0) {
            status = claims_open(claims, directory_fd, -1, owner, f);
        }
        if (status == 0 && remove_if_stale(claims, in->fd, entry->d_name, capture)) {
            ++*removed;
        }
    }
    (void)closedir(list);
    return status;
}

int replace_clean_stale(int directory_fd, int stage_fd, const char *const *patterns, const struct marker_owner *owner,
                        unsigned long *removed, struct failure *f) {
    const int places[] = {-1, stage_fd};
    struct claims claims;
    claims_init(&claims);
    *removed = 0;
    int status = stage_fd >= 0 ? place_check_stage(stage_fd, directory_fd, f) : 0;
    for (size_t i = 0; status == 0 && i < (stage_fd >= 0 ? 2U : 1U); i++) {
        struct leftovers in = {.fd = places[i] >= 0 ? places[i] : directory_fd, .patterns = patterns};
        status = tmp_ending(directory_fd, places[i], in.ending, f);
        if (status == 0) {
            status = clean_one(directory_fd, &in, &claims, owner, removed, f);
        }
    }
    claims_close(&claims);
    return status;
}

#include "claim.h"

#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#define LOCK_NAME CLAIM_LOCK_NAME
#define PRESENCE_BYTE 0
#define FIRST_CLAIM_BYTE 16

/* A directory that vanishes under us this often is being played with. */
#define OPEN_ATTEMPTS 16

#define LOCK_ATTEMPTS 100
#define LOCK_PAUSE_NS 20000000

void claims_init(struct claims *c) {
    c->directory_fd = c->markers_fd = c->lock_fd = -1;
    c->inherited = false;
}

static int lock_bytes(int fd, int command, short type, off_t start, off_t length) {
    struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    int status;
    do {
        status = fcntl(fd, command, &l);
    } while (status != 0 && errno == EINTR);
    return status;
}

/*
 * The last one out holds it all for a moment only; whoever holds it longer is no run of ours and must not be able to
 * stop one for good.
 */
static int lock_presence(int fd) {
    for (int attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
        const struct timespec pause = {.tv_sec = 0, .tv_nsec = LOCK_PAUSE_NS};
        if (lock_bytes(fd, F_OFD_SETLK, F_RDLCK, PRESENCE_BYTE, 1) == 0) {
            return 0;
        }
        if (errno != EAGAIN && errno != EACCES) {
            return -1;
        }
        (void)nanosleep(&pause, NULL);
    }
    errno = EAGAIN;
    return -1;
}

/* A collision of two names costs no more than that one of them waits for the next run. */
static off_t byte_of(const char *name) {
    return FIRST_CLAIM_BYTE + (off_t)(XXH3_64bits(name, strlen(name)) >> 2);
}

/* Returns 0, 1 to try again because the file was removed meanwhile, -1 with f set. */
static int open_lock_file(struct claims *c, const struct marker_owner *owner, struct failure *f) {
    int fd = openat(c->markers_fd, LOCK_NAME, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    bool made = false;
    if (fd < 0 && errno == ENOENT) {
        fd = openat(c->markers_fd, LOCK_NAME, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
        made = fd >= 0;
    }
    if (fd < 0) {
        return errno == ENOENT || errno == EEXIST
                   ? 1
                   : failure_errno(f, errno, "cannot open " MARKER_DIRECTORY "/" LOCK_NAME);
    }
    struct stat st;
    /* A second name of some other program's file is not for us to lock. */
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink > 1) {
        (void)close(fd);
        return failure_set(f, MARKER_DIRECTORY "/" LOCK_NAME " is not a regular file of one name; remove it");
    }
    if (made) {
        marker_give_away(fd, owner);
    }
    if (lock_presence(fd) != 0) {
        failure_errno(f, errno, "cannot lock " MARKER_DIRECTORY "/" LOCK_NAME "; who holds it?");
        (void)close(fd);
        return -1;
    }
    if (!identity_is_named(fd, c->markers_fd, LOCK_NAME)) {
        (void)close(fd);
        return 1;
    }
    c->lock_fd = fd;
    return 0;
}

int claims_open(struct claims *c, int directory_fd, int inherited_fd, const struct marker_owner *owner,
                struct failure *f) {
    claims_init(c);
    c->directory_fd = owner->is_elsewhere ? -1 : directory_fd;
    for (int attempt = 0; attempt < OPEN_ATTEMPTS; attempt++) {
        c->markers_fd = marker_directory_open(directory_fd, true, owner, f);
        if (c->markers_fd == -1) {
            return -1;
        }
        if (c->markers_fd < 0) {
            continue;
        }
        if (inherited_fd >= 0 && identity_is_named(inherited_fd, c->markers_fd, LOCK_NAME)) {
            c->lock_fd = inherited_fd;
            c->inherited = true;
            return 0;
        }
        int status = open_lock_file(c, owner, f);
        if (status <= 0) {
            if (status < 0) {
                (void)close(c->markers_fd);
                c->markers_fd = -1;
            }
            return status;
        }
        (void)close(c->markers_fd);
        c->markers_fd = -1;
    }
    return failure_set(f, "the marker directory " MARKER_DIRECTORY " comes and goes; is somebody removing it?");
}

int claims_take(const struct claims *c, const char *name, struct failure *f) {
    if (lock_bytes(c->lock_fd, F_OFD_SETLK, F_WRLCK, byte_of(name), 1) == 0) {
        return 1;
    }
    if (errno == EAGAIN || errno == EACCES) {
        return 0;
    }
    return failure_errno(f, errno, "cannot claim the file in " MARKER_DIRECTORY "/" LOCK_NAME);
}

void claims_give_back(const struct claims *c, const char *name) {
    (void)lock_bytes(c->lock_fd, F_OFD_SETLK, F_UNLCK, byte_of(name), 1);
}

/*
 * If there is nothing in it. What stands in a mirror for a directory of captures stays: another run may be on its way
 * through it.
 */
static void remove_marker_directory(const struct claims *c) {
    const int mirror_fd =
        c->directory_fd < 0 ? openat(c->markers_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : c->directory_fd;
    if (mirror_fd >= 0) {
        (void)unlinkat(mirror_fd, MARKER_DIRECTORY, AT_REMOVEDIR);
    }
    if (c->directory_fd < 0 && mirror_fd >= 0) {
        (void)close(mirror_fd);
    }
}

void claims_close(struct claims *c) {
    if (c->lock_fd >= 0 && !c->inherited) {
        /* First our own presence goes, or of two that leave at the same time each would take the other for present. */
        (void)lock_bytes(c->lock_fd, F_OFD_SETLK, F_UNLCK, 0, 0);
        /* Alone? Then nobody can be between opening the file and locking byte 0 without seeing that it is
         * gone. */
        if (lock_bytes(c->lock_fd, F_OFD_SETLK, F_WRLCK, 0, 0) == 0 &&
            identity_is_named(c->lock_fd, c->markers_fd, LOCK_NAME)) {
            (void)unlinkat(c->markers_fd, LOCK_NAME, 0);
            remove_marker_directory(c);
        }
        (void)close(c->lock_fd);
    }
    if (c->markers_fd >= 0) {
        (void)close(c->markers_fd);
    }
    claims_init(c);
}

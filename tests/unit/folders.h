/* Folders of their own for the tests that work on files, and processes that hold something in them. */
#ifndef PCAPSLIM_TESTS_FOLDERS_H
#define PCAPSLIM_TESTS_FOLDERS_H

#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#define NOBODY 65534

struct folder {
    char path[64];
    int fd;
};

static inline void empty_directory(int fd) {
    DIR *list = fdopendir(fd);
    assert_non_null(list);
    struct dirent *entry;
    while ((entry = readdir(list)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        if (unlinkat(dirfd(list), entry->d_name, 0) != 0) {
            int sub_fd = openat(dirfd(list), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (sub_fd >= 0) {
                empty_directory(sub_fd);
            }
            (void)unlinkat(dirfd(list), entry->d_name, AT_REMOVEDIR);
        }
    }
    (void)closedir(list);
}

/* A test's own folder; the programs ignore SIGIO, and so do the tests. */
static inline int make_folder(void **state) {
    static struct folder f;
    const char *base = getenv("TMPDIR");
    (void)signal(SIGIO, SIG_IGN);
    (void)umask(022);
    if (base == NULL || strlen(base) > 30) {
        base = "/tmp";
    }
    (void)snprintf(f.path, sizeof f.path, "%s/pcapslim-unit-XXXXXX", base);
    if (mkdtemp(f.path) == NULL) {
        return -1;
    }
    f.fd = open(f.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = &f;
    return f.fd >= 0 ? 0 : -1;
}

static inline int drop_folder(void **state) {
    struct folder *f = *state;
    int fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        empty_directory(fd);
    }
    (void)close(f->fd);
    return rmdir(f->path);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, drop_folder)

/* Make a file that holds text. */
static inline void make_file(const struct folder *f, const char *name, const char *text) {
    int fd = openat(f->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
}

static inline void expect_text(const struct folder *f, const char *name, const char *text) {
    char found[256] = "";
    int fd = openat(f->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        fail_msg("%s: %s", name, strerror(errno));
    }
    ssize_t got = read(fd, found, sizeof found - 1);
    assert_true(got >= 0);
    (void)close(fd);
    assert_string_equal(found, text);
}

static inline struct stat stat_of(const struct folder *f, const char *name) {
    struct stat st;
    if (fstatat(f->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        fail_msg("%s: %s", name, strerror(errno));
    }
    return st;
}

static inline bool is_there(const struct folder *f, const char *name) {
    struct stat st;
    return fstatat(f->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Set a file's times to so many seconds before now. */
static inline void make_old(const struct folder *f, const char *name, time_t age_s) {
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
    now.tv_sec -= age_s;
    const struct timespec times[2] = {now, now};
    assert_int_equal(utimensat(f->fd, name, times, AT_SYMLINK_NOFOLLOW), 0);
}

/* ---- a process that takes hold of something and keeps it until it is told to let go ---- */

struct holder {
    pid_t child;
    int stop_fd; /* closing it lets the child go */
    int taken;   /* what take returned in the child: 0 to 255 */
};

static inline struct holder start_holder(int (*take)(void *), void *with) {
    int ready[2], stop[2];
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    assert_int_equal(pipe2(stop, O_CLOEXEC), 0);
    struct holder h = {.child = fork()};
    assert_true(h.child >= 0);
    if (h.child == 0) {
        uint8_t taken = (uint8_t)take(with);
        char byte;
        (void)close(stop[1]);
        if (write(ready[1], &taken, 1) == 1) {
            (void)!read(stop[0], &byte, 1);
        }
        _exit(0);
    }
    (void)close(ready[1]);
    (void)close(stop[0]);
    h.stop_fd = stop[1];
    uint8_t taken = 255;
    assert_int_equal(read(ready[0], &taken, 1), 1);
    (void)close(ready[0]);
    h.taken = taken;
    return h;
}

static inline void end_holder(struct holder *h) {
    (void)close(h->stop_fd);
    assert_int_equal(end_of_child(h->child), 0);
}

static inline void kill_holder(struct holder *h) {
    assert_int_equal(kill(h->child, SIGKILL), 0);
    assert_int_equal(end_of_child(h->child), 1000 + SIGKILL);
    (void)close(h->stop_fd);
}

/* Open a file for writing, for start_holder(). */
struct to_open {
    int directory_fd;
    const char *name;
    int flags;
};

static inline int hold_open(void *with) {
    const struct to_open *o = with;
    return openat(o->directory_fd, o->name, o->flags) >= 0 ? 0 : 1;
}

/* The rest of a child's life as a user without rights. */
static inline int become_nobody(void) {
    return setgid(NOBODY) == 0 && setuid(NOBODY) == 0 ? 0 : -1;
}

static inline void only_as_root(void) {
    if (geteuid() != 0) {
        skip();
    }
}

#endif

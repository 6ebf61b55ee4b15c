/*
 * Preloaded into one program under test: the N-th write or read moves one byte only, the N-th allocation fails. Counted
 * from where main begins (cli_start() sets SIGIO, first of all), so that loading is not part of it.
 *
 *   SHIM_SHORT_WRITE=N  SHIM_SHORT_READ=N  SHIM_NO_MEMORY=N  SHIM_COUNTS=FILE (how many there were, at the end)
 *   SHIM_SPARE=NAME: the library of that name always gets its memory
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

static bool in_main = false;
static unsigned long writes, reads, allocations;
static unsigned long short_write, short_read, no_memory;
static const char *spared;
static int counts_fd = -1;

static unsigned long number(const char *name) {
    const char *text = getenv(name);
    return text != NULL ? strtoul(text, NULL, 10) : 0;
}

sighandler_t signal(int number_of_signal, sighandler_t handler) {
    static sighandler_t (*real)(int, sighandler_t);
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "signal");
    }
    if (number_of_signal == SIGIO && !in_main) {
        short_write = number("SHIM_SHORT_WRITE");
        short_read = number("SHIM_SHORT_READ");
        no_memory = number("SHIM_NO_MEMORY");
        spared = getenv("SHIM_SPARE");
        const char *counts = getenv("SHIM_COUNTS");
        if (counts != NULL) { /* now: later the program may not open anything any more */
            counts_fd = open(counts, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        }
        (void)unsetenv("LD_PRELOAD"); /* this program, not those it starts */
        in_main = true;
    }
    return real(number_of_signal, handler);
}

ssize_t write(int fd, const void *from, size_t bytes) {
    static ssize_t (*real)(int, const void *, size_t);
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "write");
    }
    return real(fd, from, in_main && ++writes == short_write && bytes > 1 ? 1 : bytes);
}

/*
 * What is behind the byte that a short read of a pipe gave. A pipe may keep packets (pipe(2), O_DIRECT), of which what
 * is not read at once is gone; no kernel gives a part of one to who has room for all of it. So all of it is read here.
 */
static struct {
    char bytes[128 * 1024];
    size_t from, to;
    int fd;
} rest = {.fd = -1};

static ssize_t give_rest(void *to, size_t bytes) {
    const size_t left = rest.to - rest.from;
    const size_t given = bytes < left ? bytes : left;
    memcpy(to, rest.bytes + rest.from, given);
    rest.from += given;
    return (ssize_t)given;
}

static bool is_pipe(int fd) {
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

ssize_t read(int fd, void *to, size_t bytes) {
    static ssize_t (*real)(int, void *, size_t);
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "read");
    }
    const bool is_short = in_main && ++reads == short_read && bytes > 1;
    if (is_short && is_pipe(fd)) {
        const ssize_t got = real(fd, rest.bytes, bytes < sizeof rest.bytes ? bytes : sizeof rest.bytes);
        rest.fd = fd;
        rest.from = 0;
        rest.to = got > 0 ? (size_t)got : 0;
        return got > 0 ? give_rest(to, 1) : got;
    }
    if (fd == rest.fd && rest.from < rest.to) {
        return give_rest(to, bytes);
    }
    return real(fd, to, is_short ? 1 : bytes);
}

/* libseccomp does not end when it lacks memory; that is not what is judged here. */
static bool is_ours(const void *caller) {
    Dl_info info;
    return dladdr(caller, &info) == 0 || info.dli_fname == NULL ||
           (strstr(info.dli_fname, "libseccomp") == NULL && (spared == NULL || strstr(info.dli_fname, spared) == NULL));
}

static bool fails(const void *caller) {
    if (in_main && ++allocations == no_memory && is_ours(caller)) {
        errno = ENOMEM;
        return true;
    }
    return false;
}

void *malloc(size_t bytes) {
    return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes) {
    return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(count, bytes);
}

void *realloc(void *at, size_t bytes) {
    return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(at, bytes);
}

__attribute__((destructor)) static void say_counts(void) {
    char text[128];
    if (counts_fd < 0 || !in_main) {
        return;
    }
    in_main = false;
    int length = snprintf(text, sizeof text, "%lu %lu %lu\n", writes, reads, allocations);
    (void)!write(counts_fd, text, (size_t)length);
    (void)close(counts_fd);
}

#include "writers.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* PROC_PID_INIT_INO of the kernel's <linux/proc_ns.h>: in any other namespace there are processes that are not seen. */
#define INITIAL_NAMESPACE "pid:[4026531836]"

static bool is_initial_namespace(int proc_fd) {
    char name[64];
    const ssize_t length = readlinkat(proc_fd, "self/ns/pid", name, sizeof name);
    return length == (ssize_t)strlen(INITIAL_NAMESPACE) && memcmp(name, INITIAL_NAMESPACE, (size_t)length) == 0;
}

static DIR *open_directory(int at_fd, const char *name) {
    const int fd = openat(at_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
    if (list == NULL && fd >= 0) {
        (void)close(fd);
    }
    return list;
}

/* A process that ends meanwhile is no obstacle: it writes no more. */
static bool is_gone(int error) {
    return error == ENOENT || error == ESRCH;
}

/* The link of a descriptor has the mode that it was opened with; what it leads to is the file. */
static enum writers look_at_descriptor(int list_fd, const char *name, const struct stat *file) {
    struct stat st;
    if (fstatat(list_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return is_gone(errno) ? WRITERS_NONE : WRITERS_UNKNOWN;
    }
    if ((st.st_mode & S_IWUSR) == 0) {
        return WRITERS_NONE;
    }
    if (fstatat(list_fd, name, &st, 0) != 0) {
        return is_gone(errno) ? WRITERS_NONE : WRITERS_UNKNOWN;
    }
    return st.st_dev == file->st_dev && st.st_ino == file->st_ino ? WRITERS_SEEN : WRITERS_NONE;
}

static enum writers worse(enum writers a, enum writers b) {
    return a == WRITERS_SEEN || b == WRITERS_NONE ? a : b;
}

/* look() at every entry whose name is a number. */
static enum writers look_at_each(DIR *list, const struct stat *file,
                                 enum writers (*look)(int, const char *, const struct stat *)) {
    enum writers found = WRITERS_NONE;
    const struct dirent *entry;
    while (found != WRITERS_SEEN && (errno = 0, entry = readdir(list)) != NULL) {
        if (isdigit((unsigned char)entry->d_name[0])) {
            found = worse(found, look(dirfd(list), entry->d_name, file));
        }
    }
    const bool all = errno == 0 || is_gone(errno);
    (void)closedir(list);
    return found == WRITERS_NONE && !all ? WRITERS_UNKNOWN : found;
}

static enum writers look_at_process(int proc_fd, const char *pid, const struct stat *file) {
    char path[sizeof "/fd" + NAME_MAX];
    (void)stpcpy(stpcpy(path, pid), "/fd");
    DIR *list = open_directory(proc_fd, path);
    if (list == NULL) {
        return is_gone(errno) ? WRITERS_NONE : WRITERS_UNKNOWN;
    }
    return look_at_each(list, file, look_at_descriptor);
}

enum writers writers_look(const char *proc, int fd) {
    struct stat file;
    DIR *list = open_directory(AT_FDCWD, proc);
    if (list == NULL || fstat(fd, &file) != 0) {
        if (list != NULL) {
            (void)closedir(list);
        }
        return WRITERS_UNKNOWN;
    }
    /* Where others are hidden (hidepid=, proc(5)), so is the first process. */
    const bool all = is_initial_namespace(dirfd(list)) && faccessat(dirfd(list), "1/fd", R_OK | X_OK, AT_EACCESS) == 0;
    const enum writers found = look_at_each(list, &file, look_at_process);
    return found == WRITERS_NONE && !all ? WRITERS_UNKNOWN : found;
}

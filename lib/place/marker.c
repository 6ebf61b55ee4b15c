#include "marker.h"

#include "mirror.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define OWNER_NAME "sensor"
#define LOOKUP_BYTES 16384

#ifdef PCAPSLIM_STATIC
/*
 * What nsswitch.conf(5) names beside files is a library of the system's, made for the system's C library: loaded into a
 * program that is linked statically it crashes. So the files are read, and nothing else is asked. A line that is longer
 * than the buffer ends the search.
 */
static bool find_user(const char *name, char *buffer, size_t size_bytes, struct passwd *user) {
    struct passwd *found = NULL;
    FILE *file = fopen("/etc/passwd", "re");
    while (file != NULL && fgetpwent_r(file, user, buffer, size_bytes, &found) == 0 &&
           strcmp(found->pw_name, name) != 0) {
        found = NULL;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return found != NULL;
}

static bool find_group(const char *name, char *buffer, size_t size_bytes, struct group *group) {
    struct group *found = NULL;
    FILE *file = fopen("/etc/group", "re");
    while (file != NULL && fgetgrent_r(file, group, buffer, size_bytes, &found) == 0 &&
           strcmp(found->gr_name, name) != 0) {
        found = NULL;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return found != NULL;
}
#else
static bool find_user(const char *name, char *buffer, size_t size_bytes, struct passwd *user) {
    struct passwd *found = NULL;
    return getpwnam_r(name, user, buffer, size_bytes, &found) == 0 && found != NULL;
}

static bool find_group(const char *name, char *buffer, size_t size_bytes, struct group *group) {
    struct group *found = NULL;
    return getgrnam_r(name, group, buffer, size_bytes, &found) == 0 && found != NULL;
}
#endif

struct marker_owner marker_owner_find(void) {
    struct marker_owner owner = {.known = false, .root_fd = -1};
    char buffer[LOOKUP_BYTES];
    struct passwd user;
    struct group group;
    if (find_user(OWNER_NAME, buffer, sizeof buffer, &user)) {
        owner.known = true;
        owner.user = user.pw_uid;
        owner.group = find_group(OWNER_NAME, buffer, sizeof buffer, &group) ? group.gr_gid : user.pw_gid;
    }
    return owner;
}

void marker_give_away(int fd, const struct marker_owner *owner) {
    if (owner->known && fchown(fd, owner->user, owner->group) != 0) {
        return; /* the process may not: the caller owns it then */
    }
}

/*
 * mkdir(2) opens nothing, so that whoever may write in the directory can put another one in the new one's place before
 * it is opened; one that the caller owns and that is not for others, say. What has just been made was never changed
 * before, and its times only its owner can set.
 */
#define NEW_FOR_S 60

static bool is_just_made(int fd) {
    struct stat st;
    struct timespec now;
    return fstat(fd, &st) == 0 && st.st_uid == geteuid() && clock_gettime(CLOCK_REALTIME, &now) == 0 &&
           now.tv_sec - st.st_mtim.tv_sec < NEW_FOR_S;
}

int marker_subdirectory_open(int parent_fd, const char *name, bool create, const struct marker_owner *owner,
                             struct failure *f) {
    bool made = false;
    if (create && mkdirat(parent_fd, name, 0755) == 0) {
        made = true;
    } else if (create && errno != EEXIST) {
        return failure_errno(f, errno, "cannot make the marker directory %s", name);
    }
    int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        if (errno == ENOENT) {
            return -2;
        }
        if (errno == ELOOP || errno == ENOTDIR) {
            return failure_set(f, "%s is not a directory of its own (a symbolic link?); remove it", name);
        }
        return failure_errno(f, errno, "cannot open the marker directory %s", name);
    }
    if (made && is_just_made(fd)) {
        (void)fchmod(fd, 0755); /* whatever the umask */
        marker_give_away(fd, owner);
    }
    return fd;
}

int marker_directory_open(int directory_fd, bool create, const struct marker_owner *owner, struct failure *f) {
    if (!owner->is_elsewhere) {
        return marker_subdirectory_open(directory_fd, MARKER_DIRECTORY, create, owner, f);
    }
    const int mirror_fd = mirror_open(owner->root_fd, directory_fd, create, owner, f);
    if (mirror_fd < 0) {
        return mirror_fd;
    }
    const int fd = marker_subdirectory_open(mirror_fd, MARKER_DIRECTORY, create, owner, f);
    (void)close(mirror_fd);
    return fd;
}

bool marker_exists(int markers_fd, const char *name) {
    struct stat st;
    return markers_fd >= 0 && fstatat(markers_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int write_all(int fd, const char *text, size_t length_bytes) {
    while (length_bytes > 0) {
        ssize_t put = write(fd, text, length_bytes);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return -1;
        }
        text += put;
        length_bytes -= (size_t)put;
    }
    return 0;
}

int marker_write_new(int directory_fd, const char *name, const char *text, const struct marker_owner *owner,
                     struct failure *f) {
    int fd = openat(directory_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0) {
        const int why = errno;
        failure_errno(f, why, "cannot create the marker");
        errno = why;
        return -1;
    }
    (void)fchmod(fd, 0644);
    marker_give_away(fd, owner);
    int bad = write_all(fd, text, strlen(text));
    int error = errno;
    if (close(fd) != 0 && bad == 0) {
        bad = -1;
        error = errno;
    }
    if (bad != 0) {
        (void)unlinkat(directory_fd, name, 0);
        failure_errno(f, error, "cannot write the marker");
        errno = error;
    }
    return bad;
}

int marker_create(int markers_fd, const char *name, const char *text, const struct marker_owner *owner,
                  struct failure *f) {
    struct failure why = {.text = ""}; /* which is nobody's business where there is a marker in the end */
    int status = marker_write_new(markers_fd, name, text, owner, &why);
    if (status != 0 && errno == EEXIST) {
        if (unlinkat(markers_fd, name, 0) != 0 && errno != ENOENT) {
            return failure_errno(f, errno, "cannot remove the marker of a file that had this name before");
        }
        /* One that is there again is another program's, made at this very moment: as good. */
        status = marker_write_new(markers_fd, name, text, owner, &why) == 0 || errno == EEXIST ? 0 : -1;
    }
    if (status != 0 && f != NULL) {
        *f = why;
    }
    return status;
}

#include "listing.h"

#include "claim.h"
#include "cli.h"
#include "marker.h"
#include "place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One listing while it is read. */
struct reading {
    struct listing *listing;
    const struct listing_terms *terms;
    struct listing below; /* directories that are to be read; their times mean nothing */
    dev_t device;
    bool head_is_shown;
};

static int add(struct listing *to, const char *directory, const char *name, const struct stat *st) {
    if (to->count == to->room) {
        const size_t room = to->room > 0 ? to->room * 2 : 256;
        struct listed *more = reallocarray(to->at, room, sizeof *more);
        if (more == NULL) {
            return cli_fail(NULL, "out of memory");
        }
        to->at = more;
        to->room = room;
    }
    struct listed *added = to->at + to->count;
    added->mtime = st->st_mtim;
    added->size_bytes = (uint64_t)st->st_size;
    added->is_begun = false;
    if (asprintf(&added->path, "%s%s%s", directory, directory[0] != '\0' ? "/" : "", name) < 0) {
        return cli_fail(NULL, "out of memory");
    }
    to->count++;
    return 0;
}

bool listing_matches(const char *const *patterns, const char *name) {
    while (*patterns != NULL && fnmatch(*patterns, name, 0) != 0) {
        patterns++;
    }
    return *patterns != NULL;
}

bool listing_is_left_out(const char *const *excludes, const char *name) {
    const size_t bytes = strlen(name);
    return (bytes >= 4 && strcmp(name + bytes - 4, ".tmp") == 0) || strcmp(name, MARKER_DIRECTORY) == 0 ||
           listing_matches(excludes, name);
}

static bool is_old_enough(struct timespec mtime, struct timespec youngest) {
    return mtime.tv_sec < youngest.tv_sec || (mtime.tv_sec == youngest.tv_sec && mtime.tv_nsec <= youngest.tv_nsec);
}

static int look_at(struct reading *r, int fd, const char *directory, const struct dirent *entry) {
    const struct listing_terms *terms = r->terms;
    const char *name = entry->d_name;
    const bool is_out = listing_is_left_out(terms->excludes, name);
    const bool is_wanted = !is_out && listing_matches(terms->globs, name);
    const bool may_be_below = !is_out && terms->recursive && (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN);
    struct stat st;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || (!is_wanted && !may_be_below)) {
        r->listing->others += name[0] != '.' && entry->d_type != DT_DIR;
        return 0;
    }
    if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT) { /* gone since */
            r->listing->incomplete = true;
            (void)cli_fail(directory[0] != '\0' ? directory : ".", "cannot look at '%s': %s", name, strerror(errno));
        }
        return 0;
    }
    if (S_ISDIR(st.st_mode) && terms->recursive && (!terms->one_filesystem || st.st_dev == r->device) &&
        add(&r->below, directory, name, &st) != 0) {
        return CLI_FAILED;
    }
    if (!is_wanted || (S_ISDIR(st.st_mode) && (terms->recursive || terms->only_files))) {
        return 0;
    }
    if (!is_old_enough(st.st_mtim, terms->youngest)) {
        r->listing->young++;
        return 0;
    }
    return add(r->listing, directory, name, &st);
}

static bool has_claims(int fd, const struct marker_owner *owner) {
    struct stat st;
    const int markers_fd = marker_directory_open(fd, false, owner, NULL);
    const bool has = markers_fd >= 0 && fstatat(markers_fd, CLAIM_LOCK_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (markers_fd >= 0) {
        (void)close(markers_fd);
    }
    return has;
}

/* directory: "" for the current one, which must be readable. */
static int read_directory(struct reading *r, const char *directory) {
    struct failure failure;
    struct stat st;
    const bool is_first = directory[0] == '\0';
    int fd = place_open_directory(is_first ? "." : directory, true, &failure);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    if (stream == NULL) {
        const bool is_gone = !is_first && lstat(directory, &st) != 0 && errno == ENOENT;
        r->listing->incomplete |= !is_gone;
        if (!is_gone) {
            (void)cli_fail(is_first ? "." : directory, "%s", fd < 0 ? failure.text : strerror(errno));
        }
        return is_first ? CLI_FAILED : 0;
    }
    int status = 0;
    struct dirent *entry;
    const size_t listed_before = r->listing->count;
    if (is_first && fstat(fd, &st) == 0) {
        r->device = st.st_dev;
    }
    while (errno = 0, status == 0 && (entry = readdir(stream)) != NULL) {
        if (r->listing->count == LISTING_HEAD && !r->head_is_shown && r->terms->show_head != NULL) {
            r->head_is_shown = true;
            r->terms->show_head(r->terms->context, r->listing);
        }
        status = look_at(r, fd, directory, entry);
    }
    if (status == 0 && errno != 0) {
        r->listing->incomplete = true;
        (void)cli_fail(is_first ? "." : directory, "cannot list this directory: %s", strerror(errno));
        status = is_first ? CLI_FAILED : 0;
    }
    /* In a tree a run goes nowhere else. */
    if (!r->terms->recursive || r->listing->count > listed_before) {
        r->listing->has_claims |= has_claims(fd, r->terms->owner);
    }
    (void)closedir(stream);
    return status;
}

static int by_age(const void *a, const void *b) {
    const struct listed *x = a;
    const struct listed *y = b;
    if (x->mtime.tv_sec != y->mtime.tv_sec) {
        return x->mtime.tv_sec < y->mtime.tv_sec ? -1 : 1;
    }
    if (x->mtime.tv_nsec != y->mtime.tv_nsec) {
        return x->mtime.tv_nsec < y->mtime.tv_nsec ? -1 : 1;
    }
    return strcmp(x->path, y->path);
}

static int by_size(const void *a, const void *b) {
    const struct listed *x = a;
    const struct listed *y = b;
    if (x->size_bytes != y->size_bytes) {
        return x->size_bytes < y->size_bytes ? -1 : 1;
    }
    return by_age(a, b);
}

void listing_sort_by_age(struct listing *l) {
    if (l->count > 0) {
        qsort(l->at, l->count, sizeof *l->at, by_age);
    }
}

void listing_sort_by_size(struct listing *l) {
    if (l->count > 0) {
        qsort(l->at, l->count, sizeof *l->at, by_size);
    }
}

int listing_read(struct listing *l, const struct listing_terms *terms) {
    struct reading r = {.listing = l, .terms = terms};
    int status = read_directory(&r, "");
    for (size_t i = 0; i < r.below.count && status == 0; i++) {
        status = read_directory(&r, r.below.at[i].path);
    }
    listing_free(&r.below);
    listing_sort_by_age(l);
    return status;
}

void listing_free(struct listing *l) {
    for (size_t i = 0; i < l->count; i++) {
        free(l->at[i].path);
    }
    free(l->at);
    memset(l, 0, sizeof *l);
}

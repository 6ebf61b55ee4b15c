/*
 * Which captures are beneath the current directory, the oldest first. Temporary files are never among them, whatever
 * the pattern, nor is anything in a directory of markers.
 */
#ifndef PCAPSLIM_LISTING_H
#define PCAPSLIM_LISTING_H

#include "marker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct listing;

struct listing_terms {
    const char *const *globs;    /* patterns for names, fnmatch(3); a NULL behind the last */
    const char *const *excludes; /* likewise: not these, nor is a directory so called entered */
    bool recursive;  /* in every directory below, through no symbolic link; then a directory is no capture */
    bool only_files; /* a directory is none either way */
    bool one_filesystem;
    struct timespec youngest;         /* not what was modified later */
    const struct marker_owner *owner; /* of the markers, and where they are */
    /*
     * With more than LISTING_HEAD captures: shown that many before the others are looked at, in no order. May order
     * them, and say of some that they are begun. NULL: nobody wants that.
     */
    void (*show_head)(void *context, struct listing *l);
    void *context;
};

/* So many are looked at in a hundredth of a second. */
enum { LISTING_HEAD = 2048 };

struct listing {
    struct listed {
        struct timespec mtime;
        uint64_t size_bytes;
        char *path;
        bool is_begun;
    } * at; /* by modification time, then by name */
    size_t count, room;
    size_t young, others; /* what was left out: too young, or of another name and no directory */
    bool has_claims;      /* those of a run are where captures are: it is under way, or was killed */
    bool incomplete;      /* something could not be looked at, and that was said */
};

/* Whether a name matches any of the patterns. */
bool listing_matches(const char *const *patterns, const char *name);

/* Whether what is called so is never a capture, nor a directory to enter: temporary files, markers, what is excluded.
 */
bool listing_is_left_out(const char *const *excludes, const char *name);

/* Fill a listing that is zero-initialised. Returns 0, or CLI_FAILED after having said why. */
int listing_read(struct listing *l, const struct listing_terms *terms);

/* The oldest first, then by name; as listing_read() leaves them. */
void listing_sort_by_age(struct listing *l);

/* The smallest first, of equals the oldest: where there is room for few. */
void listing_sort_by_size(struct listing *l);

/* Safe on a zero-initialised struct. */
void listing_free(struct listing *l);

#endif

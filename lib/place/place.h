/*
 * Where a file is: an open directory and a name in it. Everything that is done to a capture and to the files
 * beside it is done relative to the open directory, so that nobody who moves directories about can lead it
 * astray.
 */
#ifndef PCAPSLIM_PLACE_H
#define PCAPSLIM_PLACE_H

#include "failure.h"
#include "identity.h"

#include <stdbool.h>

struct place {
    bool beneath;     /* paths lead from the current directory downwards, through no symbolic link */
    int directory_fd; /* open, or -1 */
    char *directory;  /* as it was named, "." where it was not */
    const char *name; /* the last component of the path last given, inside that path's memory */
    int stage_fd;     /* an open directory where temporary files go instead, the caller's to close; or -1 */
};

/* A place that is nowhere yet, not beneath anything, and without a stage_fd. */
void place_init(struct place *p);

/*
 * Open a directory. beneath: only one below the current directory, and no component of its path may be a symbolic link,
 * so that nobody who puts one there leads a run out of the tree that it was given.
 * Returns a descriptor, or -1 with f set.
 */
int place_open_directory(const char *directory, bool beneath, struct failure *f);

/* Whether the directory of path is, by its name, the one the place is in already. */
bool place_is_in(const struct place *p, const char *path);

/*
 * Go where path points: opens its directory unless that is where the place is already. Where stage_fd is set it must be
 * on the same filesystem and mount, or no temporary file could be renamed from there.
 * path: must stay in memory while p->name is used.
 * Returns 1 when another directory was opened, 0 when it is the same one, -1 with f set.
 */
int place_go(struct place *p, const char *path, struct failure *f);

/*
 * Open p->name for reading: never through a symbolic link, never waiting (a FIFO), without touching its
 * access time where the process may do that. Returns the descriptor, or -1 with errno set.
 */
int place_open_file(const struct place *p);

/*
 * Whether a file can be renamed from a stage directory to another one: not between filesystems, and not between two
 * mounts of one. (Where the kernel cannot tell mounts apart, before Linux 5.8, the rename itself will.)
 * Returns 0, or -1 with f set.
 */
int place_check_stage(int stage_fd, int directory_fd, struct failure *f);

/* The directory of temporary files. */
static inline int place_tmp_fd(const struct place *p) {
    return p->stage_fd >= 0 ? p->stage_fd : p->directory_fd;
}

/* Close the directory. The stage_fd stays, and what is beneath stays so. */
void place_leave(struct place *p);

#endif

/*
 * Replacing a capture by its slim version without ever being able to lose it: the temporary file beside it (or
 * in a stage directory: place.h), the checks before the rename, the order of durability. All names are relative to an
 * open directory and nothing is followed.
 */
#ifndef PCAPSLIM_REPLACE_H
#define PCAPSLIM_REPLACE_H

#include "claim.h"
#include "failure.h"
#include "identity.h"
#include "place.h"

#include <stdbool.h>
#include <stdint.h>

#define REPLACE_SUFFIX ".tmp"
#define REPLACE_NAME_BYTES 256 /* NAME_MAX and a NUL */

/* A temporary file left behind is stale after this long. */
#define REPLACE_STALE_S 300

enum replace_target {
    REPLACE_OK,          /* a regular file with one name */
    REPLACE_SYMLINK,     /* a symbolic link: not replaced */
    REPLACE_HARDLINKED,  /* a file with several hard links: not replaced */
    REPLACE_NOT_REGULAR, /* a directory, FIFO, socket or device */
    REPLACE_ERROR,       /* f says why */
};

/* What stands at the place, without opening it. identity: set for REPLACE_OK and REPLACE_HARDLINKED. */
enum replace_target replace_inspect(const struct place *p, struct identity *identity, struct failure *f);

/* A capture that was changed less long ago is left alone where it cannot be told whether a process still writes it. */
#define REPLACE_YOUNG_S 300

enum { REPLACE_CANNOT_OPEN = -1, REPLACE_TOO_YOUNG = -2 };

/*
 * Open the capture at the place for reading and see that it is what replace_inspect() promised and that
 * nobody has it open for writing. identity: taken from the open file. Returns the descriptor, or with f set
 * REPLACE_CANNOT_OPEN or, where whether somebody writes it cannot be told and it is young, REPLACE_TOO_YOUNG.
 */
int replace_open_original(const struct place *p, struct identity *identity, struct failure *f);

/*
 * The name of the temporary file into a buffer of REPLACE_NAME_BYTES: NAME.tmp; in a stage directory, which serves
 * several directories of one filesystem, NAME.INODE.tmp with the directory's inode number in hexadecimal.
 * Returns 0, or -1 when it is too long.
 */
int replace_tmp_name(const struct place *p, char *out, struct failure *f);

/*
 * Open the temporary file for reading and see that it is the one that was written. Returns the descriptor, or -1 with f
 * set.
 */
int replace_open_tmp(const struct place *p, const struct identity *tmp, struct failure *f);

/* The same while it is being written: it is the one that was made. */
int replace_open_growing_tmp(const struct place *p, const struct identity *tmp, struct failure *f);

/*
 * Create the temporary file exclusively. One that a dead run left at that name is removed first; one that may
 * be somebody's (young and not a dead run's, a link, open for writing) is an error. The
 * caller holds the claim on the name. identity: set to which file it is, for replace_remove_tmp().
 * Returns a descriptor open for reading and writing, or -1 with f set.
 */
int replace_create_tmp(const struct place *p, struct identity *identity, struct failure *f);

/* As it has been written: for replace_open_tmp() later. Returns 0, or -1 with f set. */
int replace_stat_tmp(int tmp_fd, struct identity *identity, struct failure *f);

/*
 * Lock a temporary file that is about to be put in place, so that nobody takes it for a dead run's; the lock goes with
 * the descriptor. Returns false when another process has it locked.
 */
bool replace_lock_tmp(int tmp_fd);

/* Remove the temporary file if it is still the one with this identity's inode. The caller holds the claim. */
void replace_remove_tmp(const struct place *p, const struct identity *tmp);

/*
 * The same without the claim: only if nothing about it has changed, because a filesystem gives the number of an inode
 * to the next file, which may be another run's.
 */
void replace_remove_unchanged_tmp(const struct place *p, const struct identity *tmp);

/* Whether anything has the temporary file's name. */
bool replace_has_tmp(const struct place *p);

/*
 * Remove what a dead run left at the temporary file's name, if anything. The caller holds the claim on the name. What
 * may be somebody's is left alone.
 */
void replace_remove_leftover(const struct place *p);

/*
 * Putting the temporary file in the capture's place takes four steps, in this order. Several captures of one directory
 * may take each step together, so that they wait for the disk once. original_fd: of replace_open_original();
 * original: what the capture was when it was read; tmp_fd: the temporary file. Each returns 0, or -1 with f set.
 *
 * First: keep the capture's attributes, and let the kernel begin to write.
 */
int replace_prepare(const struct place *p, int original_fd, const struct identity *original, int tmp_fd,
                    struct failure *f);

/* Second: wait until all of the temporary file is on the disk. */
int replace_make_durable(int tmp_fd, struct failure *f);

/*
 * Third: check once more that the capture is still what it was and not open for writing, and rename. Where leases and
 * renameat2(2) with RENAME_EXCHANGE work, a process that opens the capture for writing at the very moment of the
 * rename is seen, too, and the capture put back. replaced: set to whether the rename happened; the temporary file is
 * the caller's to remove when it did not.
 */
int replace_rename(const struct place *p, int original_fd, const struct identity *original, int tmp_fd, bool *replaced,
                   struct failure *f);

/* Last: wait until the directory, and that of temporary files, are on the disk. Until then a power cut may undo it. */
int replace_sync_directory(const struct place *p, struct failure *f);

/* All four. */
int replace_commit(const struct place *p, int original_fd, const struct identity *original, int tmp_fd, bool *replaced,
                   struct failure *f);

/*
 * The same where the slim file gets another name of the directory, because its compression has changed: there is
 * nothing of that name, or a file with the very same bytes, left by a run that died. It is whole and durable under that
 * name before the capture's own name goes, so that at any instant one of them is whole. On a failure the capture stands
 * and the new name is gone again. replaced: set to whether the capture is gone.
 */
int replace_commit_as(const struct place *p, const char *name, int original_fd, const struct identity *original,
                      int tmp_fd, bool *replaced, struct failure *f);

/*
 * Remove every temporary file of the directory's captures, in it and, unless that is -1, in the stage directory, that
is
 * a regular file, older than REPLACE_STALE_S, claimed by no live run and not open for writing. Its captures are the
 * names that match one of the patterns, which are those of fnmatch(3) with a NULL behind the last. removed: how many.
 * Joins the directory's claims only if there is a candidate. Returns 0, or -1 with f set.
 */
int replace_clean_stale(int directory_fd, int stage_fd, const char *const *patterns, const struct marker_owner *owner,
                        unsigned long *removed, struct failure *f);

#endif

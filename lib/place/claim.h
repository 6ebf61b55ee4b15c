/*
 * Claims: which run is at work on which file of a directory.
 *
 * A claim is a write lock (fcntl(2), open file description lock) on one byte of `.slim_markers/.lock`, chosen
 * by a hash of the file's name. The processes of a run inherit one descriptor, so a claim that one stage
 * takes is kept for the stages behind it, is given back by whichever ends the work, and goes by itself when
 * the last of them is gone. Byte 0 is read-locked by every run that is present; who finds itself alone may
 * remove the lock file.
 */
#ifndef PCAPSLIM_CLAIM_H
#define PCAPSLIM_CLAIM_H

#include "failure.h"
#include "marker.h"

#include <stdbool.h>

/* The lock file, inside the marker directory. */
#define CLAIM_LOCK_NAME ".lock"

struct claims {
    int directory_fd; /* in which the marker directory is; not owned; -1: it is in a mirror */
    int markers_fd;   /* the marker directory, or -1 */
    int lock_fd;      /* the lock file, or -1 */
    bool inherited;   /* lock_fd came from the run and is not to be closed or tidied up here */
};

/* No directory yet. */
void claims_init(struct claims *c);

/*
 * Join the claims of a directory; makes the marker directory and the lock file where there are none.
 * inherited_fd: the run's descriptor (see pcap-run(1)), used if it is open on this directory's lock file; or
 * -1. Returns 0, or -1 with f set.
 */
int claims_open(struct claims *c, int directory_fd, int inherited_fd, const struct marker_owner *owner,
                struct failure *f);

/* Claim name for this run. Returns 1 when it is ours (also if it was before), 0 when another run has it, -1
 * on error. */
int claims_take(const struct claims *c, const char *name, struct failure *f);

/* Give the claim back. */
void claims_give_back(const struct claims *c, const char *name);

/*
 * Leave. The last one out removes the lock file, and the marker directory if there is nothing in it. (An
 * inherited lock is left to whoever made it.)
 */
void claims_close(struct claims *c);

#endif

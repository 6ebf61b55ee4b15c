/*
 * Where a stage is at work: the directory of a file, its markers and its claims, kept open from one file to
 * the next as long as the directory stays the same.
 */
#ifndef PCAPSLIM_SITE_H
#define PCAPSLIM_SITE_H

#include "claim.h"
#include "failure.h"
#include "identity.h"
#include "marker.h"
#include "place.h"
#include "record.h"

struct site {
    struct place place;
    struct claims claims;
    int markers_fd;         /* for looking only; -1 where there are no markers yet */
    int notes_fd;           /* likewise, of failures */
    bool skips_failed;      /* what failed before under this policy and has not changed is left alone */
    uint64_t policy_digest; /* XXH3 of the settings' text */
    unsigned accepted;      /* what is taken besides whole plain pcap: flags of accept.h */
    bool is_of_markers;     /* the place is in a marker directory: what is there is no capture */
    int inherited_claim_fd;
    struct marker_owner owner; /* and where they are, for the caller to set if that is not beside the captures */
};

/* Nowhere yet, and nothing is skipped because it failed. inherited_claim_fd: of pcap-run(1), or -1. stage_fd: where
 * temporary files go (place.h), or -1. */
void site_init(struct site *s, int inherited_claim_fd, int stage_fd);

/*
 * Go to the directory of path and see what stands there, without changing anything.
 * Sets r->status: RECORD_WOULD_SLIM with r->source when the file is to be slimmed, a RECORD_SKIPPED_ one, or
 * RECORD_FAIL with the error.
 */
void site_inspect(struct site *s, const char *path, struct record *r);

/*
 * Claim the file that was inspected for this run, and look at it and its marker again with the claim in hand.
 * Sets r->status: RECORD_WOULD_SLIM with r->source when it is ours, else RECORD_SKIPPED_BUSY, or as site_inspect()
 * does.
 */
void site_claim(struct site *s, struct record *r);

/*
 * Go to the directory of path and join its claims, without looking at the file: for a stage behind the first.
 * Returns 0, or -1 with f set.
 */
int site_enter(struct site *s, const char *path, struct failure *f);

/* Give back the claim on the file at hand. */
void site_release(struct site *s);

/* Whether a claim outlives this process, because the run holds it, too. */
bool site_claims_are_shared(const struct site *s);

/* Close all. */
void site_leave(struct site *s);

#endif

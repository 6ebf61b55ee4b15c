/*
 * Slim captures put in the place of their originals: one at once, or several of a directory together, so that they wait
 * for the disk once. The marker comes last in either way, and nobody is told before that.
 */
#ifndef PCAPSLIM_PLACING_H
#define PCAPSLIM_PLACING_H

#include "record.h"
#include "site.h"
#include "transfer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many wait together, and how many bytes their slim captures have before one more is waited for. */
enum { PLACING_MAX = 32 };
#define PLACING_BYTES (UINT64_C(16) << 20)

/* One that is verified and ready. */
struct placing_one {
    struct record record;
    int original_fd, tmp_fd;
    bool replaced, is_done;
};

/* Zero-initialised but for site and transfer none waits. */
struct placing {
    struct site *site;
    const struct transfer *transfer; /* asked whether the run is to end */
    struct placing_one waiting[PLACING_MAX];
    size_t count;
    uint64_t bytes;
    bool is_reader_gone;
};

/*
 * All of it, now. original_fd and tmp_fd are open on what the record says; original_fd is closed in any case, before
 * the marker, for which there may be no room as long as the old file is open; tmp_fd stays the caller's, and so does
 * the claim, which is held. r: gets RECORD_OK, or RECORD_FAIL with the error. On failure the temporary file is gone
 * unless it has taken its place.
 */
void placing_put(struct placing *p, struct record *r, int original_fd, int tmp_fd);

/*
 * Let it wait for others: what r holds, both descriptors and the claim go to p. To be called for captures of the
 * directory that the site is in; one that gets another name is put in place at once. Returns whether it waits; if not,
 * r has its outcome as from placing_put(), and all but original_fd stays the caller's.
 */
bool placing_add(struct placing *p, struct record *r, int original_fd, int tmp_fd);

/* Whether those that wait should not do so any longer. */
bool placing_is_full(const struct placing *p);

/*
 * Put all that wait in place, give their claims back and write their records to standard output; while the site is in
 * their directory still. Returns CLI_DONE, or CLI_FAILED where nobody reads those any more.
 */
int placing_settle(struct placing *p);

#endif

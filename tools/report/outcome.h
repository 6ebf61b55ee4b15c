/*
 * What a run came to: records, counted.
 */
#ifndef PCAPSLIM_OUTCOME_H
#define PCAPSLIM_OUTCOME_H

#include "policy.h"
#include "record.h"

#include <stdbool.h>
#include <stdint.h>

struct outcome {
    uint64_t files[RECORD_STATUSES];
    uint64_t pending_files, pending_bytes; /* listed, and neither slim now nor left alone for what they are */
    uint64_t not_begun_files;              /* of an interrupted run */
    /* Of files with status ok */
    uint64_t in_bytes, out_bytes;           /* of the captures */
    uint64_t in_file_bytes, out_file_bytes; /* of the files on the disk, which may be compressed */
    uint64_t zeroed_bytes; /* length mode `zero`: payload that became zeros, of files as long as before */
    uint64_t tail_bytes;   /* of last packets that are cut short and stay as they are */
    uint64_t packets_by_reason[POLICY_REASONS];
    uint64_t saved_bytes_by_reason[POLICY_CUT_REASONS];
};

/* Packets of which nobody can say what they carry: no IP, fragments, headers that lie or are missing, tunnels... */
uint64_t outcome_unseen(const struct outcome *o);

/* All packets. */
uint64_t outcome_packets(const struct outcome *o);

/* Whether a reason to keep is one of outcome_unseen(). */
bool outcome_is_unseen(enum policy_reason reason);

/* Count a record. */
void outcome_count(struct outcome *o, const struct record *r);

/* Files with one of the "skipped_" statuses. */
uint64_t outcome_skipped(const struct outcome *o);

/* The bytes that the files with status ok are shorter by, or would be. */
uint64_t outcome_saved_bytes(const struct outcome *o);

/*
 * After a pass that only read (--check-only) and took elapsed_ms: about how long slimming the same files takes under
 * the same limits, in milliseconds. What is read once in that pass is read and written, and both are read again to be
 * verified; and each file is synced.
 */
uint64_t outcome_run_ms(const struct outcome *o, uint64_t elapsed_ms);

#endif

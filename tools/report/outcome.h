/*
 * What a run came to: records, counted.
 */
#ifndef PCAPSLIM_OUTCOME_H
#define PCAPSLIM_OUTCOME_H

#include "policy.h"
#include "record.h"

#include <stdint.h>

struct outcome {
    uint64_t files[RECORD_STATUSES];
    uint64_t pending_files, pending_bytes; /* listed, and neither slim now nor left alone for what they are */
    /* Of files with status ok */
    uint64_t in_bytes, out_bytes;
    uint64_t zeroed_bytes; /* length mode `zero`: payload that became zeros, of files as long as before */
    uint64_t packets_by_reason[POLICY_REASONS];
    uint64_t saved_bytes_by_reason[POLICY_CUT_REASONS];
};

/* Count a record. */
void outcome_count(struct outcome *o, const struct record *r);

/* Files with one of the "skipped_" statuses. */
uint64_t outcome_skipped(const struct outcome *o);

#endif

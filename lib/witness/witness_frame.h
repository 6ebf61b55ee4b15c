/*
 * Whether one frame is a right cut of another: the part of the witness that looks into packets. It shares
 * no code with what locates and cuts, so that a mistake made there is not made here again (of cut_terms.h it takes the
 * words for the length modes), and it is pure: nothing is read, kept or allocated.
 *
 * Whether its ports and first bytes call for a cut is not judged here.
 *
 * Standards: as for witness_layout.h; sums RFC 1071, over the pseudo-header of RFC 9293 section 3.1 and
 * RFC 8200 section 8.1; sums changed by a difference RFC 1624.
 */
#ifndef PCAPSLIM_WITNESS_FRAME_H
#define PCAPSLIM_WITNESS_FRAME_H

#include "cut_terms.h"
#include "failure.h"
#include "witness_layout.h"

#include <stdbool.h>
#include <stdint.h>

/* What a cut must be like. */
struct witness_terms {
    struct cut_terms cut;
    uint32_t floor_bytes; /* payload bytes that a cut must leave */
    bool may_leave_more; /* whether it may leave more than that, for it is decided packet by packet how many; ESP may be
                            cut then */
    struct witness_tunnels tunnels; /* which tags and tunnels are looked into */
};

/*
 * Whether slim is original cut as the terms say. In mode `rewrite` it ends behind the floor, the length and checksum
 * fields of its headers are right for what is left, and everything else is as it was; in mode `snap` everything that is
 * left is as it was; in mode `zero` it is as long as it was, the payload behind the floor is zeros, and but for these
 * and the checksum, which is as the terms say, it is as it was.
 *
 * slim: shorter than original; in mode `zero` as long. original must have more payload than the floor. f: gets what is
 * wrong, without the packet's number; may be NULL.
 * Returns 0, or -1 with f set.
 */
int witness_frame_check_cut(const struct witness_frame *slim, const struct witness_frame *original,
                            const struct witness_terms *terms, struct failure *f);

/* The same where the headers of original have been found: at has its payload, and its layers in the order of places. */
int witness_frame_check_laid_out(const struct witness_frame *slim, const struct witness_frame *original,
                                 const struct witness_layout *at, const struct witness_terms *terms, struct failure *f);

#endif

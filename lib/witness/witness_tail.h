/*
 * The end of a capture whose last record is cut short, as after a crash: what is behind its last whole record must be
 * in the slim capture as it was, byte by byte.
 *
 * libpcap shows no part of a record that is not whole, so the last bytes that it was given are kept here. Not more of
 * them than WITNESS_TAIL_MAX_BYTES: a record that claims more and is not there is damage, not one that was being
 * written.
 */
#ifndef PCAPSLIM_WITNESS_TAIL_H
#define PCAPSLIM_WITNESS_TAIL_H

#include "failure.h"

#include <stddef.h>
#include <stdint.h>

#define WITNESS_TAIL_MAX_BYTES ((size_t)256 << 10)

/* The last bytes of a stream. Zero-initialised it keeps none. */
struct witness_tail {
    uint8_t *bytes; /* with room for twice as many as are asked for */
    size_t filled_bytes;
};

/* Begin to keep. Returns 0, or -1 with f set. */
int witness_tail_begin(struct witness_tail *t, struct failure *f);

/* These come next in the stream. */
void witness_tail_add(struct witness_tail *t, const void *bytes, size_t length_bytes);

/* The last so many bytes of the stream. NULL where they are none, or more than are kept. */
const uint8_t *witness_tail_last(const struct witness_tail *t, uint64_t length_bytes);

/* What two captures end with. Returns 0 where it is the same, or -1 with f set. */
int witness_tail_compare(const uint8_t *slim, uint64_t slim_bytes, const uint8_t *original, uint64_t original_bytes,
                         struct failure *f);

/* Free its memory. */
void witness_tail_free(struct witness_tail *t);

#endif

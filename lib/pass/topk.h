/*
 * The heaviest of many keys, in memory of fixed size: the space-saving sketch (Metwally, Agrawal, El Abbadi 2005) with
 * weights. With fewer different keys than counters every figure is exact. With more, a key that is heavier than the sum
 * of all weights divided by the number of counters is never missed, and each figure is too high by at most its error.
 */
#ifndef PCAPSLIM_TOPK_H
#define PCAPSLIM_TOPK_H

#include "failure.h"

#include <stddef.h>
#include <stdint.h>

#define TOPK_KEY_BYTES 17

struct topk; /* opaque */

struct topk_entry {
    uint8_t key[TOPK_KEY_BYTES];
    uint64_t weight; /* at most this */
    uint64_t error;  /* at least weight - error; 0: exact */
};

/* Make a sketch of so many counters, at least 1. Returns NULL with f set when memory runs out. */
struct topk *topk_new(size_t counters, struct failure *f);

/* Add to the weight of a key, of TOPK_KEY_BYTES. */
void topk_add(struct topk *t, const uint8_t *key, uint64_t weight);

/* The heaviest keys, heaviest first, at most wanted of them, into out. Returns how many. */
size_t topk_best(const struct topk *t, struct topk_entry *out, size_t wanted);

/* Free; NULL is fine. */
void topk_free(struct topk *t);

#endif

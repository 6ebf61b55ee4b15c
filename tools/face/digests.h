/*
 * SHA-256 digests of a capture before and after, where --hash sha256 asks for them.
 */
#ifndef PCAPSLIM_DIGESTS_H
#define PCAPSLIM_DIGESTS_H

#include "failure.h"
#include "tap.h"

#include <stdbool.h>

/* NULL: not wanted. */
struct digests {
    struct tap *before;
    struct tap *after;
};

/* Make those that are wanted. Returns 0, or -1 with f set; digests_free() is to be called either way. */
int digests_init(struct digests *d, bool before, bool after, struct failure *f);

void digests_free(struct digests *d);

#endif

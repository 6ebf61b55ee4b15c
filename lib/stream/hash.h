/*
 * The SHA-256 digest (FIPS 180-4) of bytes that pass a tap, by the nettle library. A program that makes none is not
 * linked with that.
 */
#ifndef PCAPSLIM_HASH_H
#define PCAPSLIM_HASH_H

#include "failure.h"
#include "tap.h"

#define HASH_SHA256_BYTES 32

/* Make a tap that has seen nothing yet; tap_end() gives HASH_SHA256_BYTES. NULL with f set when memory runs out. */
struct tap *hash_new(struct failure *f);

/* Free; NULL is fine. */
void hash_free(struct tap *t);

#endif

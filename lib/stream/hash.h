/*
 * The SHA-256 digest (FIPS 180-4) of bytes that pass a tap, by the nettle library. A program that makes none is not
 * linked with that.
 */
#ifndef PCAPSLIM_HASH_H
#define PCAPSLIM_HASH_H

#include "failure.h"
#include "tap.h"

#include <stdbool.h>
#include <stdint.h>

#define HASH_SHA256_BYTES 32

struct hash; /* opaque: holds the digest's state */

/* Make one that has seen nothing yet. Returns NULL with f set when memory runs out. */
struct hash *hash_new(struct failure *f);

/* Begin anew, for the next file. NULL is fine here and below: no digest is wanted. */
void hash_begin(struct hash *h);

/* The tap that what is to be digested has to pass; it lives as long as h. NULL for NULL. */
const struct tap *hash_tap(const struct hash *h);

/*
 * The digest of what was seen since hash_begin(), which is to be called before the next use. out: HASH_SHA256_BYTES.
 * Returns whether there is one: false for NULL.
 */
bool hash_end(struct hash *h, uint8_t *out);

/* Free; NULL is fine. */
void hash_free(struct hash *h);

#endif

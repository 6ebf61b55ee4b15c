#include "hash.h"

#include <nettle/sha2.h>
#include <stdlib.h>

_Static_assert(SHA256_DIGEST_SIZE == HASH_SHA256_BYTES, "a SHA-256 digest has 32 bytes");

struct hash {
    struct tap tap; /* first: a tap of this room is a hash */
    struct sha256_ctx state;
};

static void begin(struct tap *t) {
    sha256_init(&((struct hash *)t)->state);
}

static void see(struct tap *t, const void *bytes, size_t length_bytes) {
    sha256_update(&((struct hash *)t)->state, length_bytes, bytes);
}

static void end(struct tap *t, uint8_t *out) {
    sha256_digest(&((struct hash *)t)->state, HASH_SHA256_BYTES, out);
}

struct tap *hash_new(struct failure *f) {
    struct hash *h = malloc(sizeof *h);
    if (h == NULL) {
        failure_memory(f);
        return NULL;
    }
    h->tap = (struct tap){.begin = begin, .see = see, .end = end};
    begin(&h->tap);
    return &h->tap;
}

void hash_free(struct tap *t) {
    free(t);
}

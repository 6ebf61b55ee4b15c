#include "hash.h"

#include <nettle/sha2.h>
#include <stdlib.h>

_Static_assert(SHA256_DIGEST_SIZE == HASH_SHA256_BYTES, "a SHA-256 digest has 32 bytes");

struct hash {
    struct tap tap;
    struct sha256_ctx state;
};

static void see(void *context, const void *bytes, size_t length_bytes) {
    struct hash *h = context;
    sha256_update(&h->state, length_bytes, bytes);
}

struct hash *hash_new(struct failure *f) {
    struct hash *h = calloc(1, sizeof *h);
    if (h == NULL) {
        failure_set(f, "out of memory");
        return NULL;
    }
    h->tap.see = see;
    h->tap.context = h;
    sha256_init(&h->state);
    return h;
}

void hash_begin(struct hash *h) {
    if (h != NULL) {
        sha256_init(&h->state);
    }
}

const struct tap *hash_tap(const struct hash *h) {
    return h != NULL ? &h->tap : NULL;
}

bool hash_end(struct hash *h, uint8_t *out) {
    if (h != NULL) {
        sha256_digest(&h->state, HASH_SHA256_BYTES, out);
    }
    return h != NULL;
}

void hash_free(struct hash *h) {
    free(h);
}

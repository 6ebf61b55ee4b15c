#include "witness_tail.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_BYTES (2 * WITNESS_TAIL_MAX_BYTES)

int witness_tail_begin(struct witness_tail *t, struct failure *f) {
    t->filled_bytes = 0;
    t->bytes = malloc(ROOM_BYTES);
    return t->bytes != NULL ? 0 : failure_memory(f);
}

void witness_tail_add(struct witness_tail *t, const void *bytes, size_t length_bytes) {
    const uint8_t *from = bytes;
    if (t->bytes == NULL) {
        return;
    }
    if (length_bytes > WITNESS_TAIL_MAX_BYTES) { /* its end is all that will be asked for */
        from += length_bytes - WITNESS_TAIL_MAX_BYTES;
        length_bytes = WITNESS_TAIL_MAX_BYTES;
    }
    if (t->filled_bytes + length_bytes > ROOM_BYTES) {
        memmove(t->bytes, t->bytes + t->filled_bytes - WITNESS_TAIL_MAX_BYTES, WITNESS_TAIL_MAX_BYTES);
        t->filled_bytes = WITNESS_TAIL_MAX_BYTES;
    }
    memcpy(t->bytes + t->filled_bytes, from, length_bytes);
    t->filled_bytes += length_bytes;
}

const uint8_t *witness_tail_last(const struct witness_tail *t, uint64_t length_bytes) {
    return length_bytes > 0 && length_bytes <= t->filled_bytes && length_bytes <= WITNESS_TAIL_MAX_BYTES
               ? t->bytes + t->filled_bytes - length_bytes
               : NULL;
}

int witness_tail_compare(const uint8_t *slim, uint64_t slim_bytes, const uint8_t *original, uint64_t original_bytes,
                         struct failure *f) {
    if (slim_bytes != original_bytes) {
        return failure_set(f, "%" PRIu64 " bytes behind the last whole packet, not %" PRIu64, slim_bytes,
                           original_bytes);
    }
    for (size_t i = 0; i < original_bytes; i++) {
        if (slim[i] != original[i]) {
            return failure_set(f, "byte %zu behind the last whole packet is %02x, not %02x", i, (unsigned)slim[i],
                               (unsigned)original[i]);
        }
    }
    return 0;
}

void witness_tail_free(struct witness_tail *t) {
    free(t->bytes);
    t->bytes = NULL;
}

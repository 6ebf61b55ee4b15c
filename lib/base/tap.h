/*
 * A tap: something that is shown every byte on its way, in order, and changes nothing. A digest, for one. Whoever moves
 * the bytes of a file begins it anew with that file; NULL is fine everywhere, and then nobody looks.
 */
#ifndef PCAPSLIM_TAP_H
#define PCAPSLIM_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tap {
    void (*begin)(struct tap *t);
    void (*see)(struct tap *t, const void *bytes, size_t length_bytes);
    void (*end)(struct tap *t, uint8_t *out);
};

/* Forget what was seen. */
static inline void tap_begin(struct tap *t) {
    if (t != NULL) {
        t->begin(t);
    }
}

/* Show bytes. */
static inline void tap_show(struct tap *t, const void *bytes, size_t length_bytes) {
    if (t != NULL) {
        t->see(t, bytes, length_bytes);
    }
}

/*
 * What has become of the bytes since tap_begin(), which is to be called before the next are shown. out: as long as the
 * maker of the tap says. Returns whether there is anything: false for NULL.
 */
static inline bool tap_end(struct tap *t, uint8_t *out) {
    if (t != NULL) {
        t->end(t, out);
    }
    return t != NULL;
}

#endif

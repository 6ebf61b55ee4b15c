/*
 * A tap: something that is shown every byte on its way, in order, and changes nothing. A digest, for one.
 */
#ifndef PCAPSLIM_TAP_H
#define PCAPSLIM_TAP_H

#include <stddef.h>

struct tap {
    void (*see)(void *context, const void *bytes, size_t length_bytes);
    void *context;
};

/* Show bytes. t: may be NULL, and then nobody looks. */
static inline void tap_show(const struct tap *t, const void *bytes, size_t length_bytes) {
    if (t != NULL) {
        t->see(t->context, bytes, length_bytes);
    }
}

#endif

/*
 * Reading a frame from front to back, field by field: how the witness finds its way through headers. What is not there
 * reads as zeros and is remembered, so that one question at the end will do.
 */
#ifndef PCAPSLIM_WITNESS_CURSOR_H
#define PCAPSLIM_WITNESS_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct witness_cursor {
    const uint8_t *bytes;
    size_t length;
    size_t at;
    bool overran; /* something was read that is not there */
};

/* The next field of up to four bytes, in network byte order. */
static inline uint32_t witness_take(struct witness_cursor *c, unsigned bytes) {
    uint32_t value = 0;
    if (bytes > c->length - c->at) {
        c->overran = true;
        c->at = c->length;
        return 0;
    }
    for (unsigned i = 0; i < bytes; i++) {
        value = value << 8 | c->bytes[c->at++];
    }
    return value;
}

/* The same in the order of a little machine. */
static inline uint32_t witness_take_little(struct witness_cursor *c, unsigned bytes) {
    const uint32_t value = witness_take(c, bytes);
    uint32_t turned = 0;
    for (unsigned i = 0; i < bytes; i++) {
        turned |= (value >> (8 * i) & 0xff) << (8 * (bytes - 1 - i));
    }
    return turned;
}

/* Fields that say nothing here. */
static inline void witness_skip(struct witness_cursor *c, size_t bytes) {
    if (bytes > c->length - c->at) {
        c->overran = true;
        c->at = c->length;
    } else {
        c->at += bytes;
    }
}

/* The next byte, which stays to be taken; 0 where there is none. */
static inline unsigned witness_peek(const struct witness_cursor *c) {
    return c->at < c->length ? c->bytes[c->at] : 0;
}

#endif

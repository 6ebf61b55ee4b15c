/* Blocks of pcapng in memory, in either byte order, for unit tests. Include support.h or cmocka.h before it. */
#ifndef PCAPSLIM_TESTS_BLOCKS_H
#define PCAPSLIM_TESTS_BLOCKS_H

#include "bytes.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct blocks {
    bool big_endian;
    uint8_t at[65536];
    size_t length;
    size_t begun; /* where the block that is being written begins */
};

static inline void blocks_set32(const struct blocks *b, uint8_t *to, uint32_t value) {
    if (b->big_endian) {
        bytes_put_be32(to, value);
    } else {
        bytes_put_le32(to, value);
    }
}

static inline void blocks_put(struct blocks *b, const void *bytes, size_t length) {
    assert_true(sizeof b->at - b->length >= length);
    if (length > 0) {
        memcpy(b->at + b->length, bytes, length);
    }
    b->length += length;
}

static inline void blocks_put32(struct blocks *b, uint32_t value) {
    uint8_t bytes[4];
    blocks_set32(b, bytes, value);
    blocks_put(b, bytes, sizeof bytes);
}

static inline void blocks_put16(struct blocks *b, uint16_t value) {
    const uint8_t bytes[2] = {(uint8_t)(b->big_endian ? value >> 8 : value),
                              (uint8_t)(b->big_endian ? value : value >> 8)};
    blocks_put(b, bytes, sizeof bytes);
}

static inline void blocks_begin(struct blocks *b, uint32_t type) {
    b->begun = b->length;
    blocks_put32(b, type);
    blocks_put32(b, 0);
}

static inline void blocks_end(struct blocks *b) {
    while ((b->length - b->begun) % 4 != 0) {
        blocks_put(b, "", 1);
    }
    const uint32_t total = (uint32_t)(b->length - b->begun + 4);
    blocks_put32(b, total);
    blocks_set32(b, b->at + b->begun + 4, total);
}

static inline void blocks_section(struct blocks *b, bool big_endian) {
    b->big_endian = big_endian;
    blocks_begin(b, 0x0a0d0d0a);
    blocks_put32(b, 0x1a2b3c4d);
    blocks_put16(b, 1);
    blocks_put16(b, 0);
    blocks_put32(b, UINT32_MAX);
    blocks_put32(b, UINT32_MAX);
    blocks_end(b);
}

/* options: as they are, NULL for none. */
static inline void blocks_interface(struct blocks *b, uint16_t link_type, uint32_t snaplen, const void *options,
                                    size_t options_length) {
    blocks_begin(b, 1);
    blocks_put16(b, link_type);
    blocks_put16(b, 0);
    blocks_put32(b, snaplen);
    blocks_put(b, options, options_length);
    blocks_end(b);
}

static inline void blocks_packet(struct blocks *b, uint32_t interface, uint64_t ticks, const void *frame, size_t length,
                                 uint32_t original_length, const char *comment) {
    blocks_begin(b, 6);
    blocks_put32(b, interface);
    blocks_put32(b, (uint32_t)(ticks >> 32));
    blocks_put32(b, (uint32_t)ticks);
    blocks_put32(b, (uint32_t)length);
    blocks_put32(b, original_length);
    blocks_put(b, frame, length);
    blocks_put(b, "\0\0\0", (4 - length % 4) % 4);
    if (comment != NULL) {
        blocks_put16(b, 1);
        blocks_put16(b, (uint16_t)strlen(comment));
        blocks_put(b, comment, strlen(comment));
        blocks_put(b, "\0\0\0", (4 - strlen(comment) % 4) % 4);
        blocks_put32(b, 0);
    }
    blocks_end(b);
}

static inline void blocks_simple(struct blocks *b, const void *frame, size_t length, uint32_t original_length) {
    blocks_begin(b, 3);
    blocks_put32(b, original_length);
    blocks_put(b, frame, length);
    blocks_end(b);
}

#endif

/*
 * Integers in wire order, read and written byte by byte so that no alignment or host order is assumed.
 * The compiler turns each of these into one load (and a swap).
 */
#ifndef PCAPSLIM_BYTES_H
#define PCAPSLIM_BYTES_H

#include <stdbool.h>
#include <stdint.h>

static inline uint16_t bytes_get_be16(const uint8_t *p) {
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static inline uint32_t bytes_get_be32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint16_t bytes_get_le16(const uint8_t *p) {
    return (uint16_t)((unsigned)p[1] << 8 | p[0]);
}

static inline uint64_t bytes_get_be64(const uint8_t *p) {
    return (uint64_t)bytes_get_be32(p) << 32 | bytes_get_be32(p + 4);
}

static inline uint32_t bytes_get_le32(const uint8_t *p) {
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* Whether a number of four bytes, of which only the bits of mask count, is value. Of constants this takes no swap. */
static inline bool bytes_match_be32(const uint8_t *p, uint32_t mask, uint32_t value) {
    const uint8_t swapped[2][4] = {
        {(uint8_t)(mask >> 24), (uint8_t)(mask >> 16), (uint8_t)(mask >> 8), (uint8_t)mask},
        {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value},
    };
    return (bytes_get_le32(p) & bytes_get_le32(swapped[0])) == bytes_get_le32(swapped[1]);
}

static inline void bytes_put_be16(uint8_t *p, uint16_t value) {
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static inline void bytes_put_be32(uint8_t *p, uint32_t value) {
    p[0] = (uint8_t)(value >> 24);
    p[1] = (uint8_t)(value >> 16);
    p[2] = (uint8_t)(value >> 8);
    p[3] = (uint8_t)value;
}

static inline void bytes_put_le16(uint8_t *p, uint16_t value) {
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

static inline void bytes_put_le32(uint8_t *p, uint32_t value) {
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
    p[2] = (uint8_t)(value >> 16);
    p[3] = (uint8_t)(value >> 24);
}

/* In the byte order of a file that may have either. */

static inline uint16_t bytes_get16(bool big_endian, const uint8_t *p) {
    return big_endian ? bytes_get_be16(p) : bytes_get_le16(p);
}

static inline uint32_t bytes_get32(bool big_endian, const uint8_t *p) {
    return big_endian ? bytes_get_be32(p) : bytes_get_le32(p);
}

static inline void bytes_put32(bool big_endian, uint8_t *p, uint32_t value) {
    if (big_endian) {
        bytes_put_be32(p, value);
    } else {
        bytes_put_le32(p, value);
    }
}

#endif

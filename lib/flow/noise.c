#include "noise.h"

#include <string.h>

/*
 * Under the premise that the bytes are independent and each value is as likely as another, each figure below reaches
 * its limit with a probability that is computed exactly; the sum is the false-alarm rate, at most 3 in ten million:
 *
 *   the highest bit never set                  2^-24, in 24 bytes or more                           0.6e-7
 *   likeness to 0, and at 9 distances          10 sums, each with a tail below 2e-8 (ALIKE_MAX)     2.0e-7
 *   the highest bit as it was, 2 distances     2 binomial tails, each below 2e-8 (SAME_SIGN_MAX)    0.4e-7
 *
 * Two bytes are alike by one if their upper four bits are the same, 15 pairs in 256, by two if all bits are, one in
 * 256. Text, counters and samples change little from one to the next, records of one shape have the same bytes at the
 * same distance, sparse binary is like 0.
 */
enum {
    CHUNK_BYTES = 16,
    CHUNKS_MAX = NOISE_MAX_BYTES / CHUNK_BYTES,
};

/* Reached, that is too much; by how many chunks are compared, where that can be at all. */
static const uint8_t ALIKE_MAX[CHUNKS_MAX + 1] = {255, 11, 15, 18, 21};
static const uint8_t SAME_SIGN_MAX[CHUNKS_MAX + 1] = {255, 17, 31, 43, 54};

typedef uint8_t chunk __attribute__((vector_size(CHUNK_BYTES)));
typedef int8_t signed_chunk __attribute__((vector_size(CHUNK_BYTES)));

static inline chunk get(const uint8_t *p) {
    chunk c;
    memcpy(&c, p, sizeof c);
    return c;
}

/* The sum of counts, at most 255. */
static inline uint32_t sum(chunk counts) {
    uint64_t half[2];
    memcpy(half, &counts, sizeof half);
    return (uint32_t)(((half[0] + half[1]) * UINT64_C(0x0101010101010101)) >> 56);
}

/* By how much, from 0 to 2 each, bytes are alike. */
static inline chunk likeness(const uint8_t *p, const uint8_t *q) {
    const chunk changed = get(p) ^ get(q);
    return (chunk) - ((chunk)(changed < 0x10) + (chunk)(changed == 0));
}

static inline chunk sameness_of_sign(const uint8_t *p, const uint8_t *q) {
    return (chunk) - (chunk)((signed_chunk)(get(p) ^ get(q)) >= 0);
}

typedef chunk comparison(const uint8_t *p, const uint8_t *q);

/* Whether chunks at p and q come to a limit. Without a loop: with a number that is constant this is a few instructions.
 */
__attribute__((always_inline)) static inline bool reach(const uint8_t *limits, comparison *compare, const uint8_t *p,
                                                        const uint8_t *q, uint32_t chunks) {
    chunk counts = {0};
    counts += chunks > 0 ? compare(p, q) : (chunk){0};
    counts += chunks > 1 ? compare(p + CHUNK_BYTES, q + CHUNK_BYTES) : (chunk){0};
    counts += chunks > 2 ? compare(p + 2 * CHUNK_BYTES, q + 2 * CHUNK_BYTES) : (chunk){0};
    counts += chunks > 3 ? compare(p + 3 * CHUNK_BYTES, q + 3 * CHUNK_BYTES) : (chunk){0};
    return sum(counts) >= limits[chunks];
}

/* Whether bytes are too much like those at a distance before them. */
__attribute__((always_inline)) static inline bool repeats(const uint8_t *p, uint32_t length_bytes, uint32_t distance) {
    return length_bytes >= distance + CHUNK_BYTES &&
           reach(ALIKE_MAX, likeness, p, p + distance, (length_bytes - distance) / CHUNK_BYTES);
}

__attribute__((always_inline)) static inline bool keeps_sign(const uint8_t *p, uint32_t length_bytes,
                                                             uint32_t distance) {
    return reach(SAME_SIGN_MAX, sameness_of_sign, p, p + distance, (length_bytes - distance) / CHUNK_BYTES);
}

/* Whether there is no highest bit: text. */
static bool is_seven_bit(const uint8_t *p, uint32_t length_bytes) {
    uint64_t all = 0;
    uint64_t word;
    for (uint32_t i = 0; i + sizeof word <= length_bytes; i += sizeof word) {
        memcpy(&word, p + i, sizeof word);
        all |= word;
    }
    return (all & UINT64_C(0x8080808080808080)) == 0;
}

__attribute__((always_inline)) static inline bool is_noise(const uint8_t *p, uint32_t n) {
    static const uint8_t zeros[NOISE_MAX_BYTES] = {0};
    return !(is_seven_bit(p, n) || reach(ALIKE_MAX, likeness, p, zeros, n / CHUNK_BYTES) || repeats(p, n, 1) ||
             repeats(p, n, 2) || repeats(p, n, 6) || repeats(p, n, 8) || repeats(p, n, 12) || repeats(p, n, 16) ||
             repeats(p, n, 24) || repeats(p, n, 32) || repeats(p, n, 48) || keeps_sign(p, n, 1) || keeps_sign(p, n, 2));
}

bool noise_is(const uint8_t *p, uint32_t length_bytes) {
    if (length_bytes >= NOISE_MAX_BYTES) {
        return is_noise(p, NOISE_MAX_BYTES); /* nearly always: every number is a constant */
    }
    return length_bytes >= NOISE_MIN_BYTES && is_noise(p, length_bytes);
}

bool noise_is_throughout(const uint8_t *p, uint32_t length_bytes) {
    if (length_bytes < 2 * NOISE_MAX_BYTES) {
        return noise_is(p, length_bytes) &&
               (length_bytes <= NOISE_MAX_BYTES || noise_is(p + length_bytes - NOISE_MAX_BYTES, NOISE_MAX_BYTES));
    }
    return noise_is(p, NOISE_MAX_BYTES) && noise_is(p + (length_bytes - NOISE_MAX_BYTES) / 2, NOISE_MAX_BYTES) &&
           noise_is(p + length_bytes - NOISE_MAX_BYTES, NOISE_MAX_BYTES);
}

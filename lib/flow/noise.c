#include "noise.h"

#include <string.h>

/*
 * Under the premise that the bytes are independent and each value is as likely as another, each figure below exceeds
 * its limit with a probability that is bounded; the sum of the bounds is the false-alarm rate, 4 in ten million:
 *
 *   the highest bit never set     2^-24                                                           0.6e-7
 *   how often a value comes       256 values, binomial tails below 1e-10 (COMMON_MAX)             0.3e-7
 *   equal bytes at a distance     64 distances, binomial tails below 1e-9 (EQUAL_MAX)             0.7e-7
 *   equal bits at a distance      10 distances, all bits and the upper four; Hoeffding, 42 n      0.3e-7
 *   parities of bits of a byte    255 of them; Hoeffding, 44 n                                    1.5e-7
 *
 * Hoeffding: of n fair bits the sum of n signs exceeds the root of c n with a probability of at most 2 exp(-c / 2).
 */
enum {
    VALUES = 256,
    DISTANCE_MAX = 64,
    DISTANCE_LIMIT = 42,
    PARITY_LIMIT = 44,
    UPPER_BITS = 0xf0,
};

/* By length: up to 32, 64, 128, 256 bytes. Reached, a value is too common; two bytes at a distance are too often equal.
 */
static const uint8_t COMMON_MAX[] = {7, 9, 11, 13};
static const uint8_t EQUAL_MAX[] = {7, 8, 10, 12};

static unsigned length_class(uint32_t length_bytes) {
    return (length_bytes > 32 ? 1U : 0U) + (length_bytes > 64 ? 1U : 0U) + (length_bytes > 128 ? 1U : 0U);
}

/* Whether a sum of n signs is too far from 0. */
static bool is_biased(int32_t sum, uint32_t n, uint32_t limit) {
    return (int64_t)sum * sum > (int64_t)limit * n;
}

static bool has_common_value(const int32_t *count, unsigned length) {
    for (unsigned value = 0; value < VALUES; value++) {
        if (count[value] >= COMMON_MAX[length]) {
            return true;
        }
    }
    return false;
}

/* The Walsh-Hadamard transform: at place m, even minus odd parities of the bits that m selects. */
static void transform(int32_t *count) {
    for (unsigned half = 1; half < VALUES; half *= 2) {
        for (unsigned from = 0; from < VALUES; from += 2 * half) {
            for (unsigned i = from; i < from + half; i++) {
                const int32_t a = count[i];
                const int32_t b = count[i + half];
                count[i] = a + b;
                count[i + half] = a - b;
            }
        }
    }
}

static bool has_biased_parity(int32_t *count, uint32_t length_bytes) {
    transform(count);
    if (count[0x80] == (int32_t)length_bytes) { /* the highest bit is never set: text */
        return true;
    }
    for (unsigned mask = 1; mask < VALUES; mask++) {
        if (is_biased(count[mask], length_bytes, PARITY_LIMIT)) {
            return true;
        }
    }
    return false;
}

/* Records of one shape have the same bytes again and again at the same distance. */
static bool has_equal_bytes(const uint8_t *p, uint32_t length_bytes, unsigned length) {
    for (uint32_t distance = 1; distance <= DISTANCE_MAX && distance < length_bytes; distance++) {
        unsigned equal = 0;
        for (uint32_t i = distance; i < length_bytes; i++) {
            equal += p[i] == p[i - distance];
        }
        if (equal >= EQUAL_MAX[length]) {
            return true;
        }
    }
    return false;
}

/* Samples, counters and text change little from one to the next: their upper bits most of all. */
static bool has_equal_bits(const uint8_t *p, uint32_t length_bytes) {
    static const uint8_t distances[] = {1, 2, 3, 4, 6, 8, 12, 16, 20, 24};
    for (unsigned d = 0; d < sizeof distances && distances[d] < length_bytes; d++) {
        const uint32_t pairs = length_bytes - distances[d];
        int32_t all = 0;
        int32_t upper = 0;
        for (uint32_t i = distances[d]; i < length_bytes; i++) {
            const unsigned changed = p[i] ^ p[i - distances[d]];
            all += __builtin_popcount(changed);
            upper += __builtin_popcount(changed & UPPER_BITS);
        }
        if (is_biased(8 * (int32_t)pairs - 2 * all, 8 * pairs, DISTANCE_LIMIT) ||
            is_biased(4 * (int32_t)pairs - 2 * upper, 4 * pairs, DISTANCE_LIMIT)) {
            return true;
        }
    }
    return false;
}

bool noise_is(const uint8_t *p, uint32_t length_bytes) {
    int32_t count[VALUES] = {0};
    if (length_bytes < NOISE_MIN_BYTES) {
        return false;
    }
    if (length_bytes > NOISE_MAX_BYTES) {
        length_bytes = NOISE_MAX_BYTES;
    }
    for (uint32_t i = 0; i < length_bytes; i++) {
        count[p[i]]++;
    }
    const unsigned length = length_class(length_bytes);
    return !has_common_value(count, length) && !has_equal_bytes(p, length_bytes, length) &&
           !has_equal_bits(p, length_bytes) && !has_biased_parity(count, length_bytes);
}

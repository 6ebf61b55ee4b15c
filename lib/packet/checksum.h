/*
 * The Internet checksum (RFC 1071): sums of 16-bit words in ones' complement.
 *
 * A sum is kept in the byte order of this machine and unfolded; it starts as 0. RFC 1071 section 2 (B): the sum does
 * not depend on byte order, so words are added as this machine loads them and stored the same way. Section 2 (C): words
 * of any size may be added as long as carries come back in at the low end, so eight bytes are taken at a time;
 * compilers make two instructions of that, add and add-with-carry.
 */
#ifndef PCAPSLIM_CHECKSUM_H
#define PCAPSLIM_CHECKSUM_H

#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t checksum_add_loaded(uint64_t sum, uint64_t word) {
    sum += word;
    return sum + (sum < word);
}

/* Add the 8 bytes at p. */
static inline uint64_t checksum_add_8(uint64_t sum, const uint8_t *p) {
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return checksum_add_loaded(sum, word);
}

/* Add the 4 bytes at p. */
static inline uint64_t checksum_add_4(uint64_t sum, const uint8_t *p) {
    uint32_t word;
    memcpy(&word, p, sizeof word);
    return checksum_add_loaded(sum, word);
}

/* Add one 16-bit word that is given as a number, not as bytes of the packet. */
static inline uint64_t checksum_add_word(uint64_t sum, uint16_t word) {
    return checksum_add_loaded(sum, htons(word));
}

/* Add the 2 bytes at p. */
static inline uint64_t checksum_add_2(uint64_t sum, const uint8_t *p) {
    uint16_t word;
    memcpy(&word, p, sizeof word);
    return checksum_add_loaded(sum, word);
}

/* Add length_bytes bytes at p. All pieces of a sum but the last must be of even length. */
static inline uint64_t checksum_add(uint64_t sum, const uint8_t *p, size_t length_bytes) {
    for (const uint8_t *const end = p + (length_bytes & ~(size_t)15); p != end; p += 16) {
        sum = checksum_add_8(checksum_add_8(sum, p), p + 8);
    }
    if (length_bytes & 8) {
        sum = checksum_add_8(sum, p);
        p += 8;
    }
    if (length_bytes & 4) {
        sum = checksum_add_4(sum, p);
        p += 4;
    }
    if ((length_bytes & 3) == 0) {
        return sum;
    }
    if (length_bytes & 2) {
        sum = checksum_add_2(sum, p);
        p += 2;
    }
    if (length_bytes & 1) {
        sum = checksum_add_word(sum, (uint16_t)(*p << 8));
    }
    return sum;
}

/*
 * Fold a sum and write its complement, the checksum, as two bytes of the packet. Adding a number to itself with its
 * halves swapped leaves their sum, carry included, in the upper half.
 */
static inline void checksum_put(uint64_t sum, uint8_t *at) {
    sum += sum << 32 | sum >> 32;
    uint32_t half = (uint32_t)(sum >> 32);
    half += half << 16 | half >> 16;
    uint16_t folded = (uint16_t) ~(half >> 16);
    memcpy(at, &folded, sizeof folded);
}

/*
 * RFC 1624, equation 3: HC' = ~(~HC + ~m + m'). A checksum was `was`, where `right_was` (~m) would have been right; now
 * `right_now` (~m') would be. What it must become to be as right, or as wrong, as before. Never ffff unless right_now
 * is. All are numbers in the byte order of this machine.
 */
static inline uint16_t checksum_carry_over(uint16_t was, uint16_t right_was, uint16_t right_now) {
    uint32_t sum = (uint32_t)(uint16_t)~was + right_was + (uint16_t)~right_now;
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

#endif

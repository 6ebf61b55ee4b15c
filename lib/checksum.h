/*
 * The Internet checksum (RFC 1071): sums of 16-bit words in ones' complement.
 */
#ifndef PCAPSLIM_CHECKSUM_H
#define PCAPSLIM_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Add length_bytes bytes to a sum. The sum is kept in the byte order of this machine and unfolded; it starts
 * as 0. All pieces but the last must be of even length. length_bytes: below 2^32.
 */
uint64_t checksum_add(uint64_t sum, const uint8_t *bytes, size_t length_bytes);

/* Add one 16-bit word that is given as a number, not as bytes of the packet. */
uint64_t checksum_add_word(uint64_t sum, uint16_t word);

/* Fold a sum and write its complement, the checksum, as two bytes of the packet. */
void checksum_put(uint64_t sum, uint8_t *at);

#endif

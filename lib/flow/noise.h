/*
 * Whether bytes look like noise, as ciphertext does. Pure.
 *
 * The last guard behind every proof of encryption. Text, sparse binary, counters, records of one shape, sampled audio
 * and packets within packets do not pass; what is compressed well may, so passing proves nothing by itself. True
 * ciphertext fails with a probability below one in a million: each of the figures that are judged has a bound of its
 * own, and noise.c says how the sum comes about. tests/unit/test_noise.c counts it.
 */
#ifndef PCAPSLIM_NOISE_H
#define PCAPSLIM_NOISE_H

#include <stdbool.h>
#include <stdint.h>

/* Fewer bytes than that are never noise: nothing can be told of them. More than the maximum are not looked at. */
#define NOISE_MIN_BYTES 24
#define NOISE_MAX_BYTES 64

/* Judge length_bytes bytes at p, or the first NOISE_MAX_BYTES of them. */
bool noise_is(const uint8_t *p, uint32_t length_bytes);

/*
 * The same of so many bytes at the beginning, in the middle and at the end: what sounds like noise now and then seldom
 * does three times. Still, true ciphertext fails with a probability below one in a million.
 */
bool noise_is_throughout(const uint8_t *p, uint32_t length_bytes);

#endif

/*
 * Whether a packet of ESP is readable: encryption can be negotiated away, and nothing in its header says so. Pure.
 *
 * The heuristics of RFC 5879 (section 8): for each length that an integrity check value may have, is the trailer in
 * front of it one, and does the packet that it names agree with what is there? That may end before the trailer, for
 * what hides how long it is (RFC 4303 section 2.7).
 */
#ifndef PCAPSLIM_ESP_H
#define PCAPSLIM_ESP_H

#include <stdbool.h>
#include <stdint.h>

/* RFC 4303 section 2.1: numbers below are reserved. */
#define ESP_SPI_MIN 256

/*
 * Whether what stands behind the header of an ESP packet is readable. p: behind the header; length_bytes: up to the end
 * of the packet, of which there_bytes are there. Of ciphertext one packet in a thousand is taken for readable;
 * where the end was not captured, one or two in a hundred.
 */
bool esp_is_readable(const uint8_t *p, uint32_t there_bytes, uint32_t length_bytes);

#endif

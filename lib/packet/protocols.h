/*
 * Headers that only say what is behind them, and other ways to name a protocol than an ethertype: said once for link
 * types and tunnels.
 *
 * Standards: RFC 1661 and 1662 (PPP), RFC 1042 (SNAP), RFC 2427 (NLPID).
 */
#ifndef PCAPSLIM_PROTOCOLS_H
#define PCAPSLIM_PROTOCOLS_H

#include "link.h"

#include <stdbool.h>
#include <stdint.h>

/* The ethertype of an address family of Linux, a BSD or Darwin; 0: none that matters. */
uint32_t ethertype_of_family(uint32_t family);

/* The ethertype of an IP packet that begins with this byte; 0: it is none. */
uint32_t ethertype_of_version(uint8_t first_byte);

/*
 * Pass over what names a protocol at offset (at most captured_bytes). Each returns whether it is there and names one.
 *
 * ppp_pass: address and control, if they are there, and the protocol in one byte or two.
 * llc_pass: LLC and SNAP (aa aa 03, 00 00 00, ethertype), or LLC of IP (06 06 03).
 * nlpid_pass: a network layer protocol identifier.
 */
bool ppp_pass(const uint8_t *frame, uint32_t captured_bytes, uint32_t offset, struct behind *out);
bool llc_pass(const uint8_t *frame, uint32_t captured_bytes, uint32_t offset, struct behind *out);
bool nlpid_pass(const uint8_t *frame, uint32_t captured_bytes, uint32_t offset, struct behind *out);

#endif

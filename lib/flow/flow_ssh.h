/*
 * SSH: the banner and the packets before encryption begins. Pure.
 *
 * Standards: RFC 4253 sections 4.2 (banner), 6 (packets), 7.3 (NEWKEYS); message numbers RFC 4250 section 4.1.
 */
#ifndef PCAPSLIM_FLOW_SSH_H
#define PCAPSLIM_FLOW_SSH_H

#include "flow_unit.h"

/*
 * More than what is sent in the clear in one direction: a banner and a handful of packets of at most 35,000 bytes. A
 * stream that has lost its way before NEWKEYS is behind it after so many bytes.
 */
#define FLOW_SSH_CLEAR_MAX_BYTES (256U << 10)

/* In front of what is encrypted: some ciphers leave the length in the clear. */
#define FLOW_SSH_LENGTH_BYTES 4

/*
 * Find a banner at the beginning of a line (RFC 4253 section 4.2), behind lines of text. Returns its offset, or
 * there_bytes.
 */
uint32_t flow_ssh_find_banner(const uint8_t *p, uint32_t there_bytes);

/*
 * Whether a segment behind NEWKEYS begins with a packet in the clear: keys were changed within, to a cipher that is
 * none. Where the cipher hides the length one segment of ciphertext in ten million does, else one in a hundred.
 */
enum flow_ssh_look { FLOW_SSH_SECRET_LOOK, FLOW_SSH_MAY_BE_CLEAR, FLOW_SSH_CLEAR_LOOK };
enum flow_ssh_look flow_ssh_look(const uint8_t *p, uint32_t there_bytes);

/* Cheaply, whether flow_ssh_look() has to be asked of a segment of at least four bytes. */
static inline bool flow_ssh_may_have_length(const uint8_t *p) {
    return p[0] == 0 && p[1] == 0;
}

/* A banner of version 2, or at the start of a stream as much of one as is there, begins it; of version 1 nothing is
 * cut. */
bool flow_ssh_begins(enum flow_where where, const uint8_t *p, uint32_t there_bytes);

/* A line or packet. With NEWKEYS the mode of s becomes FLOW_SSH_SECRET: what follows that packet is encrypted. */
struct flow_unit flow_ssh_unit(struct flow_stream *s, const uint8_t *p, uint32_t there_bytes);

#endif

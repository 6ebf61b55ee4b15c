/*
 * Google QUIC up to version 43, whose flow is known by a version in its public header. A packet is readable while its
 * hash, which takes the place of encryption until there are keys, is right. Pure. There is no standard;
 * draft-tsvwg-quic-protocol-02 describes the header.
 */
#ifndef PCAPSLIM_FLOW_GQUIC_H
#define PCAPSLIM_FLOW_GQUIC_H

#include "flow_udp.h"

/* Whether a datagram has a version in its public header. */
bool flow_gquic_shows_version(const uint8_t *p, uint32_t there_bytes);

/* Whether a datagram, not empty, can have one, told cheaply. */
static inline bool flow_gquic_can_begin(const uint8_t *p, uint32_t there_bytes) {
    return (p[0] & 0x80) == 0 && there_bytes > 9 && p[9] == 'Q';
}

bool flow_gquic_judge(const struct flow_look *k, struct flow_verdict *out);

#endif

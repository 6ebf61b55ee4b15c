/*
 * QUIC: which packets of a datagram are readable. Pure.
 *
 * Initial, Retry and Version Negotiation packets are: keys of Initial packets can be derived by any observer. 0-RTT,
 * Handshake and 1-RTT packets are not. Of Google QUIC up to version 43 a packet is readable while its hash, which takes
 * the place of encryption until there are keys, is right.
 *
 * Standards: RFC 8999 (what all versions share), RFC 9000 section 17 and RFC 9001 section 5.2 (version 1), RFC 9369
 * (version 2), RFC 9287 (a fixed bit that is not fixed), RFC 9443 (what else may share the port).
 */
#ifndef PCAPSLIM_FLOW_QUIC_H
#define PCAPSLIM_FLOW_QUIC_H

#include "flow_state.h"

#include <stdbool.h>
#include <stdint.h>

/* Where the connection ID of a short header is, and how many bytes of one are remembered. */
#define FLOW_QUIC_SHORT_ID_AT 1
#define FLOW_QUIC_ID_BYTES 4

/* What a datagram is. */
enum flow_quic_kind {
    FLOW_QUIC_NONE,
    FLOW_QUIC_LONG,  /* it begins with a long header of a known version */
    FLOW_QUIC_OLD,   /* Google QUIC with a version in the public header */
    FLOW_QUIC_SHORT, /* it may be 1-RTT: a short header has next to nothing that tells */
};

struct flow_quic {
    enum flow_quic_kind kind;
    uint32_t clear_bytes; /* up to the end of the last readable packet; FLOW_QUIC_LONG only */
    uint32_t source_id;   /* FLOW_QUIC_LONG: the first bytes of the sender's connection ID */
    bool has_source_id;
};

/* Whether a datagram can be FLOW_QUIC_LONG or FLOW_QUIC_OLD, told cheaply. */
bool flow_quic_shows_version(const uint8_t *p, uint32_t there_bytes);

/*
 * Judge a datagram of length_bytes of which there_bytes are there. greased: its flow is known to be QUIC, so the fixed
 * bit may be 0 (RFC 9287).
 */
struct flow_quic flow_quic_judge(const uint8_t *p, uint32_t there_bytes, uint32_t length_bytes, bool greased);

/* Whether the hash of an unencrypted packet of Google QUIC up to version 43 is right. It must be whole. */
bool flow_quic_old_is_clear(const uint8_t *p, uint32_t length_bytes);

/*
 * Whether a datagram looks like a 1-RTT packet rather than like anything else that has its first bits: its bytes are
 * as good as random. One such datagram proves nothing.
 */
bool flow_quic_looks_random(const uint8_t *p, uint32_t there_bytes);

#endif

/*
 * QUIC: which packets of a datagram are readable. Pure.
 *
 * Initial, Retry and Version Negotiation packets are: keys of Initial packets can be derived by any observer. 0-RTT,
 * Handshake and 1-RTT packets are not.
 *
 * Standards: RFC 8999 (what all versions share), RFC 9000 section 17 and RFC 9001 section 5.2 (version 1), RFC 9369
 * (version 2), RFC 9287 (a fixed bit that is not fixed), RFC 9443 (what else may share the port).
 */
#ifndef PCAPSLIM_FLOW_QUIC_H
#define PCAPSLIM_FLOW_QUIC_H

#include "bytes.h"
#include "flow_udp.h"
#include "noise.h"

/* Where the connection ID of a short header is, how many bytes of one are remembered, and how many tell something. */
#define FLOW_QUIC_SHORT_ID_AT 1
#define FLOW_QUIC_ID_BYTES 8
#define FLOW_QUIC_ID_TELLS_BYTES 4

/* A short header with an ID of that length, and what can be told from noise behind it. */
#define FLOW_QUIC_SHORT_MIN_BYTES (FLOW_QUIC_SHORT_ID_AT + FLOW_QUIC_ID_BYTES + NOISE_MIN_BYTES)

/* Whether a short header of at least that length has the connection ID of its sender, as far as that is known. */
static inline bool flow_quic_has_id(const struct flow_side *side, const uint8_t *p) {
    const uint64_t id = (uint64_t)side->id << 32 | side->id_more;
    return side->id_bytes == 0 ||
           (bytes_get_be64(p + FLOW_QUIC_SHORT_ID_AT) ^ id) >> 8 * (FLOW_QUIC_ID_BYTES - side->id_bytes) == 0;
}

/* Packets that tell a direction of QUIC whose long headers were not seen. */
#define FLOW_QUIC_RUN_PACKETS 4

/*
 * Whether a short header of at least that length is proven, in a flow that is QUIC: both sides have shown long headers,
 * or this one's connection ID was announced; or its side was told from its peer, packet by packet.
 */
static inline __attribute__((always_inline)) bool flow_quic_is_proven(const struct flow_side *side,
                                                                      const struct flow_side *peer, const uint8_t *p) {
    return side->run == FLOW_QUIC_RUN_PACKETS ||
           (flow_quic_has_id(side, p) &&
            ((side->shown && peer->shown) || (side->has_id && side->id_bytes >= FLOW_QUIC_ID_TELLS_BYTES)));
}

/* Whether a datagram, not empty, begins as a short header does: RFC 9000 section 17.3. */
static inline bool flow_quic_is_short(const uint8_t *p) {
    return (p[0] & 0xc0) == 0x40;
}

/* Whether a datagram, not empty, can begin with a long header of a known version. */
bool flow_quic_can_begin(const uint8_t *p, uint32_t there_bytes);

bool flow_quic_judge(const struct flow_look *k, struct flow_verdict *out);

#endif

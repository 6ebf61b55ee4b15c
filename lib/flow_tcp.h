/*
 * Following the streams of a TCP connection by sequence number: which bytes of a segment are in the clear. Pure.
 *
 * Retransmissions, overlaps, segments out of order and holes are met. Where a stream has lost its way nothing of it is
 * taken for encrypted until a credible header shows where it is.
 */
#ifndef PCAPSLIM_FLOW_TCP_H
#define PCAPSLIM_FLOW_TCP_H

#include "flow_state.h"
#include "flow_verdict.h"

#include <stdbool.h>
#include <stdint.h>

struct flow_segment {
    uint32_t seq; /* of its first payload byte, the SYN's own number stepped over */
    bool syn;
    bool ack;
    const uint8_t *payload;
    uint32_t there_bytes;   /* of payload in memory */
    uint32_t payload_bytes; /* by the IP length; not less */
    unsigned port_flags;    /* enum policy_port, of both ports */
};

/*
 * Note a segment, and say what of it is encrypted. f: of its flow; direction: 0 or 1, which stream it belongs to.
 */
struct flow_verdict flow_tcp_segment(struct flow_state *f, unsigned direction, const struct flow_segment *segment);

#endif

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
    uint32_t seq; /* of its first payload byte */
    const uint8_t *payload;
    uint32_t there_bytes;   /* of payload in memory */
    uint32_t payload_bytes; /* by the IP length; not less, and not 0 */
};

/*
 * Note a SYN, with or without ACK. seq: the number behind that of the SYN itself, where the stream begins. What the
 * segment carries besides is shown to flow_tcp_segment().
 */
void flow_tcp_syn(struct flow_state *f, unsigned direction, uint32_t seq, bool ack);

/*
 * Note a segment, and say what of it is encrypted. f: of its flow; direction: 0 or 1, which stream it belongs to.
 */
struct flow_verdict flow_tcp_segment(struct flow_state *f, unsigned direction, const struct flow_segment *segment);

#endif

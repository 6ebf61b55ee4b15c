/*
 * Following the datagrams of a UDP flow: which are encrypted, and where a readable one ends. Pure.
 *
 * A datagram that several protocols could have sent is judged by what its flow has shown before; see RFC 9443 for how
 * the first byte tells STUN, DTLS, TURN, SRTP and QUIC from each other. Ports are used again, and nothing says so over
 * UDP: whatever the flow has shown, a datagram is cut only if the bytes that go look like noise (noise.h).
 */
#ifndef PCAPSLIM_FLOW_UDP_H
#define PCAPSLIM_FLOW_UDP_H

#include "flow_state.h"
#include "flow_verdict.h"
#include "port.h"

#include <stdbool.h>
#include <stdint.h>

struct flow_datagram {
    const uint8_t *payload;
    uint32_t there_bytes;   /* of payload in memory */
    uint32_t payload_bytes; /* by the IP length; not less */
    unsigned port_flags;    /* enum policy_port, of both ports */
};

/*
 * Note a datagram, and say what of it is encrypted. f: of its flow, all zero when nothing is known of it; direction: 0
 * or 1. remember: set when the flow must be remembered from now on.
 */
struct flow_verdict flow_udp_datagram(struct flow_state *f, unsigned direction, const struct flow_datagram *datagram,
                                      bool *remember);

/*
 * What a protocol over UDP (flow_protocols.h) is asked:
 *
 *   bool flow_NAME_judge(const struct flow_look *k, struct flow_verdict *out)
 *       whether the datagram, of which at least one byte is there, is one of it; if so, what becomes of it is in out.
 */
struct flow_look {
    uint8_t *agreed; /* enum flow_flags */
    struct flow_datagrams *flow;
    struct flow_side *side; /* that of the sender */
    struct flow_side *peer;
    const struct flow_datagram *in;
    enum policy_reason reason; /* to cut, as the row has it */
    uint32_t *nonce_bytes;     /* set with a verdict that cuts: how much of what goes need not look like noise */
    bool *remember;
};

/* Packets whose numbers go on before a protocol is believed whose beginning was not seen. */
#define FLOW_CHAIN_PACKETS 3

/* Whether the captured bytes of a datagram look like noise from there on; of fewer than least_bytes nothing is told. */
bool flow_is_noise(const struct flow_datagram *in, uint32_t from, uint32_t least_bytes);

/* Between two packets that are taken for neighbours, some of which may not have been captured. */
#define FLOW_STEP_MAX 16

/*
 * Note a packet with that number of a chain: side->evidence is how many have gone on by no more than counted_step,
 * without a jump in between.
 */
void flow_chain(struct flow_side *side, uint32_t chain, uint32_t number, int32_t counted_step);

/* Note in the flow what the datagram shows: enum flow_datagram_flags. */
static inline void flow_note(const struct flow_look *k, unsigned flags) {
    k->flow->flags = (uint16_t)(k->flow->flags | flags);
    *k->remember = true;
}

static inline void flow_unnote(const struct flow_look *k, unsigned flags) {
    k->flow->flags = (uint16_t)(k->flow->flags & ~flags);
}

#endif

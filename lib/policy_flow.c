#include "policy.h"

#include "bytes.h"
#include "flow_ike.h"
#include "flow_tcp.h"
#include "flow_udp.h"

#include <string.h>

enum {
    IPV4_TOTAL_LENGTH = 2,
    IPV6_PAYLOAD_LENGTH = 4,
    IPV6_HEADER_BYTES = 40,
    TCP_SEQUENCE = 4,
    TCP_FLAGS = 13,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_ACK = 0x10,
    FCS_BYTES = 4,

    /*
     * A cut that would save no more than this is not made. It is not worth it; and a frame that was cut before can be
     * told from one whose origlen counts an FCS that was not captured.
     */
    SAVING_MIN_BYTES = 8,
};

static struct decision keep(enum policy_reason reason) {
    const struct decision d = {.reason = reason, .cut = false, .keep_payload_bytes = 0};
    return d;
}

/* Where the payload ends by the IP length, as an offset; never before what is located. */
static uint32_t payload_end(const struct located *l, const uint8_t *frame) {
    const uint8_t *ip = frame + l->network_offset;
    return l->network_offset + (l->ip_version == 4
                                    ? bytes_get_be16(ip + IPV4_TOTAL_LENGTH)
                                    : (uint32_t)IPV6_HEADER_BYTES + bytes_get_be16(ip + IPV6_PAYLOAD_LENGTH));
}

/*
 * Whether a frame was cut before, with its lengths rewritten: it ends where its IP packet ends, and yet there was more.
 * What its flow showed is gone; so that slimming twice is slimming once, nothing more of such a flow is cut.
 */
static bool was_cut_before(const struct policy_packet *packet, uint32_t end) {
    return end == packet->caplen_bytes && packet->origlen_bytes > packet->caplen_bytes &&
           packet->origlen_bytes - packet->caplen_bytes > FCS_BYTES;
}

static struct decision decide(const struct policy *p, const struct located *l, const struct flow_verdict *v) {
    if (!v->cut) {
        return keep(l->payload_bytes <= p->settings.floor_bytes ? POLICY_SHORT : v->reason);
    }
    const uint32_t behind_bytes = v->clear_bytes + p->settings.floor_bytes;
    const uint32_t keep_bytes = behind_bytes > v->least_bytes ? behind_bytes : v->least_bytes;
    if (keep_bytes < v->clear_bytes || l->payload_bytes <= keep_bytes ||
        l->payload_bytes - keep_bytes <= SAVING_MIN_BYTES) {
        return keep(POLICY_SHORT);
    }
    const struct decision d = {.reason = v->reason, .cut = true, .keep_payload_bytes = keep_bytes};
    return d;
}

static struct decision mark_cut_before(struct policy *p, const struct flow_key *key, struct flow *flow) {
    if (flow == NULL) {
        flow = flow_table_add(&p->flows, key, false);
    }
    flow->state.flags |= FLOW_CUT_BEFORE;
    return keep(POLICY_CUT_BEFORE);
}

static struct decision decide_tcp(struct policy *p, const struct policy_packet *packet, const struct located *l,
                                  const uint8_t *frame) {
    const uint8_t *tcp = frame + l->transport_offset;
    const uint32_t end = payload_end(l, frame);
    const bool syn = (tcp[TCP_FLAGS] & TCP_SYN) != 0;
    const bool cut_before = was_cut_before(packet, end);
    if (((l->payload_bytes == 0 && end <= l->payload_offset && !syn) || (tcp[TCP_FLAGS] & TCP_RST)) && !cut_before) {
        return keep(l->payload_bytes <= p->settings.floor_bytes ? POLICY_SHORT : POLICY_CLEARTEXT);
    }
    struct flow_key key;
    const unsigned direction = flow_key_make(&key, frame, l);
    struct flow *flow = flow_table_find(&p->flows, &key);
    if (cut_before) {
        return mark_cut_before(p, &key, flow);
    }
    if (flow == NULL) {
        flow = flow_table_add(&p->flows, &key, syn && l->payload_bytes == 0);
    }
    if (syn && (tcp[TCP_FLAGS] & TCP_ACK) == 0) {
        flow->state.flags = 0; /* a new connection */
    }
    unsigned port_flags = (unsigned)p->port_flags[l->source_port] | p->port_flags[l->destination_port];
    if (p->flows.forgot) {
        port_flags &= ~(unsigned)POLICY_PORT_SSH; /* its key exchange may have been seen */
    }
    const struct flow_segment segment = {
        .seq = bytes_get_be32(tcp + TCP_SEQUENCE) + (syn ? 1 : 0),
        .syn = syn,
        .ack = (tcp[TCP_FLAGS] & TCP_ACK) != 0,
        .payload = frame + l->payload_offset,
        .there_bytes = l->payload_bytes,
        .payload_bytes = end - l->payload_offset,
        .port_flags = port_flags,
    };
    const struct flow_verdict v = flow_tcp_segment(&flow->state, direction, &segment);
    return flow->state.flags & FLOW_CUT_BEFORE ? keep(POLICY_CUT_BEFORE) : decide(p, l, &v);
}

static struct decision decide_udp(struct policy *p, const struct policy_packet *packet, const struct located *l,
                                  const uint8_t *frame) {
    const uint32_t end = payload_end(l, frame);
    struct flow_state fresh;
    bool remember = false;
    struct flow_key key;
    const unsigned direction = flow_key_make(&key, frame, l);
    struct flow *flow = flow_table_find(&p->flows, &key);
    if (was_cut_before(packet, end)) {
        return mark_cut_before(p, &key, flow);
    }
    const struct flow_datagram datagram = {
        .payload = frame + l->payload_offset,
        .there_bytes = l->payload_bytes,
        .payload_bytes = end - l->payload_offset,
        .port_flags = (unsigned)p->port_flags[l->source_port] | p->port_flags[l->destination_port],
    };
    if (flow == NULL) {
        memset(&fresh, 0, sizeof fresh);
    }
    const struct flow_verdict v =
        flow_udp_datagram(flow != NULL ? &flow->state : &fresh, direction, &datagram, &remember);
    if (flow == NULL && remember) {
        flow_table_add(&p->flows, &key, false)->state = fresh;
    }
    return flow != NULL && (flow->state.flags & FLOW_CUT_BEFORE) ? keep(POLICY_CUT_BEFORE) : decide(p, l, &v);
}

static struct decision decide_esp(const struct policy *p, const struct located *l, const uint8_t *frame) {
    const uint32_t end = payload_end(l, frame);
    if (flow_esp_is_clear(frame + l->payload_offset, l->payload_bytes, end - l->payload_offset)) {
        return keep(POLICY_CLEARTEXT);
    }
    const struct flow_verdict v = flow_cut_behind(POLICY_IPSEC, 0);
    return decide(p, l, &v);
}

struct decision policy_flow_decide(struct policy *p, const struct policy_packet *packet, const struct located *l,
                                   const uint8_t *frame) {
    switch (l->as) {
    case LOCATED_TCP:
        return decide_tcp(p, packet, l, frame);
    case LOCATED_UDP:
        return decide_udp(p, packet, l, frame);
    case LOCATED_ESP:
        return decide_esp(p, l, frame);
    case LOCATED_NOT_IP:
    case LOCATED_FRAGMENT:
    case LOCATED_OTHER_TRANSPORT:
    case LOCATED_OFFLOADED:
    case LOCATED_TRUNCATED:
    case LOCATED_MALFORMED:
    case LOCATED_KINDS:
        break;
    }
    return policy_packet_decide(p, l, frame);
}

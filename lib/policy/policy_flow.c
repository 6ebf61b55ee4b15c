#include "policy.h"

#include "bytes.h"
#include "esp.h"
#include "flow_expected.h"
#include "flow_tcp.h"
#include "flow_udp.h"
#include "noise.h"

#include <string.h>

enum {
    FCS_BYTES = 4,
    ESP_VECTOR_BYTES = 8, /* which may count */

    /*
     * A cut that would save no more than this is not made. It is not worth it; and a frame that was cut before can be
     * told from one whose origlen counts an FCS that was not captured.
     */
    SAVING_MIN_BYTES = 8,
};

/*
 * Out of line, so that what the many packets need stays in registers. Where headers are is handed over as a copy for
 * the same reason: of what an address is given out all lies in memory.
 */
#define SLOW __attribute__((noinline))
#define likely(x) __builtin_expect((x), 1)
#define unlikely(x) __builtin_expect((x), 0)

/*
 * Whether a frame was cut before. With its lengths rewritten it ends where its IP packet ends, and yet there was more;
 * with them left it ends before that, and not where the snaplen ends it. What its flow showed is gone; so that slimming
 * twice is slimming once, nothing more of such a flow is cut.
 */
static inline bool was_cut_before(const struct policy *p, const struct policy_packet *packet, const struct located *l) {
    if (__builtin_expect(packet->origlen_bytes <= packet->caplen_bytes, 1)) {
        return false;
    }
    return l->packet_end == packet->caplen_bytes ? packet->origlen_bytes - packet->caplen_bytes > FCS_BYTES
                                                 : l->packet_end > packet->caplen_bytes && p->snaplen_bytes != 0 &&
                                                       packet->caplen_bytes != p->snaplen_bytes;
}

/*
 * Likewise where what was cut was made zeros: a segment with zeros at its end that proves nothing, though it may have
 * before. What proves something is read alike in every run, for what was cut begins behind it.
 */
static bool may_be_zeroed(const struct located *l, const uint8_t *frame) {
    static const uint8_t zeros[SAVING_MIN_BYTES + 1];
    return l->payload_bytes >= sizeof zeros &&
           memcmp(frame + l->payload_offset + l->payload_bytes - sizeof zeros, zeros, sizeof zeros) == 0;
}

/* Rare: with a branch to it the many go on with what is known of them, and nothing is chosen between. */
static __attribute__((noinline, cold)) struct decision keep_short(void) {
    return policy_keep(POLICY_SHORT);
}

static inline struct decision cut_behind(const struct located *l, enum policy_reason reason, uint32_t keep_bytes) {
    if (likely(l->payload_bytes > (uint64_t)keep_bytes + SAVING_MIN_BYTES)) {
        const struct decision d = {.reason = reason, .cut = true, .keep_payload_bytes = keep_bytes};
        return d;
    }
    return keep_short();
}

/* For that reason, or because it is too short to be cut. */
static inline struct decision keep_all(const struct policy *p, const struct located *l, enum policy_reason reason) {
    return policy_keep(l->payload_bytes <= p->settings.floor_bytes ? POLICY_SHORT : reason);
}

static inline struct decision decide(const struct policy *p, const struct located *l, const struct flow_verdict *v) {
    if (!v->cut) {
        return keep_all(p, l, v->reason);
    }
    const uint32_t behind_bytes = v->clear_bytes + p->settings.floor_bytes;
    const uint32_t keep_bytes = behind_bytes > v->least_bytes ? behind_bytes : v->least_bytes;
    return keep_bytes < v->clear_bytes ? policy_keep(POLICY_SHORT) : cut_behind(l, v->reason, keep_bytes);
}

/* The flow of a packet, if there is one. */
struct place {
    struct flow *flow; /* NULL: none */
    unsigned direction;
};

static inline struct place find(struct policy *p, const struct located *l, const uint8_t *frame) {
    struct flow_key key;
    struct place at;
    if (l->ip_version == 4) { /* apart, so that of a key no more is made than is asked for */
        at.direction = flow_key_make_ipv4(&key, frame, l);
        at.flow = flow_table_find(&p->flows, &key);
    } else {
        at.direction = flow_key_make_ipv6(&key, frame, l);
        at.flow = flow_table_find(&p->flows, &key);
    }
    return at;
}

static SLOW struct flow *add(struct policy *p, struct located l, const uint8_t *frame, bool last_resort) {
    struct flow_key key;
    (void)flow_key_make(&key, frame, &l);
    return flow_table_add(&p->flows, &key, last_resort);
}

static void note_cut_before(struct flow *flow, const struct located *l) {
    flow->state.flags |= FLOW_CUT_BEFORE;
    if (l->as == LOCATED_TCP) {
        flow_look_again(&flow->state);
    }
}

static SLOW struct decision mark_cut_before(struct policy *p, struct located l, const uint8_t *frame) {
    struct flow *flow = find(p, &l, frame).flow;
    note_cut_before(flow != NULL ? flow : add(p, l, frame, false), &l);
    return policy_keep(POLICY_CUT_BEFORE);
}

/* seq: of the first payload byte. */
static SLOW struct decision follow_tcp(struct policy *p, struct located l, const uint8_t *frame, struct place at,
                                       uint32_t seq) {
    struct flow *flow = at.flow != NULL ? at.flow : add(p, l, frame, false);
    if (flow->state.flags & FLOW_CUT_BEFORE) {
        return policy_keep(POLICY_CUT_BEFORE);
    }
    const struct flow_segment segment = {
        .seq = seq,
        .payload = frame + l.payload_offset,
        .there_bytes = l.payload_bytes,
        .payload_bytes = l.packet_end - l.payload_offset,
    };
    struct flow_verdict v = flow_tcp_segment(&flow->state, at.direction, &segment);
    if (!v.cut && v.reason == POLICY_UNPROVEN) {
        if (may_be_zeroed(&l, frame)) {
            note_cut_before(flow, &l);
        } else if (p->ahead != NULL) {
            v = policy_ahead_segment(p->ahead, &l, frame, &flow->state, &segment, v);
        }
    }
    return flow->state.flags & FLOW_CUT_BEFORE ? policy_keep(POLICY_CUT_BEFORE) : decide(p, &l, &v);
}

static struct decision follow_syn(struct policy *p, const struct located *l, const uint8_t *frame, struct place at) {
    const uint8_t *tcp = frame + l->transport_offset;
    const uint32_t seq = bytes_get_be32(tcp + TCP_SEQUENCE) + 1;
    const bool is_bare = l->packet_end <= l->payload_offset;
    if (at.flow == NULL) {
        at.flow = add(p, *l, frame, is_bare);
    }
    flow_tcp_syn(&at.flow->state, at.direction, seq, (tcp[TCP_FLAGS] & TCP_ACK) != 0);
    return is_bare ? policy_keep(at.flow->state.flags & FLOW_CUT_BEFORE ? POLICY_CUT_BEFORE : POLICY_SHORT)
                   : follow_tcp(p, *l, frame, at, seq);
}

static SLOW struct decision decide_syn_or_reset(struct policy *p, struct located l, const uint8_t *frame) {
    const unsigned flags = frame[l.transport_offset + TCP_FLAGS];
    if ((flags & TCP_SYN) == 0 && l.packet_end <= l.payload_offset) {
        return policy_keep(POLICY_SHORT);
    }
    if (flags & TCP_RST) { /* what it carries is words */
        return keep_all(p, &l, POLICY_CLEARTEXT);
    }
    return follow_syn(p, &l, frame, find(p, &l, frame));
}

/* The many packets that are what their flow leads to expect are dealt with here, the others out of line. */
static inline struct decision decide_tcp(struct policy *p, const struct policy_packet *packet, const struct located *l,
                                         const uint8_t *frame) {
    const uint8_t *tcp = frame + l->transport_offset;
    if (unlikely(was_cut_before(p, packet, l))) {
        return mark_cut_before(p, *l, frame);
    }
    if (unlikely(tcp[TCP_FLAGS] & (TCP_SYN | TCP_RST))) {
        return decide_syn_or_reset(p, *l, frame);
    }
    if (l->packet_end <= l->payload_offset) {
        return policy_keep(POLICY_SHORT);
    }
    const struct place at = find(p, l, frame);
    const uint32_t seq = bytes_get_be32(tcp + TCP_SEQUENCE);
    if (likely(at.flow != NULL && l->packet_end - l->payload_offset == l->payload_bytes)) {
        const enum policy_reason reason =
            flow_expected_tcp(&at.flow->state, at.direction, seq, frame + l->payload_offset, l->payload_bytes);
        if (likely(reason < POLICY_CUT_REASONS)) {
            return cut_behind(l, reason, p->settings.floor_bytes);
        }
        if (reason == POLICY_CLEARTEXT) {
            return keep_all(p, l, POLICY_CLEARTEXT);
        }
    }
    return follow_tcp(p, *l, frame, at, seq);
}

static SLOW struct decision follow_udp(struct policy *p, struct located l, const uint8_t *frame, struct place at) {
    struct flow_state fresh;
    bool remember = false;
    const struct flow_datagram datagram = {
        .payload = frame + l.payload_offset,
        .there_bytes = l.payload_bytes,
        .payload_bytes = l.packet_end - l.payload_offset,
        .port_flags = located_port_flags(p->port_flags, &l, frame),
    };
    if (at.flow == NULL) {
        memset(&fresh, 0, sizeof fresh);
    }
    struct flow_verdict v =
        flow_udp_datagram(at.flow != NULL ? &at.flow->state : &fresh, at.direction, &datagram, &remember);
    if (!v.cut && v.reason == POLICY_UNPROVEN && p->ahead != NULL) {
        v = policy_ahead_datagram(p->ahead, &l, frame, at.flow != NULL ? &at.flow->state : NULL, &datagram, v);
    }
    if (at.flow == NULL && remember) {
        add(p, l, frame, false)->state = fresh;
    }
    return at.flow != NULL && (at.flow->state.flags & FLOW_CUT_BEFORE) ? policy_keep(POLICY_CUT_BEFORE)
                                                                       : decide(p, &l, &v);
}

static inline struct decision decide_udp(struct policy *p, const struct policy_packet *packet, const struct located *l,
                                         const uint8_t *frame) {
    if (unlikely(was_cut_before(p, packet, l))) {
        return mark_cut_before(p, *l, frame);
    }
    const struct place at = find(p, l, frame);
    const enum policy_reason reason =
        flow_expected_udp(at.flow != NULL ? &at.flow->state : NULL, at.direction,
                          located_port_flags(p->port_flags, l, frame), frame + l->payload_offset, l->payload_bytes);
    if (likely(reason < POLICY_CUT_REASONS)) {
        return cut_behind(l, reason, p->settings.floor_bytes);
    }
    if (reason == POLICY_CLEARTEXT) {
        return keep_all(p, l, POLICY_CLEARTEXT);
    }
    return follow_udp(p, *l, frame, at);
}

/* Each packet by itself: an SPI may be given again, to an association that only authenticates. */
static SLOW struct decision decide_esp(const struct policy *p, struct located l, const uint8_t *frame) {
    const uint8_t *payload = frame + l.payload_offset;
    const uint32_t there_bytes = l.payload_bytes;
    if (esp_is_readable(payload, there_bytes, l.packet_end - l.payload_offset)) {
        return policy_keep(POLICY_CLEARTEXT);
    }
    const uint32_t vector_bytes = there_bytes < ESP_VECTOR_BYTES + NOISE_MIN_BYTES ? 0 : ESP_VECTOR_BYTES;
    if (!noise_is(payload + vector_bytes, there_bytes - vector_bytes)) {
        return keep_all(p, &l, POLICY_UNPROVEN);
    }
    return cut_behind(&l, POLICY_IPSEC, p->settings.floor_bytes);
}

struct decision policy_flow_decide(struct policy *p, const struct policy_packet *packet, const struct located *l,
                                   const uint8_t *frame) {
    switch ((int)l->as) {
    case LOCATED_TCP:
        return decide_tcp(p, packet, l, frame);
    case LOCATED_UDP:
        return decide_udp(p, packet, l, frame);
    case LOCATED_ESP:
        return decide_esp(p, *l, frame);
    default:
        return policy_packet_decide(p, l, frame);
    }
}

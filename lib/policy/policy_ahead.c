#include "policy_ahead.h"

#include "bytes.h"
#include "flow_quic.h"
#include "flow_tls.h"
#include "flow_walk.h"
#include "noise.h"
#include "policy.h"

#include <stdlib.h>
#include <string.h>

enum {
    FLOWS_MAX = 16384, /* of more nothing is known */
    TURNS_MAX = 16,
};

/* A direction of a flow. */
struct shown {
    bool is_proven;
    uint32_t from; /* of a stream: from here on all is encrypted, up to the segment by which it was proven */
    uint32_t to;
    /* Of a stream of which no unit was read: the unbroken run of segments that may be the rest of one. */
    bool has_run;
    uint32_t run_from, run_to;
};

struct policy_ahead {
    struct policy policy;     /* that sees packets ahead; it looks no farther ahead itself */
    struct shown (*shown)[2]; /* by place in its table and direction */
    unsigned turns;
    bool is_over;
    bool was_of_use; /* since the last turn */
};

struct policy_ahead *policy_ahead_new(const struct policy *p, struct failure *f) {
    struct policy_ahead *a = calloc(1, sizeof *a);
    if (a == NULL) {
        (void)failure_memory(f);
        return NULL;
    }
    memcpy(a->policy.port_flags, p->port_flags, sizeof a->policy.port_flags);
    a->policy.settings = p->settings;
    a->policy.settings.flows = p->settings.flows < FLOWS_MAX ? p->settings.flows : FLOWS_MAX;
    a->shown = calloc((size_t)a->policy.settings.flows + 1, sizeof *a->shown);
    if (a->shown == NULL) {
        (void)failure_memory(f);
    }
    if (a->shown == NULL || flow_table_init(&a->policy.flows, a->policy.settings.flows, f) != 0) {
        policy_ahead_free(a);
        return NULL;
    }
    return a;
}

void policy_ahead_free(struct policy_ahead *a) {
    if (a != NULL) {
        flow_table_free(&a->policy.flows);
        free(a->shown);
        free(a);
    }
}

void policy_ahead_begin(struct policy_ahead *a) {
    memset(a->shown, 0, ((size_t)a->policy.flows.used + 1) * sizeof *a->shown);
    policy_begin(&a->policy, 0);
    a->turns = 0;
    a->is_over = false;
    a->was_of_use = true;
}

bool policy_ahead_looks(const struct policy_ahead *a) {
    return !a->is_over;
}

void policy_ahead_turn(struct policy_ahead *a) {
    a->is_over = a->is_over || !a->was_of_use || ++a->turns >= TURNS_MAX;
    a->was_of_use = false;
}

void policy_ahead_end(struct policy_ahead *a) {
    a->is_over = true;
}

/* The flow of a packet, NULL for none, and what its directions have shown; that of the packet is in direction. */
static struct flow *find(struct policy_ahead *a, const struct located *l, const uint8_t *frame, unsigned *direction,
                         struct shown **shown) {
    struct flow_key key;
    *direction = flow_key_make(&key, frame, l);
    struct flow *flow = flow_table_find(&a->policy.flows, &key);
    if (flow != NULL) {
        *shown = a->shown[flow - a->policy.flows.flows];
    }
    return flow;
}

/* ---- ahead ---- */

/* Whether there is the beginning of a record of a handshake, or of one that ends it. */
static bool has_handshake(const uint8_t *p, uint32_t length_bytes) {
    for (uint32_t i = 0; i + 2 < length_bytes; i++) {
        if (p[i + 1] == 3 && p[i + 2] <= 4 && p[i] >= 0x14 && p[i] <= 0x16) {
            return true;
        }
    }
    return false;
}

/*
 * Note a segment of a stream of which no unit was read. The one that a stream in the middle begins with ends in front
 * of the first that was; but a handshake is no such thing.
 */
static void note_run(struct shown *s, const struct located *l, const uint8_t *frame) {
    const uint32_t seq = bytes_get_be32(frame + l->transport_offset + TCP_SEQUENCE);
    const uint32_t end = seq + (l->packet_end - l->payload_offset);
    if (l->packet_end - l->payload_offset > l->payload_bytes ||
        has_handshake(frame + l->payload_offset, l->payload_bytes)) {
        s->has_run = true;
        s->run_from = s->run_to = end;
    } else if (!s->has_run || flow_seq_diff(seq, s->run_to) > 0) {
        s->has_run = true;
        s->run_from = seq;
        s->run_to = end;
    } else if (flow_seq_diff(end, s->run_to) > 0) {
        s->run_to = end;
    }
}

/* The stream was just proven. The run in front of its first unit is the rest of one that began before the capture. */
static void note_proof(struct shown *s, const struct flow_stream *stream, const struct located *l,
                       const uint8_t *frame) {
    s->from = stream->secret_from;
    s->to = bytes_get_be32(frame + l->transport_offset + TCP_SEQUENCE);
    if (s->has_run && (stream->flags & FLOW_CLEAR_SEEN) == 0 && flow_seq_diff(s->run_to, s->from) >= 0 &&
        s->from - s->run_from <= FLOW_TLS_RECORD_MAX_BYTES) {
        s->from = s->run_from;
    }
}

/* Whether what is encrypted is so by a proof that came late: of a flow that began before the capture. */
static bool is_late_proof(const struct flow *flow, unsigned direction, const struct located *l) {
    if (l->as == LOCATED_TCP) {
        return flow->state.of.stream[direction].chain > 0 &&
               (flow->state.flags & (FLOW_MET | FLOW_SYN_SEEN | FLOW_ENCRYPTS)) == 0;
    }
    return (flow->state.of.datagrams.flags & FLOW_QUIC_GUESSED) != 0;
}

void policy_ahead_show(struct policy_ahead *a, uint32_t snaplen_bytes, const struct policy_packet *packet,
                       const struct located *l, const uint8_t *frame) {
    policy_set_snaplen(&a->policy, snaplen_bytes);
    const struct decision d = policy_flow_decide(&a->policy, packet, l, frame);
    const bool may_run = l->as == LOCATED_TCP && !d.cut && (d.reason == POLICY_UNPROVEN || d.reason == POLICY_SHORT) &&
                         l->packet_end > l->payload_offset;
    unsigned direction;
    struct shown *both;
    struct flow *flow;
    if ((!may_run && (!d.cut || (d.reason != POLICY_TLS && d.reason != POLICY_QUIC))) ||
        (flow = find(a, l, frame, &direction, &both)) == NULL || both[direction].is_proven) {
        return;
    }
    struct shown *s = &both[direction];
    if (may_run) {
        note_run(s, l, frame);
    } else if (is_late_proof(flow, direction, l)) {
        s->is_proven = true;
        if (l->as == LOCATED_TCP) {
            note_proof(s, &flow->state.of.stream[direction], l, frame);
        }
    }
}

/* ---- in their turn ---- */

/* What is known ahead of a packet's flow, unless it has shown something else since, or by now; shown: likewise. */
static const struct flow_state *known(struct policy_ahead *a, const struct located *l, const uint8_t *frame,
                                      const struct flow_state *flow, unsigned *direction, const struct shown **shown) {
    const unsigned told = FLOW_CUT_BEFORE | FLOW_SYN_SEEN | FLOW_READABLE | FLOW_MET;
    struct shown *both = NULL;
    if (a->policy.flows.used == 0 || a->policy.flows.forgot || (flow != NULL && (flow->flags & told) != 0)) {
        return NULL;
    }
    const struct flow *ahead = find(a, l, frame, direction, &both);
    *shown = both;
    return ahead != NULL && (both[0].is_proven || both[1].is_proven) && (ahead->state.flags & told) == 0 ? &ahead->state
                                                                                                         : NULL;
}

/*
 * The stretch of a stream that is known to be encrypted: up to its proof; or, where the other side is proven, the run
 * of units that it is in.
 */
static bool covered(const struct flow_state *ahead, unsigned direction, const struct shown *shown, uint32_t *from,
                    uint32_t *to) {
    const struct flow_stream *s = &ahead->of.stream[direction];
    if ((s->flags & FLOW_CONTRADICTED) || s->looks >= FLOW_LOOKS_DOUBT ||
        ahead->of.stream[1 - direction].mode == FLOW_PLAIN) { /* TLS has two sides */
        return false;
    }
    *from = shown->is_proven ? shown->from : s->secret_from;
    *to = shown->is_proven ? shown->to : s->next_unit;
    return shown->is_proven || (s->mode == FLOW_TLS && s->chain > 0 && (s->flags & FLOW_SECRET_RUN));
}

static struct flow_verdict of_use(struct policy_ahead *a, enum policy_reason reason, uint32_t clear_bytes) {
    a->was_of_use = true;
    return flow_cut_behind(reason, clear_bytes);
}

struct flow_verdict policy_ahead_segment(struct policy_ahead *a, const struct located *l, const uint8_t *frame,
                                         const struct flow_state *flow, const struct flow_segment *in,
                                         struct flow_verdict v) {
    unsigned direction;
    const struct shown *shown;
    uint32_t from;
    uint32_t to;
    const struct flow_state *ahead = known(a, l, frame, flow, &direction, &shown);
    if (ahead == NULL || !covered(ahead, direction, &shown[direction], &from, &to) ||
        flow_seq_diff(in->seq + in->payload_bytes, to) > 0) {
        return v;
    }
    const int32_t clear = flow_seq_diff(from, in->seq);
    const uint32_t clear_bytes = clear > 0 ? (uint32_t)clear : 0;
    const uint32_t sample_at = clear_bytes + FLOW_WALK_BEFORE_SAMPLE_BYTES;
    if (sample_at >= in->there_bytes || !noise_is_throughout(in->payload + sample_at, in->there_bytes - sample_at)) {
        return v;
    }
    return of_use(a, POLICY_TLS, clear_bytes);
}

struct flow_verdict policy_ahead_datagram(struct policy_ahead *a, const struct located *l, const uint8_t *frame,
                                          const struct flow_state *flow, const struct flow_datagram *in,
                                          struct flow_verdict v) {
    unsigned direction;
    const struct shown *shown;
    const struct flow_state *ahead = known(a, l, frame, flow, &direction, &shown);
    const uint32_t behind = FLOW_QUIC_SHORT_ID_AT + FLOW_QUIC_ID_BYTES;
    if (ahead == NULL || !shown[direction].is_proven || in->there_bytes < FLOW_QUIC_SHORT_MIN_BYTES ||
        !flow_quic_is_short(in->payload) || !noise_is(in->payload + behind, in->there_bytes - behind)) {
        return v;
    }
    const struct flow_side *side = ahead->of.datagrams.side;
    if (side[direction].trust > FLOW_TRUSTED ||
        !flow_quic_is_proven(&side[direction], &side[1 - direction], in->payload)) {
        return v;
    }
    return of_use(a, POLICY_QUIC, 0);
}

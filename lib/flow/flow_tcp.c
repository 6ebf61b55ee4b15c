#include "flow_tcp.h"

#include "flow_agreement.h"
#include "flow_find.h"
#include "flow_ssh.h"
#include "flow_tls.h"
#include "flow_walk.h"

#include <string.h>

/* A hole is not so large, nor is anything sent again so late: what is farther away is of another connection. */
enum { FAR_BYTES = 1 << 20 };

enum {
    OLD_BYTES = FLOW_TLS_HEADER_BYTES + FLOW_TLS_RECORD_MAX_BYTES, /* it is not within a record, nor there twice */
    TLS_HANDSHAKE = 0x16,
    HELLO_MIN_BYTES = 16, /* of so many bytes none that are encrypted look like a hello's */
};

static bool is_far(int32_t bytes) {
    return bytes < -FAR_BYTES || bytes > FAR_BYTES;
}

/* Another connection, without a SYN. */
static struct flow_verdict find_anew(struct flow_walk *w) {
    flow_agreement_end(w);
    w->flow->flags &= (uint8_t) ~(unsigned)(FLOW_MET | FLOW_SYN_SEEN);
    flow_walk_enter(w->s, FLOW_UNKNOWN, w->in->seq);
    return flow_find(w);
}

/* The first bytes of a stream. */
static struct flow_verdict begin_stream(struct flow_walk *w) {
    struct flow_verdict v;
    if (flow_walk_begins(w, FLOW_AT_START, &v)) {
        return v;
    }
    const bool is_there = w->in->there_bytes > 0;
    flow_look_again(w->flow); /* TLS has two sides */
    w->s->mode = is_there ? FLOW_PLAIN : FLOW_UNKNOWN;
    return is_there ? flow_find_in_clear(w) : flow_keep(POLICY_UNPROVEN);
}

/* Everything behind NEWKEYS is encrypted. */
static struct flow_verdict all_secret(struct flow_walk *w) {
    struct flow_stream *s = w->s;
    const struct flow_segment *in = w->in;
    const uint32_t end = in->seq + in->payload_bytes;
    const int32_t past_bytes = flow_seq_diff(in->seq, s->next_unit);
    if (flow_ssh_begins(FLOW_WITHIN, in->payload, in->there_bytes)) { /* another connection, without a SYN */
        flow_walk_enter(s, FLOW_SSH, in->seq);
        return flow_walk_units(w, 0);
    }
    const bool is_sent_again = flow_seq_diff(in->seq, s->secret_from) < 0; /* from before NEWKEYS */
    const enum flow_ssh_look look = is_sent_again ? FLOW_SSH_SECRET_LOOK : flow_ssh_look(in->payload, in->there_bytes);
    if (look == FLOW_SSH_CLEAR_LOOK) {
        flow_walk_doubt(w);
    } else if (!is_sent_again && flow_is_text(in)) { /* another connection of something else, without a SYN */
        flow_agreement_end(w);
        w->flow->flags |= FLOW_READABLE;
    }
    if (w->flow->flags & FLOW_READABLE) {
        return flow_keep(POLICY_CLEARTEXT);
    }
    if (look == FLOW_SSH_MAY_BE_CLEAR || past_bytes > FLOW_STREAM_WINDOW_BYTES ||
        past_bytes < -FLOW_STREAM_WINDOW_BYTES) {
        return flow_keep(POLICY_UNPROVEN);
    }
    if (flow_seq_diff(end, s->next_unit) > 0) {
        s->next_unit = end;
    }
    w->clear_end = flow_walk_clear_before(w, in->payload_bytes);
    flow_walk_sample(w, w->clear_end + FLOW_SSH_LENGTH_BYTES, in->payload_bytes);
    return flow_walk_conclude(w);
}

/* Where something was seen long ago: a hello where all was encrypted, or text where TLS is. */
static bool is_another_connection(const struct flow_walk *w) {
    const struct flow_segment *in = w->in;
    if (in->there_bytes < HELLO_MIN_BYTES || w->s->mode != FLOW_TLS) {
        return false;
    }
    return in->payload[0] == TLS_HANDSHAKE
               ? flow_walk_clear_before(w, 1) == 0 && flow_tls_begins(FLOW_IN_CLEAR, in->payload, in->there_bytes)
               : w->s->looks > 0 && (w->flow->flags & FLOW_ENCRYPTS) && flow_is_text(in);
}

static struct flow_verdict follow(struct flow_walk *w) {
    struct flow_stream *s = w->s;
    const struct flow_segment *in = w->in;
    const int32_t at = flow_seq_diff(s->next_unit + s->head_bytes, in->seq);
    if (is_far(at)) {
        return find_anew(w);
    }
    if ((s->flags & FLOW_LOST) || at < 0) {
        return flow_find(w);
    }
    if (at > OLD_BYTES && is_another_connection(w)) { /* likewise */
        flow_agreement_end(w);
        return in->payload[0] == TLS_HANDSHAKE ? flow_walk_begin_behind(w, FLOW_TLS, 0) : flow_keep(POLICY_CLEARTEXT);
    }
    if ((uint32_t)at >= in->payload_bytes) { /* nothing new: within a unit, or a retransmission */
        w->clear_end =
            flow_walk_ends_with_clear_head(w) ? in->payload_bytes : flow_walk_clear_before(w, in->payload_bytes);
        flow_agreement_go_on(w, in->payload_bytes);
        flow_walk_sample(w, w->clear_end + FLOW_WALK_BEFORE_SAMPLE_BYTES, in->payload_bytes); /* units may begin here */
        return flow_walk_conclude(w);
    }
    return flow_walk_units(w, (uint32_t)at);
}

void flow_tcp_syn(struct flow_state *f, unsigned direction, uint32_t seq, bool ack) {
    struct flow_stream *s = &f->of.stream[direction];
    const bool had_a_life = s->mode != FLOW_UNKNOWN && f->of.stream[1 - direction].mode != FLOW_BEGIN;
    if (!ack || had_a_life) { /* another connection of the same addresses and ports */
        memset(f, 0, sizeof *f);
    }
    flow_walk_enter(s, FLOW_BEGIN, seq);
    s->scans = 0;
    f->flags |= FLOW_SYN_SEEN;
}

struct flow_verdict flow_tcp_segment(struct flow_state *f, unsigned direction, const struct flow_segment *segment) {
    struct flow_walk w = {
        .flow = f, .s = &f->of.stream[direction], .peer = &f->of.stream[1 - direction], .in = segment};
    switch (w.s->mode) {
    case FLOW_UNKNOWN:
        return flow_find(&w);
    case FLOW_BEGIN:
        return w.s->next_unit == segment->seq                        ? begin_stream(&w)
               : is_far(flow_seq_diff(w.s->next_unit, segment->seq)) ? find_anew(&w)
                                                                     : flow_find(&w);
    case FLOW_PLAIN:
        return flow_find_in_clear(&w);
    case FLOW_SSH_SECRET:
        return all_secret(&w);
    default:
        return follow(&w);
    }
}

#include "flow_find.h"

#include "flow_ssh.h"
#include "flow_tls.h"

enum {
    SCANS_MAX = 248, /* segments looked through for records; of those that follow only the beginnings are */

    LONG_BYTES = 480,        /* of cleartext: a segment of three such counts as four */
    PREFACE_MAX_BYTES = 576, /* in front of a hello in its segment: a PROXY header has at most 536 bytes */

    TEXT_MIN_BYTES = 16, /* ciphertext is text twice in ten million times */
    TEXT_LOOK_BYTES = 32,
};

bool flow_is_text(const struct flow_segment *in) {
    const uint32_t looked_at_bytes = in->there_bytes < TEXT_LOOK_BYTES ? in->there_bytes : TEXT_LOOK_BYTES;
    for (uint32_t i = 0; i < looked_at_bytes; i++) {
        const uint8_t c = in->payload[i];
        if (c != '\t' && c != '\n' && c != '\r' && (c < ' ' || c > '~')) {
            return false;
        }
    }
    return looked_at_bytes >= TEXT_MIN_BYTES;
}

/* A guess where a record begins is right when another one begins where it would end. */
static bool guess_comes_true(struct flow_walk *w, struct flow_verdict *out) {
    struct flow_stream *s = w->s;
    const struct flow_segment *in = w->in;
    const int32_t at = flow_seq_diff(s->guess_next, in->seq);
    if (flow_seq_diff(in->seq, s->guess_start) >= 0 && at >= 0 && (uint32_t)at >= in->payload_bytes) {
        flow_walk_look(w);
        *out = flow_keep(POLICY_UNPROVEN); /* within the record that is guessed */
        return true;
    }
    s->flags &= (uint16_t)~FLOW_GUESSED;
    if (at < 0 || (uint32_t)at >= in->there_bytes ||
        !flow_tls_begins(FLOW_WITHIN, in->payload + at, in->there_bytes - (uint32_t)at)) {
        return false;
    }
    const uint32_t start = s->guess_start;
    const uint8_t looks = s->looks;
    s->scans = 0;
    flow_walk_enter(s, FLOW_TLS, in->seq + (uint32_t)at);
    s->looks = looks;
    s->chain = 1;
    s->flags |= FLOW_UNITS_SEEN | FLOW_TLS_DATA;
    flow_walk_secret_from(s, start);
    *out = flow_walk_units(w, (uint32_t)at);
    return true;
}

static uint32_t preface_bytes(const struct flow_segment *in) {
    return in->there_bytes < PREFACE_MAX_BYTES ? in->there_bytes : PREFACE_MAX_BYTES;
}

/* Look for a hello near the beginning of a segment, or a record of application data in the middle of it. */
static struct flow_verdict scan(struct flow_walk *w) {
    struct flow_stream *s = w->s;
    const struct flow_segment *in = w->in;
    if (s->scans >= SCANS_MAX) {
        return flow_keep(POLICY_UNPROVEN);
    }
    if (s->scans++ == 0 && s->mode != FLOW_TLS) { /* the first that is seen */
        const uint32_t end = preface_bytes(in);
        const uint32_t hello_at = flow_tls_find_hello(in->payload, end);
        if (hello_at < end) {
            return flow_walk_begin_behind(w, FLOW_TLS, hello_at);
        }
    }
    const uint32_t at = flow_tls_find_data(in->payload, in->there_bytes);
    if (at >= in->there_bytes) {
        return flow_keep(POLICY_UNPROVEN);
    }
    struct flow_stream guess = {.mode = FLOW_TLS};
    const struct flow_unit u = flow_tls_unit(&guess, in->payload + at, in->there_bytes - at);
    if (in->there_bytes - at >= u.length_bytes + FLOW_TLS_HEADER_BYTES) { /* there is a second header already */
        flow_walk_enter(s, FLOW_TLS, in->seq + at);
        return flow_walk_units(w, at);
    }
    s->flags = (uint16_t)((s->flags & ~(unsigned)FLOW_PROVEN) | FLOW_GUESSED);
    s->guess_start = in->seq + at;
    s->guess_next = s->guess_start + u.length_bytes;
    return flow_keep(POLICY_UNPROVEN);
}

static struct flow_verdict begin_ssh_secret(struct flow_walk *w) {
    w->s->mode = FLOW_SSH_SECRET;
    w->s->next_unit = w->in->seq + w->in->payload_bytes;
    flow_walk_secret_from(w->s, w->in->seq);
    w->clear_end = 0;
    flow_walk_sample(w, FLOW_SSH_LENGTH_BYTES, w->in->payload_bytes);
    return flow_walk_conclude(w);
}

struct flow_verdict flow_find(struct flow_walk *w) {
    struct flow_stream *s = w->s;
    const struct flow_segment *in = w->in;
    struct flow_verdict v;
    if ((s->flags & FLOW_GUESSED) && guess_comes_true(w, &v)) {
        return v;
    }
    if (in->there_bytes > 0 && flow_may_begin(FLOW_WITHIN, in->payload[0]) && flow_walk_begins(w, FLOW_WITHIN, &v)) {
        w->s->scans = 0;
        return v;
    }
    if (s->mode == FLOW_SSH) {
        const int32_t past_bytes = flow_seq_diff(in->seq, s->next_unit);
        if (past_bytes > (int32_t)FLOW_SSH_CLEAR_MAX_BYTES && past_bytes < FLOW_STREAM_WINDOW_BYTES) {
            return begin_ssh_secret(w);
        }
    }
    if (s->mode == FLOW_UNKNOWN && flow_is_text(in)) {
        s->mode = FLOW_PLAIN;
        s->scans = 0;
        flow_look_again(w->flow); /* the other side is none of TLS, either */
        return flow_find_in_clear(w);
    }
    if (s->mode == FLOW_UNKNOWN || s->mode == FLOW_TLS || s->mode == FLOW_BEGIN) {
        return scan(w);
    }
    return flow_keep(POLICY_UNPROVEN);
}

struct flow_verdict flow_find_in_clear(struct flow_walk *w) {
    const struct flow_segment *in = w->in;
    struct flow_verdict v;
    if (flow_walk_begins(w, FLOW_IN_CLEAR, &v)) {
        return v;
    }
    if (w->s->scans >= FLOW_PLAIN_SCANS) {
        return flow_keep(POLICY_CLEARTEXT);
    }
    const uint32_t scans = w->s->scans + 1 + in->payload_bytes / LONG_BYTES;
    w->s->scans = (uint8_t)(scans < FLOW_PLAIN_SCANS ? scans : FLOW_PLAIN_SCANS);
    const uint32_t end = preface_bytes(in);
    const uint32_t hello_at = flow_tls_find_hello(in->payload, end);
    if (hello_at < end) {
        return flow_walk_begin_behind(w, FLOW_TLS, hello_at);
    }
    const uint32_t banner_at = flow_ssh_find_banner(in->payload, end);
    return banner_at < end ? flow_walk_begin_behind(w, FLOW_SSH, banner_at) : flow_keep(POLICY_CLEARTEXT);
}

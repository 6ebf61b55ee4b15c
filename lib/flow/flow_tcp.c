#include "flow_tcp.h"

#include "flow_openvpn.h"
#include "flow_smb.h"
#include "flow_ssh.h"
#include "flow_tls.h"

#include <string.h>

enum {
    /*
     * Of an unknown stream every eighth segment is looked through for records, for that costs more than everything
     * else; of one that has lost its way every one. After so many only the beginnings of segments are looked at.
     */
    SCANS_STEP = 8,
    SCANS_MAX = 248,
    /* Of a segment behind a head that came before: enough for a ServerHello up to its cipher. */
    BEHIND_HEAD_BYTES = 120,
};

/* A segment on its way through a stream. */
struct walk {
    struct flow_state *flow;
    struct flow_stream *s;
    const struct flow_stream *peer;
    const struct flow_segment *in;
    uint32_t clear_end; /* payload up to here stays */
};

static enum policy_reason reason_of(const struct flow_stream *s) {
    switch ((enum flow_mode)s->mode) {
    case FLOW_TLS:
        return POLICY_TLS;
    case FLOW_SSH:
    case FLOW_SSH_SECRET:
        return POLICY_SSH;
    case FLOW_SMB:
        return POLICY_SMB;
    case FLOW_OPENVPN:
        return POLICY_OPENVPN;
    case FLOW_UNKNOWN:
    case FLOW_BEGIN:
    case FLOW_PLAIN:
        break;
    }
    return POLICY_CLEARTEXT;
}

static struct flow_unit read_unit(struct flow_stream *s, const uint8_t *p, uint32_t there_bytes) {
    static const struct flow_unit none = {.kind = FLOW_UNIT_NONE};
    switch ((enum flow_mode)s->mode) {
    case FLOW_TLS:
        return flow_tls_unit(s, p, there_bytes);
    case FLOW_SSH:
        return flow_ssh_unit(s, p, there_bytes);
    case FLOW_SMB:
        return flow_smb_unit(p, there_bytes);
    case FLOW_OPENVPN:
        return flow_openvpn_unit(s, p, there_bytes);
    case FLOW_UNKNOWN:
    case FLOW_BEGIN:
    case FLOW_PLAIN:
    case FLOW_SSH_SECRET:
        break;
    }
    return none;
}

static void begin_secret_run(struct flow_stream *s, uint32_t from) {
    s->secret_from = from;
    s->flags |= FLOW_SECRET_RUN;
}

static void end_secret_run(struct flow_stream *s) {
    s->flags &= (uint16_t)~FLOW_SECRET_RUN;
}

/* Start reading units at seq. */
static void enter(struct flow_stream *s, enum flow_mode mode, uint32_t seq) {
    const uint8_t scans = s->scans;
    memset(s, 0, sizeof *s);
    s->mode = (uint8_t)mode;
    s->scans = scans;
    s->next_unit = seq;
}

/* What is known of bytes before next_unit: those of an uninterrupted run are encrypted, the others stay. */
static uint32_t clear_before(const struct walk *w, uint32_t up_to) {
    if ((w->s->flags & FLOW_SECRET_RUN) == 0) {
        return up_to;
    }
    const int32_t clear_bytes = flow_seq_diff(w->s->secret_from, w->in->seq);
    return clear_bytes <= 0 ? 0 : (uint32_t)clear_bytes < up_to ? (uint32_t)clear_bytes : up_to;
}

static void slide_window(struct flow_stream *s) {
    if ((s->flags & FLOW_SECRET_RUN) && flow_seq_diff(s->next_unit, s->secret_from) > FLOW_SECRET_WINDOW_BYTES) {
        s->secret_from = s->next_unit - FLOW_SECRET_WINDOW_BYTES / 2;
    }
}

/* Take a unit that begins at offset `at`; some of its head may have come before. Returns where the next one begins. */
static uint32_t take_unit(struct walk *w, const struct flow_unit *u, uint32_t at) {
    struct flow_stream *s = w->s;
    const uint32_t head_bytes = s->head_bytes;
    const uint32_t unit_seq = w->in->seq + at - head_bytes;
    const uint32_t end = at + u->length_bytes - head_bytes;
    if (u->kind == FLOW_UNIT_CLEAR) {
        end_secret_run(s);
        w->clear_end = end;
    } else if (u->clear_bytes > 0) {
        begin_secret_run(s, unit_seq + u->clear_bytes);
        w->clear_end = at + u->clear_bytes - (u->clear_bytes < head_bytes ? u->clear_bytes : head_bytes);
    } else if ((s->flags & FLOW_SECRET_RUN) == 0) {
        begin_secret_run(s, unit_seq);
    }
    s->head_bytes = 0;
    s->next_unit = unit_seq + u->length_bytes;
    s->flags |= FLOW_UNITS_SEEN;
    if (s->flags & FLOW_TLS_NULL) { /* holds for both streams, until there is another connection */
        w->flow->flags |= FLOW_READABLE;
    }
    return end;
}

/* The unit at offset `at`, with what of its head came before. */
static struct flow_unit unit_at(struct walk *w, uint32_t at) {
    struct flow_stream *s = w->s;
    const uint8_t *p = w->in->payload + at;
    const uint32_t there_bytes = w->in->there_bytes - at;
    if (s->head_bytes == 0) {
        return read_unit(s, p, there_bytes);
    }
    uint8_t head[FLOW_HEAD_BYTES + BEHIND_HEAD_BYTES];
    const uint32_t more_bytes = there_bytes < BEHIND_HEAD_BYTES ? there_bytes : BEHIND_HEAD_BYTES;
    memcpy(head, s->head, s->head_bytes);
    memcpy(head + s->head_bytes, p, more_bytes);
    return read_unit(s, head, s->head_bytes + more_bytes);
}

/* The segment ends within the head of a unit: remember what there is of it. Returns whether that is possible. */
static bool put_by_head(struct walk *w, const struct flow_unit *u, uint32_t at) {
    struct flow_stream *s = w->s;
    const uint32_t there_bytes = w->in->there_bytes - at;
    if (w->in->there_bytes < w->in->payload_bytes || s->head_bytes + there_bytes > FLOW_HEAD_BYTES) {
        return false;
    }
    if (s->head_bytes == 0) {
        s->next_unit = w->in->seq + at;
    }
    memcpy(s->head + s->head_bytes, w->in->payload + at, there_bytes);
    s->head_bytes = (uint8_t)(s->head_bytes + there_bytes);
    if (u->clear_bytes > 0 || (s->flags & FLOW_SECRET_RUN) == 0) {
        w->clear_end = at + there_bytes;
    }
    return true;
}

/* What was taken for a unit is none. */
static struct flow_verdict lose(struct walk *w) {
    struct flow_stream *s = w->s;
    s->head_bytes = 0;
    if ((s->flags & FLOW_UNITS_SEEN) == 0) {
        s->mode = FLOW_PLAIN;
        return flow_keep(POLICY_CLEARTEXT);
    }
    s->flags |= FLOW_LOST;
    return flow_keep(POLICY_UNPROVEN);
}

/* A record that came out of order, and was looked into then, is next. */
static void adopt_guess(struct flow_stream *s) {
    if ((s->flags & FLOW_SECRET_RUN) == 0) {
        begin_secret_run(s, s->guess_start);
    }
    s->flags |= FLOW_TLS_DATA;
    s->next_unit = s->guess_next;
    s->flags &= (uint16_t)~FLOW_GUESSED;
}

/* What the bytes that were read come to. */
static struct flow_verdict conclude(struct walk *w) {
    struct flow_stream *s = w->s;
    if ((s->flags & FLOW_GUESSED) && s->next_unit == s->guess_start && s->head_bytes == 0) {
        adopt_guess(s);
    }
    slide_window(s);
    if (s->mode == FLOW_TLS && w->peer->mode == FLOW_PLAIN) { /* TLS has two sides */
        return flow_keep(POLICY_UNPROVEN);
    }
    if (w->flow->flags & FLOW_READABLE) {
        return flow_keep(POLICY_CLEARTEXT);
    }
    if (w->clear_end >= w->in->payload_bytes || (s->flags & FLOW_SECRET_RUN) == 0) {
        return flow_keep(s->mode == FLOW_SMB ? POLICY_CLEARTEXT : POLICY_HANDSHAKE);
    }
    return flow_cut_behind(reason_of(s), w->clear_end);
}

/* Read units from offset `at` on, where one begins or goes on. */
static struct flow_verdict read_units(struct walk *w, uint32_t at) {
    const struct flow_segment *in = w->in;
    struct flow_stream *s = w->s;
    w->clear_end = clear_before(w, at);
    while (at < in->payload_bytes) {
        if (at >= in->there_bytes) { /* not captured */
            return lose(w);
        }
        const struct flow_unit u = unit_at(w, at);
        if (u.kind == FLOW_UNIT_NONE) {
            return lose(w);
        }
        if (u.kind == FLOW_UNIT_MORE) {
            if (!put_by_head(w, &u, at)) {
                return lose(w);
            }
            break;
        }
        at = take_unit(w, &u, at);
        if (s->mode == FLOW_SSH_SECRET) {
            begin_secret_run(s, s->next_unit);
            break;
        }
    }
    return conclude(w);
}

/* Whether a segment that begins where nothing is known of the stream begins a unit of something; if so, it is read. */
static bool begins_something(struct walk *w, struct flow_verdict *out) {
    const struct flow_segment *in = w->in;
    const uint8_t *p = in->payload;
    enum flow_mode mode;
    if (in->there_bytes == 0) {
        return false;
    }
    if (p[0] != 0 && p[0] != 'S' && (p[0] < 0x14 || p[0] > 0x18)) {
        return false; /* as is most often the case */
    }
    if (flow_tls_begins(p, in->there_bytes)) {
        mode = FLOW_TLS;
    } else if (flow_ssh_is_banner(p, in->there_bytes)) {
        mode = FLOW_SSH;
    } else if (flow_smb_begins(p, in->there_bytes)) {
        mode = FLOW_SMB;
    } else {
        return false;
    }
    enter(w->s, mode, in->seq);
    *out = read_units(w, 0);
    return true;
}

/* A guess where a record begins is right when another one begins where it would end. */
static bool guess_comes_true(struct walk *w, struct flow_verdict *out) {
    struct flow_stream *s = w->s;
    const struct flow_segment *in = w->in;
    const int32_t at = flow_seq_diff(s->guess_next, in->seq);
    if (flow_seq_diff(in->seq, s->guess_start) >= 0 && at >= 0 && (uint32_t)at >= in->payload_bytes) {
        *out = flow_keep(POLICY_UNPROVEN); /* within the record that is guessed */
        return true;
    }
    s->flags &= (uint16_t)~FLOW_GUESSED;
    if (at < 0 || (uint32_t)at >= in->there_bytes ||
        !flow_tls_begins(in->payload + at, in->there_bytes - (uint32_t)at)) {
        return false;
    }
    const uint32_t start = s->guess_start;
    s->scans = 0;
    enter(s, FLOW_TLS, in->seq + (uint32_t)at);
    s->flags |= FLOW_UNITS_SEEN | FLOW_TLS_DATA;
    begin_secret_run(s, start);
    *out = read_units(w, (uint32_t)at);
    return true;
}

/* Look for a record of application data in the middle of a segment. */
static struct flow_verdict scan(struct walk *w) {
    struct flow_stream *s = w->s;
    const struct flow_segment *in = w->in;
    if (s->scans >= SCANS_MAX) {
        return flow_keep(POLICY_UNPROVEN);
    }
    s->scans++;
    if (s->mode != FLOW_TLS && s->scans % SCANS_STEP != 0) {
        return flow_keep(POLICY_UNPROVEN);
    }
    const uint32_t at = flow_tls_find_data(in->payload, 0, in->there_bytes);
    if (at >= in->there_bytes) {
        return flow_keep(POLICY_UNPROVEN);
    }
    struct flow_stream guess = {.mode = FLOW_TLS};
    const struct flow_unit u = flow_tls_unit(&guess, in->payload + at, in->there_bytes - at);
    if (in->there_bytes - at >= u.length_bytes + FLOW_TLS_HEADER_BYTES) { /* there is a second header already */
        enter(s, FLOW_TLS, in->seq + at);
        struct flow_verdict v = read_units(w, at);
        return v;
    }
    s->flags |= FLOW_GUESSED;
    s->guess_start = in->seq + at;
    s->guess_next = s->guess_start + u.length_bytes;
    return flow_keep(POLICY_UNPROVEN);
}

/*
 * On the port of SSH, a stream that began before the capture is cut as the policy `packet` does it. Not while the other
 * side is seen to exchange keys: then it is only the banner that is missing.
 */
static bool is_ssh_begun_before(const struct walk *w) {
    return (w->in->port_flags & POLICY_PORT_SSH) && w->s->mode == FLOW_UNKNOWN &&
           (w->flow->flags & FLOW_SYN_SEEN) == 0 && w->peer->mode != FLOW_SSH;
}

static struct flow_verdict begin_ssh_secret(struct walk *w) {
    w->s->mode = FLOW_SSH_SECRET;
    w->s->next_unit = w->in->seq + w->in->payload_bytes;
    begin_secret_run(w->s, w->in->seq);
    return flow_cut_behind(POLICY_SSH, 0);
}

/* A stream of which it is not known where a unit begins. */
static struct flow_verdict find_the_way(struct walk *w) {
    struct flow_stream *s = w->s;
    const struct flow_segment *in = w->in;
    struct flow_verdict v;
    if ((s->flags & FLOW_GUESSED) && guess_comes_true(w, &v)) {
        return v;
    }
    if (begins_something(w, &v)) {
        w->s->scans = 0;
        return v;
    }
    if (is_ssh_begun_before(w)) {
        return begin_ssh_secret(w);
    }
    if (s->mode == FLOW_SSH) {
        const int32_t past_bytes = flow_seq_diff(in->seq, s->next_unit);
        if (past_bytes > (int32_t)FLOW_SSH_CLEAR_MAX_BYTES && past_bytes < FLOW_STREAM_WINDOW_BYTES) {
            return begin_ssh_secret(w);
        }
    }
    if (s->mode == FLOW_UNKNOWN || s->mode == FLOW_TLS || s->mode == FLOW_BEGIN) {
        return scan(w);
    }
    return flow_keep(POLICY_UNPROVEN);
}

/* The first bytes of a stream. */
static struct flow_verdict begin_stream(struct walk *w) {
    const struct flow_segment *in = w->in;
    const uint8_t *p = in->payload;
    struct flow_stream *s = w->s;
    const uint32_t old_hello_bytes = flow_tls_old_hello_bytes(p, in->there_bytes);
    if (in->there_bytes == 0) {
        s->mode = FLOW_UNKNOWN;
        return flow_keep(POLICY_UNPROVEN);
    }
    if (old_hello_bytes > 0) {
        enter(s, FLOW_TLS, in->seq + old_hello_bytes);
        s->flags |= FLOW_UNITS_SEEN;
        w->clear_end = old_hello_bytes;
        return old_hello_bytes >= in->payload_bytes ? conclude(w) : read_units(w, old_hello_bytes);
    }
    if (flow_tls_can_begin(p, in->there_bytes)) {
        enter(s, FLOW_TLS, in->seq);
    } else if (flow_ssh_is_banner(p, in->there_bytes)) {
        enter(s, FLOW_SSH, in->seq);
    } else if (flow_smb_begins(p, in->there_bytes)) {
        enter(s, FLOW_SMB, in->seq);
    } else if (flow_openvpn_begins(p, in->there_bytes)) {
        enter(s, FLOW_OPENVPN, in->seq);
    } else {
        s->mode = FLOW_PLAIN;
        return flow_keep(POLICY_CLEARTEXT);
    }
    return read_units(w, 0);
}

/* Everything behind NEWKEYS is encrypted. */
static struct flow_verdict all_secret(struct walk *w) {
    struct flow_stream *s = w->s;
    const struct flow_segment *in = w->in;
    const uint32_t end = in->seq + in->payload_bytes;
    const int32_t past_bytes = flow_seq_diff(in->seq, s->next_unit);
    if (flow_ssh_is_banner(in->payload, in->there_bytes)) { /* another connection, of which no SYN was seen */
        enter(s, FLOW_SSH, in->seq);
        return read_units(w, 0);
    }
    if (past_bytes > FLOW_STREAM_WINDOW_BYTES || past_bytes < -FLOW_STREAM_WINDOW_BYTES) {
        return flow_keep(POLICY_UNPROVEN);
    }
    if (flow_seq_diff(end, s->next_unit) > 0) {
        s->next_unit = end;
    }
    w->clear_end = clear_before(w, in->payload_bytes);
    return conclude(w);
}

/* Whether a segment that came before holds, at its end, the beginning of a unit that has to stay. */
static bool ends_with_clear_head(const struct walk *w) {
    struct flow_stream *s = w->s;
    return s->head_bytes > 0 && flow_seq_diff(w->in->seq + w->in->payload_bytes, s->next_unit) > 0 &&
           read_unit(s, s->head, s->head_bytes).clear_bytes > 0;
}

static struct flow_verdict follow(struct walk *w) {
    struct flow_stream *s = w->s;
    const struct flow_segment *in = w->in;
    const int32_t at = flow_seq_diff(s->next_unit + s->head_bytes, in->seq);
    if ((s->flags & FLOW_LOST) || at < 0) {
        return find_the_way(w);
    }
    if ((uint32_t)at >= in->payload_bytes) { /* nothing new: within a unit, or a retransmission */
        if (at > FLOW_STREAM_WINDOW_BYTES) {
            return flow_keep(POLICY_UNPROVEN);
        }
        w->clear_end = ends_with_clear_head(w) ? in->payload_bytes : clear_before(w, in->payload_bytes);
        return conclude(w);
    }
    return read_units(w, (uint32_t)at);
}

/* Cleartext, until a handshake begins: STARTTLS, CONNECT. */
static struct flow_verdict stay_plain(struct walk *w) {
    const struct flow_segment *in = w->in;
    if (!flow_tls_is_hello(in->payload, in->there_bytes)) {
        return flow_keep(POLICY_CLEARTEXT);
    }
    enter(w->s, FLOW_TLS, in->seq);
    return read_units(w, 0);
}

void flow_tcp_syn(struct flow_state *f, unsigned direction, uint32_t seq, bool ack) {
    struct flow_stream *s = &f->of.stream[direction];
    if (!ack) { /* another connection of the same addresses and ports */
        memset(f, 0, sizeof *f);
    }
    enter(s, FLOW_BEGIN, seq);
    s->scans = 0;
    f->flags |= FLOW_SYN_SEEN;
}

struct flow_verdict flow_tcp_segment(struct flow_state *f, unsigned direction, const struct flow_segment *segment) {
    struct walk w = {.flow = f, .s = &f->of.stream[direction], .peer = &f->of.stream[1 - direction], .in = segment};
    switch ((enum flow_mode)w.s->mode) {
    case FLOW_UNKNOWN:
        return find_the_way(&w);
    case FLOW_BEGIN:
        return w.s->next_unit == segment->seq ? begin_stream(&w) : find_the_way(&w);
    case FLOW_PLAIN:
        return stay_plain(&w);
    case FLOW_SSH_SECRET:
        return all_secret(&w);
    case FLOW_TLS:
    case FLOW_SSH:
    case FLOW_SMB:
    case FLOW_OPENVPN:
        break;
    }
    return follow(&w);
}

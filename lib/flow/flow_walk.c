#include "flow_walk.h"

#include "flow_openvpn.h"
#include "flow_smb.h"
#include "flow_ssh.h"
#include "flow_tls.h"

#include <string.h>

/* Of a segment behind a head that came before: enough for a ServerHello up to its cipher. */
enum { BEHIND_HEAD_BYTES = 120 };

static const struct protocol {
    struct flow_unit (*unit)(struct flow_stream *s, const uint8_t *p, uint32_t there_bytes);
    enum policy_reason cut_reason;
    enum policy_reason clear_reason;
} PROTOCOLS[] = {[FLOW_SSH_SECRET] = {NULL, POLICY_SSH, POLICY_HANDSHAKE}, /* it has no units any more */
#define ROW(MODE, name, cut_reason, clear_reason, within, in_clear)                                                    \
    [FLOW_##MODE] = {flow_##name##_unit, cut_reason, clear_reason},
                 FLOW_OVER_TCP(ROW)
#undef ROW
};

/* The mode of the protocol that these bytes begin, at least one; FLOW_PLAIN if there is none. */
/* clang-format off */
static enum flow_mode beginning(enum flow_where where, const uint8_t *p, uint32_t there_bytes) {
    const uint8_t first = p[0];
#define ROW(MODE, name, cut_reason, clear_reason, within, in_clear)                                                    \
    if ((where == FLOW_AT_START || (where == FLOW_WITHIN ? (within) : (in_clear))) &&                                  \
        flow_##name##_begins(where, p, there_bytes)) {                                                                 \
        return FLOW_##MODE;                                                                                            \
    }
    FLOW_OVER_TCP(ROW)
#undef ROW
    return FLOW_PLAIN;
}
/* clang-format on */

void flow_walk_secret_from(struct flow_stream *s, uint32_t from) {
    s->secret_from = from;
    s->flags |= FLOW_SECRET_RUN;
}

static void end_secret_run(struct flow_stream *s) {
    s->flags &= (uint16_t)~FLOW_SECRET_RUN;
}

void flow_walk_enter(struct flow_stream *s, enum flow_mode mode, uint32_t seq) {
    const uint8_t scans = s->scans;
    memset(s, 0, sizeof *s);
    s->mode = (uint8_t)mode;
    s->scans = scans;
    s->next_unit = seq;
}

uint32_t flow_walk_clear_before(const struct flow_walk *w, uint32_t up_to) {
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
static uint32_t take_unit(struct flow_walk *w, const struct flow_unit *u, uint32_t at) {
    struct flow_stream *s = w->s;
    const uint32_t head_bytes = s->head_bytes;
    const uint32_t unit_seq = w->in->seq + at - head_bytes;
    const uint32_t end = at + u->length_bytes - head_bytes;
    if (u->kind == FLOW_UNIT_ENDS_PROOF) {
        w->flow->flags |= FLOW_READABLE;
    }
    if (u->kind != FLOW_UNIT_SECRET) {
        end_secret_run(s);
        w->clear_end = end;
    } else if (u->clear_bytes > 0) {
        flow_walk_secret_from(s, unit_seq + u->clear_bytes);
        w->clear_end = at + u->clear_bytes - (u->clear_bytes < head_bytes ? u->clear_bytes : head_bytes);
    } else if ((s->flags & FLOW_SECRET_RUN) == 0) {
        flow_walk_secret_from(s, unit_seq);
    }
    s->head_bytes = 0;
    s->next_unit = unit_seq + u->length_bytes;
    s->flags |= FLOW_UNITS_SEEN;
    return end;
}

/* The unit at offset `at`, with what of its head came before. */
static struct flow_unit unit_at(struct flow_walk *w, uint32_t at) {
    struct flow_stream *s = w->s;
    const uint8_t *p = w->in->payload + at;
    const uint32_t there_bytes = w->in->there_bytes - at;
    if (s->head_bytes == 0) {
        return PROTOCOLS[s->mode].unit(s, p, there_bytes);
    }
    uint8_t head[FLOW_HEAD_BYTES + BEHIND_HEAD_BYTES];
    const uint32_t more_bytes = there_bytes < BEHIND_HEAD_BYTES ? there_bytes : BEHIND_HEAD_BYTES;
    memcpy(head, s->head, s->head_bytes);
    memcpy(head + s->head_bytes, p, more_bytes);
    return PROTOCOLS[s->mode].unit(s, head, s->head_bytes + more_bytes);
}

/* The segment ends within the head of a unit: remember what there is of it. Returns whether that is possible. */
static bool put_by_head(struct flow_walk *w, const struct flow_unit *u, uint32_t at) {
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
static struct flow_verdict lose(struct flow_walk *w) {
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
        flow_walk_secret_from(s, s->guess_start);
    }
    s->flags |= FLOW_TLS_DATA;
    s->next_unit = s->guess_next;
    s->flags &= (uint16_t)~FLOW_GUESSED;
}

struct flow_verdict flow_walk_conclude(struct flow_walk *w) {
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
        return flow_keep(PROTOCOLS[s->mode].clear_reason);
    }
    return flow_cut_behind(PROTOCOLS[s->mode].cut_reason, w->clear_end);
}

struct flow_verdict flow_walk_units(struct flow_walk *w, uint32_t at) {
    const struct flow_segment *in = w->in;
    struct flow_stream *s = w->s;
    w->clear_end = flow_walk_clear_before(w, at);
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
            flow_walk_secret_from(s, s->next_unit);
            break;
        }
    }
    return flow_walk_conclude(w);
}

bool flow_walk_begins(struct flow_walk *w, enum flow_where where, struct flow_verdict *out) {
    const enum flow_mode mode =
        w->in->there_bytes > 0 ? beginning(where, w->in->payload, w->in->there_bytes) : FLOW_PLAIN;
    if (mode == FLOW_PLAIN) {
        return false;
    }
    flow_walk_enter(w->s, mode, w->in->seq);
    *out = flow_walk_units(w, 0);
    return true;
}

bool flow_walk_ends_with_clear_head(const struct flow_walk *w) {
    struct flow_stream *s = w->s;
    return s->head_bytes > 0 && flow_seq_diff(w->in->seq + w->in->payload_bytes, s->next_unit) > 0 &&
           PROTOCOLS[s->mode].unit(s, s->head, s->head_bytes).clear_bytes > 0;
}

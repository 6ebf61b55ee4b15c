#include "flow_walk.h"

#include "flow_agreement.h"
#include "flow_find.h"
#include "flow_smb.h"
#include "flow_ssh.h"
#include "flow_tls.h"
#include "noise.h"

#include <string.h>

enum {
    BEHIND_HEAD_BYTES = 16, /* of a segment behind a head that came before: enough to tell a unit */

    /*
     * Where the beginning was not seen a chain of units is proof if it is longer than a packet that may be carried in
     * the stream, or if the other side is such a chain, too; and if several segments look encrypted.
     */
    CHAIN_BYTES = 2048,
    CHAIN_UNITS = 2,
    CHAIN_NOISE_BYTES = 64,
    CHAIN_LOOKS = 3,

    DOUBT_LOOKS = FLOW_LOOKS_DOUBT + 16, /* what is doubted has to look encrypted so often before it is cut again */
};

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
    const uint16_t flags = s->flags & FLOW_CONTRADICTED;
    memset(s, 0, sizeof *s);
    s->mode = (uint8_t)mode;
    s->scans = scans;
    s->flags = flags;
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

void flow_walk_sample(struct flow_walk *w, uint32_t from, uint32_t to) {
    const uint32_t end = to < w->in->there_bytes ? to : w->in->there_bytes;
    if (from < end && end - from > w->sample_bytes) {
        w->sample = w->in->payload + from;
        w->sample_bytes = end - from;
    }
}

/* In front of a unit of a stream that began before the capture: count it, and tell if the chain up to it is proof. */
static void judge_chain(struct flow_walk *w, uint32_t unit_seq) {
    struct flow_stream *s = w->s;
    /* Where it began in the capture its hellos are there, or come late. */
    if ((s->flags & FLOW_CHAINED) || s->mode != FLOW_TLS || (w->flow->flags & (FLOW_MET | FLOW_SYN_SEEN))) {
        return;
    }
    s->chain = s->chain < CHAIN_UNITS ? (uint8_t)(s->chain + 1) : CHAIN_UNITS;
    if ((s->flags & FLOW_SECRET_RUN) == 0) {
        return;
    }
    if (flow_seq_diff(unit_seq, s->secret_from) >= CHAIN_BYTES ||
        (s->chain >= CHAIN_UNITS && w->peer->mode == FLOW_TLS && w->peer->chain >= CHAIN_UNITS)) {
        s->flags |= FLOW_CHAINED;
    }
}

static void take_secret(struct flow_walk *w, const struct flow_unit *u, uint32_t at, uint32_t end) {
    struct flow_stream *s = w->s;
    const uint32_t head_bytes = s->head_bytes;
    const uint32_t unit_seq = w->in->seq + at - head_bytes;
    s->flags &= (uint16_t)~FLOW_AGREEING;
    if (u->clear_bytes > 0) {
        flow_walk_secret_from(s, unit_seq + u->clear_bytes);
        w->clear_end = at + u->clear_bytes - (u->clear_bytes < head_bytes ? u->clear_bytes : head_bytes);
    } else if ((s->flags & FLOW_SECRET_RUN) == 0) {
        flow_walk_secret_from(s, unit_seq);
    }
    const uint32_t before_bytes =
        u->clear_bytes > FLOW_WALK_BEFORE_SAMPLE_BYTES ? u->clear_bytes : FLOW_WALK_BEFORE_SAMPLE_BYTES;
    flow_walk_sample(w, at + before_bytes - (before_bytes < head_bytes ? before_bytes : head_bytes), end);
}

/* Take a unit that begins at offset `at`; some of its head may have come before. Returns where the next one begins. */
static uint32_t take_unit(struct flow_walk *w, const struct flow_unit *u, uint32_t at) {
    struct flow_stream *s = w->s;
    const uint32_t unit_seq = w->in->seq + at - s->head_bytes;
    const uint32_t end = at + u->length_bytes - s->head_bytes;
    judge_chain(w, unit_seq);
    if (u->kind == FLOW_UNIT_SECRET) {
        take_secret(w, u, at, end);
    } else {
        end_secret_run(s);
        s->flags |= FLOW_CLEAR_SEEN;
        w->clear_end = end;
        w->sample_bytes = 0;
        flow_agreement_take(w, u, at, end);
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

/* What comes next was not captured. */
static struct flow_verdict lose(struct flow_walk *w) {
    struct flow_stream *s = w->s;
    s->head_bytes = 0;
    s->flags = (uint16_t)((s->flags & ~(unsigned)(FLOW_AGREEING | FLOW_PROVEN)) | FLOW_LOST);
    return flow_keep(POLICY_UNPROVEN);
}

/*
 * What was taken for a unit is none. That ends what was proven. A stream whose beginning was seen is followed no more,
 * nor is another one the second time; but a new hello is believed.
 */
static struct flow_verdict contradict(struct flow_walk *w) {
    struct flow_stream *s = w->s;
    const bool is_first = (s->flags & FLOW_UNITS_SEEN) == 0;
    const bool is_last = (w->flow->flags & FLOW_SYN_SEEN) || (s->flags & FLOW_CONTRADICTED);
    flow_agreement_end(w);
    end_secret_run(s);
    s->flags = (uint16_t)((s->flags & ~(unsigned)FLOW_AGREEING) | FLOW_CONTRADICTED | FLOW_LOST);
    s->head_bytes = 0;
    s->chain = 0;
    if (is_first) {
        s->mode = FLOW_PLAIN;
        s->scans = 0;
        return flow_find_in_clear(w);
    }
    if (is_last) {
        s->mode = FLOW_PLAIN;
        s->scans = FLOW_PLAIN_SCANS;
    }
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

/* Whether its beginning was not seen, but units of it in a row. */
static bool is_chain(const struct flow_walk *w) {
    return w->s->chain > 0 && (w->flow->flags & FLOW_ENCRYPTS) == 0;
}

/*
 * Whether what is framed as encrypted is proven to be; of SMB the header of each message says so. Both sides of TLS
 * keep to one suite: a chain on one proves units on the other.
 */
static bool is_encryption(const struct flow_walk *w) {
    return w->s->mode == FLOW_SMB || (w->flow->flags & FLOW_ENCRYPTS) || (w->s->flags & FLOW_CHAINED) ||
           (is_chain(w) && w->peer->mode == FLOW_TLS && (w->peer->flags & FLOW_CHAINED));
}

/* How often in a row it has to look encrypted. In a chain the other side's looks count, too. */
static uint8_t wanted_looks(const struct flow_walk *w, bool chained) {
    if (w->s->looks >= FLOW_LOOKS_DOUBT) {
        return DOUBT_LOOKS;
    }
    const uint8_t beside = w->peer->looks < FLOW_LOOKS_DOUBT ? w->peer->looks : 0;
    return chained && beside + 1 < CHAIN_LOOKS ? (uint8_t)(CHAIN_LOOKS - beside) : 1;
}

/*
 * The last guard: whether the bytes look like it. Of a stream that began before the capture several segments in a row
 * must, each with more bytes. Where there are too few to tell it is as it was before.
 */
static bool looks_encrypted(struct flow_walk *w) {
    struct flow_stream *s = w->s;
    const bool chained = is_chain(w);
    const uint8_t wanted = wanted_looks(w, chained);
    if (w->sample_bytes < NOISE_MIN_BYTES) {
        return s->looks >= wanted;
    }
    if (!noise_is(w->sample, w->sample_bytes)) {
        if (s->mode == FLOW_TLS && (w->flow->flags & FLOW_ENCRYPTS)) { /* another connection, whose SYN is not there */
            flow_agreement_end(w);
        }
        s->looks = FLOW_LOOKS_DOUBT;
        return false;
    }
    if (s->looks < wanted && (!chained || w->sample_bytes >= CHAIN_NOISE_BYTES)) {
        s->looks++;
    }
    return s->looks >= wanted;
}

void flow_walk_look(struct flow_walk *w) {
    struct flow_stream *s = w->s;
    flow_walk_sample(w, FLOW_WALK_BEFORE_SAMPLE_BYTES, w->in->payload_bytes);
    if (s->looks < CHAIN_LOOKS && w->sample_bytes >= CHAIN_NOISE_BYTES) {
        s->looks = noise_is(w->sample, w->sample_bytes) ? (uint8_t)(s->looks + 1) : 0;
    }
    w->sample_bytes = 0;
}

void flow_walk_doubt(struct flow_walk *w) {
    if (w->s->flags & FLOW_CONTRADICTED) {
        w->flow->flags = (uint8_t)((w->flow->flags & ~(unsigned)FLOW_ENCRYPTS) | FLOW_READABLE);
    }
    flow_look_again(w->flow);
    w->s->flags |= FLOW_CONTRADICTED;
    w->s->looks = FLOW_LOOKS_DOUBT;
}

struct flow_verdict flow_walk_conclude(struct flow_walk *w) {
    struct flow_stream *s = w->s;
    if ((s->flags & FLOW_GUESSED) && s->next_unit == s->guess_start && s->head_bytes == 0) {
        adopt_guess(s);
    }
    slide_window(s);
    s->flags &= (uint16_t)~FLOW_PROVEN;
    if (w->flow->flags & FLOW_READABLE) {
        return flow_keep(POLICY_CLEARTEXT);
    }
    if (w->clear_end >= w->in->payload_bytes || (s->flags & FLOW_SECRET_RUN) == 0) {
        return flow_keep(PROTOCOLS[s->mode].clear_reason);
    }
    const bool is_proven = is_encryption(w);
    const bool looks_so = (is_proven || is_chain(w)) && looks_encrypted(w); /* of a chain ahead of its proof, too */
    if (w->peer->mode == FLOW_PLAIN || !is_proven || !looks_so) {           /* whatever it is has two sides */
        return flow_keep(POLICY_UNPROVEN);
    }
    if ((s->flags & (FLOW_LOST | FLOW_GUESSED)) == 0 && s->head_bytes == 0) {
        s->flags |= FLOW_PROVEN;
    }
    return flow_cut_behind(PROTOCOLS[s->mode].cut_reason, w->clear_end);
}

struct flow_verdict flow_walk_units(struct flow_walk *w, uint32_t at) {
    const struct flow_segment *in = w->in;
    struct flow_stream *s = w->s;
    w->clear_end = flow_walk_clear_before(w, at);
    flow_agreement_go_on(w, at);
    flow_walk_sample(w, w->clear_end, at);
    while (at < in->payload_bytes) {
        if (at >= in->there_bytes) { /* not captured */
            return lose(w);
        }
        const struct flow_unit u = unit_at(w, at);
        if (u.kind == FLOW_UNIT_NONE) {
            return contradict(w);
        }
        if (u.kind == FLOW_UNIT_MORE) {
            if (!put_by_head(w, &u, at)) {
                return lose(w);
            }
            break;
        }
        at = take_unit(w, &u, at);
        if (s->mode == FLOW_SSH_SECRET) {
            s->flags &= (uint16_t)~FLOW_AGREEING;
            flow_walk_secret_from(s, s->next_unit);
            flow_walk_sample(w, at + FLOW_SSH_LENGTH_BYTES, in->payload_bytes);
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

struct flow_verdict flow_walk_begin_behind(struct flow_walk *w, enum flow_mode mode, uint32_t at) {
    flow_walk_enter(w->s, mode, w->in->seq + at);
    return flow_walk_units(w, at);
}

bool flow_walk_ends_with_clear_head(const struct flow_walk *w) {
    struct flow_stream *s = w->s;
    return s->head_bytes > 0 && flow_seq_diff(w->in->seq + w->in->payload_bytes, s->next_unit) > 0 &&
           PROTOCOLS[s->mode].unit(s, s->head, s->head_bytes).clear_bytes > 0;
}

#include "flow_agreement.h"

#include "flow_tls.h"

#include <string.h>

void flow_agreement_end(struct flow_walk *w) {
    w->flow->flags &= (uint8_t) ~(unsigned)(FLOW_ENCRYPTS | FLOW_READABLE);
    flow_look_again(w->flow);
    w->s->flags &= (uint16_t)~FLOW_CHAINED;
    w->peer->flags &= (uint16_t)~FLOW_CHAINED;
}

/* A hello in the clear begins a session anew: what was agreed on before ends with it. */
static void agree_on_tls(struct flow_walk *w, enum tls_agreement agreement) {
    flow_agreement_end(w);
    w->s->flags &= (uint16_t) ~(FLOW_TLS_CHANGED | FLOW_TLS_DATA | FLOW_AGREEING);
    w->s->looks = 0;
    w->flow->flags |= agreement == TLS_ENCRYPTS ? FLOW_ENCRYPTS : agreement == TLS_ENCRYPTS_NOT ? FLOW_READABLE : 0;
}

/* What one side does not offer cannot be chosen. */
static void agree_on_ssh(struct flow_walk *w, enum ssh_offer offer) {
    if (offer != SSH_OFFER_NOT_KNOWN) {
        w->s->flags &= (uint16_t)~FLOW_AGREEING;
    }
    if (offer == SSH_OFFERS_ENCRYPTION) {
        w->flow->flags = (uint8_t)((w->flow->flags & ~(unsigned)FLOW_READABLE) | FLOW_ENCRYPTS);
    } else if (offer == SSH_OFFERS_NONE && (w->flow->flags & FLOW_ENCRYPTS) == 0) {
        w->flow->flags |= FLOW_READABLE;
    }
}

static void read_on(struct flow_walk *w, const uint8_t *p, uint32_t length_bytes) {
    struct flow_stream *s = w->s;
    if (s->mode == FLOW_TLS) {
        const enum tls_agreement agreement = tls_hello_read(&s->hello, p, length_bytes, false);
        if (agreement != TLS_AGREES_ON_NOTHING) {
            agree_on_tls(w, agreement);
        }
    } else {
        agree_on_ssh(w, ssh_kexinit_read(&s->kexinit, p, length_bytes));
    }
}

/* From offset `at` of the segment up to the end of the unit at offset `end`, or of what is there. */
static void read_at(struct flow_walk *w, uint32_t at, uint32_t end) {
    const uint32_t there_end = end < w->in->there_bytes ? end : w->in->there_bytes;
    if (at < there_end) {
        read_on(w, w->in->payload + at, there_end - at);
    }
    w->s->secret_from = w->in->seq + there_end;                /* read up to here: nothing is encrypted at the time */
    if (there_end < end && there_end < w->in->payload_bytes) { /* not captured */
        w->s->flags &= (uint16_t)~FLOW_AGREEING;
    }
}

void flow_agreement_take(struct flow_walk *w, const struct flow_unit *u, uint32_t at, uint32_t end) {
    struct flow_stream *s = w->s;
    uint32_t from =
        u->agreement_at != 0 ? u->agreement_at : FLOW_TLS_HEADER_BYTES; /* or it goes on in the next record */
    if (u->agreement_at == 0 && s->mode != FLOW_TLS) {                  /* a message of SSH is one packet */
        s->flags &= (uint16_t)~FLOW_AGREEING;
    }
    if (u->agreement_at == 0 && (s->flags & FLOW_AGREEING) == 0) {
        return;
    }
    if ((s->flags & FLOW_AGREEING) == 0) {
        memset(&s->hello, 0, sizeof s->hello);
        memset(&s->kexinit, 0, sizeof s->kexinit);
        s->flags |= FLOW_AGREEING;
        w->flow->flags |= FLOW_MET;
    }
    if (from < s->head_bytes) {
        read_on(w, s->head + from, s->head_bytes - from);
        from = s->head_bytes;
    }
    read_at(w, at + from - s->head_bytes, end);
}

void flow_agreement_go_on(struct flow_walk *w, uint32_t end) {
    const int32_t at = flow_seq_diff(w->s->secret_from, w->in->seq);
    if ((w->s->flags & FLOW_AGREEING) == 0) {
        return;
    }
    if (at < 0) { /* a hole */
        w->s->flags &= (uint16_t)~FLOW_AGREEING;
    } else if ((uint32_t)at < end) {
        read_at(w, (uint32_t)at, end);
    }
}

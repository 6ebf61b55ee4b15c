#include "flow_expected.h"

#include "bytes.h"
#include "flow_dtls.h"
#include "flow_openvpn.h"
#include "flow_quic.h"
#include "flow_tls.h"
#include "flow_wireguard.h"

enum {
    QUIC_FORM_BITS = 0xc0,
    QUIC_SHORT = 0x40,
};

/* Nothing but application data that goes on from what is known. */
static inline bool is_tls_data(struct flow_stream *s, const struct flow_stream *peer, uint32_t seq,
                               const uint8_t *payload, uint32_t payload_bytes) {
    const uint16_t wanted = FLOW_SECRET_RUN | FLOW_TLS_DATA | FLOW_UNITS_SEEN;
    const uint16_t asked = wanted | FLOW_LOST | FLOW_GUESSED;
    uint32_t at = s->next_unit - seq;
    if ((s->flags & asked) != wanted || s->head_bytes != 0 || peer->mode == FLOW_PLAIN ||
        flow_seq_diff(s->secret_from, seq) > 0) {
        return false;
    }
    if (at < payload_bytes) { /* records begin in it */
        do {
            if (payload_bytes - at < FLOW_TLS_HEADER_BYTES || !flow_tls_is_data(payload + at)) {
                return false;
            }
            at += flow_tls_record_bytes(payload + at);
        } while (at < payload_bytes);
        if (seq + at - s->secret_from > FLOW_SECRET_WINDOW_BYTES) {
            return false;
        }
        s->next_unit = seq + at;
    }
    return at <= FLOW_STREAM_WINDOW_BYTES;
}

static inline bool is_ssh_data(struct flow_stream *s, uint32_t seq, const uint8_t *payload, uint32_t payload_bytes) {
    if ((s->flags & FLOW_SECRET_RUN) == 0 || payload[0] == 'S' || seq - s->next_unit > FLOW_STREAM_WINDOW_BYTES ||
        seq + payload_bytes - s->secret_from > FLOW_SECRET_WINDOW_BYTES) {
        return false;
    }
    s->next_unit = seq + payload_bytes;
    return true;
}

enum policy_reason flow_expected_tcp(struct flow_state *f, unsigned direction, uint32_t seq, const uint8_t *payload,
                                     uint32_t payload_bytes) {
    struct flow_stream *s = &f->of.stream[direction];
    const struct flow_stream *peer = &f->of.stream[1 - direction];
    if (f->flags & (FLOW_CUT_BEFORE | FLOW_READABLE)) {
        return POLICY_UNPROVEN;
    }
    if (__builtin_expect(s->mode == FLOW_TLS, 1)) {
        return is_tls_data(s, peer, seq, payload, payload_bytes) ? POLICY_TLS : POLICY_UNPROVEN;
    }
    if (s->mode == FLOW_PLAIN) {
        return flow_tls_may_be_handshake(payload[0]) ? POLICY_UNPROVEN : POLICY_CLEARTEXT;
    }
    return s->mode == FLOW_SSH_SECRET && is_ssh_data(s, seq, payload, payload_bytes) ? POLICY_SSH : POLICY_UNPROVEN;
}

bool flow_expected_quic(const struct flow_state *f, unsigned direction, const uint8_t *payload, uint32_t there_bytes) {
    const struct flow_side *side = &f->of.datagrams.side[direction];
    return f->of.datagrams.flags == FLOW_QUIC && (f->flags & FLOW_CUT_BEFORE) == 0 && side->has_id &&
           there_bytes >= FLOW_QUIC_SHORT_ID_AT + FLOW_QUIC_ID_BYTES && (payload[0] & QUIC_FORM_BITS) == QUIC_SHORT &&
           side->id == bytes_get_be32(payload + FLOW_QUIC_SHORT_ID_AT) &&
           !flow_quic_shows_version(payload, there_bytes);
}

bool flow_expected_nothing(const uint8_t *payload, uint32_t there_bytes) {
    return there_bytes > 0 && !flow_dtls_can_begin(payload[0]) && !flow_wireguard_can_begin(payload[0]) &&
           !flow_openvpn_can_begin(payload[0]) && !flow_quic_shows_version(payload, there_bytes);
}

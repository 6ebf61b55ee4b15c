#include "flow_expected.h"

#include "bytes.h"
#include "flow_protocols.h"
#include "flow_quic.h"
#include "flow_ssh.h"
#include "flow_tls.h"

#include <stddef.h>
#include <string.h>

enum {
    LOOK_MIN_BYTES = 16,
    QUIC_FORM_BITS = 0xc0,
    QUIC_SHORT = 0x40,
};

/* As one of 256 times in ciphertext. */
static inline bool could_be_text(const uint8_t *eight) {
    uint64_t bytes;
    memcpy(&bytes, eight, sizeof bytes);
    return (bytes & UINT64_C(0x8080808080808080)) == 0;
}

/* Whether bytes are to be judged by themselves, whatever was proven: when eight in the middle could be text. */
static inline bool is_to_be_looked_at(const uint8_t *payload, uint32_t payload_bytes) {
    return payload_bytes < LOOK_MIN_BYTES || could_be_text(payload + payload_bytes / 2);
}

/* Nothing but application data that goes on from what is known. */
static inline bool is_tls_data(struct flow_stream *s, uint32_t seq, const uint8_t *payload, uint32_t payload_bytes) {
    uint32_t at = s->next_unit - seq;
    if (is_to_be_looked_at(payload, payload_bytes) || flow_seq_diff(seq, s->secret_from) < 0) {
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
        s->flags |= FLOW_TLS_DATA;
        s->next_unit = seq + at;
    }
    return at <= FLOW_TLS_HEADER_BYTES + FLOW_TLS_RECORD_MAX_BYTES;
}

/* Behind the keys of a cipher that is none, until another connection begins. */
static inline bool is_ssh_in_clear(const struct flow_state *f, const struct flow_stream *s, const uint8_t *payload) {
    return s->mode == FLOW_SSH_SECRET && (f->flags & (FLOW_CUT_BEFORE | FLOW_READABLE)) == FLOW_READABLE &&
           payload[0] != 'S' && payload[0] != 0;
}

static inline bool is_ssh_data(struct flow_stream *s, uint32_t seq, const uint8_t *payload, uint32_t payload_bytes) {
    if (payload[0] == 'S' || is_to_be_looked_at(payload, payload_bytes) || flow_ssh_may_have_length(payload) ||
        could_be_text(payload + FLOW_SSH_LENGTH_BYTES) || seq - s->next_unit > FLOW_STREAM_WINDOW_BYTES ||
        seq + payload_bytes - s->secret_from > FLOW_SECRET_WINDOW_BYTES) {
        return false;
    }
    s->next_unit = seq + payload_bytes;
    return true;
}

enum policy_reason flow_expected_tcp(struct flow_state *f, unsigned direction, uint32_t seq, const uint8_t *payload,
                                     uint32_t payload_bytes) {
    struct flow_stream *s = &f->of.stream[direction];
    if (__builtin_expect((s->flags & FLOW_PROVEN) != 0, 1)) {
        if (__builtin_expect(s->mode == FLOW_TLS, 1)) {
            return is_tls_data(s, seq, payload, payload_bytes) ? POLICY_TLS : POLICY_UNPROVEN;
        }
        return s->mode == FLOW_SSH_SECRET && is_ssh_data(s, seq, payload, payload_bytes) ? POLICY_SSH : POLICY_UNPROVEN;
    }
    if (f->flags & (FLOW_CUT_BEFORE | FLOW_READABLE)) {
        return is_ssh_in_clear(f, s, payload) ? POLICY_CLEARTEXT : POLICY_UNPROVEN;
    }
    return s->mode == FLOW_PLAIN && s->scans >= FLOW_PLAIN_SCANS && !flow_may_begin(FLOW_IN_CLEAR, payload[0])
               ? POLICY_CLEARTEXT
               : POLICY_UNPROVEN;
}

/*
 * A short header in a flow of which nothing but QUIC is known, and no port of a protocol that is asked before that;
 * and what this side sent last was noise.
 */
static inline bool is_quic_data(const struct flow_state *f, unsigned direction, unsigned port_flags, const uint8_t *p,
                                uint32_t n) {
    const struct flow_side *side = &f->of.datagrams.side[direction];
    const struct flow_side *peer = &f->of.datagrams.side[1 - direction];
    return (port_flags & POLICY_PORT_IPSEC) == 0 &&
           (f->of.datagrams.flags & ~(unsigned)FLOW_QUIC_GUESSED) == FLOW_QUIC && (f->flags & FLOW_CUT_BEFORE) == 0 &&
           side->trust == FLOW_TRUSTED && n >= FLOW_QUIC_SHORT_MIN_BYTES && (p[0] & QUIC_FORM_BITS) == QUIC_SHORT &&
           flow_quic_is_proven(side, peer, p) && !could_be_text(p + n / 2);
}

/* By the rows: on none of their ports, and the beginning of none of them. */
static inline bool can_be_nothing(unsigned port_flags, const uint8_t *p, uint32_t n) {
#define ROW(name, cut_reason, ports, can_begin) || (can_begin)
    return (port_flags & FLOW_UDP_PORTS) == 0 && n > 0 && !(false FLOW_OVER_UDP(ROW));
#undef ROW
}

enum policy_reason flow_expected_udp(const struct flow_state *f, unsigned direction, unsigned port_flags,
                                     const uint8_t *payload, uint32_t there_bytes) {
    if (f == NULL) {
        return can_be_nothing(port_flags, payload, there_bytes) ? POLICY_CLEARTEXT : POLICY_UNPROVEN;
    }
    return is_quic_data(f, direction, port_flags, payload, there_bytes) ? POLICY_QUIC : POLICY_UNPROVEN;
}

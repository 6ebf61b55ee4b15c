#include "flow_udp.h"

#include "bytes.h"
#include "flow_dtls.h"
#include "flow_ike.h"
#include "flow_openvpn.h"
#include "flow_quic.h"
#include "flow_wireguard.h"

enum {
    STUN_HEADER_BYTES = 20,
    STUN_TYPE_MAX = 3, /* the first byte */
    STUN_COOKIE = 0x2112a442,

    NON_ESP_MARKER_BYTES = 4,
    ESP_HEADER_BYTES = 8,
    ESP_STEP_MAX = 4096, /* between two packets of an SPI that are taken for neighbours */
    ESP_SPI_MIN = 256,   /* RFC 4303 section 2.1 */

    QUIC_EVIDENCE_PACKETS = 6,
    QUIC_EVIDENCE_FIRST_BYTES = 4, /* header protection makes the first byte vary */
    OLD_QUIC_CHECKS = 64,
    OLD_QUIC_RESET = 0x02,
};

struct look {
    struct flow_datagrams *flow;
    struct flow_side *side;
    struct flow_side *peer;
    const struct flow_datagram *in;
    bool *remember;
};

static void note(const struct look *k, unsigned flags) {
    k->flow->flags = (uint16_t)(k->flow->flags | flags);
    *k->remember = true;
}

/* The functions below say whether the datagram is one of their protocol; what becomes of it is put into out. */

static bool is_stun(const struct look *k, struct flow_verdict *out) {
    const struct flow_datagram *in = k->in;
    *out = flow_keep(POLICY_CLEARTEXT);
    return in->there_bytes >= STUN_HEADER_BYTES && in->payload[0] <= STUN_TYPE_MAX &&
           bytes_get_be32(in->payload + 4) == STUN_COOKIE;
}

static bool is_ike(const struct look *k, struct flow_verdict *out) {
    const struct flow_datagram *in = k->in;
    uint32_t marker_bytes = 0;
    if ((in->port_flags & POLICY_PORT_IPSEC) == 0) {
        return false;
    }
    if (in->there_bytes >= NON_ESP_MARKER_BYTES && bytes_get_be32(in->payload) == 0) {
        marker_bytes = NON_ESP_MARKER_BYTES;
    }
    const struct flow_ike ike =
        flow_ike_judge(in->payload + marker_bytes, in->there_bytes - marker_bytes, in->payload_bytes - marker_bytes);
    if (!ike.is_ike) {
        return false;
    }
    note(k, marker_bytes > 0 ? FLOW_IKE : 0);
    *out = ike.clear_bytes + marker_bytes >= in->payload_bytes
               ? flow_keep(POLICY_HANDSHAKE)
               : flow_cut_header(POLICY_IPSEC, ike.clear_bytes + marker_bytes);
    return true;
}

/* ESP in UDP: in a flow of IKE, or where SPI and sequence number go on. */
static bool is_esp(const struct look *k, struct flow_verdict *out) {
    const struct flow_datagram *in = k->in;
    struct flow_side *side = k->side;
    if ((in->port_flags & POLICY_PORT_IPSEC) == 0 || in->there_bytes < ESP_HEADER_BYTES ||
        (k->flow->flags & ~(unsigned)FLOW_IKE) != 0) {
        return false;
    }
    const uint32_t spi = bytes_get_be32(in->payload);
    const uint32_t number = bytes_get_be32(in->payload + 4);
    if (spi < ESP_SPI_MIN) {
        return false;
    }
    const uint32_t step = number - side->counter;
    const bool goes_on = side->has_id && side->id == spi && step > 0 && step <= ESP_STEP_MAX;
    *side = (struct flow_side){.id = spi, .counter = number, .has_id = true};
    *k->remember = true;
    if (!goes_on && (k->flow->flags & FLOW_IKE) == 0) {
        return false;
    }
    *out = flow_esp_is_clear(in->payload + ESP_HEADER_BYTES, in->there_bytes - ESP_HEADER_BYTES,
                             in->payload_bytes - ESP_HEADER_BYTES)
               ? flow_keep(POLICY_CLEARTEXT)
               : flow_cut_header(POLICY_IPSEC, ESP_HEADER_BYTES);
    return true;
}

static bool is_dtls(const struct look *k, struct flow_verdict *out) {
    const struct flow_datagram *in = k->in;
    if ((k->flow->flags & FLOW_DTLS_13) && flow_dtls_is_unified(in->payload[0])) {
        *out = flow_cut_behind(POLICY_DTLS, 0);
        return true;
    }
    const struct flow_dtls d = flow_dtls_judge(in->payload, in->there_bytes, in->payload_bytes);
    if (!d.is_dtls) {
        return false;
    }
    unsigned flags = 0;
    if (d.handshake) {
        flags |= FLOW_DTLS | (d.version_13 ? FLOW_DTLS_13 : 0U) | (d.offers_srtp ? FLOW_SRTP_OFFERED : 0U);
        if (d.takes_srtp || (d.version_13 && (k->flow->flags & FLOW_SRTP_OFFERED))) {
            flags |= FLOW_SRTP;
        }
    }
    note(k, flags);
    /* A record that is not whole makes readers give up the datagram; one with a handshake stays whole. */
    *out = d.clear_bytes > 0 ? flow_keep(POLICY_HANDSHAKE) : flow_cut_behind(POLICY_DTLS, 0);
    return true;
}

static bool is_srtp(const struct look *k, struct flow_verdict *out) {
    const struct flow_datagram *in = k->in;
    const uint32_t header_bytes = k->flow->flags & FLOW_SRTP ? flow_srtp_header_bytes(in->payload, in->there_bytes) : 0;
    *out = flow_cut_header(POLICY_SRTP, header_bytes);
    return header_bytes > 0;
}

static bool is_wireguard(const struct look *k, struct flow_verdict *out) {
    const struct flow_datagram *in = k->in;
    const struct flow_wireguard w = flow_wireguard_judge(in->payload, in->there_bytes, in->payload_bytes);
    switch (w.kind) {
    case FLOW_WIREGUARD_INITIATION:
        if (!k->side->has_id || k->side->id != w.sender) {
            *k->side = (struct flow_side){.id = w.sender, .id_more = k->side->id, .has_id = true};
        }
        note(k, 0);
        break;
    case FLOW_WIREGUARD_RESPONSE:
        if (!k->side->has_id || k->side->id != w.sender) {
            *k->side = (struct flow_side){.id = w.sender, .id_more = k->side->id, .has_id = true};
        }
        note(k, k->peer->has_id && k->peer->id == w.receiver ? FLOW_WIREGUARD : 0);
        break;
    case FLOW_WIREGUARD_DATA:
        if ((k->flow->flags & FLOW_WIREGUARD) && (w.receiver == k->peer->id || w.receiver == k->peer->id_more)) {
            *out = flow_cut_header(POLICY_WIREGUARD, FLOW_WIREGUARD_DATA_HEADER_BYTES);
            return true;
        }
        return false;
    case FLOW_WIREGUARD_NONE:
        return false;
    }
    *out = flow_keep(POLICY_HANDSHAKE);
    return true;
}

static bool is_openvpn(const struct look *k, struct flow_verdict *out) {
    const struct flow_datagram *in = k->in;
    const unsigned others = k->flow->flags & ~(unsigned)(FLOW_VPN | FLOW_VPN_ASKED);
    const enum flow_openvpn_kind kind = others == 0 ? flow_openvpn_kind(in->payload, in->there_bytes) : 0;
    if (kind == FLOW_OPENVPN_RESET || (kind == FLOW_OPENVPN_CONTROL && (k->flow->flags & FLOW_VPN_ASKED))) {
        const uint32_t high = bytes_get_be32(in->payload + 1);
        const uint32_t low = bytes_get_be32(in->payload + 5);
        if (kind == FLOW_OPENVPN_RESET) {
            *k->side = (struct flow_side){.id = high, .id_more = low, .has_id = true};
            note(k, FLOW_VPN_ASKED);
        } else if (k->side->has_id && k->side->id == high && k->side->id_more == low) {
            note(k, FLOW_VPN);
        }
        *out = flow_keep(POLICY_HANDSHAKE);
        return kind == FLOW_OPENVPN_CONTROL;
    }
    *out = flow_cut_behind(POLICY_OPENVPN, 0);
    return kind == FLOW_OPENVPN_DATA && (k->flow->flags & FLOW_VPN);
}

/* Google QUIC up to version 43, whose flow is known by a version in its public header. */
static struct flow_verdict judge_old_quic(const struct look *k) {
    const struct flow_datagram *in = k->in;
    if (in->there_bytes < in->payload_bytes || (in->payload[0] & (0xc0 | OLD_QUIC_RESET)) != 0) {
        return flow_keep(POLICY_UNPROVEN);
    }
    if (k->side->checks < OLD_QUIC_CHECKS || (in->payload[0] & 1)) {
        k->side->checks = k->side->checks < OLD_QUIC_CHECKS ? (uint8_t)(k->side->checks + 1) : OLD_QUIC_CHECKS;
        if (flow_quic_old_is_clear(in->payload, in->payload_bytes)) {
            return flow_keep(POLICY_HANDSHAKE);
        }
    }
    return flow_cut_behind(POLICY_QUIC, 0);
}

/* Remember the connection ID that a sender puts into short headers once it has come twice. */
static void learn_quic_id(struct flow_side *side, uint32_t id) {
    if (!side->has_id || side->id != id) {
        if (side->id_more == id) {
            side->id = id;
            side->has_id = true;
        }
        side->id_more = id;
    }
}

static bool is_short_quic(const struct look *k, bool looks_short, struct flow_verdict *out) {
    const struct flow_datagram *in = k->in;
    struct flow_side *side = k->side;
    *out = flow_cut_behind(POLICY_QUIC, 0);
    if (k->flow->flags & FLOW_QUIC) {
        const uint32_t id = in->there_bytes >= FLOW_QUIC_SHORT_ID_AT + FLOW_QUIC_ID_BYTES
                                ? bytes_get_be32(in->payload + FLOW_QUIC_SHORT_ID_AT)
                                : 0;
        if (looks_short) {
            learn_quic_id(side, id);
            return true;
        }
        return (in->payload[0] & 0x80) == 0 && side->has_id && side->id == id && id != 0;
    }
    if ((in->port_flags & POLICY_PORT_QUIC) == 0 || (k->flow->flags & ~(unsigned)FLOW_VPN_ASKED) != 0) {
        return false; /* one packet of QUIC in 64 looks like a reset of OpenVPN */
    }
    if (!looks_short || !flow_quic_looks_random(in->payload, in->there_bytes)) {
        side->evidence = 0; /* from here on, if at all */
        side->counter = 0;
        return false;
    }
    *k->remember = true;
    side->counter |= 1U << (in->payload[0] & 31);
    side->evidence = side->evidence < UINT8_MAX ? (uint8_t)(side->evidence + 1) : UINT8_MAX;
    if (side->evidence < QUIC_EVIDENCE_PACKETS || __builtin_popcount(side->counter) < QUIC_EVIDENCE_FIRST_BYTES) {
        return false;
    }
    note(k, FLOW_QUIC);
    return true;
}

static bool is_quic(const struct look *k, struct flow_verdict *out) {
    const struct flow_datagram *in = k->in;
    const struct flow_quic q =
        flow_quic_judge(in->payload, in->there_bytes, in->payload_bytes, k->flow->flags & FLOW_QUIC);
    if (q.kind == FLOW_QUIC_LONG) {
        note(k, FLOW_QUIC);
        if (q.has_source_id) { /* the peer puts it into its short headers */
            k->peer->id = q.source_id;
            k->peer->has_id = true;
        }
        *out = q.clear_bytes >= in->payload_bytes ? flow_keep(POLICY_HANDSHAKE)
                                                  : flow_cut_header(POLICY_QUIC, q.clear_bytes);
        return true;
    }
    if (q.kind == FLOW_QUIC_OLD) {
        note(k, FLOW_GQUIC);
    }
    if (k->flow->flags & FLOW_GQUIC) {
        *out = judge_old_quic(k);
        return true;
    }
    return is_short_quic(k, q.kind == FLOW_QUIC_SHORT, out);
}

struct flow_verdict flow_udp_datagram(struct flow_state *f, unsigned direction, const struct flow_datagram *datagram,
                                      bool *remember) {
    struct flow_datagrams *flow = &f->of.datagrams;
    const struct look k = {.flow = flow,
                           .side = &flow->side[direction],
                           .peer = &flow->side[1 - direction],
                           .in = datagram,
                           .remember = remember};
    struct flow_verdict v;
    if (datagram->there_bytes == 0) {
        return flow_keep(POLICY_SHORT);
    }
    if (is_stun(&k, &v) || is_ike(&k, &v) || is_dtls(&k, &v) || is_wireguard(&k, &v) || is_srtp(&k, &v) ||
        is_quic(&k, &v) || is_openvpn(&k, &v) || is_esp(&k, &v)) {
        *remember = *remember || v.cut;
        return v;
    }
    return flow_keep(flow->flags != 0 || (datagram->port_flags & (POLICY_PORT_QUIC | POLICY_PORT_IPSEC))
                         ? POLICY_UNPROVEN
                         : POLICY_CLEARTEXT);
}

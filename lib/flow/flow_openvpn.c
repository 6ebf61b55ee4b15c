#include "flow_openvpn.h"

#include "bytes.h"
#include "wire.h"

#include <string.h>

enum {
    SOFT_RESET = 3,
    CONTROL = 4,
    ACK = 5,
    DATA_V1 = 6,
    CLIENT_RESET_V2 = 7,
    SERVER_RESET_V2 = 8,
    DATA_V2 = 9,
    CLIENT_RESET_V3 = 10,
    WRAPPED_CONTROL = 11,

    HEAD_BYTES = 9,       /* opcode and session identifier */
    RESET_MIN_BYTES = 14, /* opcode, session, no acknowledgement, packet number */
    RESET_MAX_BYTES = 1024,

    DATA_HEADER_BYTES = 8, /* opcode, peer and a number that counts */
    DATA_PEER_BYTES = 3,   /* of a DATA_V2 */
    DATA_NUMBER_BYTES = 4,
    FIRST_BYTE_IS_LAST = 0xfb, /* in place of a packet's first byte, which stands behind its last then */

    SESSION_BYTES = 8,
    SESSION_MIN_DIFFERENT = 4,
    ECHO_WITHIN_BYTES = 128,
};

enum kind {
    OTHER,
    RESET,    /* begins a session */
    CONTROLS, /* acknowledgement or control message */
    DATA,
};

/* What the packet at p, of which there_bytes are there, at least one, is by its opcode. */
static enum kind kind_of(const uint8_t *p, uint32_t there_bytes) {
    switch (p[0] >> 3) {
    case CLIENT_RESET_V2:
    case SERVER_RESET_V2:
    case CLIENT_RESET_V3: /* a session begins with key 0 */
        return (p[0] & 7) == 0 && there_bytes >= RESET_MIN_BYTES && there_bytes <= RESET_MAX_BYTES ? RESET : OTHER;
    case SOFT_RESET:
    case CONTROL:
    case ACK:
    case WRAPPED_CONTROL:
        return there_bytes >= HEAD_BYTES ? CONTROLS : OTHER;
    case DATA_V1:
    case DATA_V2:
        return DATA;
    default:
        return OTHER;
    }
}

/* A session identifier is 64 random bits: zeros and the like are echoed by anything. */
static bool is_random(const uint8_t *id) {
    unsigned different = 0;
    for (unsigned i = 0; i < SESSION_BYTES; i++) {
        different += memchr(id, id[i], i) == NULL;
    }
    return different >= SESSION_MIN_DIFFERENT;
}

/* Whether a control packet names the session that the other side has announced. */
static bool echoes(const struct flow_side *peer, const struct flow_datagram *in) {
    uint8_t id[SESSION_BYTES];
    const uint32_t looked_at_bytes = in->there_bytes < ECHO_WITHIN_BYTES ? in->there_bytes : ECHO_WITHIN_BYTES;
    bytes_put_be32(id, peer->id);
    bytes_put_be32(id + 4, peer->id_more);
    return peer->has_id && is_random(id) &&
           memmem(in->payload + HEAD_BYTES, looked_at_bytes - HEAD_BYTES, id, sizeof id) != NULL;
}

static bool is_ethertype_of_ip(unsigned ethertype) {
    return ethertype == ETHERTYPE_IPV4 || ethertype == ETHERTYPE_IPV6;
}

/* Whether bytes up to the end of a datagram are an IP packet by its version and length. */
static bool is_packet(const uint8_t *p, uint32_t left_bytes) {
    const bool is_swapped = left_bytes > IPV4_HEADER_MIN_BYTES && p[0] == FIRST_BYTE_IS_LAST;
    const uint32_t packet_bytes = left_bytes - is_swapped;
    const uint8_t first = is_swapped ? p[packet_bytes] : p[0];
    if (packet_bytes < IPV4_HEADER_MIN_BYTES) {
        return false;
    }
    return first >> 4 == 4   ? (first & 15) >= 5 && bytes_get_be16(p + IPV4_TOTAL_LENGTH) == packet_bytes
           : first >> 4 == 6 ? (uint32_t)bytes_get_be16(p + IPV6_PAYLOAD_LENGTH) + IPV6_HEADER_BYTES == packet_bytes
                             : false;
}

/*
 * Whether a data message carries a readable packet, as with `cipher none`: behind an HMAC, the packet's number, and a
 * byte that says how it is compressed, if there is one; where the tunnel is a bridge, in a frame of Ethernet. Of
 * ciphertext two messages in a hundred thousand seem to.
 */
static bool is_readable(const struct flow_datagram *in) {
    static const uint8_t hmac_bytes[] = {0, 16, 20, 28, 32, 48, 64};
    const uint32_t head_bytes = 1 + (in->payload[0] >> 3 == DATA_V2 ? DATA_PEER_BYTES : 0) + DATA_NUMBER_BYTES;
    if (in->there_bytes < in->payload_bytes) {
        return false;
    }
    for (size_t n = 0; n < 4 * sizeof hmac_bytes; n++) {
        const bool is_bridge = n & 2;
        const uint32_t at =
            head_bytes + hmac_bytes[n / 4] + (uint32_t)(n & 1) + (is_bridge ? ETHERNET_HEADER_BYTES : 0);
        if (at < in->payload_bytes && (!is_bridge || is_ethertype_of_ip(bytes_get_be16(in->payload + at - 2))) &&
            is_packet(in->payload + at, in->payload_bytes - at)) {
            return true;
        }
    }
    return false;
}

bool flow_openvpn_judge(const struct flow_look *k, struct flow_verdict *out) {
    const uint8_t *p = k->in->payload;
    const unsigned others = k->flow->flags & ~(unsigned)(FLOW_VPN | FLOW_VPN_ASKED);
    const enum kind kind = others == 0 ? kind_of(p, k->in->there_bytes) : OTHER;
    if (kind == DATA && (k->flow->flags & FLOW_VPN) && is_readable(k->in)) {
        k->side->trust = FLOW_DOUBTED;
        *k->remember = true;
        *out = flow_keep(POLICY_CLEARTEXT);
        return true;
    }
    if (kind == DATA) {
        *k->nonce_bytes = DATA_HEADER_BYTES;
        *out = flow_cut_behind(k->reason, 0);
        return k->flow->flags & FLOW_VPN;
    }
    if (kind == OTHER) {
        return false;
    }
    const uint32_t high = bytes_get_be32(p + 1);
    const uint32_t low = bytes_get_be32(p + 5);
    const bool is_known = k->side->has_id && k->side->id == high && k->side->id_more == low;
    if (kind == RESET && !is_known) { /* a new session has to be proven anew */
        k->side->id = high;
        k->side->id_more = low;
        k->side->has_id = true;
        flow_unnote(k, FLOW_VPN);
        flow_note(k, FLOW_VPN_ASKED);
    }
    if (echoes(k->peer, k->in)) {
        flow_note(k, FLOW_VPN);
    }
    *out = flow_keep(POLICY_HANDSHAKE);
    return kind == CONTROLS && is_known; /* what only looks like a reset may be of another protocol */
}

#include "flow_openvpn.h"

#include "bytes.h"

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

    HEAD_BYTES = 9, /* opcode and session identifier */
    LENGTH_BYTES = 2,
    RESET_MIN_BYTES = 14, /* opcode, session, no acknowledgement, packet number */
    RESET_MAX_BYTES = 1024,
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

bool flow_openvpn_judge(const struct flow_look *k, struct flow_verdict *out) {
    const uint8_t *p = k->in->payload;
    const unsigned others = k->flow->flags & ~(unsigned)(FLOW_VPN | FLOW_VPN_ASKED);
    const enum kind kind = others == 0 ? kind_of(p, k->in->there_bytes) : OTHER;
    if (kind == RESET || (kind == CONTROLS && (k->flow->flags & FLOW_VPN_ASKED))) {
        const uint32_t high = bytes_get_be32(p + 1);
        const uint32_t low = bytes_get_be32(p + 5);
        if (kind == RESET) {
            *k->side = (struct flow_side){.id = high, .id_more = low, .has_id = true};
            flow_note(k, FLOW_VPN_ASKED);
        } else if (k->side->has_id && k->side->id == high && k->side->id_more == low) {
            flow_note(k, FLOW_VPN);
        }
        *out = flow_keep(POLICY_HANDSHAKE);
        return kind == CONTROLS;
    }
    *out = flow_cut_behind(k->reason, 0);
    return kind == DATA && (k->flow->flags & FLOW_VPN);
}

bool flow_openvpn_begins(enum flow_where where, const uint8_t *p, uint32_t there_bytes) {
    return where == FLOW_AT_START && there_bytes >= LENGTH_BYTES + RESET_MIN_BYTES &&
           bytes_get_be16(p) == there_bytes - LENGTH_BYTES &&
           kind_of(p + LENGTH_BYTES, there_bytes - LENGTH_BYTES) == RESET;
}

/* The session identifier of a stream is kept where guesses about TLS would be. */
static void note_session(struct flow_stream *s, const uint8_t *packet, bool reset) {
    const uint32_t high = bytes_get_be32(packet + 1);
    const uint32_t low = bytes_get_be32(packet + 5);
    if (reset) {
        s->guess_start = high;
        s->guess_next = low;
        s->flags |= FLOW_VPN_SESSION;
    } else if ((s->flags & FLOW_VPN_SESSION) && s->guess_start == high && s->guess_next == low) {
        s->flags |= FLOW_VPN_PROVEN;
    }
}

struct flow_unit flow_openvpn_unit(struct flow_stream *s, const uint8_t *p, uint32_t there_bytes) {
    struct flow_unit u = {.kind = FLOW_UNIT_NONE};
    if (there_bytes < LENGTH_BYTES + 1) {
        u.kind = FLOW_UNIT_MORE;
        u.clear_bytes = there_bytes;
        return u;
    }
    const uint32_t packet_bytes = bytes_get_be16(p);
    const uint32_t packet_there_bytes = there_bytes - LENGTH_BYTES;
    if (packet_bytes == 0) {
        return u;
    }
    u.length_bytes = LENGTH_BYTES + packet_bytes;
    u.kind = FLOW_UNIT_CLEAR;
    switch (p[LENGTH_BYTES] >> 3) {
    case DATA_V1:
    case DATA_V2:
        u.kind = s->flags & FLOW_VPN_PROVEN ? FLOW_UNIT_SECRET : FLOW_UNIT_CLEAR;
        return u;
    case CLIENT_RESET_V2:
    case SERVER_RESET_V2:
    case CLIENT_RESET_V3:
    case SOFT_RESET:
    case CONTROL:
    case ACK:
    case WRAPPED_CONTROL:
        if (packet_bytes >= HEAD_BYTES && packet_there_bytes >= HEAD_BYTES) {
            note_session(s, p + LENGTH_BYTES, (s->flags & FLOW_VPN_SESSION) == 0);
        }
        return u;
    default:
        u.kind = FLOW_UNIT_NONE;
        return u;
    }
}

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
    RESET_MIN_BYTES = 14, /* opcode, session, no acknowledgement, packet number */
    RESET_MAX_BYTES = 1024,
};

enum kind {
    OTHER,
    RESET,    /* begins a session */
    CONTROLS, /* acknowledgement or control message */
    DATA,
};

static enum kind kind_of(uint8_t first) {
    switch (first >> 3) {
    case CLIENT_RESET_V2:
    case SERVER_RESET_V2:
    case CLIENT_RESET_V3:
        return RESET;
    case SOFT_RESET:
    case CONTROL:
    case ACK:
    case WRAPPED_CONTROL:
        return CONTROLS;
    case DATA_V1:
    case DATA_V2:
        return DATA;
    default:
        return OTHER;
    }
}

/* The same of a whole packet, of which there_bytes are there, at least one. A session begins with key 0. */
static enum kind packet_kind(const uint8_t *p, uint32_t there_bytes) {
    const enum kind kind = kind_of(p[0]);
    const bool is_reset = (p[0] & 7) == 0 && there_bytes >= RESET_MIN_BYTES && there_bytes <= RESET_MAX_BYTES;
    return (kind == RESET && !is_reset) || (kind == CONTROLS && there_bytes < HEAD_BYTES) ? OTHER : kind;
}

bool flow_openvpn_judge(const struct flow_look *k, struct flow_verdict *out) {
    const uint8_t *p = k->in->payload;
    const unsigned others = k->flow->flags & ~(unsigned)(FLOW_VPN | FLOW_VPN_ASKED);
    const enum kind kind = others == 0 ? packet_kind(p, k->in->there_bytes) : OTHER;
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

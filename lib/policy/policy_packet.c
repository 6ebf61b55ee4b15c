#include "policy.h"

#include <string.h>

/* TLS record content types, RFC 8446 section 5.1 and RFC 6520 section 3 (heartbeat). */
enum {
    TLS_CHANGE_CIPHER_SPEC = 0x14,
    TLS_ALERT = 0x15,
    TLS_HANDSHAKE = 0x16,
    TLS_APPLICATION_DATA = 0x17,
    TLS_HEARTBEAT = 0x18,
};

static const enum policy_reason REASON_OF_LOCATED[LOCATED_KINDS] = {
    [LOCATED_TCP] = POLICY_CLEARTEXT,       [LOCATED_UDP] = POLICY_CLEARTEXT,
    [LOCATED_ESP] = POLICY_OTHER_TRANSPORT, [LOCATED_NOT_IP] = POLICY_NOT_IP,
    [LOCATED_FRAGMENT] = POLICY_FRAGMENT,   [LOCATED_OTHER_TRANSPORT] = POLICY_OTHER_TRANSPORT,
    [LOCATED_OFFLOADED] = POLICY_OFFLOADED, [LOCATED_TRUNCATED] = POLICY_TRUNCATED,
    [LOCATED_MALFORMED] = POLICY_MALFORMED,
};

static struct decision cut(const struct policy *p, enum policy_reason reason) {
    struct decision d = {.reason = reason, .cut = true, .keep_payload_bytes = p->settings.floor_bytes};
    return d;
}

static struct decision decide_tcp(const struct policy *p, unsigned flags, const uint8_t *payload,
                                  uint32_t payload_bytes) {
    unsigned first = payload[0];
    if (flags & POLICY_PORT_TLS) {
        if (first != TLS_CHANGE_CIPHER_SPEC && first != TLS_ALERT && first != TLS_HANDSHAKE && first != TLS_HEARTBEAT) {
            return cut(p, POLICY_TLS);
        }
    } else if (first == TLS_APPLICATION_DATA) {
        return cut(p, POLICY_TLS);
    }
    if ((flags & POLICY_PORT_SSH) && (payload_bytes < 4 || memcmp(payload, "SSH-", 4) != 0)) {
        return cut(p, POLICY_SSH);
    }
    return policy_keep(POLICY_CLEARTEXT);
}

static struct decision decide_udp(const struct policy *p, unsigned flags) {
    if (flags & POLICY_PORT_QUIC) {
        return cut(p, POLICY_QUIC);
    }
    if (flags & POLICY_PORT_IPSEC) {
        return cut(p, POLICY_IPSEC);
    }
    return policy_keep(flags & POLICY_PORT_TUNNELS ? POLICY_TUNNEL : POLICY_CLEARTEXT);
}

struct decision policy_packet_decide(const struct policy *p, const struct located *l, const uint8_t *frame) {
    if (l->as != LOCATED_TCP && l->as != LOCATED_UDP) {
        return policy_keep(REASON_OF_LOCATED[l->as]);
    }
    if (l->payload_bytes <= p->settings.floor_bytes) {
        return policy_keep(POLICY_SHORT);
    }
    const unsigned flags = located_port_flags(p->port_flags, l, frame);
    return l->as == LOCATED_TCP ? decide_tcp(p, flags, frame + l->payload_offset, l->payload_bytes)
                                : decide_udp(p, flags);
}

#include "policy.h"

#include <stddef.h>
#include <string.h>

static const struct {
    uint16_t port;
    uint8_t flags;
} PORTS[] = {
    {22, POLICY_PORT_SSH},   {443, POLICY_PORT_TLS | POLICY_PORT_QUIC},
    {465, POLICY_PORT_TLS},  {500, POLICY_PORT_IPSEC},
    {853, POLICY_PORT_TLS},  {993, POLICY_PORT_TLS},
    {995, POLICY_PORT_TLS},  {4500, POLICY_PORT_IPSEC},
    {5061, POLICY_PORT_TLS}, {8443, POLICY_PORT_TLS},
};

/* TLS record content types, RFC 8446 section 5.1 and RFC 6520 section 3 (heartbeat). */
enum {
    TLS_CHANGE_CIPHER_SPEC = 0x14,
    TLS_ALERT = 0x15,
    TLS_HANDSHAKE = 0x16,
    TLS_APPLICATION_DATA = 0x17,
    TLS_HEARTBEAT = 0x18,
};

static const char *const REASON_NAMES[POLICY_REASONS] = {
    [POLICY_TLS] = "tls",
    [POLICY_SSH] = "ssh",
    [POLICY_QUIC] = "quic",
    [POLICY_IPSEC] = "ipsec",
    [POLICY_CLEARTEXT] = "cleartext",
    [POLICY_SHORT] = "short",
    [POLICY_NOT_IP] = "not_ip",
    [POLICY_FRAGMENT] = "fragment",
    [POLICY_OTHER_TRANSPORT] = "other_transport",
    [POLICY_OFFLOADED] = "offloaded",
    [POLICY_TRUNCATED] = "truncated_headers",
    [POLICY_MALFORMED] = "malformed",
    [POLICY_LINKTYPE] = "linktype",
};

static const enum policy_reason REASON_OF_LOCATED[LOCATED_KINDS] = {
    [LOCATED_TCP] = POLICY_CLEARTEXT,
    [LOCATED_UDP] = POLICY_CLEARTEXT,
    [LOCATED_NOT_IP] = POLICY_NOT_IP,
    [LOCATED_FRAGMENT] = POLICY_FRAGMENT,
    [LOCATED_OTHER_TRANSPORT] = POLICY_OTHER_TRANSPORT,
    [LOCATED_OFFLOADED] = POLICY_OFFLOADED,
    [LOCATED_TRUNCATED] = POLICY_TRUNCATED,
    [LOCATED_MALFORMED] = POLICY_MALFORMED,
};

void policy_packet_init(struct policy *p) {
    memset(p, 0, sizeof *p);
    for (size_t i = 0; i < sizeof PORTS / sizeof PORTS[0]; i++) {
        p->port_flags[PORTS[i].port] |= PORTS[i].flags;
    }
}

static struct decision keep(enum policy_reason reason) {
    struct decision d = {.reason = reason, .cut = false, .keep_payload_bytes = 0};
    return d;
}

static struct decision cut(enum policy_reason reason) {
    struct decision d = {.reason = reason, .cut = true, .keep_payload_bytes = POLICY_KEEP_BYTES};
    return d;
}

static struct decision decide_tcp(unsigned flags, const uint8_t *payload) {
    unsigned first = payload[0];
    if (flags & POLICY_PORT_TLS) {
        if (first != TLS_CHANGE_CIPHER_SPEC && first != TLS_ALERT && first != TLS_HANDSHAKE && first != TLS_HEARTBEAT) {
            return cut(POLICY_TLS);
        }
    } else if (first == TLS_APPLICATION_DATA) {
        return cut(POLICY_TLS);
    }
    if ((flags & POLICY_PORT_SSH) && memcmp(payload, "SSH-", 4) != 0) {
        return cut(POLICY_SSH);
    }
    return keep(POLICY_CLEARTEXT);
}

static struct decision decide_udp(unsigned flags) {
    if (flags & POLICY_PORT_QUIC) {
        return cut(POLICY_QUIC);
    }
    if (flags & POLICY_PORT_IPSEC) {
        return cut(POLICY_IPSEC);
    }
    return keep(POLICY_CLEARTEXT);
}

struct decision policy_packet_decide(const struct policy *p, const struct located *l, const uint8_t *frame) {
    if (l->as != LOCATED_TCP && l->as != LOCATED_UDP) {
        return keep(REASON_OF_LOCATED[l->as]);
    }
    if (l->payload_bytes <= POLICY_KEEP_BYTES) {
        return keep(POLICY_SHORT);
    }
    unsigned flags = p->port_flags[l->source_port] | p->port_flags[l->destination_port];
    return l->as == LOCATED_TCP ? decide_tcp(flags, frame + l->payload_offset) : decide_udp(flags);
}

const char *policy_reason_name(enum policy_reason r) {
    return (unsigned)r < POLICY_REASONS ? REASON_NAMES[r] : "unknown";
}

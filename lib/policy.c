#include "policy.h"

#include <stddef.h>
#include <string.h>

static const struct policy_ports PORTS[POLICY_PORT_LISTS] = {
    [POLICY_TLS_PORTS] = {{443, 465, 853, 993, 995, 5061, 8443}, 7},
    [POLICY_QUIC_PORTS] = {{443}, 1},
    [POLICY_IPSEC_PORTS] = {{500, 4500}, 2},
    [POLICY_SSH_PORTS] = {{22}, 1},
};

static const uint8_t FLAGS[POLICY_PORT_LISTS] = {
    [POLICY_TLS_PORTS] = POLICY_PORT_TLS,
    [POLICY_QUIC_PORTS] = POLICY_PORT_QUIC,
    [POLICY_IPSEC_PORTS] = POLICY_PORT_IPSEC,
    [POLICY_SSH_PORTS] = POLICY_PORT_SSH,
};

static const char *const KIND_NAMES[POLICY_KINDS] = {
    [POLICY_PACKET] = "packet",
    [POLICY_FLOW] = "flow",
};

static const char *const REASON_NAMES[POLICY_REASONS] = {
    [POLICY_TLS] = "tls",
    [POLICY_SSH] = "ssh",
    [POLICY_QUIC] = "quic",
    [POLICY_IPSEC] = "ipsec",
    [POLICY_RULE_CUT] = "rule_cut",
    [POLICY_DTLS] = "dtls",
    [POLICY_SRTP] = "srtp",
    [POLICY_WIREGUARD] = "wireguard",
    [POLICY_OPENVPN] = "openvpn",
    [POLICY_SMB] = "smb",
    [POLICY_CLEARTEXT] = "cleartext",
    [POLICY_SHORT] = "short",
    [POLICY_NOT_IP] = "not_ip",
    [POLICY_FRAGMENT] = "fragment",
    [POLICY_OTHER_TRANSPORT] = "other_transport",
    [POLICY_OFFLOADED] = "offloaded",
    [POLICY_TRUNCATED] = "truncated_headers",
    [POLICY_MALFORMED] = "malformed",
    [POLICY_LINKTYPE] = "linktype",
    [POLICY_RULE_KEEP] = "rule_keep",
    [POLICY_FIRST_PACKETS] = "first_packets",
    [POLICY_HANDSHAKE] = "handshake",
    [POLICY_UNPROVEN] = "unproven",
    [POLICY_CUT_BEFORE] = "cut_before",
};

void policy_settings_init(struct policy_settings *s) {
    *s = (struct policy_settings){.kind = POLICY_PACKET, .floor_bytes = POLICY_KEEP_BYTES, .flows = POLICY_FLOWS};
    memcpy(s->ports, PORTS, sizeof s->ports);
}

int policy_init(struct policy *p, const struct policy_settings *settings, struct failure *f) {
    memset(p, 0, sizeof *p);
    policy_settings_init(&p->settings);
    if (settings != NULL) {
        p->settings = *settings;
    }
    for (int list = 0; list < POLICY_PORT_LISTS; list++) {
        const struct policy_ports *ports = &p->settings.ports[list];
        for (size_t i = 0; i < ports->count; i++) {
            p->port_flags[ports->at[i]] |= FLAGS[list];
        }
    }
    return p->settings.kind == POLICY_FLOW ? flow_table_init(&p->flows, p->settings.flows, f) : 0;
}

void policy_free(struct policy *p) {
    flow_table_free(&p->flows);
}

void policy_begin(struct policy *p, uint32_t snaplen_bytes) {
    p->snaplen_bytes = snaplen_bytes;
    flow_table_reset(&p->flows);
}

const char *policy_reason_name(enum policy_reason r) {
    return (unsigned)r < POLICY_REASONS ? REASON_NAMES[r] : "unknown";
}

const char *policy_kind_name(enum policy_kind k) {
    return (unsigned)k < POLICY_KINDS ? KIND_NAMES[k] : "unknown";
}

bool policy_kind_of_name(const char *name, enum policy_kind *out) {
    for (int k = 0; name != NULL && k < POLICY_KINDS; k++) {
        if (strcmp(name, KIND_NAMES[k]) == 0) {
            *out = (enum policy_kind)k;
            return true;
        }
    }
    return false;
}

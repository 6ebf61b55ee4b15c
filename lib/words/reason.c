#include "reason.h"

#include <stddef.h>
#include <string.h>

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
    [POLICY_TUNNEL] = "tunnel",
    [POLICY_SIMPLE_PACKET] = "simple_packet",
    [POLICY_SECRETS] = "secrets",
};

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

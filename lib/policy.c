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

static const char *const KIND_NAMES[POLICY_KINDS] = {
    [POLICY_PACKET] = "packet",
    [POLICY_FLOW] = "flow",
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

void policy_settings_init(struct policy_settings *s) {
    *s = (struct policy_settings){.kind = POLICY_PACKET, .floor_bytes = POLICY_KEEP_BYTES, .flows = POLICY_FLOWS};
}

int policy_init(struct policy *p, const struct policy_settings *settings, struct failure *f) {
    memset(p, 0, sizeof *p);
    policy_settings_init(&p->settings);
    if (settings != NULL) {
        p->settings = *settings;
    }
    if (p->settings.kind != POLICY_PACKET) {
        return failure_set(f, "the policy %s is not in this build", policy_kind_name(p->settings.kind));
    }
    for (size_t i = 0; i < sizeof PORTS / sizeof PORTS[0]; i++) {
        p->port_flags[PORTS[i].port] |= PORTS[i].flags;
    }
    return 0;
}

void policy_free(struct policy *p) {
    (void)p;
}

void policy_begin(struct policy *p) {
    (void)p;
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

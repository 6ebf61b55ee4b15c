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

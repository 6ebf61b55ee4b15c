#include "policy.h"

#include <stddef.h>
#include <string.h>

static const struct policy_ports PORTS[POLICY_PORT_LISTS] = {
    [POLICY_TLS_PORTS] = {{443, 465, 853, 993, 995, 5061, 8443}, 7},
    [POLICY_QUIC_PORTS] = {{443}, 1},
    [POLICY_IPSEC_PORTS] = {{500, 4500}, 2},
    [POLICY_SSH_PORTS] = {{22}, 1},
    [POLICY_VXLAN_PORTS] = {{4789, 4790, 8472}, 3},
    [POLICY_GENEVE_PORTS] = {{6081}, 1},
    [POLICY_GTP_PORTS] = {{2152}, 1},
};

static const uint8_t FLAGS[POLICY_PORT_LISTS] = {
    [POLICY_TLS_PORTS] = POLICY_PORT_TLS,     [POLICY_QUIC_PORTS] = POLICY_PORT_QUIC,
    [POLICY_IPSEC_PORTS] = POLICY_PORT_IPSEC, [POLICY_SSH_PORTS] = POLICY_PORT_SSH,
    [POLICY_VXLAN_PORTS] = POLICY_PORT_VXLAN, [POLICY_GENEVE_PORTS] = POLICY_PORT_GENEVE,
    [POLICY_GTP_PORTS] = POLICY_PORT_GTP,
};

uint32_t policy_settings_tunnels(const struct policy_settings *s) {
    return s->tunnels != POLICY_TUNNELS_OF_POLICY ? s->tunnels : s->kind == POLICY_FLOW ? TUNNELS_ALL : 0;
}

void policy_settings_init(struct policy_settings *s) {
    *s = (struct policy_settings){.kind = POLICY_PACKET,
                                  .floor_bytes = POLICY_KEEP_BYTES,
                                  .flows = POLICY_FLOWS,
                                  .tunnels = POLICY_TUNNELS_OF_POLICY};
    memcpy(s->ports, PORTS, sizeof s->ports);
}

int policy_init(struct policy *p, const struct policy_settings *settings, struct failure *f) {
    memset(p, 0, sizeof *p);
    policy_settings_init(&p->settings);
    if (settings != NULL) {
        p->settings = *settings;
    }
    p->tunnels = (struct tunnel_terms){.kinds = policy_settings_tunnels(&p->settings),
                                       .port_flags = p->port_flags,
                                       .offloaded = p->settings.kind == POLICY_FLOW};
    for (int list = 0; list < POLICY_PORT_LISTS; list++) {
        const struct policy_ports *ports = &p->settings.ports[list];
        for (size_t i = 0; i < ports->count; i++) {
            p->port_flags[ports->at[i]] |= FLAGS[list];
        }
    }
    p->port_flags[L2TP_PORT] |= POLICY_PORT_OTHER_TUNNEL;
    p->port_flags[TEREDO_PORT] |= POLICY_PORT_OTHER_TUNNEL;
    if (p->settings.kind != POLICY_FLOW) {
        return 0;
    }
    return flow_table_init(&p->flows, p->settings.flows, f) == 0 && (p->ahead = policy_ahead_new(p, f)) != NULL ? 0
                                                                                                                : -1;
}

void policy_free(struct policy *p) {
    flow_table_free(&p->flows);
    policy_ahead_free(p->ahead);
    p->ahead = NULL;
}

void policy_begin(struct policy *p, uint32_t snaplen_bytes) {
    p->snaplen_bytes = snaplen_bytes;
    flow_table_reset(&p->flows);
    if (p->ahead != NULL) {
        policy_ahead_begin(p->ahead);
    }
}

/*
 * What to keep of a located frame, and why. Deciding is pure: no I/O, no clock. The policy `packet` remembers nothing
 * from one packet to the next; `flow` remembers what the packets of a flow have shown.
 */
#ifndef PCAPSLIM_POLICY_H
#define PCAPSLIM_POLICY_H

#include "failure.h"
#include "flow_table.h"
#include "locate.h"
#include "policy_ahead.h"
#include "port.h"
#include "reason.h"
#include "tunnel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Payload bytes that stay of what is cut, unless the settings say otherwise. */
#define POLICY_KEEP_BYTES 24

/* Flows that are remembered at once, unless the settings say otherwise, and how many may be asked for. */
#define POLICY_FLOWS 400000
#define POLICY_FLOWS_MAX 100000000

struct decision {
    enum policy_reason reason;
    bool cut;
    uint32_t keep_payload_bytes; /* when cut: fewer than the frame's payload bytes */
};

/* To keep all of it, for a reason. */
static inline struct decision policy_keep(enum policy_reason reason) {
    const struct decision d = {.reason = reason, .cut = false, .keep_payload_bytes = 0};
    return d;
}

/* Lists of ports, in ascending order. */
#define POLICY_PORTS_MAX 64

struct policy_ports {
    uint16_t at[POLICY_PORTS_MAX];
    size_t count;
};

enum policy_port_list {
    POLICY_TLS_PORTS,
    POLICY_QUIC_PORTS,
    POLICY_IPSEC_PORTS,
    POLICY_SSH_PORTS,
    POLICY_VXLAN_PORTS,
    POLICY_GENEVE_PORTS,
    POLICY_GTP_PORTS,
    POLICY_PORT_LISTS,
};

/* What a caller may ask for. */
struct policy_settings {
    enum policy_kind kind;
    uint32_t floor_bytes; /* payload bytes that stay of what is cut; may be 0 */
    uint32_t flows;       /* how many are remembered at once where they are, from 1 to POLICY_FLOWS_MAX */
    struct policy_ports ports[POLICY_PORT_LISTS];
    uint32_t tunnels; /* that are looked into, a bit of each enum tunnel_kind, or POLICY_TUNNELS_OF_POLICY */
};

/* No tunnels with the policy `packet`, all of them with `flow`. */
#define POLICY_TUNNELS_OF_POLICY UINT32_MAX

/* What settings say of tunnels, as bits. */
uint32_t policy_settings_tunnels(const struct policy_settings *s);

struct policy {
    struct policy_settings settings;
    struct flow_table flows;    /* of the policy `flow`, as the next */
    struct policy_ahead *ahead; /* NULL: it does not look ahead */
    uint32_t snaplen_bytes;     /* of the capture; 0: not known */
    struct tunnel_terms tunnels;
    uint8_t port_flags[65536];
};

/* What is known of a packet besides its bytes, for a policy that asks. */
struct policy_packet {
    uint32_t caplen_bytes; /* of the record */
    uint32_t origlen_bytes;
};

/* The default: `packet`, 24 bytes, the usual ports. */
void policy_settings_init(struct policy_settings *s);

/*
 * Make a policy. settings: copied; NULL for the default. Returns 0, or -1 with f set when memory runs out. A policy is
 * large: not for the stack. What it holds is freed by policy_free(), which is safe on a zero-initialised struct.
 */
int policy_init(struct policy *p, const struct policy_settings *settings, struct failure *f);
void policy_free(struct policy *p);

/* Begin a capture: forget the one before. snaplen_bytes: what its file header says; 0: not known. */
void policy_begin(struct policy *p, uint32_t snaplen_bytes);

/* What is captured now has this snaplen; nothing is forgotten. */
static inline void policy_set_snaplen(struct policy *p, uint32_t snaplen_bytes) {
    p->snaplen_bytes = snaplen_bytes;
}

/* The policy `packet`: docs/ALGORITHM.md has its table. l: as locate_ethernet() left it; frame: what it was made from.
 */
struct decision policy_packet_decide(const struct policy *p, const struct located *l, const uint8_t *frame);

/* The policy `flow`. */
struct decision policy_flow_decide(struct policy *p, const struct policy_packet *packet, const struct located *l,
                                   const uint8_t *frame);

/* Decide on one frame; frames are shown in the order of the capture. */
static inline struct decision policy_decide(struct policy *p, const struct policy_packet *packet,
                                            const struct located *l, const uint8_t *frame) {
    if (__builtin_expect(p->settings.kind == POLICY_FLOW, 0)) {
        return policy_flow_decide(p, packet, l, frame);
    }
    return policy_packet_decide(p, l, frame);
}

#endif

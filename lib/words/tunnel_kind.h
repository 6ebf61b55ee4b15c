/*
 * The kinds of tags and tunnels that can be looked into, and the names that settings and reports have for them.
 */
#ifndef PCAPSLIM_TUNNEL_KIND_H
#define PCAPSLIM_TUNNEL_KIND_H

#include <stdbool.h>
#include <stdint.h>

enum tunnel_kind {
    TUNNEL_QINQ, /* tags of 88a8, 9100, 9200 */
    TUNNEL_MPLS,
    TUNNEL_PPPOE,
    TUNNEL_PBB,
    TUNNEL_VNTAG,
    TUNNEL_LLC,
    TUNNEL_IPIP,
    TUNNEL_GRE,
    TUNNEL_ERSPAN,
    TUNNEL_VXLAN,
    TUNNEL_GENEVE,
    TUNNEL_GTP,
    TUNNEL_L2TP,
    TUNNEL_TEREDO,
    TUNNEL_NSH,
    TUNNEL_KINDS,
};

/* Sets of them have a bit of each. */
#define TUNNELS_ALL ((UINT32_C(1) << TUNNEL_KINDS) - 1)

/* The name of a kind: "vxlan". */
const char *tunnel_kind_name(enum tunnel_kind k);

/* The kind of a name. Returns false for a name that is none. */
bool tunnel_kind_of_name(const char *name, enum tunnel_kind *out);

#endif

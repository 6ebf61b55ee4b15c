#include "tunnel_kind.h"

#include <string.h>

static const char *const NAMES[TUNNEL_KINDS] = {
    [TUNNEL_QINQ] = "qinq",     [TUNNEL_MPLS] = "mpls",     [TUNNEL_PPPOE] = "pppoe",   [TUNNEL_PBB] = "pbb",
    [TUNNEL_VNTAG] = "vntag",   [TUNNEL_LLC] = "llc",       [TUNNEL_IPIP] = "ipip",     [TUNNEL_GRE] = "gre",
    [TUNNEL_ERSPAN] = "erspan", [TUNNEL_VXLAN] = "vxlan",   [TUNNEL_GENEVE] = "geneve", [TUNNEL_GTP] = "gtp",
    [TUNNEL_L2TP] = "l2tp",     [TUNNEL_TEREDO] = "teredo", [TUNNEL_NSH] = "nsh",
};

const char *tunnel_kind_name(enum tunnel_kind k) {
    return (unsigned)k < TUNNEL_KINDS ? NAMES[k] : "unknown";
}

bool tunnel_kind_of_name(const char *name, enum tunnel_kind *out) {
    for (int k = 0; k < TUNNEL_KINDS; k++) {
        if (strcmp(name, NAMES[k]) == 0) {
            *out = (enum tunnel_kind)k;
            return true;
        }
    }
    return false;
}

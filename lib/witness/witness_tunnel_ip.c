/* Tunnels that an IP packet is: by its protocol number, or by the ports of a datagram. */
#include "witness_tunnel.h"

/* ---- what has a protocol number of IP ---- */

static bool pass_mirror(struct witness_way *w, bool third, bool numbered) {
    witness_announce(w, WAY_FRAME);
    if (third) {
        const uint32_t first = witness_take(&w->c, 2);
        witness_skip(&w->c, 8);
        const uint32_t flags = witness_take(&w->c, 2);
        witness_skip(&w->c, flags & 1 ? 8 : 0);
        const uint32_t kind = flags >> 10 & 0x1f;
        if (kind == 2) {
            witness_announce(w, witness_type_of_ip(&w->c));
        }
        /* of a frame or a packet there must be something */
        return first >> 12 == 2 && w->c.at < w->c.length && w->type != 0 && (kind == 0 || kind == 2) &&
               witness_passes(w, TUNNEL_ERSPAN);
    }
    if (numbered) {
        const uint32_t first = witness_take(&w->c, 2);
        witness_skip(&w->c, 6);
        return first >> 12 == 1 && witness_passes(w, TUNNEL_ERSPAN);
    }
    return witness_passes(w, TUNNEL_ERSPAN);
}

/* Entries of family, offset, length and that many bytes; the one of family 0 and length 0 is the last. */
static void skip_routes(struct witness_way *w) {
    uint32_t entry;
    do {
        entry = witness_take(&w->c, 4);
        witness_skip(&w->c, entry & 0xff);
    } while (!w->c.overran && ((entry >> 16) != 0 || (entry & 0xff) != 0));
}

static bool pass_pptp(struct witness_way *w, uint32_t flags, uint32_t type) {
    const size_t length_at = w->c.at;
    const uint32_t length = witness_take(&w->c, 2);
    witness_skip(&w->c, 2);
    witness_skip(&w->c, (flags & 0x1000 ? 4 : 0) + (flags & 0x0080 ? 4 : 0));
    witness_add_length(w, "GRE payload length", length_at, w->c.at);
    return (flags & 0xef7f) == 0x2001 && type == WAY_POINT_TO_POINT && witness_passes(w, TUNNEL_GRE) &&
           witness_narrow(w, w->c.at + length) && witness_pass_ppp(w);
}

static bool pass_gre(struct witness_way *w) {
    const size_t begin = w->c.at;
    const uint32_t flags = witness_take(&w->c, 2);
    const uint32_t type = witness_take(&w->c, 2);
    if ((flags & 7) == 1) {
        return pass_pptp(w, flags, type);
    }
    const size_t sum_at = w->c.at;
    witness_skip(&w->c, flags & 0xc000 ? 4 : 0);
    witness_skip(&w->c, flags & 0x2000 ? 4 : 0);
    witness_skip(&w->c, flags & 0x1000 ? 4 : 0);
    if ((flags & 7) != 0 || w->c.overran) {
        return false;
    }
    if (flags & 0x8000) {
        witness_add_layer(w->l,
                          (struct witness_layer){
                              .sum = "GRE checksum", .sum_at = sum_at, .begins_at = begin, .said_end_at = w->bound_at});
    }
    if (flags & 0x4000) {
        skip_routes(w);
    }
    if (type == WAY_MIRROR || type == WAY_MIRROR_3) {
        return pass_mirror(w, type == WAY_MIRROR_3, (flags & 0x1000) != 0);
    }
    witness_announce(w, type);
    return witness_passes(w, TUNNEL_GRE) && (type != WAY_POINT_TO_POINT || witness_pass_ppp(w));
}

/* ---- what has a port ---- */

static bool pass_vxlan(struct witness_way *w) {
    static const uint32_t types[] = {0, WAY_IPV4, WAY_IPV6, WAY_FRAME, WAY_CHAIN, WAY_LABELS};
    const uint32_t word = witness_take(&w->c, 4);
    const uint32_t flags = word >> 24;
    const uint32_t next = word & 0xff;
    witness_skip(&w->c, 4);
    if (!witness_passes(w, TUNNEL_VXLAN)) {
        return false;
    }
    if (flags == 0x08 || flags == 0x88) {
        witness_announce(w, WAY_FRAME);
        return true;
    }
    if ((flags & 0xf5) != 0x04 || next == 0 || next >= sizeof types / sizeof types[0]) {
        return false; /* another version, operations, or something unknown */
    }
    witness_announce(w, types[next]);
    return true;
}

static bool pass_geneve(struct witness_way *w) {
    const uint32_t word = witness_take(&w->c, 4);
    witness_skip(&w->c, 4);
    const size_t options_end = w->c.at + (word >> 24 & 0x3f) * 4;
    while (w->c.at < options_end && !w->c.overran) {
        const uint32_t option = witness_take(&w->c, 4);
        witness_skip(&w->c, (option & 0x1f) * 4);
    }
    witness_announce(w, word & 0xffff);
    return word >> 30 == 0 && (word & 0x00800000) == 0 && w->c.at == options_end && witness_passes(w, TUNNEL_GENEVE);
}

static bool pass_gtp(struct witness_way *w) {
    const uint32_t word = witness_take(&w->c, 4);
    const size_t length_at = w->c.at - 2;
    const uint32_t flags = word >> 24;
    witness_skip(&w->c, 4);
    witness_add_length(w, "GTP-U length", length_at, w->c.at);
    if (flags >> 4 != 3 || (word >> 16 & 0xff) != 255 || !witness_passes(w, TUNNEL_GTP) ||
        !witness_narrow(w, w->c.at + (word & 0xffff))) {
        return false;
    }
    if (flags & 7) {
        witness_skip(&w->c, 3);
        uint32_t next = witness_take(&w->c, 1);
        while ((flags & 4) != 0 && next != 0) {
            const uint32_t words = witness_take(&w->c, 1);
            if (words == 0) {
                return false;
            }
            witness_skip(&w->c, words * 4 - 2);
            next = witness_take(&w->c, 1);
        }
    }
    witness_announce(w, witness_type_of_ip(&w->c));
    return w->type != 0 && !w->c.overran;
}

static bool pass_l2tp(struct witness_way *w) {
    const size_t begin = w->c.at;
    const uint32_t flags = witness_take(&w->c, 2);
    const size_t length_at = w->c.at;
    const uint32_t length = flags & 0x4000 ? witness_take(&w->c, 2) : 0;
    witness_skip(&w->c, flags & 0x0800 ? 8 : 4);
    if (flags & 0x0200) {
        witness_skip(&w->c, witness_take(&w->c, 2));
    }
    if ((flags & 0xb4ff) != 0x0002 || !witness_passes(w, TUNNEL_L2TP)) {
        return false;
    }
    if (flags & 0x4000) {
        witness_add_length(w, "L2TP length", length_at, begin);
        if (!witness_narrow(w, begin + length)) {
            return false;
        }
    }
    return witness_pass_ppp(w);
}

static bool pass_teredo(struct witness_way *w) {
    struct witness_cursor ahead = w->c;
    if (witness_take(&ahead, 2) == 1) {
        const uint32_t client = witness_take(&ahead, 1);
        const uint32_t value = witness_take(&ahead, 1);
        witness_skip(&ahead, client + value + 9);
        w->c = ahead;
    }
    ahead = w->c;
    const uint32_t kind = witness_take(&ahead, 2);
    witness_skip(&ahead, 6);
    if (kind == 0 && !ahead.overran) {
        w->c = ahead;
    }
    witness_announce(w, WAY_IPV6);
    return witness_passes(w, TUNNEL_TEREDO);
}

static bool has(const struct witness_ports *list, uint32_t port) {
    for (size_t i = 0; i < list->count; i++) {
        if (list->at[i] == port) {
            return true;
        }
    }
    return false;
}

/* The tunnels that may begin in a datagram between two ports, tried one after the other. */
static bool enter_datagram(struct witness_way *w) {
    static const uint16_t l2tp[] = {1701}, teredo[] = {3544};
    const struct witness_ports l2tp_ports = {l2tp, 1}, teredo_ports = {teredo, 1};
    const struct {
        enum tunnel_kind kind;
        const struct witness_ports *ports;
        bool (*pass)(struct witness_way *w);
    } kinds[] = {
        {TUNNEL_VXLAN, &w->tunnels->vxlan, pass_vxlan}, {TUNNEL_GENEVE, &w->tunnels->geneve, pass_geneve},
        {TUNNEL_GTP, &w->tunnels->gtp, pass_gtp},       {TUNNEL_L2TP, &l2tp_ports, pass_l2tp},
        {TUNNEL_TEREDO, &teredo_ports, pass_teredo},
    };
    const uint32_t from = witness_take(&w->c, 2);
    const uint32_t to = witness_take(&w->c, 2);
    const uint32_t length = witness_take(&w->c, 2);
    witness_skip(&w->c, 2);
    if (w->c.overran || length < 8 || !witness_narrow(w, w->l->l4_at + length)) {
        return false;
    }
    witness_add_transport(w->l, length);
    const size_t layers = w->l->layer_count;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct witness_way tried = *w;
        w->l->layer_count = layers;
        if (witness_is_asked(w, kinds[i].kind) && (has(kinds[i].ports, from) || has(kinds[i].ports, to)) &&
            kinds[i].pass(&tried)) {
            *w = tried;
            return true;
        }
    }
    return false;
}

bool witness_enter(struct witness_way *w, const struct witness_frame *frame) {
    const struct witness_layout *l = w->l;
    w->c = (struct witness_cursor){frame->bytes, l->end_at, l->l4_at, false};
    w->bound_at = l->said_end_at;
    w->may_be_length = false;
    if (w->tunnels == NULL || w->steps >= WITNESS_STEPS_MAX) {
        return false;
    }
    w->steps++;
    switch (l->protocol) {
    case 4:
        w->type = WAY_IPV4;
        return witness_passes(w, TUNNEL_IPIP);
    case 41:
        w->type = WAY_IPV6;
        return witness_passes(w, TUNNEL_IPIP);
    case 47:
        return pass_gre(w);
    case 137:
        return witness_pass_labels(w);
    case 17:
        return enter_datagram(w);
    default:
        return false;
    }
}

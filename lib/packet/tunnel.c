#include "tunnel.h"

#include "bytes.h"
#include "linktype.h"
#include "tunnel_way.h"
#include "wire.h"

#include <stddef.h>

/* ---- what is announced, and the step that it takes ---- */

/* A frame in a frame. */
static bool pass_ethernet(struct tunnel_way *w) {
    if (way_there(w) < ETHERNET_HEADER_BYTES) {
        return false;
    }
    way_go_by_type(w, ETHERNET_HEADER_BYTES);
    return true;
}

/* Another IP header, which stands there by itself: RFC 2003, 4213, 2473. */
static bool pass_to_ipv4(struct tunnel_way *w) {
    w->ethertype = ETHERTYPE_IPV4;
    return way_may(w, TUNNEL_IPIP);
}

static bool pass_to_ipv6(struct tunnel_way *w) {
    w->ethertype = ETHERTYPE_IPV6;
    return way_may(w, TUNNEL_IPIP);
}

/* needs: the kind that must be enabled for the header to be asked at all, TUNNEL_KINDS: none. */
static const struct by_type {
    uint32_t ethertype;
    enum tunnel_kind needs;
    bool (*pass)(struct tunnel_way *w);
} BY_TYPE[] = {
    {WAY_ETHERNET, TUNNEL_KINDS, pass_ethernet},
    {ETHERTYPE_VLAN, TUNNEL_KINDS, way_pass_qinq},
    {ETHERTYPE_PROVIDER_BRIDGE, TUNNEL_QINQ, way_pass_qinq},
    {ETHERTYPE_QINQ_9100, TUNNEL_QINQ, way_pass_qinq},
    {ETHERTYPE_QINQ_9200, TUNNEL_QINQ, way_pass_qinq},
    {ETHERTYPE_MPLS, TUNNEL_MPLS, way_pass_mpls},
    {ETHERTYPE_MPLS_MULTICAST, TUNNEL_MPLS, way_pass_mpls},
    {ETHERTYPE_PPPOE, TUNNEL_PPPOE, way_pass_pppoe},
    {ETHERTYPE_PBB, TUNNEL_PBB, way_pass_pbb},
    {ETHERTYPE_VNTAG, TUNNEL_VNTAG, way_pass_vntag},
    {ETHERTYPE_NSH, TUNNEL_NSH, way_pass_nsh},
};

static const struct by_protocol {
    uint8_t protocol; /* of IP */
    bool (*pass)(struct tunnel_way *w);
} BY_PROTOCOL[] = {
    {PROTOCOL_IPV4, pass_to_ipv4},
    {PROTOCOL_IPV6, pass_to_ipv6},
    {PROTOCOL_GRE, way_pass_gre},
    {PROTOCOL_MPLS, way_pass_mpls}, /* RFC 4023 */
};

static const struct by_port {
    uint8_t flag;  /* of the list that the port is in, enum policy_port */
    uint16_t port; /* which one of it; 0: any */
    bool (*pass)(struct tunnel_way *w);
} BY_PORT[] = {
    {POLICY_PORT_VXLAN, 0, way_pass_vxlan},
    {POLICY_PORT_GENEVE, 0, way_pass_geneve},
    {POLICY_PORT_GTP, 0, way_pass_gtp},
    {POLICY_PORT_OTHER_TUNNEL, L2TP_PORT, way_pass_l2tp},
    {POLICY_PORT_OTHER_TUNNEL, TEREDO_PORT, way_pass_teredo},
};

/* ---- the way ---- */

bool way_is_ip(const struct tunnel_way *w, uint32_t at, uint32_t ethertype) {
    const uint32_t there_bytes = (w->end < w->captured_bytes ? w->end : w->captured_bytes) - at;
    const uint8_t *ip = w->frame + at;
    if (ethertype == ETHERTYPE_IPV4) {
        if (there_bytes < IPV4_HEADER_MIN_BYTES || ip[0] < IPV4_VERSION_4_IHL_5 || ip[0] > IPV4_VERSION_4_IHL_MAX) {
            return false;
        }
        const uint32_t total_bytes = bytes_get_be16(ip + IPV4_TOTAL_LENGTH);
        return total_bytes == 0 || (total_bytes >= (uint32_t)(ip[0] & 0x0f) * 4 && total_bytes <= w->end - at);
    }
    return there_bytes >= IPV6_HEADER_BYTES && ip[0] >> 4 == 6 &&
           bytes_get_be16(ip + IPV6_PAYLOAD_LENGTH) <= w->end - at - IPV6_HEADER_BYTES;
}

static const struct by_type *find_by_type(const struct tunnel_way *w) {
    for (size_t i = 0; i < sizeof BY_TYPE / sizeof BY_TYPE[0]; i++) {
        if (BY_TYPE[i].ethertype == w->ethertype) {
            const bool may = BY_TYPE[i].needs == TUNNEL_KINDS || (w->enabled >> BY_TYPE[i].needs & 1) != 0;
            return may ? &BY_TYPE[i] : NULL;
        }
    }
    static const struct by_type LENGTH = {0, TUNNEL_LLC, way_pass_llc};
    const bool is_length = w->ethertype <= LLC_LENGTH_MAX && w->type_at != 0;
    return is_length && (w->enabled >> TUNNEL_LLC & 1) != 0 ? &LENGTH : NULL;
}

enum reached { REACHED_IP, REACHED_OTHER, REACHED_NOTHING };

/* To an IP packet, through what only has ethertypes; REACHED_OTHER: to something else, behind headers that are right.
 */
static enum reached reach_ip(struct tunnel_way *w, unsigned *depth) {
    while (w->ethertype != ETHERTYPE_IPV4 && w->ethertype != ETHERTYPE_IPV6) {
        const struct by_type *row = find_by_type(w);
        if (row == NULL || *depth >= TUNNEL_DEPTH_MAX) {
            return REACHED_OTHER;
        }
        *depth += row->ethertype != WAY_ETHERNET;
        if (!row->pass(w)) {
            return REACHED_NOTHING;
        }
    }
    return REACHED_IP;
}

/* The IP packet that has been reached. */
static void locate_here(const struct tunnel_way *w, const struct tunnel_terms *terms, struct located *out) {
    locate_ip(w->frame, w->captured_bytes, w->at, w->ethertype, out);
    if (out->as == LOCATED_OFFLOADED && terms->offloaded) {
        locate_offloaded(w->frame, w->at + way_there(w), w->at, w->ethertype, out);
    }
    out->circuit = w->circuit;
}

static void add_ip_layer(struct tunnel_way *w, const struct located *l) {
    w->around->layers[w->around->count++] = (struct layer){.kind = l->ip_version == 4 ? LAYER_IPV4 : LAYER_IPV6,
                                                           .offset = l->network_offset,
                                                           .end = l->packet_end,
                                                           .final_destination_offset = l->final_destination_offset};
}

static bool enter_protocol(struct tunnel_way *w, const struct located *l) {
    for (size_t i = 0; i < sizeof BY_PROTOCOL / sizeof BY_PROTOCOL[0]; i++) {
        if (BY_PROTOCOL[i].protocol == l->protocol) {
            add_ip_layer(w, l);
            w->at = l->transport_offset;
            w->end = l->packet_end;
            w->type_at = 0;
            return w->at <= w->captured_bytes && BY_PROTOCOL[i].pass(w);
        }
    }
    return false;
}

/* A datagram to or from a port of tunnels. Its own length is what counts. */
static bool enter_datagram(struct tunnel_way *w, const struct located *l, const struct tunnel_terms *terms) {
    const unsigned flags = located_port_flags(terms->port_flags, l, w->frame);
    const uint32_t bytes = bytes_get_be16(w->frame + l->transport_offset + UDP_LENGTH);
    const struct tunnel_way before = *w;
    const uint32_t layers = w->around->count;
    if ((flags & POLICY_PORT_TUNNELS) == 0 || bytes < UDP_HEADER_BYTES || bytes > l->packet_end - l->transport_offset) {
        return false;
    }
    for (size_t i = 0; i < sizeof BY_PORT / sizeof BY_PORT[0]; i++) {
        const uint16_t port = BY_PORT[i].port;
        if ((flags & BY_PORT[i].flag) == 0 ||
            (port != 0 && port != located_source_port(l, w->frame) && port != located_destination_port(l, w->frame))) {
            continue;
        }
        *w = before;
        w->around->count = layers;
        add_ip_layer(w, l);
        w->at = l->payload_offset;
        w->end = l->transport_offset + bytes;
        w->type_at = 0;
        way_add_layer(w, LAYER_UDP, l->transport_offset, w->end);
        if (BY_PORT[i].pass(w)) {
            return true;
        }
    }
    return false;
}

/* Into a packet that has been located, if it is a tunnel. */
static bool enter(struct tunnel_way *w, const struct located *l, const struct tunnel_terms *terms, unsigned *depth) {
    if (*depth >= TUNNEL_DEPTH_MAX) {
        return false;
    }
    ++*depth;
    return l->as == LOCATED_UDP               ? enter_datagram(w, l, terms)
           : l->as == LOCATED_OTHER_TRANSPORT ? enter_protocol(w, l)
                                              : false;
}

/* Go on as long as there is a tunnel in out, which is what counts if what is inside of it is not to be believed. */
static void go_on(struct tunnel_way *w, const struct tunnel_terms *terms, unsigned depth, struct located *out) {
    uint32_t layers = w->around->count;
    while (enter(w, out, terms, &depth)) {
        const enum reached reached = reach_ip(w, &depth);
        if (reached == REACHED_NOTHING || (reached == REACHED_IP && !way_is_ip(w, w->at, w->ethertype))) {
            break;
        }
        out->as = LOCATED_NOT_IP;
        if (reached == REACHED_IP) {
            locate_here(w, terms, out);
        }
        layers = w->around->count;
        w->around->tunnels = w->passed;
    }
    w->around->count = layers;
}

void tunnel_locate(const struct tunnel_terms *terms, const struct link_type *link, const uint8_t *frame,
                   uint32_t captured_bytes, struct located *out, struct envelope *around) {
    struct behind behind;
    unsigned depth = 0;
    around->count = around->tunnels = 0;
    out->as = LOCATED_NOT_IP;
    if (!link->pass(frame, captured_bytes, &behind, around)) {
        around->count = 0;
        return;
    }
    struct tunnel_way w = {.frame = frame,
                           .captured_bytes = captured_bytes,
                           .at = behind.offset,
                           .end = around->count > 0 ? around->layers[around->count - 1].end : UINT32_MAX,
                           .ethertype = behind.ethertype,
                           .type_at = link->number == LINKTYPE_ETHERNET ? ETHERNET_TYPE : 0,
                           .enabled = terms->kinds,
                           .around = around};
    const enum reached reached = reach_ip(&w, &depth);
    if (reached == REACHED_IP && (w.passed == 0 || way_is_ip(&w, w.at, w.ethertype))) {
        locate_here(&w, terms, out);
        around->tunnels = w.passed;
        link_check_end(out, w.end);
        go_on(&w, terms, depth, out);
    } else {
        around->count = 0;
    }
}

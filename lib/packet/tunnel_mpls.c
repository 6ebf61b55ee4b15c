/*
 * MPLS (RFC 3032), and pseudowires over it with or without a control word (RFC 4385, 4448). No label says what is
 * behind the last one: what leads to an IP packet that agrees is taken first, then what leads to another tunnel. Labels
 * are given out in each direction for itself: no circuit.
 */
#include "tunnel_way.h"

#include "protocols.h"

/* Whether an ethertype is a length of IEEE 802.3 with a packet behind LLC. */
static bool is_llc(const struct tunnel_way *w) {
    struct behind behind;
    return w->ethertype <= LLC_LENGTH_MAX && w->ethertype <= w->end - w->at &&
           llc_pass(w->frame, w->at + way_there(w), w->at, &behind);
}

/* Whether the Ethernet frame at a place leads to a packet: of IP that agrees, behind tags perhaps, or of a tunnel. */
static bool is_ethernet(const struct tunnel_way *w, uint32_t at, bool of_tunnels) {
    struct tunnel_way inner = *w;
    inner.at = at;
    if (way_there(&inner) < ETHERNET_HEADER_BYTES) {
        return false;
    }
    way_go_by_type(&inner, ETHERNET_HEADER_BYTES);
    if (!way_pass_qinq(&inner)) {
        return false;
    }
    switch (inner.ethertype) {
    case ETHERTYPE_IPV4:
    case ETHERTYPE_IPV6:
        return way_is_ip(&inner, inner.at, inner.ethertype);
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_MULTICAST:
    case ETHERTYPE_PPPOE:
    case ETHERTYPE_PBB:
    case ETHERTYPE_VNTAG:
    case ETHERTYPE_NSH:
        return of_tunnels;
    default:
        return of_tunnels && is_llc(&inner);
    }
}

/* Whether an IP packet, or an Ethernet frame that leads to one or to a tunnel, is so many bytes further on. */
static bool go_to_ip(struct tunnel_way *w, uint32_t word_bytes) {
    const uint32_t ethertype = way_there(w) > word_bytes ? ethertype_of_version(way_header(w)[word_bytes]) : 0;
    if (ethertype == 0 || !way_is_ip(w, w->at + word_bytes, ethertype)) {
        return false;
    }
    way_go(w, word_bytes, ethertype);
    return true;
}

static bool go_to_ethernet(struct tunnel_way *w, uint32_t word_bytes, bool of_tunnels) {
    if (!is_ethernet(w, w->at + word_bytes, of_tunnels)) {
        return false;
    }
    way_go(w, word_bytes, ETHERTYPE_BRIDGED);
    return true;
}

/* What is behind the last label. */
static bool find_inside(struct tunnel_way *w) {
    if (way_there(w) < MPLS_CONTROL_WORD_BYTES) {
        return false;
    }
    /* Neither flags nor fragments, and no length: that of a packet so short that nothing of it is cut. */
    const bool has_word = bytes_get_be16(way_header(w)) == 0;
    const uint32_t word_bytes = MPLS_CONTROL_WORD_BYTES;
    return go_to_ip(w, 0) || (has_word && go_to_ethernet(w, word_bytes, false)) || go_to_ethernet(w, 0, false) ||
           (has_word && go_to_ip(w, word_bytes)) || (has_word && go_to_ethernet(w, word_bytes, true)) ||
           go_to_ethernet(w, 0, true);
}

bool way_pass_mpls(struct tunnel_way *w) {
    bool is_last = false;
    while (!is_last) {
        if (way_there(w) < MPLS_LABEL_BYTES) {
            return false;
        }
        is_last = (way_header(w)[2] & MPLS_BOTTOM) != 0;
        way_go(w, MPLS_LABEL_BYTES, 0);
    }
    return way_may(w, TUNNEL_MPLS) && find_inside(w);
}

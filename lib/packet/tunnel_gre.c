/*
 * GRE with every optional field: RFC 2784, 2890 (key and sequence number), 1701 (routing); of its version 1, PPTP, RFC
 * 2637. What it announces is an ethertype.
 */
#include "tunnel_way.h"

/* Source route entries up to the one that is empty. */
static bool pass_routing(struct tunnel_way *w) {
    for (;;) {
        const uint8_t *entry = way_header(w);
        if (way_there(w) < GRE_ROUTE_BYTES) {
            return false;
        }
        const bool is_last = bytes_get_be16(entry) == 0 && entry[3] == 0;
        const uint32_t bytes = GRE_ROUTE_BYTES + (uint32_t)entry[3];
        if (way_there(w) < bytes) {
            return false;
        }
        way_go(w, bytes, 0);
        if (is_last) {
            return true;
        }
    }
}

static bool is_erspan(uint32_t ethertype) {
    return ethertype == ETHERTYPE_ERSPAN || ethertype == ETHERTYPE_ERSPAN_III;
}

static bool pass_version_0(struct tunnel_way *w, uint16_t flags, uint32_t ethertype) {
    const uint32_t begin = w->at;
    const bool has_sum = (flags & (GRE_HAS_CHECKSUM | GRE_HAS_ROUTING)) != 0;
    const uint32_t key = GRE_HEADER_BYTES + (has_sum ? 4U : 0U);
    const uint32_t sequence = key + (flags & GRE_HAS_KEY ? 4U : 0U);
    const uint32_t header_bytes = sequence + (flags & GRE_HAS_SEQUENCE ? 4U : 0U);
    if (way_there(w) < header_bytes) {
        return false;
    }
    if (flags & GRE_HAS_CHECKSUM) {
        way_add_layer(w, LAYER_GRE, begin, w->end);
    }
    if (flags & GRE_HAS_KEY) {
        /* of virtual networks (RFC 7637) the lowest byte tells flows apart, perhaps in one direction only */
        const uint32_t number = bytes_get_be32(w->frame + begin + key);
        way_mark(w, ethertype == ETHERTYPE_BRIDGED ? number >> 8 : number);
    }
    way_go(w, header_bytes, 0);
    if (flags & GRE_HAS_ROUTING && !pass_routing(w)) {
        return false;
    }
    if (is_erspan(ethertype)) {
        way_go(w, 0, ethertype);
        return way_pass_erspan(w, (flags & GRE_HAS_SEQUENCE) != 0);
    }
    if (ethertype == ETHERTYPE_PPP) {
        return way_pass_ppp(w) && way_may(w, TUNNEL_GRE);
    }
    way_go(w, 0, ethertype);
    return way_may(w, TUNNEL_GRE);
}

/* The key is a length and a call, which has another number in the other direction: no circuit. */
static bool pass_version_1(struct tunnel_way *w, uint16_t flags, uint32_t ethertype) {
    const uint32_t header_bytes =
        PPTP_HEADER_MIN_BYTES + (flags & GRE_HAS_SEQUENCE ? 4U : 0U) + (flags & PPTP_HAS_ACKNOWLEDGEMENT ? 4U : 0U);
    if ((flags & ~(GRE_HAS_SEQUENCE | PPTP_HAS_ACKNOWLEDGEMENT)) != (GRE_HAS_KEY | 1) || ethertype != ETHERTYPE_PPP ||
        way_there(w) < header_bytes) {
        return false;
    }
    const uint32_t payload_bytes = bytes_get_be16(way_header(w) + PPTP_LENGTH);
    if (payload_bytes > w->end - w->at - header_bytes || !way_may(w, TUNNEL_GRE)) {
        return false;
    }
    w->end = w->at + header_bytes + payload_bytes;
    way_add_layer(w,
                  (flags & GRE_HAS_SEQUENCE) && (flags & PPTP_HAS_ACKNOWLEDGEMENT) ? LAYER_PPTP_16
                  : header_bytes > PPTP_HEADER_MIN_BYTES                           ? LAYER_PPTP_12
                                                                                   : LAYER_PPTP_8,
                  w->at, w->end);
    way_go(w, header_bytes, 0);
    return way_pass_ppp(w);
}

bool way_pass_gre(struct tunnel_way *w) {
    if (way_there(w) < GRE_HEADER_BYTES) {
        return false;
    }
    const uint16_t flags = bytes_get_be16(way_header(w));
    const uint32_t ethertype = bytes_get_be16(way_header(w) + GRE_TYPE);
    switch (flags & GRE_VERSION_MASK) {
    case 0:
        return pass_version_0(w, flags, ethertype);
    case 1:
        return pass_version_1(w, flags, ethertype);
    default:
        return false;
    }
}

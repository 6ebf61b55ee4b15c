/* Tunnels of PPP: PPPoE (RFC 2516) and L2TPv2 (RFC 2661). */
#include "tunnel_way.h"

#include "protocols.h"

bool way_pass_ppp(struct tunnel_way *w) {
    struct behind behind;
    if (!ppp_pass(w->frame, w->at + way_there(w), w->at, &behind)) {
        return false;
    }
    way_go(w, behind.offset - w->at, behind.ethertype);
    return true;
}

bool way_pass_pppoe(struct tunnel_way *w) {
    const uint8_t *header = way_header(w);
    if (way_there(w) < PPPOE_HEADER_BYTES || header[0] != PPPOE_VERSION_1_TYPE_1 || header[PPPOE_CODE] != 0 ||
        bytes_get_be16(header + PPPOE_LENGTH) > w->end - w->at - PPPOE_HEADER_BYTES || !way_may(w, TUNNEL_PPPOE)) {
        return false;
    }
    w->end = w->at + PPPOE_HEADER_BYTES + bytes_get_be16(header + PPPOE_LENGTH);
    way_add_layer(w, LAYER_PPPOE, w->at, w->end);
    way_mark(w, bytes_get_be16(header + PPPOE_SESSION));
    way_go(w, PPPOE_HEADER_BYTES, 0);
    return way_pass_ppp(w);
}

/* Length of the header of a data message by its flags, without the padding that an offset size asks for. */
static uint32_t l2tp_bytes(uint16_t flags) {
    return L2TP_HEADER_MIN_BYTES + (flags & L2TP_HAS_LENGTH ? 2U : 0U) + (flags & L2TP_HAS_SEQUENCE ? 4U : 0U) +
           (flags & L2TP_HAS_OFFSET ? 2U : 0U);
}

/* Tunnel and session have a number of their own in each direction: no circuit. */
bool way_pass_l2tp(struct tunnel_way *w) {
    const uint8_t *header = way_header(w);
    if (way_there(w) < L2TP_HEADER_MIN_BYTES) {
        return false;
    }
    const uint16_t flags = bytes_get_be16(header);
    uint32_t header_bytes = l2tp_bytes(flags);
    if ((flags & ~(L2TP_HAS_LENGTH | L2TP_HAS_SEQUENCE | L2TP_HAS_OFFSET | L2TP_PRIORITY)) != L2TP_DATA_OF_VERSION_2 ||
        way_there(w) < header_bytes || !way_may(w, TUNNEL_L2TP)) {
        return false;
    }
    if (flags & L2TP_HAS_LENGTH) {
        const uint32_t bytes = bytes_get_be16(header + L2TP_LENGTH);
        if (bytes < header_bytes || bytes > w->end - w->at) {
            return false;
        }
        w->end = w->at + bytes;
        way_add_layer(w, LAYER_L2TP, w->at, w->end);
    }
    if (flags & L2TP_HAS_OFFSET) {
        header_bytes += bytes_get_be16(header + header_bytes - 2);
    }
    if (way_there(w) < header_bytes) {
        return false;
    }
    way_go(w, header_bytes, 0);
    return way_pass_ppp(w);
}

/* Teredo: RFC 4380 section 5.1.1. An authentication and an origin may stand before the IPv6 packet, in this order. */
#include "tunnel_way.h"

static bool pass_authentication(struct tunnel_way *w) {
    if (way_there(w) < TEREDO_AUTHENTICATION_MIN_BYTES) {
        return false;
    }
    const uint8_t *header = way_header(w);
    const uint32_t bytes = TEREDO_AUTHENTICATION_MIN_BYTES + (uint32_t)header[2] + header[3];
    if (way_there(w) < bytes) {
        return false;
    }
    way_go(w, bytes, 0);
    return true;
}

bool way_pass_teredo(struct tunnel_way *w) {
    if (way_there(w) < 2 || !way_may(w, TUNNEL_TEREDO)) {
        return false;
    }
    if (bytes_get_be16(way_header(w)) == TEREDO_AUTHENTICATION && !pass_authentication(w)) {
        return false;
    }
    if (way_there(w) >= TEREDO_ORIGIN_BYTES && bytes_get_be16(way_header(w)) == TEREDO_ORIGIN) {
        way_go(w, TEREDO_ORIGIN_BYTES, 0);
    }
    way_go(w, 0, ETHERTYPE_IPV6);
    return true;
}

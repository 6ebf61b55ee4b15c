/*
 * ERSPAN over GRE, draft-foschiano-erspan: type I, without a header of its own, and II behind ethertype 88be, III
 * behind 22eb. What it mirrors is an Ethernet frame; of III it may be an IP packet.
 */
#include "tunnel_way.h"

#include "protocols.h"

static void mark_session(struct tunnel_way *w) {
    way_mark(w, bytes_get_be16(way_header(w) + ERSPAN_SESSION) & ERSPAN_SESSION_MASK);
}

static bool pass_ii(struct tunnel_way *w) {
    if (way_there(w) < ERSPAN_II_BYTES || way_header(w)[0] >> 4 != ERSPAN_II_VERSION) {
        return false;
    }
    mark_session(w);
    way_go(w, ERSPAN_II_BYTES, ETHERTYPE_BRIDGED);
    return true;
}

static bool pass_iii(struct tunnel_way *w) {
    const uint8_t *header = way_header(w);
    if (way_there(w) < ERSPAN_III_BYTES || header[0] >> 4 != ERSPAN_III_VERSION) {
        return false;
    }
    const uint32_t header_bytes =
        ERSPAN_III_BYTES + (header[ERSPAN_III_FLAGS + 1] & ERSPAN_III_HAS_SUBHEADER ? ERSPAN_III_SUBHEADER_BYTES : 0U);
    if (way_there(w) <= header_bytes) {
        return false;
    }
    mark_session(w);
    switch (header[ERSPAN_III_FLAGS] >> 2 & 0x1f) {
    case ERSPAN_III_OF_ETHERNET:
        way_go(w, header_bytes, ETHERTYPE_BRIDGED);
        return true;
    case ERSPAN_III_OF_IP:
        way_go(w, header_bytes, ethertype_of_version(header[header_bytes]));
        return w->ethertype != 0;
    default:
        return false;
    }
}

bool way_pass_erspan(struct tunnel_way *w, bool has_sequence) {
    if (!way_may(w, TUNNEL_ERSPAN)) {
        return false;
    }
    if (w->ethertype == ETHERTYPE_ERSPAN_III) {
        return pass_iii(w);
    }
    if (has_sequence) {
        return pass_ii(w);
    }
    way_go(w, 0, ETHERTYPE_BRIDGED);
    return true;
}

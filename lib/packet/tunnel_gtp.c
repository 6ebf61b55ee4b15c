/*
 * GTP-U: 3GPP TS 29.281. A G-PDU carries an IP packet; of other sessions (Ethernet, unstructured) nothing is said that
 * could be told. Each direction has a tunnel endpoint of its own: no circuit.
 */
#include "tunnel_way.h"

#include "protocols.h"

/* Extension headers up to the one that no other follows. kind: of the first. */
static bool pass_extensions(struct tunnel_way *w, uint8_t kind) {
    while (kind != 0) {
        if (way_there(w) == 0) {
            return false;
        }
        const uint32_t bytes = (uint32_t)way_header(w)[0] * 4;
        if (bytes == 0 || way_there(w) < bytes) {
            return false;
        }
        kind = way_header(w)[bytes - 1];
        way_go(w, bytes, 0);
    }
    return true;
}

bool way_pass_gtp(struct tunnel_way *w) {
    const uint8_t *header = way_header(w);
    if (way_there(w) < GTP_HEADER_BYTES || (header[0] & GTP_VERSION_MASK) != GTP_VERSION_1_OF_GTP ||
        header[1] != GTP_G_PDU) {
        return false;
    }
    const uint32_t payload_bytes = bytes_get_be16(header + GTP_LENGTH);
    if (payload_bytes > w->end - w->at - GTP_HEADER_BYTES || !way_may(w, TUNNEL_GTP)) {
        return false;
    }
    w->end = w->at + GTP_HEADER_BYTES + payload_bytes;
    way_add_layer(w, LAYER_GTP, w->at, w->end);
    if (header[0] & GTP_HAS_MORE) {
        if (way_there(w) < GTP_LONG_HEADER_BYTES) {
            return false;
        }
        way_go(w, GTP_LONG_HEADER_BYTES, 0);
        if (header[0] & GTP_HAS_EXTENSION && !pass_extensions(w, header[GTP_NEXT_EXTENSION])) {
            return false;
        }
    } else {
        way_go(w, GTP_HEADER_BYTES, 0);
    }
    if (way_there(w) == 0) {
        return false;
    }
    w->ethertype = ethertype_of_version(way_header(w)[0]);
    return w->ethertype != 0;
}

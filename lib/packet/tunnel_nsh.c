/* NSH: RFC 8300. The service path of one direction is not that of the other: no circuit. */
#include "tunnel_way.h"

static uint32_t ethertype_of_nsh(uint8_t protocol) {
    switch (protocol) {
    case NSH_IPV4:
        return ETHERTYPE_IPV4;
    case NSH_IPV6:
        return ETHERTYPE_IPV6;
    case NSH_ETHERNET:
        return ETHERTYPE_BRIDGED;
    case NSH_NSH:
        return ETHERTYPE_NSH;
    case NSH_MPLS:
        return ETHERTYPE_MPLS;
    default:
        return 0;
    }
}

bool way_pass_nsh(struct tunnel_way *w) {
    const uint8_t *header = way_header(w);
    if (way_there(w) < NSH_HEADER_MIN_BYTES || (header[0] & (NSH_VERSION_MASK | NSH_CONTROL)) != 0) {
        return false;
    }
    const uint32_t header_bytes = (uint32_t)(header[1] & NSH_LENGTH_MASK) * 4;
    const uint32_t ethertype = ethertype_of_nsh(header[NSH_PROTOCOL]);
    if (header_bytes < NSH_HEADER_MIN_BYTES || way_there(w) < header_bytes || ethertype == 0 ||
        !way_may(w, TUNNEL_NSH)) {
        return false;
    }
    way_go(w, header_bytes, ethertype);
    return true;
}

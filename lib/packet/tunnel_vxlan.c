/*
 * VXLAN: RFC 7348, with the policy group of draft-smith-vxlan-group-policy, whose fields say nothing here; and its
 * generic protocol extension, draft-ietf-nvo3-vxlan-gpe, which says what it carries.
 */
#include "tunnel_way.h"

static uint32_t ethertype_of_gpe(uint8_t protocol) {
    switch (protocol) {
    case GPE_IPV4:
        return ETHERTYPE_IPV4;
    case GPE_IPV6:
        return ETHERTYPE_IPV6;
    case GPE_ETHERNET:
        return ETHERTYPE_BRIDGED;
    case GPE_NSH:
        return ETHERTYPE_NSH;
    case GPE_MPLS:
        return ETHERTYPE_MPLS;
    default:
        return 0;
    }
}

bool way_pass_vxlan(struct tunnel_way *w) {
    const uint8_t *header = way_header(w);
    uint32_t ethertype = ETHERTYPE_BRIDGED;
    if (way_there(w) < VXLAN_HEADER_BYTES || !way_may(w, TUNNEL_VXLAN)) {
        return false;
    }
    if ((header[0] & ~(unsigned)VXLAN_HAS_GROUP) != VXLAN_HAS_VNI) {
        /* version 0, no operations, administration and maintenance */
        if ((header[0] & ~(unsigned)(VXLAN_HAS_VNI | GPE_TO_MANY)) != GPE_HAS_PROTOCOL) {
            return false;
        }
        ethertype = ethertype_of_gpe(header[GPE_PROTOCOL]);
    }
    way_mark(w, bytes_get_be32(header + VXLAN_VNI) >> 8);
    way_go(w, VXLAN_HEADER_BYTES, ethertype);
    return ethertype != 0;
}

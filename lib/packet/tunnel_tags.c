/*
 * Tags between an Ethernet header and what it carries: of provider bridges and their elders (IEEE 802.1ad; 9100 and
 * 9200), of virtual interfaces (VN-Tag, the draft that became 802.1BR), of backbone bridges (802.1ah), behind whose tag
 * a whole Ethernet frame is.
 */
#include "tunnel_way.h"

/* 802.1Q's own need not be enabled. */
static bool is_tag(const struct tunnel_way *w) {
    switch (w->ethertype) {
    case ETHERTYPE_VLAN:
        return true;
    case ETHERTYPE_PROVIDER_BRIDGE:
    case ETHERTYPE_QINQ_9100:
    case ETHERTYPE_QINQ_9200:
        return (w->enabled >> TUNNEL_QINQ & 1) != 0;
    default:
        return false;
    }
}

/* A run of them, of any kind. */
bool way_pass_qinq(struct tunnel_way *w) {
    while (is_tag(w)) {
        if (way_there(w) < VLAN_TAG_BYTES) {
            return false;
        }
        if (w->ethertype != ETHERTYPE_VLAN) {
            (void)way_may(w, TUNNEL_QINQ);
        }
        way_mark(w, bytes_get_be16(way_header(w)) & VLAN_ID_MASK);
        way_go_by_type(w, VLAN_TAG_BYTES);
    }
    return true;
}

/* The two interfaces change places with the direction: no circuit. */
bool way_pass_vntag(struct tunnel_way *w) {
    if (way_there(w) < VNTAG_BYTES || !way_may(w, TUNNEL_VNTAG)) {
        return false;
    }
    way_go_by_type(w, VNTAG_BYTES);
    return true;
}

bool way_pass_pbb(struct tunnel_way *w) {
    if (way_there(w) < PBB_TAG_BYTES || !way_may(w, TUNNEL_PBB)) {
        return false;
    }
    way_mark(w, bytes_get_be32(way_header(w)) & 0xffffff);
    way_go(w, PBB_TAG_BYTES, ETHERTYPE_BRIDGED);
    return true;
}

#include "reach.h"

#include "linktype.h"
#include "outcome.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    uint16_t number;
    const char *name;
} LINK_NAMES[] = {
    {LINKTYPE_NULL, "loopback (NULL)"},
    {LINKTYPE_ETHERNET, "Ethernet"},
    {LINKTYPE_PPP, "PPP"},
    {LINKTYPE_RAW_OF_BSD, "raw IP (12)"},
    {LINKTYPE_RAW_OF_OPENBSD, "raw IP (14)"},
    {LINKTYPE_PPP_HDLC, "PPP in HDLC"},
    {LINKTYPE_PPP_ETHER, "PPPoE"},
    {LINKTYPE_RAW, "raw IP"},
    {LINKTYPE_C_HDLC, "Cisco HDLC"},
    {LINKTYPE_IEEE802_11, "IEEE 802.11"},
    {LINKTYPE_FRELAY, "frame relay"},
    {LINKTYPE_LOOP, "loopback (LOOP)"},
    {LINKTYPE_LINUX_SLL, "Linux cooked v1"},
    {LINKTYPE_PFLOG, "PFLOG"},
    {LINKTYPE_IEEE802_11_PRISM, "IEEE 802.11, Prism"},
    {LINKTYPE_IEEE802_11_RADIOTAP, "IEEE 802.11, radiotap"},
    {LINKTYPE_IPV4, "raw IPv4"},
    {LINKTYPE_IPV6, "raw IPv6"},
    {LINKTYPE_NFLOG, "NFLOG"},
    {LINKTYPE_LINUX_SLL2, "Linux cooked v2"},
};

static void count(struct reach_row *row, const struct decision *d) {
    row->packets++;
    row->cut_packets += d->cut;
    if (outcome_is_unseen(d->reason)) {
        row->unseen_packets++;
        row->unseen_by_reason[d->reason]++;
    }
}

static struct reach_row *row_of(struct reach *r, uint16_t link_type) {
    size_t i = 0;
    while (i < r->link_types && r->by_link_type[i].link_type != link_type) {
        i++;
    }
    if (i == r->link_types && i < REACH_LINK_TYPES) {
        r->by_link_type[r->link_types++].link_type = link_type;
    }
    return &r->by_link_type[i];
}

void reach_packet(struct reach *r, const struct slim_packet *packet) {
    count(row_of(r, packet->link_type), &packet->decision);
    for (uint32_t tunnels = packet->tunnels; tunnels != 0; tunnels &= tunnels - 1) { /* from one bit to the next */
        count(&r->by_tunnel[__builtin_ctz(tunnels)], &packet->decision);
    }
}

static int compare_rows(const void *one, const void *other) {
    const struct reach_row *a = one;
    const struct reach_row *b = other;
    if (a->packets != b->packets) {
        return a->packets > b->packets ? -1 : 1;
    }
    return (a->link_type > b->link_type) - (a->link_type < b->link_type);
}

void reach_finish(struct reach *r) {
    qsort(r->by_link_type, r->link_types, sizeof r->by_link_type[0], compare_rows);
}

size_t reach_link_rows(const struct reach *r) {
    return r->link_types + (r->by_link_type[REACH_LINK_TYPES].packets > 0);
}

const char *reach_link_name(const struct reach *r, size_t i, char *out) {
    const char *name = i < r->link_types ? NULL : "other link types";
    for (size_t n = 0; name == NULL && n < sizeof LINK_NAMES / sizeof LINK_NAMES[0]; n++) {
        name = LINK_NAMES[n].number == r->by_link_type[i].link_type ? LINK_NAMES[n].name : NULL;
    }
    if (name != NULL) {
        (void)snprintf(out, REACH_NAME_BYTES, "%s", name);
    } else {
        (void)snprintf(out, REACH_NAME_BYTES, "link type %u", r->by_link_type[i].link_type);
    }
    return out;
}

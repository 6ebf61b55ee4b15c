#include "witness_layout.h"

#include "bytes.h"
#include "linktype.h"
#include "witness_link.h"
#include "witness_tunnel.h"

#include <stdbool.h>
#include <string.h>

enum {
    TYPE_OF_IPV4 = 0x0800,

    IPV4_BYTES = 20,
    IPV4_LENGTH_AT = 2,
    IPV4_FRAGMENT_AT = 6,
    IPV4_FRAGMENT_MASK = 0x3fff, /* MF and the offset, without the reserved bit and DF */
    IPV4_PROTOCOL_AT = 9,
    IPV4_SUM_AT = 10,
    IPV4_SOURCE_AT = 12,
    IPV4_DESTINATION_AT = 16,
    IPV4_ADDRESS_BYTES = 4,

    OPTION_END = 0,
    OPTION_NOP = 1,
    OPTION_LSRR = 0x83,
    OPTION_SSRR = 0x89,
    ROUTE_FIRST_AT = 3, /* behind type, length and pointer */

    IPV6_BYTES = 40,
    IPV6_LENGTH_AT = 4,
    IPV6_NEXT_AT = 6,
    IPV6_SOURCE_AT = 8,
    IPV6_DESTINATION_AT = 24,
    IPV6_ADDRESS_BYTES = 16,

    NEXT_HOP_BY_HOP = 0,
    NEXT_ROUTING = 43,
    NEXT_FRAGMENT = 44,
    NEXT_AH = 51,
    NEXT_DESTINATION = 60,
    EXTENSION_MIN_BYTES = 8,
    IPV6_FRAGMENT_MASK = 0xfff9, /* M and the offset, without the two reserved bits */
    ROUTING_TYPE_AT = 2,
    ROUTING_LEFT_AT = 3,
    ROUTING_FIRST_ADDRESS_AT = 8,
    ROUTING_TYPE_SOURCE = 0,
    ROUTING_TYPE_MOBILE = 2,
    ROUTING_TYPE_SEGMENTS = 4,

    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    TCP_BYTES = 20,
    TCP_OFFSET_AT = 12,
    TCP_SUM_AT = 16,
    UDP_BYTES = 8,
    UDP_LENGTH_AT = 4,
    UDP_SUM_AT = 6,
    ESP_BYTES = 8,
};

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/*
 * The functions that fill a layout return NULL, or the reason why the frame must not be cut, in words that
 * go on from "cut, though ".
 */

static const char *find_ip(const struct witness_frame *frame, struct witness_way *w) {
    w->c = (struct witness_cursor){.bytes = frame->bytes, .length = frame->length};
    if (!witness_link_type_is_known(frame->link_type)) {
        return "its link type is not looked into";
    }
    w->type = witness_open_link(frame->link_type, &w->c, w->l);
    w->bound_at = w->l->bound_at;
    w->c.length = smaller(w->c.length, w->bound_at);
    w->may_be_length = frame->link_type == LINKTYPE_ETHERNET;
    if (w->c.overran || w->c.at > w->c.length) {
        return "it has no IP header";
    }
    switch (witness_reach_ip(w)) {
    case WITNESS_DISBELIEVED:
        return "it has no IP header";
    case WITNESS_REACHED_OTHER:
        return w->type == 0 ? "it has no IP header" : "it is neither IPv4 nor IPv6";
    case WITNESS_REACHED_IP:
    default:
        return w->passed != 0 && !witness_believes_ip(w) ? "a tag or tunnel has no credible packet in it" : NULL;
    }
}

void witness_add_layer(struct witness_layout *l, struct witness_layer layer) {
    l->layers[l->layer_count++] = layer;
}

/*
 * The final destination of an IPv4 packet: with one source route its last address. Routes that contradict
 * each other (RFC 791 allows one) and such as hold no address leave the header's.
 */
static const uint8_t *ipv4_destination(const uint8_t *ip, size_t header_bytes) {
    const uint8_t *routed = NULL;
    unsigned routes = 0;
    size_t at = IPV4_BYTES;
    while (at < header_bytes && ip[at] != OPTION_END) {
        if (ip[at] == OPTION_NOP) {
            at++;
            continue;
        }
        size_t room = header_bytes - at;
        if (room < 2 || ip[at + 1] < 2 || ip[at + 1] > room) {
            break;
        }
        size_t option_bytes = ip[at + 1];
        if (ip[at] == OPTION_LSRR || ip[at] == OPTION_SSRR) {
            routes++;
            if (option_bytes >= ROUTE_FIRST_AT + IPV4_ADDRESS_BYTES) {
                size_t addresses = (option_bytes - ROUTE_FIRST_AT) / IPV4_ADDRESS_BYTES;
                routed = ip + at + ROUTE_FIRST_AT + (addresses - 1) * IPV4_ADDRESS_BYTES;
            }
        }
        at += option_bytes;
    }
    return routes == 1 && routed != NULL ? routed : ip + IPV4_DESTINATION_AT;
}

/* How long a packet is that does not say it: 0, nobody can tell. */
static size_t unsaid_bytes(const struct witness_frame *frame, const struct witness_layout *l) {
    const bool is_all = frame->tunnels != NULL && frame->tunnels->zero_is_all;
    return is_all ? smaller(frame->length, l->bound_at) - l->ip_at : 0;
}

static const char *walk_ipv4(const struct witness_frame *frame, struct witness_layout *l) {
    const uint8_t *ip = frame->bytes + l->ip_at;
    size_t room = frame->length - l->ip_at;
    if (room < IPV4_BYTES) {
        return "its IPv4 header is not whole";
    }
    size_t header_bytes = (size_t)(ip[0] & 0x0f) * 4;
    size_t total_bytes = bytes_get_be16(ip + IPV4_LENGTH_AT);
    if (header_bytes < IPV4_BYTES || header_bytes > room) {
        return "its IPv4 header is not whole";
    }
    if ((bytes_get_be16(ip + IPV4_FRAGMENT_AT) & IPV4_FRAGMENT_MASK) != 0) {
        return "it is a fragment";
    }
    if (total_bytes == 0) {
        total_bytes = unsaid_bytes(frame, l);
    }
    if (total_bytes < header_bytes) {
        return total_bytes == 0 ? "its IPv4 total length is 0" : "its IPv4 total length lies";
    }
    l->l4_at = l->ip_at + header_bytes;
    l->said_end_at = l->ip_at + total_bytes;
    l->end_at = l->ip_at + smaller(total_bytes, room);
    l->protocol = ip[IPV4_PROTOCOL_AT];
    l->address_bytes = IPV4_ADDRESS_BYTES;
    l->source = ip + IPV4_SOURCE_AT;
    l->destination = ipv4_destination(ip, header_bytes);
    witness_add_layer(l, (struct witness_layer){.length = "IPv4 total length",
                                                .length_at = l->ip_at + IPV4_LENGTH_AT,
                                                .counted_from = l->ip_at,
                                                .sum = "IPv4 header checksum",
                                                .sum_at = l->ip_at + IPV4_SUM_AT,
                                                .begins_at = l->ip_at,
                                                .said_end_at = l->l4_at,
                                                .header_only = true});
    return NULL;
}

static bool is_extension(uint8_t next) {
    return next == NEXT_HOP_BY_HOP || next == NEXT_ROUTING || next == NEXT_FRAGMENT || next == NEXT_AH ||
           next == NEXT_DESTINATION;
}

/* The length of the extension header at p, or 0 if it is not whole within room bytes. */
static size_t extension_bytes(uint8_t kind, const uint8_t *p, size_t room) {
    if (room < EXTENSION_MIN_BYTES) {
        return 0;
    }
    size_t length = EXTENSION_MIN_BYTES;
    if (kind == NEXT_AH) {
        length = ((size_t)p[1] + 2) * 4;
    } else if (kind != NEXT_FRAGMENT) {
        length = ((size_t)p[1] + 1) * 8;
    }
    return length <= room ? length : 0;
}

/*
 * The final destination that a routing header with segments left names: the one at p, length bytes long, of
 * the IPv6 packet at ip. A type without a known meaning, or a header without room for an address, leaves the
 * packet's own, also where a routing header further in front names another: the last one counts.
 */
static const uint8_t *routing_destination(const uint8_t *ip, const uint8_t *p, size_t length) {
    size_t addresses = (length - ROUTING_FIRST_ADDRESS_AT) / IPV6_ADDRESS_BYTES;
    if (addresses > 0) {
        switch (p[ROUTING_TYPE_AT]) {
        case ROUTING_TYPE_SOURCE:
        case ROUTING_TYPE_MOBILE:
            return p + ROUTING_FIRST_ADDRESS_AT + (addresses - 1) * IPV6_ADDRESS_BYTES;
        case ROUTING_TYPE_SEGMENTS: /* the list is in reverse order, and TLVs may follow it */
            return p + ROUTING_FIRST_ADDRESS_AT;
        default:
            break;
        }
    }
    return ip + IPV6_DESTINATION_AT;
}

static const char *walk_ipv6(const struct witness_frame *frame, struct witness_layout *l) {
    const uint8_t *ip = frame->bytes + l->ip_at;
    size_t room = frame->length - l->ip_at;
    if (room < IPV6_BYTES) {
        return "its IPv6 header is not whole";
    }
    size_t said_end = (size_t)IPV6_BYTES + bytes_get_be16(ip + IPV6_LENGTH_AT);
    if (said_end == IPV6_BYTES && ip[IPV6_NEXT_AT] != NEXT_HOP_BY_HOP) {
        said_end = unsaid_bytes(frame, l) > IPV6_BYTES ? unsaid_bytes(frame, l) : said_end;
    }
    size_t end = smaller(room, said_end);
    size_t at = IPV6_BYTES;
    uint8_t next = ip[IPV6_NEXT_AT];
    l->destination = ip + IPV6_DESTINATION_AT;
    while (is_extension(next)) {
        const uint8_t *p = ip + at;
        size_t length = extension_bytes(next, p, end - at);
        if (length == 0) {
            return "an IPv6 extension header is not whole";
        }
        if (next == NEXT_FRAGMENT && (bytes_get_be16(p + 2) & IPV6_FRAGMENT_MASK) != 0) {
            return "it is a fragment";
        }
        if (next == NEXT_ROUTING && p[ROUTING_LEFT_AT] > 0) {
            l->destination = routing_destination(ip, p, length);
        }
        next = p[0];
        at += length;
    }
    l->l4_at = l->ip_at + at;
    l->said_end_at = l->ip_at + said_end;
    l->end_at = l->ip_at + end;
    l->protocol = next;
    l->address_bytes = IPV6_ADDRESS_BYTES;
    l->source = ip + IPV6_SOURCE_AT;
    witness_add_layer(l, (struct witness_layer){.length = "IPv6 payload length",
                                                .length_at = l->ip_at + IPV6_LENGTH_AT,
                                                .counted_from = l->ip_at + IPV6_BYTES});
    return NULL;
}

/* A UDP length that does not fit into its packet, or is less than a header, says nothing. */
void witness_add_transport(struct witness_layout *l, size_t udp_length) {
    const bool is_udp = l->protocol == PROTOCOL_UDP;
    struct witness_layer layer = {.sum = "TCP checksum",
                                  .sum_at = l->l4_at + TCP_SUM_AT,
                                  .begins_at = l->l4_at,
                                  .said_end_at = l->said_end_at,
                                  .protocol = l->protocol,
                                  .address_bytes = l->address_bytes,
                                  .source = l->source,
                                  .destination = l->destination};
    if (is_udp) {
        layer.length = "UDP length";
        layer.length_at = l->l4_at + UDP_LENGTH_AT;
        layer.counted_from = l->l4_at;
        layer.sum = "UDP checksum";
        layer.sum_at = l->l4_at + UDP_SUM_AT;
        layer.may_be_none = true;
        layer.said_end_at = udp_length < UDP_BYTES ? l->said_end_at : smaller(l->l4_at + udp_length, l->said_end_at);
    }
    witness_add_layer(l, layer);
}

static const char *find_payload(const struct witness_frame *frame, bool esp_too, struct witness_layout *l) {
    const uint8_t *l4 = frame->bytes + l->l4_at;
    size_t room = l->end_at - l->l4_at;
    size_t header_bytes;
    if (l->protocol == PROTOCOL_TCP) {
        header_bytes = room < TCP_BYTES ? 0 : (size_t)(l4[TCP_OFFSET_AT] >> 4) * 4;
        if (header_bytes < TCP_BYTES || header_bytes > room) {
            return "its TCP header is not whole";
        }
    } else if (l->protocol == PROTOCOL_UDP) {
        header_bytes = UDP_BYTES;
        if (header_bytes > room) {
            return "its UDP header is not whole";
        }
    } else if (l->protocol == WITNESS_ESP && esp_too) {
        header_bytes = ESP_BYTES;
        if (header_bytes > room) {
            return "its ESP header is not whole";
        }
    } else {
        return "it is neither TCP nor UDP";
    }
    l->payload_at = l->l4_at + header_bytes;
    if (l->protocol != WITNESS_ESP) {
        witness_add_transport(l, l->protocol == PROTOCOL_UDP ? bytes_get_be16(l4 + UDP_LENGTH_AT) : 0);
    }
    return NULL;
}

/* The packet that has been reached, in the words of the layout. */
static const char *walk_ip(const struct witness_frame *frame, const struct witness_way *w) {
    struct witness_layout *l = w->l;
    l->ip_at = w->c.at;
    l->bound_at = w->bound_at;
    l->ip_version = w->type == TYPE_OF_IPV4 ? 4 : 6;
    if (witness_type_of_ip(&w->c) != w->type) {
        return "its IP version is not that of its Ethernet type";
    }
    const char *reason = l->ip_version == 4 ? walk_ipv4(frame, l) : walk_ipv6(frame, l);
    return reason == NULL && l->said_end_at > w->bound_at ? "it is longer than what is around it says" : reason;
}

const char *witness_lay_out(const struct witness_frame *frame, bool esp_too, struct witness_layout *l) {
    struct witness_way way = {.tunnels = frame->tunnels, .l = l};
    l->layer_count = 0;
    l->bound_at = SIZE_MAX;
    const char *reason = find_ip(frame, &way);
    reason = reason != NULL ? reason : walk_ip(frame, &way);
    while (reason == NULL) {
        const size_t own_layers = l->layer_count;
        enum witness_reached reached = WITNESS_DISBELIEVED;
        if (witness_enter(&way, frame)) {
            reached = witness_reach_ip(&way);
        }
        if (reached == WITNESS_DISBELIEVED || (reached == WITNESS_REACHED_IP && !witness_believes_ip(&way))) {
            l->layer_count = own_layers; /* it is no tunnel: the packet itself is what counts */
            return find_payload(frame, esp_too, l);
        }
        reason = reached == WITNESS_REACHED_OTHER ? "it is neither IPv4 nor IPv6" : walk_ip(frame, &way);
    }
    return reason;
}

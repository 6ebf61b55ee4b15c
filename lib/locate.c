#include "locate.h"

#include "bytes.h"

#include <stdbool.h>

enum {
    ETHERNET_HEADER_BYTES = 14,
    VLAN_TAG_BYTES = 4,
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_VLAN = 0x8100,

    IPV4_HEADER_MIN_BYTES = 20,
    IPV4_DESTINATION = 16,
    IPV4_MORE_FRAGMENTS_OR_OFFSET = 0x3fff,
    IPV4_OPTION_END = 0,
    IPV4_OPTION_NOP = 1,
    IPV4_OPTION_LSRR = 131,
    IPV4_OPTION_SSRR = 137,
    IPV4_ROUTE_DATA_OFFSET = 3,

    IPV6_HEADER_BYTES = 40,
    IPV6_DESTINATION = 24,
    IPV6_EXTENSION_MIN_BYTES = 8,
    IPV6_FRAGMENT_OFFSET_OR_MORE = 0xfff9,
    IPV6_ROUTING_RH0 = 0,
    IPV6_ROUTING_RH2 = 2,
    IPV6_ROUTING_SRH = 4,

    PROTOCOL_HOP_BY_HOP = 0,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    PROTOCOL_ROUTING = 43,
    PROTOCOL_FRAGMENT = 44,
    PROTOCOL_AH = 51,
    PROTOCOL_DESTINATION_OPTIONS = 60,

    TCP_HEADER_MIN_BYTES = 20,
    UDP_HEADER_BYTES = 8,
};

/* How far a packet reaches: by its own word (the IP length) and by what was captured. */
struct extent {
    size_t claimed_end;  /* offset in the frame */
    size_t captured_end; /* offset in the frame */
};

/*
 * Whether length_bytes at offset lie inside the packet. The IP length is asked first: a header it does not
 * reach is a lie however much was captured.
 */
static bool reaches(const struct extent *e, size_t offset, size_t length_bytes, struct located *out) {
    if (offset + length_bytes > e->claimed_end) {
        out->as = LOCATED_MALFORMED;
        return false;
    }
    if (offset + length_bytes > e->captured_end) {
        out->as = LOCATED_TRUNCATED;
        return false;
    }
    return true;
}

static void locate_transport(const uint8_t *frame, const struct extent *e, unsigned protocol, size_t offset,
                             struct located *out) {
    size_t header_bytes;
    if (protocol == PROTOCOL_TCP) {
        if (!reaches(e, offset, TCP_HEADER_MIN_BYTES, out)) {
            return;
        }
        header_bytes = (size_t)(frame[offset + 12] >> 4) * 4;
        if (header_bytes < TCP_HEADER_MIN_BYTES) {
            out->as = LOCATED_MALFORMED;
            return;
        }
    } else if (protocol == PROTOCOL_UDP) {
        header_bytes = UDP_HEADER_BYTES;
    } else {
        out->as = LOCATED_OTHER_TRANSPORT;
        return;
    }
    if (!reaches(e, offset, header_bytes, out)) {
        return;
    }
    size_t payload_end = e->claimed_end < e->captured_end ? e->claimed_end : e->captured_end;
    out->as = protocol == PROTOCOL_TCP ? LOCATED_TCP : LOCATED_UDP;
    out->transport_offset = (uint32_t)offset;
    out->payload_offset = (uint32_t)(offset + header_bytes);
    out->payload_bytes = (uint32_t)(payload_end - (offset + header_bytes));
    out->source_port = bytes_get_be16(frame + offset);
    out->destination_port = bytes_get_be16(frame + offset + 2);
}

/*
 * RFC 791 section 3.1: while a packet is source-routed its header names the next hop, the checksum the last
 * one. An option is at most once in a header; where it is there twice nothing can be told, and the header's
 * word counts.
 */
static uint32_t ipv4_final_destination(const uint8_t *frame, size_t network, size_t header_bytes) {
    const uint32_t header_destination = (uint32_t)network + IPV4_DESTINATION;
    uint32_t found = header_destination;
    unsigned routes = 0;
    size_t at = network + IPV4_HEADER_MIN_BYTES;
    const size_t end = network + header_bytes;
    while (at < end && frame[at] != IPV4_OPTION_END) {
        if (frame[at] == IPV4_OPTION_NOP) {
            at++;
            continue;
        }
        if (end - at < 2 || frame[at + 1] < 2 || frame[at + 1] > end - at) {
            break;
        }
        size_t option_bytes = frame[at + 1];
        if (frame[at] == IPV4_OPTION_LSRR || frame[at] == IPV4_OPTION_SSRR) {
            size_t addresses = option_bytes < IPV4_ROUTE_DATA_OFFSET ? 0 : (option_bytes - IPV4_ROUTE_DATA_OFFSET) / 4;
            if (addresses > 0) {
                found = (uint32_t)(at + IPV4_ROUTE_DATA_OFFSET + 4 * (addresses - 1));
            }
            routes++;
        }
        at += option_bytes;
    }
    return routes == 1 ? found : header_destination;
}

static void locate_ipv4(const uint8_t *frame, size_t captured_bytes, size_t network, struct located *out) {
    if (captured_bytes - network < IPV4_HEADER_MIN_BYTES) {
        out->as = LOCATED_TRUNCATED;
        return;
    }
    const uint8_t *ip = frame + network;
    size_t header_bytes = (size_t)(ip[0] & 0x0f) * 4;
    size_t total_bytes = bytes_get_be16(ip + 2);
    if (ip[0] >> 4 != 4 || header_bytes < IPV4_HEADER_MIN_BYTES) {
        out->as = LOCATED_MALFORMED;
        return;
    }
    if ((bytes_get_be16(ip + 6) & IPV4_MORE_FRAGMENTS_OR_OFFSET) != 0) {
        out->as = LOCATED_FRAGMENT;
        return;
    }
    if (total_bytes == 0) {
        out->as = LOCATED_OFFLOADED;
        return;
    }
    struct extent e = {.claimed_end = network + total_bytes, .captured_end = captured_bytes};
    if (!reaches(&e, network, header_bytes, out)) {
        return;
    }
    out->ip_version = 4;
    out->network_offset = (uint32_t)network;
    locate_transport(frame, &e, ip[9], network + header_bytes, out);
    out->final_destination_offset = header_bytes == IPV4_HEADER_MIN_BYTES
                                        ? (uint32_t)network + IPV4_DESTINATION
                                        : ipv4_final_destination(frame, network, header_bytes);
}

/*
 * RFC 8200 section 8.1: with segments left the checksum takes the final destination from the routing header;
 * of several the last one decides.
 */
static void note_routing_header(const uint8_t *frame, size_t offset, size_t header_bytes, struct located *out) {
    unsigned type = frame[offset + 2];
    unsigned segments_left = frame[offset + 3];
    size_t addresses = (header_bytes - 8) / 16;
    if (segments_left == 0) {
        return;
    }
    out->final_destination_offset = out->network_offset + IPV6_DESTINATION;
    if (addresses > 0 && type == IPV6_ROUTING_SRH) { /* RFC 8754 section 2: the list is in reverse order */
        out->final_destination_offset = (uint32_t)(offset + 8);
    } else if (addresses > 0 && (type == IPV6_ROUTING_RH0 || type == IPV6_ROUTING_RH2)) {
        out->final_destination_offset = (uint32_t)(offset + 8 + 16 * (addresses - 1));
    }
}

static bool is_walkable(unsigned protocol) {
    return protocol == PROTOCOL_HOP_BY_HOP || protocol == PROTOCOL_ROUTING || protocol == PROTOCOL_FRAGMENT ||
           protocol == PROTOCOL_AH || protocol == PROTOCOL_DESTINATION_OPTIONS;
}

static void locate_ipv6(const uint8_t *frame, size_t captured_bytes, size_t network, struct located *out) {
    if (captured_bytes - network < IPV6_HEADER_BYTES) {
        out->as = LOCATED_TRUNCATED;
        return;
    }
    const uint8_t *ip = frame + network;
    size_t payload_bytes = bytes_get_be16(ip + 4);
    if (ip[0] >> 4 != 6) {
        out->as = LOCATED_MALFORMED;
        return;
    }
    if (payload_bytes == 0) {
        out->as = LOCATED_OFFLOADED;
        return;
    }
    struct extent e = {.claimed_end = network + IPV6_HEADER_BYTES + payload_bytes, .captured_end = captured_bytes};
    out->ip_version = 6;
    out->network_offset = (uint32_t)network;
    out->final_destination_offset = (uint32_t)network + IPV6_DESTINATION;
    unsigned protocol = ip[6];
    size_t at = network + IPV6_HEADER_BYTES;
    while (is_walkable(protocol)) {
        if (!reaches(&e, at, IPV6_EXTENSION_MIN_BYTES, out)) {
            return;
        }
        size_t header_bytes = ((size_t)frame[at + 1] + 1) * 8;
        if (protocol == PROTOCOL_FRAGMENT) {
            header_bytes = IPV6_EXTENSION_MIN_BYTES;
            if ((bytes_get_be16(frame + at + 2) & IPV6_FRAGMENT_OFFSET_OR_MORE) != 0) {
                out->as = LOCATED_FRAGMENT;
                return;
            }
        } else if (protocol == PROTOCOL_AH) {
            header_bytes = ((size_t)frame[at + 1] + 2) * 4; /* RFC 4302 section 2.2 */
        }
        if (!reaches(&e, at, header_bytes, out)) {
            return;
        }
        if (protocol == PROTOCOL_ROUTING) {
            note_routing_header(frame, at, header_bytes, out);
        }
        protocol = frame[at];
        at += header_bytes;
    }
    locate_transport(frame, &e, protocol, at, out);
}

void locate_ethernet(const uint8_t *frame, size_t captured_bytes, struct located *out) {
    out->as = LOCATED_NOT_IP;
    if (captured_bytes < ETHERNET_HEADER_BYTES) {
        return;
    }
    size_t network = ETHERNET_HEADER_BYTES;
    unsigned ethertype = bytes_get_be16(frame + network - 2);
    while (ethertype == ETHERTYPE_VLAN && captured_bytes - network >= VLAN_TAG_BYTES) {
        network += VLAN_TAG_BYTES;
        ethertype = bytes_get_be16(frame + network - 2);
    }
    if (ethertype == ETHERTYPE_IPV4) {
        locate_ipv4(frame, captured_bytes, network, out);
    } else if (ethertype == ETHERTYPE_IPV6) {
        locate_ipv6(frame, captured_bytes, network, out);
    }
}

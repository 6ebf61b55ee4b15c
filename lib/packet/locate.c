#include "locate.h"

#include "bytes.h"

#include <stdbool.h>

/*
 * Untagged frames are nearly all frames: for them the way from link to transport layer is compiled as one, with the
 * places of headers known beforehand.
 */
#define INLINED static inline __attribute__((always_inline))
#define OUT_OF_LINE static __attribute__((noinline))

/* Bytes from the header at hand to the end of the packet. */
struct room {
    uint32_t there_bytes;   /* by the IP length or by what was captured, the less */
    uint32_t claimed_bytes; /* by the IP length */
};

/* Whether a header of length_bytes fits. If not: one that the IP length does not reach is a lie. */
static inline bool fits(struct room room, uint32_t length_bytes, struct located *out) {
    if (length_bytes <= room.there_bytes) {
        return true;
    }
    out->as = length_bytes > room.claimed_bytes ? LOCATED_MALFORMED : LOCATED_TRUNCATED;
    return false;
}

/* Past a header that fits. */
static inline struct room behind(struct room room, uint32_t length_bytes) {
    room.there_bytes -= length_bytes;
    room.claimed_bytes -= length_bytes;
    return room;
}

INLINED void set_transport(struct room room, enum located_as as, uint32_t offset, uint32_t header_bytes,
                           struct located *out) {
    out->as = as;
    out->transport_offset = offset;
    out->payload_offset = offset + header_bytes;
    out->packet_end = offset + room.claimed_bytes;
    out->payload_bytes = room.there_bytes - header_bytes;
}

INLINED void locate_transport(const uint8_t *frame, struct room room, unsigned protocol, uint32_t offset,
                              struct located *out) {
    if (protocol == PROTOCOL_TCP) {
        if (!fits(room, TCP_HEADER_MIN_BYTES, out)) {
            return;
        }
        uint32_t header_bytes = (uint32_t)(frame[offset + TCP_DATA_OFFSET] >> 4) * 4;
        if (header_bytes < TCP_HEADER_MIN_BYTES) {
            out->as = LOCATED_MALFORMED;
        } else if (fits(room, header_bytes, out)) {
            set_transport(room, LOCATED_TCP, offset, header_bytes, out);
        }
    } else if (protocol == PROTOCOL_UDP) {
        if (fits(room, UDP_HEADER_BYTES, out)) {
            set_transport(room, LOCATED_UDP, offset, UDP_HEADER_BYTES, out);
        }
    } else if (protocol == PROTOCOL_ESP && room.there_bytes >= ESP_HEADER_BYTES) {
        set_transport(room, LOCATED_ESP, offset, ESP_HEADER_BYTES, out);
    } else {
        out->as = LOCATED_OTHER_TRANSPORT;
        out->protocol = (uint8_t)protocol;
        out->transport_offset = offset;
        out->packet_end = offset + room.claimed_bytes;
    }
}

/*
 * RFC 791 section 3.1: while a packet is source-routed its header names the next hop, the checksum the last
 * one. An option is at most once in a header; where it is there twice nothing can be told, and the header's
 * word counts.
 */
static uint32_t ipv4_final_destination(const uint8_t *frame, uint32_t network, uint32_t header_bytes) {
    const uint32_t header_destination = network + IPV4_DESTINATION;
    uint32_t found = header_destination;
    unsigned routes = 0;
    uint32_t at = network + IPV4_HEADER_MIN_BYTES;
    const uint32_t end = network + header_bytes;
    while (at < end && frame[at] != IPV4_OPTION_END) {
        if (frame[at] == IPV4_OPTION_NOP) {
            at++;
            continue;
        }
        if (end - at < 2 || frame[at + 1] < 2 || frame[at + 1] > end - at) {
            break;
        }
        uint32_t option_bytes = frame[at + 1];
        if (frame[at] == IPV4_OPTION_LSRR || frame[at] == IPV4_OPTION_SSRR) {
            uint32_t addresses = option_bytes < IPV4_ROUTE_DATA ? 0 : (option_bytes - IPV4_ROUTE_DATA) / 4;
            if (addresses > 0) {
                found = at + IPV4_ROUTE_DATA + 4 * (addresses - 1);
            }
            routes++;
        }
        at += option_bytes;
    }
    return routes == 1 ? found : header_destination;
}

/* header_bytes: at least 20, what the header says of itself; nearly always 20, so that case is compiled on its own. */
INLINED void locate_ipv4_header(const uint8_t *frame, uint32_t there_bytes, uint32_t network, uint32_t header_bytes,
                                uint32_t total_bytes, struct located *out) {
    const uint8_t *ip = frame + network;
    if ((bytes_get_be16(ip + IPV4_FRAGMENT) & IPV4_MORE_FRAGMENTS_OR_OFFSET) != 0) {
        out->as = LOCATED_FRAGMENT;
        return;
    }
    const struct room room = {.there_bytes = total_bytes < there_bytes ? total_bytes : there_bytes,
                              .claimed_bytes = total_bytes};
    if (!fits(room, header_bytes, out)) {
        if (total_bytes == 0) {
            out->as = LOCATED_OFFLOADED;
        }
        return;
    }
    out->ip_version = 4;
    out->network_offset = network;
    out->final_destination_offset = header_bytes == IPV4_HEADER_MIN_BYTES
                                        ? network + IPV4_DESTINATION
                                        : ipv4_final_destination(frame, network, header_bytes);
    locate_transport(frame, behind(room, header_bytes), ip[IPV4_PROTOCOL], network + header_bytes, out);
}

INLINED void locate_ipv4(const uint8_t *frame, uint32_t captured_bytes, uint32_t network, struct located *out) {
    const uint32_t there_bytes = captured_bytes - network;
    if (there_bytes < IPV4_HEADER_MIN_BYTES) {
        out->as = LOCATED_TRUNCATED;
    } else if (frame[network] == IPV4_VERSION_4_IHL_5) {
        locate_ipv4_header(frame, there_bytes, network, IPV4_HEADER_MIN_BYTES,
                           bytes_get_be16(frame + network + IPV4_TOTAL_LENGTH), out);
    } else if (frame[network] > IPV4_VERSION_4_IHL_5 && frame[network] <= IPV4_VERSION_4_IHL_MAX) {
        locate_ipv4_header(frame, there_bytes, network, (uint32_t)(frame[network] & 0x0f) * 4,
                           bytes_get_be16(frame + network + IPV4_TOTAL_LENGTH), out);
    } else {
        out->as = LOCATED_MALFORMED;
    }
}

/*
 * RFC 8200 section 8.1: with segments left the checksum takes the final destination from the routing header;
 * of several the last one decides.
 */
static void note_routing_header(const uint8_t *frame, uint32_t offset, uint32_t header_bytes, struct located *out) {
    unsigned type = frame[offset + 2];
    unsigned segments_left = frame[offset + 3];
    uint32_t addresses = (header_bytes - 8) / 16;
    if (segments_left == 0) {
        return;
    }
    out->final_destination_offset = out->network_offset + IPV6_DESTINATION;
    if (addresses > 0 && type == IPV6_ROUTING_SRH) { /* RFC 8754 section 2: the list is in reverse order */
        out->final_destination_offset = offset + 8;
    } else if (addresses > 0 && (type == IPV6_ROUTING_RH0 || type == IPV6_ROUTING_RH2)) {
        out->final_destination_offset = offset + 8 + 16 * (addresses - 1);
    }
}

static bool is_walkable(unsigned protocol) {
    return protocol == PROTOCOL_HOP_BY_HOP || protocol == PROTOCOL_ROUTING || protocol == PROTOCOL_FRAGMENT ||
           protocol == PROTOCOL_AH || protocol == PROTOCOL_DESTINATION_OPTIONS;
}

/*
 * Walk the extension headers. room and *offset: at the first of them; afterwards at the transport header.
 * Returns the protocol of what follows, or -1 with out->as set.
 */
static int walk_extensions(const uint8_t *frame, struct room *room, unsigned protocol, uint32_t *offset,
                           struct located *out) {
    uint32_t at = *offset;
    while (is_walkable(protocol)) {
        if (!fits(*room, IPV6_EXTENSION_MIN_BYTES, out)) {
            return -1;
        }
        uint32_t header_bytes = ((uint32_t)frame[at + 1] + 1) * 8;
        if (protocol == PROTOCOL_FRAGMENT) {
            header_bytes = IPV6_EXTENSION_MIN_BYTES;
            if ((bytes_get_be16(frame + at + 2) & IPV6_FRAGMENT_OFFSET_OR_MORE) != 0) {
                out->as = LOCATED_FRAGMENT;
                return -1;
            }
        } else if (protocol == PROTOCOL_AH) {
            header_bytes = ((uint32_t)frame[at + 1] + 2) * 4; /* RFC 4302 section 2.2 */
        }
        if (!fits(*room, header_bytes, out)) {
            return -1;
        }
        if (protocol == PROTOCOL_ROUTING) {
            note_routing_header(frame, at, header_bytes, out);
        }
        protocol = frame[at];
        at += header_bytes;
        *room = behind(*room, header_bytes);
    }
    *offset = at;
    return (int)protocol;
}

/* What is behind the header: so many bytes of it captured, and so many in all. */
INLINED void locate_ipv6_payload(const uint8_t *frame, uint32_t captured_payload_bytes, uint32_t network,
                                 uint32_t payload_bytes, struct located *out) {
    const uint8_t *ip = frame + network;
    struct room room = {.there_bytes = payload_bytes < captured_payload_bytes ? payload_bytes : captured_payload_bytes,
                        .claimed_bytes = payload_bytes};
    uint32_t offset = network + IPV6_HEADER_BYTES;
    int protocol = ip[IPV6_NEXT_HEADER];
    out->ip_version = 6;
    out->network_offset = network;
    out->final_destination_offset = network + IPV6_DESTINATION;
    if (protocol != PROTOCOL_TCP && protocol != PROTOCOL_UDP) {
        protocol = walk_extensions(frame, &room, (unsigned)protocol, &offset, out);
        if (protocol < 0) {
            return;
        }
    }
    locate_transport(frame, room, (unsigned)protocol, offset, out);
}

INLINED void locate_ipv6(const uint8_t *frame, uint32_t captured_bytes, uint32_t network, struct located *out) {
    const uint32_t there_bytes = captured_bytes - network;
    if (there_bytes < IPV6_HEADER_BYTES) {
        out->as = LOCATED_TRUNCATED;
        return;
    }
    const uint8_t *ip = frame + network;
    const uint32_t payload_bytes = bytes_get_be16(ip + IPV6_PAYLOAD_LENGTH);
    if (ip[0] >> 4 != 6) {
        out->as = LOCATED_MALFORMED;
        return;
    }
    if (payload_bytes == 0) {
        out->as = LOCATED_OFFLOADED;
        return;
    }
    locate_ipv6_payload(frame, there_bytes - IPV6_HEADER_BYTES, network, payload_bytes, out);
}

/* network: the offset of what the ethertype speaks of. captured_bytes: at least that. */
INLINED void locate_network(const uint8_t *frame, uint32_t captured_bytes, uint32_t network, unsigned ethertype,
                            struct located *out) {
    if (ethertype == ETHERTYPE_IPV4) {
        locate_ipv4(frame, captured_bytes, network, out);
    } else if (ethertype == ETHERTYPE_IPV6) {
        locate_ipv6(frame, captured_bytes, network, out);
    } else {
        out->as = LOCATED_NOT_IP;
    }
}

/* What an ethertype speaks of, and where that is. */
struct behind_tags {
    uint32_t network;
    uint32_t ethertype;
};

/*
 * Step over 802.1Q tags, the first of them at first. One that is not wholly there is left, and its type is no network
 * layer's.
 */
INLINED struct behind_tags step_over_tags(const uint8_t *frame, uint32_t captured_bytes, uint32_t first) {
    struct behind_tags b = {.network = first, .ethertype = ETHERTYPE_VLAN};
    while (b.ethertype == ETHERTYPE_VLAN && captured_bytes - b.network >= VLAN_TAG_BYTES) {
        b.network += VLAN_TAG_BYTES;
        b.ethertype = bytes_get_be16(frame + b.network - 2);
    }
    return b;
}

OUT_OF_LINE struct behind_tags step_over_ethernet_tags(const uint8_t *frame, uint32_t captured_bytes) {
    return step_over_tags(frame, captured_bytes, ETHERNET_HEADER_BYTES);
}

/* The circuit that tags make: two fit, more are mixed. Whoever does not ask for it does not pay for it. */
INLINED uint32_t circuit_of_tags(const uint8_t *frame, uint32_t first, uint32_t network) {
    uint32_t circuit = 0;
    for (uint32_t at = first; at < network; at += VLAN_TAG_BYTES) {
        circuit = circuit * LOCATED_CIRCUIT_FACTOR + 1 + (bytes_get_be16(frame + at) & VLAN_ID_MASK);
    }
    return circuit;
}

void locate_ethernet(const uint8_t *frame, uint32_t captured_bytes, struct located *out) {
    out->circuit = 0;
    if (captured_bytes < ETHERNET_HEADER_BYTES) {
        out->as = LOCATED_NOT_IP;
        return;
    }
    const unsigned ethertype = bytes_get_be16(frame + ETHERNET_TYPE);
    if (ethertype == ETHERTYPE_VLAN) {
        const struct behind_tags b = step_over_ethernet_tags(frame, captured_bytes);
        out->circuit = circuit_of_tags(frame, ETHERNET_HEADER_BYTES, b.network);
        locate_network(frame, captured_bytes, b.network, b.ethertype, out);
    } else {
        locate_network(frame, captured_bytes, ETHERNET_HEADER_BYTES, ethertype, out);
    }
}

void locate_ip(const uint8_t *frame, uint32_t captured_bytes, uint32_t network, uint32_t ethertype,
               struct located *out) {
    locate_network(frame, captured_bytes, network, ethertype, out);
}

void locate_offloaded(const uint8_t *frame, uint32_t captured_bytes, uint32_t network, uint32_t ethertype,
                      struct located *out) {
    const uint32_t there_bytes = captured_bytes - network;
    const uint8_t *ip = frame + network;
    if (ethertype == ETHERTYPE_IPV4) {
        locate_ipv4_header(frame, there_bytes, network, (uint32_t)(ip[0] & 0x0f) * 4, there_bytes, out);
    } else if (there_bytes > IPV6_HEADER_BYTES && ip[IPV6_NEXT_HEADER] != PROTOCOL_HOP_BY_HOP) {
        locate_ipv6_payload(frame, there_bytes - IPV6_HEADER_BYTES, network, there_bytes - IPV6_HEADER_BYTES, out);
    }
}

void locate_behind(const uint8_t *frame, uint32_t captured_bytes, uint32_t link_bytes, uint32_t ethertype,
                   struct located *out) {
    struct behind_tags b = {.network = link_bytes, .ethertype = ethertype};
    if (ethertype == ETHERTYPE_VLAN) {
        b = step_over_tags(frame, captured_bytes, link_bytes);
    }
    out->circuit = circuit_of_tags(frame, link_bytes, b.network);
    locate_network(frame, captured_bytes, b.network, b.ethertype, out);
}

/*
 * Most packets are TCP or UDP in IPv4 without options, or TCP in IPv6 without extensions, behind Ethernet without tags:
 * there it is known where the headers are. For these a shorter way to the same place as that of locate.h, after which
 * the places are constants to the compiler. Header only: it is in the hot loop.
 *
 * Standards: as locate.h.
 */
#ifndef PCAPSLIM_LOCATE_USUAL_H
#define PCAPSLIM_LOCATE_USUAL_H

#include "bytes.h"
#include "locate.h"
#include "wire.h"

#include <stdbool.h>
#include <stdint.h>

/* The kinds, in the order in which whoever deals with each by itself best asks for them. */
#define USUAL_KINDS(ROW) ROW(USUAL_TCP_IPV4) ROW(USUAL_UDP_IPV4) ROW(USUAL_TCP_IPV6)

enum usual {
    USUAL_NONE,
#define ROW(kind) kind,
    USUAL_KINDS(ROW)
#undef ROW
};

enum {
    USUAL_NETWORK = ETHERNET_HEADER_BYTES,
    USUAL_MIN_BYTES = USUAL_NETWORK + IPV4_HEADER_MIN_BYTES + TCP_HEADER_MIN_BYTES, /* captured; of UDP, too */
};

/* Whether a frame that is long enough has IPv4 without options behind Ethernet: its ethertype, version and IHL. */
static inline __attribute__((always_inline)) bool usual_is_ipv4(const uint8_t *frame) {
    return bytes_match_be32(frame + ETHERNET_TYPE, 0xffffff00U, ETHERTYPE_IPV4 << 16 | IPV4_VERSION_4_IHL_5 << 8);
}

/* Whether that is no fragment, and of a protocol: between the two is the time to live. */
static inline __attribute__((always_inline)) bool usual_ipv4_carries(const uint8_t *frame, const uint32_t protocol) {
    return bytes_match_be32(frame + USUAL_NETWORK + IPV4_FRAGMENT, 0x3fff00ffU, protocol);
}

/* What tells them from other packets. Of IPv6 no more is asked than that the header is there. */
static inline __attribute__((always_inline)) enum usual locate_usual_kind(const uint8_t *frame,
                                                                          uint32_t captured_bytes) {
    if (captured_bytes < USUAL_MIN_BYTES) {
        return USUAL_NONE;
    }
    if (usual_is_ipv4(frame)) {
        return usual_ipv4_carries(frame, PROTOCOL_TCP)   ? USUAL_TCP_IPV4
               : usual_ipv4_carries(frame, PROTOCOL_UDP) ? USUAL_UDP_IPV4
                                                         : USUAL_NONE;
    }
    const bool is_ipv6 =
        bytes_match_be32(frame + ETHERNET_TYPE, 0xfffff000U, (uint32_t)ETHERTYPE_IPV6 << 16 | 6U << 12);
    return is_ipv6 && frame[USUAL_NETWORK + IPV6_NEXT_HEADER] == PROTOCOL_TCP ? USUAL_TCP_IPV6 : USUAL_NONE;
}

/*
 * Locate a packet of such a kind: out is what locate_ethernet() makes of it. Returns false, nothing of out being set,
 * for one whose headers lie or are not wholly there.
 */
static inline __attribute__((always_inline)) bool locate_usual(const uint8_t *frame, uint32_t captured_bytes,
                                                               const enum usual kind, struct located *out) {
    const bool is_tcp = kind != USUAL_UDP_IPV4;
    const bool is_ipv4 = kind != USUAL_TCP_IPV6;
    const uint32_t transport = USUAL_NETWORK + (is_ipv4 ? IPV4_HEADER_MIN_BYTES : IPV6_HEADER_BYTES);
    const uint32_t least_bytes = is_tcp ? TCP_HEADER_MIN_BYTES : UDP_HEADER_BYTES;
    if (!is_ipv4 && captured_bytes < transport + least_bytes) {
        return false;
    }
    const uint32_t packet_end =
        is_ipv4 ? USUAL_NETWORK + (uint32_t)bytes_get_be16(frame + USUAL_NETWORK + IPV4_TOTAL_LENGTH)
                : transport + (uint32_t)bytes_get_be16(frame + USUAL_NETWORK + IPV6_PAYLOAD_LENGTH);
    const uint32_t there_end = packet_end < captured_bytes ? packet_end : captured_bytes;
    const uint32_t header_bytes = is_tcp ? (uint32_t)(frame[transport + TCP_DATA_OFFSET] >> 4) * 4 : least_bytes;
    const uint32_t payload_offset = transport + header_bytes;
    if (header_bytes < least_bytes || payload_offset > there_end) {
        return false;
    }
    out->as = is_tcp ? LOCATED_TCP : LOCATED_UDP;
    out->ip_version = is_ipv4 ? 4 : 6;
    out->circuit = 0;
    out->network_offset = USUAL_NETWORK;
    out->transport_offset = transport;
    out->payload_offset = payload_offset;
    out->packet_end = packet_end;
    out->payload_bytes = there_end - payload_offset;
    out->final_destination_offset = USUAL_NETWORK + (is_ipv4 ? IPV4_DESTINATION : IPV6_DESTINATION);
    return true;
}

#endif

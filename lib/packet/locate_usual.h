/*
 * Most packets are TCP or UDP in IPv4 without options behind Ethernet without tags: there it is known where the headers
 * are. For these a shorter way to the same place as that of locate.h, after which the places are constants to the
 * compiler. Header only: it is in the hot loop.
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

enum {
    USUAL_NETWORK = ETHERNET_HEADER_BYTES,
    USUAL_TRANSPORT = USUAL_NETWORK + IPV4_HEADER_MIN_BYTES,
    USUAL_MIN_BYTES = USUAL_TRANSPORT + TCP_HEADER_MIN_BYTES, /* captured; fewer are not usual, of UDP neither */
};

/* What tells them from other packets: LOCATED_TCP or LOCATED_UDP; LOCATED_NOT_IP for any other packet. */
static inline __attribute__((always_inline)) enum located_as locate_usual_kind(const uint8_t *frame,
                                                                               uint32_t captured_bytes) {
    /* ethertype, version and IHL; fragment and protocol, between which is the time to live */
    if (captured_bytes < USUAL_MIN_BYTES ||
        (bytes_get_be32(frame + ETHERNET_TYPE) & 0xffffff00U) != (ETHERTYPE_IPV4 << 16 | IPV4_VERSION_4_IHL_5 << 8)) {
        return LOCATED_NOT_IP;
    }
    const uint32_t protocol = bytes_get_be32(frame + USUAL_NETWORK + IPV4_FRAGMENT) & 0x3fff00ffU;
    return protocol == PROTOCOL_TCP ? LOCATED_TCP : protocol == PROTOCOL_UDP ? LOCATED_UDP : LOCATED_NOT_IP;
}

/*
 * Locate a packet of such a kind, LOCATED_TCP or LOCATED_UDP: out is what locate_ethernet() makes of it. Returns false,
 * nothing of out being set, for one whose headers lie or are not wholly there.
 */
static inline __attribute__((always_inline)) bool locate_usual(const uint8_t *frame, uint32_t captured_bytes,
                                                               const enum located_as as, struct located *out) {
    const uint32_t least_bytes = as == LOCATED_TCP ? TCP_HEADER_MIN_BYTES : UDP_HEADER_BYTES;
    const uint32_t packet_end = USUAL_NETWORK + (uint32_t)bytes_get_be16(frame + USUAL_NETWORK + IPV4_TOTAL_LENGTH);
    const uint32_t there_end = packet_end < captured_bytes ? packet_end : captured_bytes;
    const uint32_t header_bytes =
        as == LOCATED_TCP ? (uint32_t)(frame[USUAL_TRANSPORT + TCP_DATA_OFFSET] >> 4) * 4 : least_bytes;
    const uint32_t payload_offset = USUAL_TRANSPORT + header_bytes;
    if (header_bytes < least_bytes || payload_offset > there_end) {
        return false;
    }
    out->as = as;
    out->ip_version = 4;
    out->circuit = 0;
    out->network_offset = USUAL_NETWORK;
    out->transport_offset = USUAL_TRANSPORT;
    out->payload_offset = payload_offset;
    out->packet_end = packet_end;
    out->payload_bytes = there_end - payload_offset;
    out->final_destination_offset = USUAL_NETWORK + IPV4_DESTINATION;
    return true;
}

#endif

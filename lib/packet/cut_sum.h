/*
 * What the length modes have in common: where the fields are and what checksums are taken over. For lib/cut_*.c only;
 * header only, because it is in the hot loop.
 */
#ifndef PCAPSLIM_CUT_SUM_H
#define PCAPSLIM_CUT_SUM_H

#include "bytes.h"
#include "checksum.h"
#include "locate.h"

#include <stdbool.h>

enum {
    CUT_IPV4_TOTAL_LENGTH = 2,
    CUT_IPV4_CHECKSUM = 10,
    CUT_IPV4_SOURCE = 12,
    CUT_IPV6_PAYLOAD_LENGTH = 4,
    CUT_IPV6_SOURCE = 8,
    CUT_IPV6_HEADER_BYTES = 40,
    CUT_TCP_CHECKSUM = 16,
    CUT_UDP_LENGTH = 4,
    CUT_UDP_CHECKSUM = 6,
    CUT_UDP_HEADER_BYTES = 8,
    CUT_PROTOCOL_TCP = 6,
    CUT_PROTOCOL_UDP = 17,
};

/* Write the IPv4 header checksum. Returns it as it was written. */
static inline uint16_t cut_put_ipv4_checksum(uint8_t *ip) {
    const size_t header_bytes = (size_t)(ip[0] & 0x0f) * 4;
    bytes_put_be16(ip + CUT_IPV4_CHECKSUM, 0);
    uint64_t sum = checksum_add_8(checksum_add_8(0, ip), ip + 8);
    for (size_t at = 16; at < header_bytes; at += 4) {
        sum = checksum_add_4(sum, ip + at);
    }
    checksum_put(sum, ip + CUT_IPV4_CHECKSUM);
    return bytes_get_be16(ip + CUT_IPV4_CHECKSUM);
}

/* Addresses, protocol and length: RFC 9293 section 3.1, RFC 8200 section 8.1. */
static inline uint64_t cut_pseudo_header_sum(const uint8_t *frame, const struct located *l, uint32_t segment_bytes) {
    const uint8_t *ip = frame + l->network_offset;
    const uint8_t *destination = frame + l->final_destination_offset;
    const uint16_t protocol = l->as == LOCATED_TCP ? CUT_PROTOCOL_TCP : CUT_PROTOCOL_UDP;
    uint64_t sum = checksum_add_word(checksum_add_word(0, protocol), (uint16_t)segment_bytes);
    if (l->ip_version == 4) {
        return checksum_add_4(checksum_add_4(sum, ip + CUT_IPV4_SOURCE), destination);
    }
    sum = checksum_add_8(checksum_add_8(sum, ip + CUT_IPV6_SOURCE), ip + CUT_IPV6_SOURCE + 8);
    return checksum_add_8(checksum_add_8(sum, destination), destination + 8);
}

/* The place of the TCP or UDP checksum. */
static inline uint8_t *cut_checksum_field(uint8_t *frame, const struct located *l) {
    return frame + l->transport_offset + (l->as == LOCATED_TCP ? CUT_TCP_CHECKSUM : CUT_UDP_CHECKSUM);
}

/*
 * Write the checksum of a segment of which there_bytes are there, the rest of segment_bytes being zeros or none.
 * Returns it as it was written.
 */
static inline uint16_t cut_put_segment_checksum(uint8_t *frame, const struct located *l, uint32_t segment_bytes,
                                                uint32_t there_bytes) {
    uint8_t *field = cut_checksum_field(frame, l);
    bytes_put_be16(field, 0);
    uint64_t sum = cut_pseudo_header_sum(frame, l, segment_bytes);
    checksum_put(checksum_add(sum, frame + l->transport_offset, there_bytes), field);
    if (l->as == LOCATED_UDP && bytes_get_be16(field) == 0) {
        bytes_put_be16(field, 0xffff);
    }
    return bytes_get_be16(field);
}

/* How long a segment is by its headers: what its checksum covers. It may not be captured to its end. */
static inline uint32_t cut_covered_bytes(const uint8_t *frame, const struct located *l, uint32_t packet_end) {
    const uint32_t segment_bytes = packet_end - l->transport_offset;
    if (l->as == LOCATED_UDP) {
        const uint32_t length_bytes = bytes_get_be16(frame + l->transport_offset + CUT_UDP_LENGTH);
        if (length_bytes >= CUT_UDP_HEADER_BYTES && length_bytes < segment_bytes) {
            return length_bytes;
        }
    }
    return segment_bytes;
}

/* A checksum field that was `was` where `right` would have been right, changed so that it is as wrong as before. */
static inline void cut_put_as_wrong(uint8_t *field, bool is_udp, uint16_t was, uint16_t right, uint16_t right_now) {
    const uint16_t now = checksum_carry_over(was, right, right_now);
    bytes_put_be16(field, is_udp && now == 0 ? 0xffff : now);
}

#endif

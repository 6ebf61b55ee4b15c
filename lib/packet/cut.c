#include "cut.h"

#include "bytes.h"
#include "checksum.h"

#include <stdbool.h>

enum {
    IPV4_TOTAL_LENGTH = 2,
    IPV4_CHECKSUM = 10,
    IPV4_SOURCE = 12,
    IPV4_HEADER_MIN_BYTES = 20,
    IPV6_PAYLOAD_LENGTH = 4,
    IPV6_SOURCE = 8,
    IPV6_HEADER_BYTES = 40,
    TCP_CHECKSUM = 16,
    TCP_URGENT = 18,
    TCP_HEADER_MIN_BYTES = 20,
    UDP_LENGTH = 4,
    UDP_CHECKSUM = 6,
    UDP_HEADER_BYTES = 8,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
};

/*
 * Fields that are about to be written are left out of sums rather than zeroed first: a load that spans bytes just
 * stored waits until they have reached the cache.
 */

static inline void rewrite_ipv4(uint8_t *ip, uint32_t packet_bytes) {
    const size_t header_bytes = (size_t)(ip[0] & 0x0f) * 4;
    uint64_t sum = checksum_add_word(0, (uint16_t)packet_bytes);
    sum = checksum_add_2(sum, ip);
    sum = checksum_add_4(sum, ip + 4);
    sum = checksum_add_2(sum, ip + 8);
    sum = checksum_add_8(sum, ip + IPV4_SOURCE); /* and the destination */
    if (header_bytes > IPV4_HEADER_MIN_BYTES) {
        sum = checksum_add(sum, ip + IPV4_HEADER_MIN_BYTES, header_bytes - IPV4_HEADER_MIN_BYTES);
    }
    bytes_put_be16(ip + IPV4_TOTAL_LENGTH, (uint16_t)packet_bytes);
    checksum_put(sum, ip + IPV4_CHECKSUM);
}

/* Addresses, protocol and length: RFC 9293 section 3.1, RFC 8200 section 8.1. */
static uint64_t pseudo_header_sum(const uint8_t *frame, const struct located *l, uint32_t segment_bytes,
                                  unsigned protocol) {
    const uint8_t *ip = frame + l->network_offset;
    const uint8_t *destination = frame + l->final_destination_offset;
    uint64_t sum = checksum_add_word(checksum_add_word(0, (uint16_t)protocol), (uint16_t)segment_bytes);
    if (l->ip_version == 4) {
        return checksum_add_4(checksum_add_4(sum, ip + IPV4_SOURCE), destination);
    }
    sum = checksum_add_8(checksum_add_8(sum, ip + IPV6_SOURCE), ip + IPV6_SOURCE + 8);
    return checksum_add_8(checksum_add_8(sum, destination), destination + 8);
}

uint32_t cut_rewrite(uint8_t *frame, const struct located *l, uint32_t keep_payload_bytes) {
    const uint32_t end = l->payload_offset + keep_payload_bytes;
    const uint32_t packet_bytes = end - l->network_offset;
    const uint32_t segment_bytes = end - l->transport_offset;
    uint8_t *ip = frame + l->network_offset;
    uint8_t *transport = frame + l->transport_offset;
    const bool is_tcp = l->as == LOCATED_TCP;
    if (l->ip_version == 4) {
        rewrite_ipv4(ip, packet_bytes);
    } else {
        bytes_put_be16(ip + IPV6_PAYLOAD_LENGTH, (uint16_t)(packet_bytes - IPV6_HEADER_BYTES));
    }
    uint64_t sum = pseudo_header_sum(frame, l, segment_bytes, is_tcp ? PROTOCOL_TCP : PROTOCOL_UDP);
    sum = checksum_add_4(sum, transport); /* ports */
    if (is_tcp) {
        sum = checksum_add_8(checksum_add_4(sum, transport + 4), transport + 8);
        sum = checksum_add_2(sum, transport + TCP_URGENT);
        sum = checksum_add(sum, transport + TCP_HEADER_MIN_BYTES, segment_bytes - TCP_HEADER_MIN_BYTES);
        checksum_put(sum, transport + TCP_CHECKSUM);
    } else if (l->as == LOCATED_UDP) { /* ESP has no length and no checksum of its own, RFC 4303 */
        sum = checksum_add_word(sum, (uint16_t)segment_bytes);
        sum = checksum_add(sum, transport + UDP_HEADER_BYTES, segment_bytes - UDP_HEADER_BYTES);
        bytes_put_be16(transport + UDP_LENGTH, (uint16_t)segment_bytes);
        checksum_put(sum, transport + UDP_CHECKSUM);
        if (bytes_get_be16(transport + UDP_CHECKSUM) == 0) {
            bytes_put_be16(transport + UDP_CHECKSUM, 0xffff);
        }
    }
    return end;
}

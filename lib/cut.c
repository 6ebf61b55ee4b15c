#include "cut.h"

#include "bytes.h"
#include "checksum.h"

enum {
    IPV4_TOTAL_LENGTH = 2,
    IPV4_CHECKSUM = 10,
    IPV4_SOURCE = 12,
    IPV6_PAYLOAD_LENGTH = 4,
    IPV6_SOURCE = 8,
    IPV6_HEADER_BYTES = 40,
    TCP_CHECKSUM = 16,
    UDP_LENGTH = 4,
    UDP_CHECKSUM = 6,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
};

static void rewrite_ipv4(uint8_t *ip, uint32_t packet_bytes) {
    bytes_put_be16(ip + IPV4_TOTAL_LENGTH, (uint16_t)packet_bytes);
    bytes_put_be16(ip + IPV4_CHECKSUM, 0);
    checksum_put(checksum_add(0, ip, (size_t)(ip[0] & 0x0f) * 4), ip + IPV4_CHECKSUM);
}

/* Pseudo-header (RFC 9293 section 3.1, RFC 8200 section 8.1), transport header and kept payload. */
static void rewrite_transport_checksum(uint8_t *frame, const struct located *l, uint32_t segment_bytes,
                                       unsigned protocol, uint8_t *field) {
    const uint32_t address_bytes = l->ip_version == 4 ? 4 : 16;
    const uint8_t *source = frame + l->network_offset + (l->ip_version == 4 ? IPV4_SOURCE : IPV6_SOURCE);
    bytes_put_be16(field, 0);
    uint64_t sum = checksum_add(0, source, address_bytes);
    sum = checksum_add(sum, frame + l->final_destination_offset, address_bytes);
    sum = checksum_add_word(sum, (uint16_t)protocol);
    sum = checksum_add_word(sum, (uint16_t)segment_bytes);
    checksum_put(checksum_add(sum, frame + l->transport_offset, segment_bytes), field);
}

uint32_t cut_rewrite(uint8_t *frame, const struct located *l, uint32_t keep_payload_bytes) {
    const uint32_t end = l->payload_offset + keep_payload_bytes;
    const uint32_t packet_bytes = end - l->network_offset;
    const uint32_t segment_bytes = end - l->transport_offset;
    uint8_t *ip = frame + l->network_offset;
    uint8_t *transport = frame + l->transport_offset;
    if (l->ip_version == 4) {
        rewrite_ipv4(ip, packet_bytes);
    } else {
        bytes_put_be16(ip + IPV6_PAYLOAD_LENGTH, (uint16_t)(packet_bytes - IPV6_HEADER_BYTES));
    }
    if (l->as == LOCATED_TCP) {
        rewrite_transport_checksum(frame, l, segment_bytes, PROTOCOL_TCP, transport + TCP_CHECKSUM);
    } else {
        bytes_put_be16(transport + UDP_LENGTH, (uint16_t)segment_bytes);
        rewrite_transport_checksum(frame, l, segment_bytes, PROTOCOL_UDP, transport + UDP_CHECKSUM);
        if (bytes_get_be16(transport + UDP_CHECKSUM) == 0) {
            bytes_put_be16(transport + UDP_CHECKSUM, 0xffff);
        }
    }
    return end;
}

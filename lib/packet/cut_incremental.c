#include "cut.h"

#include "cut_sum.h"

/* Write the lengths of a packet that ends at `end`. */
static void put_lengths(uint8_t *frame, const struct located *l, uint32_t end) {
    uint8_t *ip = frame + l->network_offset;
    const uint32_t packet_bytes = end - l->network_offset;
    if (l->ip_version == 4) {
        bytes_put_be16(ip + CUT_IPV4_TOTAL_LENGTH, (uint16_t)packet_bytes);
    } else {
        bytes_put_be16(ip + CUT_IPV6_PAYLOAD_LENGTH, (uint16_t)(packet_bytes - CUT_IPV6_HEADER_BYTES));
    }
    if (l->as == LOCATED_UDP) {
        bytes_put_be16(frame + l->transport_offset + CUT_UDP_LENGTH, (uint16_t)(end - l->transport_offset));
    }
}

/*
 * Each checksum is computed twice, for the packet as it was and as it is now, and the error that the field had is
 * carried over.
 */
uint32_t cut_rewrite_incremental(uint8_t *frame, const struct located *l, uint32_t keep_payload_bytes) {
    uint8_t *ip = frame + l->network_offset;
    uint8_t *field = cut_checksum_field(frame, l);
    const uint32_t end = cut_snap(l, keep_payload_bytes);
    if (l->as == LOCATED_ESP) {
        const uint16_t before = bytes_get_be16(ip + CUT_IPV4_CHECKSUM);
        const uint16_t right_before = l->ip_version == 4 ? cut_put_ipv4_checksum(ip) : 0;
        put_lengths(frame, l, end);
        if (l->ip_version == 4) {
            cut_put_as_wrong(ip + CUT_IPV4_CHECKSUM, false, before, right_before, cut_put_ipv4_checksum(ip));
        }
        return end;
    }
    const uint32_t segment_bytes = end - l->transport_offset;
    const uint32_t covered_bytes = cut_covered_bytes(frame, l, l->packet_end);
    const bool whole = l->payload_offset + l->payload_bytes - l->transport_offset >= covered_bytes;
    const bool is_udp = l->as == LOCATED_UDP;
    const uint16_t ip_was = bytes_get_be16(ip + CUT_IPV4_CHECKSUM);
    const uint16_t was = bytes_get_be16(field);
    const uint16_t ip_right = l->ip_version == 4 ? cut_put_ipv4_checksum(ip) : 0;
    const uint16_t right = whole ? cut_put_segment_checksum(frame, l, covered_bytes, covered_bytes) : 0;
    put_lengths(frame, l, end);
    if (l->ip_version == 4) {
        cut_put_as_wrong(ip + CUT_IPV4_CHECKSUM, false, ip_was, ip_right, cut_put_ipv4_checksum(ip));
    }
    const uint16_t right_now = cut_put_segment_checksum(frame, l, segment_bytes, segment_bytes);
    if (is_udp && was == 0) {
        bytes_put_be16(field, 0);
    } else if (whole) {
        cut_put_as_wrong(field, is_udp, was, right, right_now);
    }
    return end;
}

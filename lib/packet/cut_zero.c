#include "cut.h"

#include "cut_sum.h"

static uint32_t smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

void cut_zero(uint8_t *frame, const struct located *l, uint32_t keep_payload_bytes, enum cut_checksum checksum) {
    const uint32_t kept_end = l->payload_offset + keep_payload_bytes;
    const uint32_t there_end = l->payload_offset + l->payload_bytes;
    if (l->as == LOCATED_ESP) {
        memset(frame + kept_end, 0, there_end - kept_end);
        return;
    }
    const uint32_t covered_bytes = cut_covered_bytes(frame, l, l->packet_end);
    uint8_t *field = cut_checksum_field(frame, l);
    const uint16_t was = bytes_get_be16(field);
    const bool is_udp = l->as == LOCATED_UDP;
    uint16_t right = 0;
    if (checksum == CUT_INCREMENTAL) {
        right =
            cut_put_segment_checksum(frame, l, covered_bytes, smaller(covered_bytes, there_end - l->transport_offset));
    }
    memset(frame + kept_end, 0, there_end - kept_end);
    if (checksum == CUT_KEEP) {
        return;
    }
    const uint16_t right_now =
        cut_put_segment_checksum(frame, l, covered_bytes, smaller(covered_bytes, kept_end - l->transport_offset));
    if (checksum == CUT_INCREMENTAL) {
        if (is_udp && was == 0) {
            bytes_put_be16(field, 0);
        } else {
            cut_put_as_wrong(field, is_udp, was, right, right_now);
        }
    }
}

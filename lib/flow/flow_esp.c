#include "flow_esp.h"

#include "bytes.h"

enum {
    HEADER_BYTES = 8,
    SPI_MIN = 256,   /* RFC 4303 section 2.1 */
    STEP_MAX = 4096, /* between two packets of an SPI that are taken for neighbours */

    TRAILER_MIN_BYTES = 2,
    TRAILER_MAX_BYTES = 255 + 2 + 32, /* padding, its length, next header, integrity check */
};

bool flow_esp_is_clear(const uint8_t *p, uint32_t there_bytes, uint32_t length_bytes) {
    uint32_t packet_bytes;
    if (there_bytes >= 20 && p[0] >> 4 == 4 && (p[0] & 15) >= 5) {
        packet_bytes = bytes_get_be16(p + 2);
    } else if (there_bytes >= 40 && p[0] >> 4 == 6) {
        packet_bytes = 40 + (uint32_t)bytes_get_be16(p + 4);
    } else {
        return false;
    }
    return packet_bytes + TRAILER_MIN_BYTES <= length_bytes && length_bytes <= packet_bytes + TRAILER_MAX_BYTES;
}

bool flow_esp_judge(const struct flow_look *k, struct flow_verdict *out) {
    const struct flow_datagram *in = k->in;
    struct flow_side *side = k->side;
    if ((in->port_flags & POLICY_PORT_IPSEC) == 0 || in->there_bytes < HEADER_BYTES ||
        (k->flow->flags & ~(unsigned)FLOW_IKE) != 0) {
        return false;
    }
    const uint32_t spi = bytes_get_be32(in->payload);
    const uint32_t number = bytes_get_be32(in->payload + 4);
    if (spi < SPI_MIN) {
        return false;
    }
    const uint32_t step = number - side->counter;
    const bool goes_on = side->has_id && side->id == spi && step > 0 && step <= STEP_MAX;
    *side = (struct flow_side){.id = spi, .counter = number, .has_id = true};
    *k->remember = true;
    if (!goes_on && (k->flow->flags & FLOW_IKE) == 0) {
        return false;
    }
    *out =
        flow_esp_is_clear(in->payload + HEADER_BYTES, in->there_bytes - HEADER_BYTES, in->payload_bytes - HEADER_BYTES)
            ? flow_keep(POLICY_CLEARTEXT)
            : flow_cut_header(k->reason, HEADER_BYTES);
    return true;
}

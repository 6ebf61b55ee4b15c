#include "link_logged.h"

#include "bytes.h"
#include "protocols.h"
#include "wire.h"

bool link_pass_pflog(const uint8_t *frame, uint32_t captured_bytes, struct behind *out, struct envelope *around) {
    (void)around;
    if (captured_bytes < PFLOG_HEADER_MIN_BYTES || frame[0] < PFLOG_HEADER_MIN_BYTES) {
        return false;
    }
    const uint32_t header_bytes = ((uint32_t)frame[0] + 3) & ~(uint32_t)3; /* the padding is not counted */
    if (captured_bytes < header_bytes) {
        return false;
    }
    *out = (struct behind){.offset = header_bytes, .ethertype = ethertype_of_family(frame[PFLOG_FAMILY])};
    return true;
}

static uint32_t get_16(const uint8_t *p, bool big_endian) {
    return big_endian ? bytes_get_be16(p) : bytes_get_le16(p);
}

/* Where the payload attribute is, in a byte order; 0: none that is the last. */
static uint32_t find_payload(const uint8_t *frame, uint32_t captured_bytes, bool big_endian) {
    uint32_t at = NFLOG_HEADER_BYTES;
    while (captured_bytes - at >= NFLOG_ATTRIBUTE_HEADER_BYTES) {
        const uint32_t bytes = get_16(frame + at, big_endian);
        const uint32_t padded_bytes = (bytes + 3) & ~(uint32_t)3;
        const bool is_last = padded_bytes >= captured_bytes - at;
        if (bytes < NFLOG_ATTRIBUTE_HEADER_BYTES) {
            return 0;
        }
        if (get_16(frame + at + 2, big_endian) == NFLOG_PAYLOAD) {
            return is_last ? at : 0;
        }
        if (is_last) {
            return 0;
        }
        at += padded_bytes;
    }
    return 0;
}

bool link_pass_nflog(const uint8_t *frame, uint32_t captured_bytes, struct behind *out, struct envelope *around) {
    if (captured_bytes < NFLOG_HEADER_BYTES || frame[NFLOG_VERSION] != 0) {
        return false;
    }
    bool big_endian = false;
    uint32_t at = find_payload(frame, captured_bytes, big_endian);
    if (at == 0) {
        big_endian = true;
        at = find_payload(frame, captured_bytes, big_endian);
    }
    if (at == 0) {
        return false;
    }
    around->layers[around->count++] = (struct layer){.kind = big_endian ? LAYER_NFLOG : LAYER_NFLOG_LITTLE,
                                                     .offset = at,
                                                     .end = at + get_16(frame + at, big_endian)};
    *out = (struct behind){.offset = at + NFLOG_ATTRIBUTE_HEADER_BYTES, .ethertype = ethertype_of_family(frame[0])};
    return true;
}

#include "flow_wireguard.h"

#include "bytes.h"

enum {
    TYPE_INITIATION = 1,
    TYPE_RESPONSE = 2,
    TYPE_DATA = 4,
    INITIATION_BYTES = 148,
    RESPONSE_BYTES = 92,
    DATA_MIN_BYTES = 32, /* header and tag; padded to a multiple of 16, except up to the MTU */
};

struct flow_wireguard flow_wireguard_judge(const uint8_t *p, uint32_t there_bytes, uint32_t length_bytes) {
    struct flow_wireguard w = {.kind = FLOW_WIREGUARD_NONE};
    if (there_bytes < FLOW_WIREGUARD_DATA_HEADER_BYTES) {
        return w;
    }
    const uint32_t type = bytes_get_le32(p); /* three reserved bytes of zero behind it */
    if (type == TYPE_INITIATION && length_bytes == INITIATION_BYTES) {
        w.kind = FLOW_WIREGUARD_INITIATION;
        w.sender = bytes_get_le32(p + 4);
    } else if (type == TYPE_RESPONSE && length_bytes == RESPONSE_BYTES) {
        w.kind = FLOW_WIREGUARD_RESPONSE;
        w.sender = bytes_get_le32(p + 4);
        w.receiver = bytes_get_le32(p + 8);
    } else if (type == TYPE_DATA && length_bytes >= DATA_MIN_BYTES) {
        w.kind = FLOW_WIREGUARD_DATA;
        w.receiver = bytes_get_le32(p + 4);
    }
    return w;
}

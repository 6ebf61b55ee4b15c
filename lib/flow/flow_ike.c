#include "flow_ike.h"

#include "bytes.h"

enum {
    HEADER_BYTES = 28,
    NEXT_AT = 16,
    VERSION_AT = 17,
    FLAGS_AT = 19,
    LENGTH_AT = 24,
    FLAG_ENCRYPTED = 0x01, /* IKEv1 */

    PAYLOAD_HEADER_BYTES = 4,
    PAYLOAD_ENCRYPTED = 46, /* SK */
    PAYLOAD_FRAGMENT = 53,  /* SKF */
    FRAGMENT_HEADER_BYTES = 8,
    PAYLOADS_MAX = 64,
    VECTOR_BYTES = 8, /* of GCM, which may count */

    NON_ESP_MARKER_BYTES = 4,
};

/* IKEv2: up to the header of an encrypted payload, or all. */
static uint32_t clear_bytes_v2(const uint8_t *p, uint32_t there_bytes, uint32_t length_bytes) {
    uint32_t at = HEADER_BYTES;
    unsigned kind = p[NEXT_AT];
    for (unsigned n = 0; kind != 0 && n < PAYLOADS_MAX; n++) {
        if (at > there_bytes || there_bytes - at < PAYLOAD_HEADER_BYTES) {
            return length_bytes;
        }
        const uint32_t payload_bytes = bytes_get_be16(p + at + 2);
        if (payload_bytes < PAYLOAD_HEADER_BYTES || payload_bytes > length_bytes - at) {
            return length_bytes;
        }
        if (kind == PAYLOAD_ENCRYPTED) {
            return at + PAYLOAD_HEADER_BYTES;
        }
        if (kind == PAYLOAD_FRAGMENT) {
            return at + FRAGMENT_HEADER_BYTES;
        }
        kind = p[at];
        at += payload_bytes;
    }
    return length_bytes;
}

/* How much of a message is in the clear, all of it where nothing is encrypted; 0: it is none. */
static uint32_t clear_bytes_of(const uint8_t *p, uint32_t there_bytes, uint32_t length_bytes) {
    if (there_bytes < HEADER_BYTES) {
        return 0;
    }
    const unsigned major = p[VERSION_AT] >> 4;
    const uint32_t said_bytes = bytes_get_be32(p + LENGTH_AT);
    if ((major != 1 && major != 2) || said_bytes < HEADER_BYTES || said_bytes > length_bytes) {
        return 0;
    }
    if (said_bytes != length_bytes) {
        return length_bytes; /* bytes behind a message are not explained by it: some send padding, so it is not cut */
    }
    if (major == 1 && (p[FLAGS_AT] & FLAG_ENCRYPTED)) {
        return HEADER_BYTES;
    }
    return major == 2 ? clear_bytes_v2(p, there_bytes, length_bytes) : length_bytes;
}

bool flow_ike_judge(const struct flow_look *k, struct flow_verdict *out) {
    const struct flow_datagram *in = k->in;
    uint32_t marker_bytes = 0;
    if ((in->port_flags & POLICY_PORT_IPSEC) == 0) {
        return false;
    }
    if (in->there_bytes >= NON_ESP_MARKER_BYTES && bytes_get_be32(in->payload) == 0) {
        marker_bytes = NON_ESP_MARKER_BYTES;
    }
    const uint32_t clear_bytes =
        clear_bytes_of(in->payload + marker_bytes, in->there_bytes - marker_bytes, in->payload_bytes - marker_bytes);
    if (clear_bytes == 0) {
        return false;
    }
    flow_note(k, marker_bytes > 0 ? FLOW_IKE : 0);
    *k->nonce_bytes = VECTOR_BYTES;
    *out = clear_bytes + marker_bytes >= in->payload_bytes ? flow_keep(POLICY_HANDSHAKE)
                                                           : flow_cut_header(k->reason, clear_bytes + marker_bytes);
    return true;
}

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
    RESERVED = 0x7f, /* behind the critical bit */
    PAYLOAD_FIRST = 33,
    PAYLOAD_LAST = 54,
    BEHIND_MAX_BYTES = 255 + 1 + 32, /* padding, its length, check value */
    PAYLOAD_ENCRYPTED = 46,          /* SK */
    PAYLOAD_FRAGMENT = 53,           /* SKF */
    FRAGMENT_HEADER_BYTES = 8,
    PAYLOADS_MAX = 64,
    VECTOR_BYTES = 8, /* of GCM, which may count */

    NON_ESP_MARKER_BYTES = 4,
};

/*
 * Whether what stands in an encrypted payload is a chain of payloads in the clear, up to padding and check value: with
 * ENCR_NULL, behind no initialisation vector or, with GMAC, one. Ciphertext is no such chain once in a million times.
 */
static bool is_chain(unsigned kind, const uint8_t *p, uint32_t length_bytes) {
    uint32_t at = 0;
    for (unsigned n = 0; kind != 0 && n < PAYLOADS_MAX; n++) {
        if (kind < PAYLOAD_FIRST || kind > PAYLOAD_LAST || at > length_bytes ||
            length_bytes - at < PAYLOAD_HEADER_BYTES || (p[at + 1] & RESERVED) != 0) {
            return false;
        }
        const uint32_t payload_bytes = bytes_get_be16(p + at + 2);
        if (payload_bytes < PAYLOAD_HEADER_BYTES || payload_bytes > length_bytes - at) {
            return false;
        }
        kind = p[at];
        at += payload_bytes;
    }
    return at > 0 && kind == 0 && length_bytes - at <= BEHIND_MAX_BYTES;
}

static bool is_readable(unsigned kind, const uint8_t *p, uint32_t length_bytes) {
    return is_chain(kind, p, length_bytes) ||
           (length_bytes > VECTOR_BYTES && is_chain(kind, p + VECTOR_BYTES, length_bytes - VECTOR_BYTES));
}

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
        if (kind == PAYLOAD_ENCRYPTED || kind == PAYLOAD_FRAGMENT) {
            const uint32_t inside_at = at + (kind == PAYLOAD_ENCRYPTED ? PAYLOAD_HEADER_BYTES : FRAGMENT_HEADER_BYTES);
            const bool is_there = there_bytes >= length_bytes && inside_at < length_bytes;
            return is_there && is_readable(p[at], p + inside_at, length_bytes - inside_at) ? length_bytes : inside_at;
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

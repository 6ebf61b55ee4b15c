#include "flow_tls.h"

#include "bytes.h"

#include <string.h>

enum {
    CHANGE_CIPHER_SPEC = 0x14,
    ALERT = 0x15,
    HANDSHAKE = 0x16,
    APPLICATION_DATA = 0x17,
    HEARTBEAT = 0x18,

    MAJOR_VERSION = 3,
    MINOR_VERSION_MAX = 4,
    CLEAR_ALERT_BYTES = 2, /* level and description; with any cipher it is longer */
    CHANGE_CIPHER_SPEC_BYTES = 1,

    HELLO_REQUEST = 0,
    CLIENT_HELLO = 1,
    SERVER_HELLO = 2,
    HANDSHAKE_HEADER_BYTES = 4,
    HELLO_HEAD_BYTES = FLOW_TLS_HEADER_BYTES + HANDSHAKE_HEADER_BYTES + 2,
    HELLO_MIN_BYTES = 34, /* version and random */

    OLD_HELLO_HEADER_BYTES = 2,
    OLD_HELLO_MIN_BYTES = 9 + 3 + 16, /* one cipher, a challenge */
};

/* Whether as many bytes of a header as there are can be one. */
static bool is_credible_header(const uint8_t *p, uint32_t there_bytes) {
    if ((there_bytes > 0 && (p[0] < CHANGE_CIPHER_SPEC || p[0] > HEARTBEAT)) ||
        (there_bytes > 1 && p[1] != MAJOR_VERSION) || (there_bytes > 2 && p[2] > MINOR_VERSION_MAX)) {
        return false;
    }
    if (there_bytes < FLOW_TLS_HEADER_BYTES) {
        return true;
    }
    const uint32_t length_bytes = flow_tls_record_bytes(p) - FLOW_TLS_HEADER_BYTES;
    return length_bytes > 0 && length_bytes <= FLOW_TLS_RECORD_MAX_BYTES;
}

/* Whether a handshake record is one in the clear, or cannot be told from one. */
static bool may_be_hello(const uint8_t *p, uint32_t there_bytes) {
    if (there_bytes < HELLO_HEAD_BYTES) {
        return true;
    }
    const uint8_t *message = p + FLOW_TLS_HEADER_BYTES;
    const uint32_t message_bytes = (uint32_t)message[1] << 16 | bytes_get_be16(message + 2);
    if (message[0] == HELLO_REQUEST) {
        return message_bytes == 0;
    }
    return (message[0] == CLIENT_HELLO || message[0] == SERVER_HELLO) && message_bytes >= HELLO_MIN_BYTES &&
           message_bytes <= UINT16_MAX && message[4] == MAJOR_VERSION && message[5] <= MINOR_VERSION_MAX;
}

/* Whether a record is a ServerHello that agrees on integrity alone: application data will be readable. */
static bool chooses_null_cipher(const uint8_t *p, uint32_t there_bytes) {
    static const uint16_t suites[] = {0x0000, 0x0001, 0x0002, 0x002c, 0x002d, 0x002e, 0x003b, 0x00b0,
                                      0x00b1, 0x00b4, 0x00b5, 0x00b8, 0x00b9, 0xc001, 0xc006, 0xc00b,
                                      0xc010, 0xc015, 0xc039, 0xc03a, 0xc03b, 0xc0b4, 0xc0b5};
    const uint32_t session_at = FLOW_TLS_HEADER_BYTES + HANDSHAKE_HEADER_BYTES + HELLO_MIN_BYTES;
    if (there_bytes <= session_at || p[FLOW_TLS_HEADER_BYTES] != SERVER_HELLO || !may_be_hello(p, there_bytes)) {
        return false;
    }
    const uint32_t suite_at = session_at + 1 + p[session_at];
    if (there_bytes < suite_at + 2) {
        return false;
    }
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        if (bytes_get_be16(p + suite_at) == suites[i]) {
            return true;
        }
    }
    return false;
}

static enum flow_unit_kind kind_of(struct flow_stream *s, const uint8_t *p, uint32_t there_bytes) {
    const bool secret_may_come = (s->flags & (FLOW_TLS_CHANGED | FLOW_TLS_DATA)) != 0;
    const uint32_t length_bytes = flow_tls_record_bytes(p) - FLOW_TLS_HEADER_BYTES;
    switch (p[0]) {
    case CHANGE_CIPHER_SPEC:
        if (length_bytes != CHANGE_CIPHER_SPEC_BYTES || (s->flags & FLOW_TLS_DATA)) {
            return secret_may_come ? FLOW_UNIT_SECRET : FLOW_UNIT_CLEAR;
        }
        s->flags |= FLOW_TLS_CHANGED;
        return FLOW_UNIT_CLEAR;
    case ALERT:
        return secret_may_come && length_bytes != CLEAR_ALERT_BYTES ? FLOW_UNIT_SECRET : FLOW_UNIT_CLEAR;
    case HANDSHAKE:
        if (chooses_null_cipher(p, there_bytes)) {
            return FLOW_UNIT_ENDS_PROOF;
        }
        /* TLS 1.3 sends a second ClientHello, and the ServerHello to it, behind ChangeCipherSpec */
        return secret_may_come && !may_be_hello(p, there_bytes) ? FLOW_UNIT_SECRET : FLOW_UNIT_CLEAR;
    case APPLICATION_DATA:
        s->flags |= FLOW_TLS_DATA;
        return FLOW_UNIT_SECRET;
    default: /* heartbeat */
        return secret_may_come ? FLOW_UNIT_SECRET : FLOW_UNIT_CLEAR;
    }
}

/* How long an SSL 2.0 compatible ClientHello is; 0: it is none. */
static uint32_t old_hello_bytes(const uint8_t *p, uint32_t there_bytes) {
    if (there_bytes < OLD_HELLO_HEADER_BYTES + 3 || (p[0] & 0x80) == 0 || p[2] != CLIENT_HELLO ||
        p[3] != MAJOR_VERSION || p[4] > MINOR_VERSION_MAX) {
        return 0;
    }
    const uint32_t length_bytes = (uint32_t)(p[0] & 0x7f) << 8 | p[1];
    return length_bytes >= OLD_HELLO_MIN_BYTES ? OLD_HELLO_HEADER_BYTES + length_bytes : 0;
}

struct flow_unit flow_tls_unit(struct flow_stream *s, const uint8_t *p, uint32_t there_bytes) {
    struct flow_unit u = {.kind = FLOW_UNIT_NONE};
    if (!is_credible_header(p, there_bytes)) {
        u.length_bytes = s->flags & FLOW_UNITS_SEEN ? 0 : old_hello_bytes(p, there_bytes);
        u.kind = u.length_bytes > 0 ? FLOW_UNIT_CLEAR : FLOW_UNIT_NONE;
        return u;
    }
    if (there_bytes < FLOW_TLS_HEADER_BYTES) {
        u.kind = FLOW_UNIT_MORE;
        /* What is there of a header goes with the data before it if it begins data, too. */
        u.clear_bytes = there_bytes > 0 && p[0] == APPLICATION_DATA ? 0 : there_bytes;
        return u;
    }
    u.kind = kind_of(s, p, there_bytes);
    u.length_bytes = flow_tls_record_bytes(p);
    return u;
}

/* Whether a record is a handshake's or an alert's as a stream begins with them. */
static bool can_be_first(const uint8_t *p, uint32_t there_bytes) {
    if (p[0] == HANDSHAKE) {
        return may_be_hello(p, there_bytes);
    }
    return p[0] == ALERT && (there_bytes < FLOW_TLS_HEADER_BYTES ||
                             flow_tls_record_bytes(p) == (uint32_t)FLOW_TLS_HEADER_BYTES + (uint32_t)CLEAR_ALERT_BYTES);
}

bool flow_tls_begins(enum flow_where where, const uint8_t *p, uint32_t there_bytes) {
    if (!is_credible_header(p, there_bytes)) {
        return where == FLOW_AT_START && old_hello_bytes(p, there_bytes) > 0;
    }
    if (where == FLOW_AT_START) {
        return can_be_first(p, there_bytes);
    }
    if (where == FLOW_IN_CLEAR) {
        return there_bytes >= HELLO_HEAD_BYTES && p[0] == HANDSHAKE && may_be_hello(p, there_bytes);
    }
    if (there_bytes < FLOW_TLS_HEADER_BYTES) {
        return false;
    }
    const uint32_t first_bytes = flow_tls_record_bytes(p);
    return first_bytes >= there_bytes || is_credible_header(p + first_bytes, there_bytes - first_bytes);
}

uint32_t flow_tls_find_data(const uint8_t *p, uint32_t there_bytes) {
    for (uint32_t at = 0; there_bytes - at >= FLOW_TLS_HEADER_BYTES; at++) {
        const uint8_t *found = memchr(p + at, APPLICATION_DATA, there_bytes - at - (FLOW_TLS_HEADER_BYTES - 1));
        if (found == NULL) {
            break;
        }
        at = (uint32_t)(found - p);
        if (found[1] == MAJOR_VERSION && flow_tls_begins(FLOW_WITHIN, found, there_bytes - at)) {
            return at;
        }
    }
    return there_bytes;
}

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
    CLEAR_MAX_BYTES = 8, /* no cipher leaves a record so short: the shortest tag has 8 bytes (RFC 6655) */

    CLIENT_HELLO = 1,
    SERVER_HELLO = 2,
    HELLO_HEAD_BYTES = 6, /* message header and version */
    HELLO_MIN_BYTES = 34, /* version and random */

    PRELOGIN = 0x12,
    PRELOGIN_HEADER_BYTES = 8,

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

/* The body of the record at p, as far as it is there. */
static uint32_t body_there_bytes(const uint8_t *p, uint32_t there_bytes) {
    const uint32_t body_bytes = flow_tls_record_bytes(p) - FLOW_TLS_HEADER_BYTES;
    return there_bytes - FLOW_TLS_HEADER_BYTES < body_bytes ? there_bytes - FLOW_TLS_HEADER_BYTES : body_bytes;
}

/* Whether the body of a handshake record begins with a hello in the clear, or is too short for anything else to be
 * told. */
static bool begins_hello(const uint8_t *body, uint32_t body_bytes) {
    if (body_bytes < HELLO_HEAD_BYTES) {
        return body_bytes == 0 || body[0] == CLIENT_HELLO || body[0] == SERVER_HELLO;
    }
    const uint32_t message_bytes = (uint32_t)body[1] << 16 | bytes_get_be16(body + 2);
    return (body[0] == CLIENT_HELLO || body[0] == SERVER_HELLO) && message_bytes >= HELLO_MIN_BYTES &&
           message_bytes <= UINT16_MAX && body[4] == MAJOR_VERSION && body[5] <= MINOR_VERSION_MAX;
}

/* Whether a handshake record is encrypted, where it may be: in the clear are hellos, and what no cipher makes so short.
 */
static bool is_secret_handshake(const uint8_t *p, uint32_t there_bytes) {
    const uint8_t *body = p + FLOW_TLS_HEADER_BYTES;
    const uint32_t body_bytes = body_there_bytes(p, there_bytes);
    return flow_tls_record_bytes(p) - FLOW_TLS_HEADER_BYTES > CLEAR_MAX_BYTES && !begins_hello(body, body_bytes);
}

static enum flow_unit_kind kind_of(struct flow_stream *s, const uint8_t *p, uint32_t there_bytes) {
    const bool secret_may_come = (s->flags & (FLOW_TLS_CHANGED | FLOW_TLS_DATA)) != 0;
    const uint32_t length_bytes = flow_tls_record_bytes(p) - FLOW_TLS_HEADER_BYTES;
    switch (p[0]) {
    case CHANGE_CIPHER_SPEC:
        if (length_bytes != CHANGE_CIPHER_SPEC_BYTES || (s->flags & FLOW_TLS_DATA)) {
            return secret_may_come && length_bytes > CLEAR_MAX_BYTES ? FLOW_UNIT_SECRET : FLOW_UNIT_CLEAR;
        }
        s->flags |= FLOW_TLS_CHANGED;
        return FLOW_UNIT_CLEAR;
    case HANDSHAKE:
        /* a hello may go on in the next record */
        return secret_may_come && (s->flags & FLOW_AGREEING) == 0 && is_secret_handshake(p, there_bytes)
                   ? FLOW_UNIT_SECRET
                   : FLOW_UNIT_CLEAR;
    case APPLICATION_DATA:
        s->flags |= FLOW_TLS_DATA;
        return FLOW_UNIT_SECRET;
    default: /* alert, heartbeat */
        return secret_may_come && length_bytes > CLEAR_MAX_BYTES ? FLOW_UNIT_SECRET : FLOW_UNIT_CLEAR;
    }
}

/*
 * A header of TDS (MS-TDS section 2.2.3.1): type prelogin, status, length, no process, packet number, no window. It
 * wraps the records of a handshake; the data behind it is bare.
 */
static bool is_prelogin_header(const uint8_t *p, uint32_t there_bytes) {
    return there_bytes >= PRELOGIN_HEADER_BYTES && p[0] == PRELOGIN && p[1] <= 1 && p[4] == 0 && p[5] == 0 &&
           p[7] == 0 && bytes_get_be16(p + 2) > PRELOGIN_HEADER_BYTES;
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
    if (there_bytes > 0 && p[0] == PRELOGIN && there_bytes < PRELOGIN_HEADER_BYTES) {
        u.kind = FLOW_UNIT_MORE;
        u.clear_bytes = there_bytes;
        return u;
    }
    if (is_prelogin_header(p, there_bytes)) {
        u.kind = FLOW_UNIT_CLEAR;
        u.length_bytes = PRELOGIN_HEADER_BYTES;
        return u;
    }
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
    if (p[0] == HANDSHAKE && u.kind == FLOW_UNIT_CLEAR &&
        begins_hello(p + FLOW_TLS_HEADER_BYTES, body_there_bytes(p, there_bytes))) {
        u.agreement_at = FLOW_TLS_HEADER_BYTES;
    }
    return u;
}

/* Whether a record is a handshake's or an alert's as a stream begins with them. */
static bool can_be_first(const uint8_t *p, uint32_t there_bytes) {
    if (p[0] == HANDSHAKE) {
        return there_bytes <= FLOW_TLS_HEADER_BYTES ||
               begins_hello(p + FLOW_TLS_HEADER_BYTES, body_there_bytes(p, there_bytes));
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
        return p[0] == HANDSHAKE && can_be_first(p, there_bytes); /* what goes on in another way is none after all */
    }
    if (there_bytes < FLOW_TLS_HEADER_BYTES) {
        return false;
    }
    const uint32_t first_bytes = flow_tls_record_bytes(p);
    return first_bytes >= there_bytes || is_credible_header(p + first_bytes, there_bytes - first_bytes);
}

uint32_t flow_tls_find_hello(const uint8_t *p, uint32_t there_bytes) {
    uint32_t at = 0;
    while (at < there_bytes) {
        const uint8_t *found = memchr(p + at, HANDSHAKE, there_bytes - at);
        if (found == NULL) {
            break;
        }
        at = (uint32_t)(found - p);
        if (there_bytes - at >= FLOW_TLS_HEADER_BYTES && found[1] == MAJOR_VERSION &&
            flow_tls_begins(FLOW_IN_CLEAR, found, there_bytes - at)) {
            return at;
        }
        at++;
    }
    return there_bytes;
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

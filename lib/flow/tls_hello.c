#include "tls_hello.h"

#include "bytes.h"
#include "tls_suites.h"

enum {
    DTLS_HEADER_MORE_BYTES = 8, /* behind type and length: number, offset and length of the fragment */
    MINOR_AND_RANDOM_BYTES = 33,
    SESSION_MAX_BYTES = 32,
    MAJOR_VERSION = 3,
    DTLS_MAJOR_VERSION = 0xfe,
    DTLS_OLD_MAJOR_VERSION = 1, /* of before there was a standard */
};

enum field {
    FIELD_TYPE,
    FIELD_LENGTH_HIGH, /* of the message, of three bytes */
    FIELD_LENGTH_MIDDLE,
    FIELD_LENGTH_LOW,
    FIELD_HEADER, /* the rest of that of DTLS */
    FIELD_MAJOR,
    FIELD_RANDOM, /* and the minor version */
    FIELD_SESSION_LENGTH,
    FIELD_SESSION,
    FIELD_COOKIE_LENGTH,
    FIELD_COOKIE,
    FIELD_LIST_HIGH,
    FIELD_LIST_LOW,
    FIELD_SUITE_HIGH,
    FIELD_SUITE_LOW,
    FIELD_END,
};

enum { OFFERS_ENCRYPTION = 1, OFFERS_NONE = 2 };

static void go_to(struct tls_hello *h, enum field field, uint32_t length_bytes) {
    h->field = (uint8_t)field;
    h->left_bytes = (uint16_t)length_bytes;
}

static enum tls_agreement of_client(const struct tls_hello *h) {
    return h->offers == OFFERS_ENCRYPTION ? TLS_ENCRYPTS
           : h->offers == OFFERS_NONE     ? TLS_ENCRYPTS_NOT
           : h->offers != 0               ? TLS_MAY_ENCRYPT
                                          : TLS_AGREES_ON_NOTHING;
}

static void note_offer(struct tls_hello *h, uint16_t suite) {
    if (tls_suite_encrypts(suite)) {
        h->offers |= OFFERS_ENCRYPTION;
    } else if (!tls_suite_is_signal(suite)) {
        h->offers |= OFFERS_NONE;
    }
}

static enum tls_agreement take_suite(struct tls_hello *h, uint16_t suite) {
    if (h->type == TLS_SERVER_HELLO) {
        go_to(h, FIELD_END, 0);
        return tls_suite_encrypts(suite) ? TLS_ENCRYPTS : TLS_ENCRYPTS_NOT;
    }
    note_offer(h, suite);
    if (h->left_bytes >= 2) {
        h->field = FIELD_SUITE_HIGH;
        return TLS_AGREES_ON_NOTHING;
    }
    go_to(h, FIELD_END, 0);
    return of_client(h);
}

/* What comes behind the session's identifier, or else behind the cookie. */
static enum field field_behind(const struct tls_hello *h, bool is_session, bool is_dtls) {
    if (is_session && is_dtls && h->type == TLS_CLIENT_HELLO) {
        return FIELD_COOKIE_LENGTH;
    }
    return h->type == TLS_SERVER_HELLO ? FIELD_SUITE_HIGH : FIELD_LIST_HIGH;
}

/* The fields in front of the suites: of the session's identifier, and of DTLS the cookie, only the length counts. */
static void take_length(struct tls_hello *h, uint8_t length_bytes, bool is_dtls) {
    const bool is_session = h->field == FIELD_SESSION_LENGTH;
    if (is_session && length_bytes > SESSION_MAX_BYTES) {
        go_to(h, FIELD_END, 0);
    } else if (length_bytes == 0) {
        go_to(h, field_behind(h, is_session, is_dtls), 0);
    } else {
        go_to(h, is_session ? FIELD_SESSION : FIELD_COOKIE, length_bytes);
    }
}

static bool is_major_version(uint8_t byte, bool is_dtls) {
    return is_dtls ? byte == DTLS_MAJOR_VERSION || byte == DTLS_OLD_MAJOR_VERSION : byte == MAJOR_VERSION;
}

/* Of a field that is only stepped over as much as there is. Returns how much that is; 0: this is no such field. */
static uint32_t step_over(struct tls_hello *h, uint32_t there_bytes, bool is_dtls) {
    if (h->field != FIELD_HEADER && h->field != FIELD_RANDOM && h->field != FIELD_SESSION && h->field != FIELD_COOKIE) {
        return 0;
    }
    const uint32_t step_bytes = h->left_bytes < there_bytes ? h->left_bytes : there_bytes;
    h->left_bytes = (uint16_t)(h->left_bytes - step_bytes);
    if (h->left_bytes > 0) {
        return step_bytes;
    }
    if (h->field == FIELD_HEADER || h->field == FIELD_RANDOM) {
        h->field++;
    } else {
        h->field = (uint8_t)field_behind(h, h->field == FIELD_SESSION, is_dtls);
    }
    return step_bytes;
}

/* A list that does not fit into the message, or has half a suite, is none. */
static void begin_list(struct tls_hello *h, uint32_t list_bytes) {
    const bool fits = list_bytes >= 2 && list_bytes % 2 == 0 && list_bytes < h->message_bytes;
    go_to(h, fits ? FIELD_SUITE_HIGH : FIELD_END, list_bytes);
}

static enum tls_agreement take(struct tls_hello *h, uint8_t byte, bool is_dtls) {
    switch ((enum field)h->field) {
    case FIELD_TYPE:
        h->type = byte;
        go_to(h, byte == TLS_CLIENT_HELLO || byte == TLS_SERVER_HELLO ? FIELD_LENGTH_HIGH : FIELD_END, 0);
        break;
    case FIELD_LENGTH_HIGH:
        go_to(h, byte == 0 ? FIELD_LENGTH_MIDDLE : FIELD_END, 0);
        break;
    case FIELD_LENGTH_MIDDLE:
        h->message_bytes = (uint16_t)(byte << 8);
        h->field++;
        break;
    case FIELD_LENGTH_LOW:
        h->message_bytes |= byte;
        go_to(h, is_dtls ? FIELD_HEADER : FIELD_MAJOR, DTLS_HEADER_MORE_BYTES);
        break;
    case FIELD_MAJOR:
        go_to(h, is_major_version(byte, is_dtls) ? FIELD_RANDOM : FIELD_END, MINOR_AND_RANDOM_BYTES);
        break;
    case FIELD_SESSION_LENGTH:
    case FIELD_COOKIE_LENGTH:
        take_length(h, byte, is_dtls);
        break;
    case FIELD_LIST_HIGH:
    case FIELD_SUITE_HIGH:
        h->high = byte;
        h->left_bytes = (uint16_t)(h->left_bytes - (h->left_bytes > 0));
        h->field++;
        break;
    case FIELD_LIST_LOW:
        begin_list(h, (uint32_t)h->high << 8 | byte);
        break;
    case FIELD_SUITE_LOW:
        h->left_bytes = (uint16_t)(h->left_bytes - (h->left_bytes > 0));
        return take_suite(h, (uint16_t)(h->high << 8 | byte));
    case FIELD_HEADER: /* these are stepped over */
    case FIELD_RANDOM:
    case FIELD_SESSION:
    case FIELD_COOKIE:
    case FIELD_END:
        break;
    }
    return TLS_AGREES_ON_NOTHING;
}

enum tls_agreement tls_hello_read(struct tls_hello *h, const uint8_t *p, uint32_t length_bytes, bool is_dtls) {
    uint32_t at = 0;
    while (at < length_bytes && h->field != FIELD_END) {
        const uint32_t step_bytes = step_over(h, length_bytes - at, is_dtls);
        if (step_bytes > 0) {
            at += step_bytes;
            continue;
        }
        if (h->field == FIELD_SUITE_HIGH && h->left_bytes >= 4 && length_bytes - at >= 4) { /* one of several */
            h->left_bytes = (uint16_t)(h->left_bytes - 2);
            note_offer(h, bytes_get_be16(p + at));
            at += 2;
            continue;
        }
        const enum tls_agreement agreement = take(h, p[at++], is_dtls);
        if (agreement != TLS_AGREES_ON_NOTHING) {
            return agreement;
        }
    }
    return TLS_AGREES_ON_NOTHING;
}

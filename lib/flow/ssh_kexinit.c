#include "ssh_kexinit.h"

#include <stdbool.h>

enum {
    COOKIE_BYTES = 16,
    LENGTH_BYTES = 4,
    LIST_MAX_BYTES = 1 << 16,

    /* Fields: nothing yet, the cookie, then lengths and lists in turn: key exchange, host key, ciphers of both
       directions. */
    FIELD_BEGIN = 0,
    FIELD_COOKIE = 1,
    FIELD_FIRST_LENGTH = 2,
    FIELD_CIPHERS_FIRST = 7, /* the list of client to server */
    FIELD_CIPHERS_LAST = 9,
    FIELD_END = 10,
};

static const char NONE[] = "none";

enum { NONE_CHARACTERS = sizeof NONE - 1, OTHER_NAME = NONE_CHARACTERS + 1 };

static bool is_length(unsigned field) {
    return field % 2 == 0;
}

static void end_name(struct ssh_kexinit *k) {
    if (k->field >= FIELD_CIPHERS_FIRST && k->matched == NONE_CHARACTERS) {
        k->offers_none = 1;
    }
    k->matched = 0;
}

static void take_character(struct ssh_kexinit *k, uint8_t c) {
    if (c == ',') {
        end_name(k);
    } else if (k->matched < NONE_CHARACTERS && c == (uint8_t)NONE[k->matched]) {
        k->matched++;
    } else {
        k->matched = OTHER_NAME;
    }
}

/* Behind a field comes the next; of a length the bytes are collected where those of its list will be counted. */
static void next_field(struct ssh_kexinit *k, uint32_t length_bytes) {
    if (!is_length(k->field)) {
        end_name(k);
    }
    k->field++;
    k->left_bytes = length_bytes;
}

enum ssh_offer ssh_kexinit_read(struct ssh_kexinit *k, const uint8_t *p, uint32_t length_bytes) {
    if (k->field == FIELD_BEGIN) {
        next_field(k, COOKIE_BYTES);
    }
    for (uint32_t i = 0; i < length_bytes && k->field != FIELD_END; i++) {
        if (is_length(k->field)) { /* matched counts its bytes */
            k->left_bytes = k->left_bytes << 8 | p[i];
            if (++k->matched < LENGTH_BYTES) {
                continue;
            }
            k->matched = 0;
            if (k->left_bytes > LIST_MAX_BYTES) {
                k->field = FIELD_END;
                k->matched = OTHER_NAME; /* said */
                return SSH_OFFERS_NONE;  /* nothing that is known */
            }
            k->offers_none |= k->left_bytes == 0 && k->field >= FIELD_CIPHERS_FIRST - 1;
            next_field(k, k->left_bytes);
        } else {
            take_character(k, p[i]);
            k->left_bytes--;
        }
        if (!is_length(k->field) && k->left_bytes == 0) {
            next_field(k, 0);
        }
    }
    if (k->field > FIELD_CIPHERS_LAST && k->matched == 0) {
        const bool none = k->offers_none != 0;
        k->matched = OTHER_NAME; /* said */
        return none ? SSH_OFFERS_NONE : SSH_OFFERS_ENCRYPTION;
    }
    return SSH_OFFER_NOT_KNOWN;
}

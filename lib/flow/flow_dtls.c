#include "flow_dtls.h"

#include "bytes.h"

#include <string.h>

enum {
    RECORD_HEADER_BYTES = 13,
    RECORD_MAX_BYTES = 16384 + 2048,
    TYPE_FIRST = 20, /* ChangeCipherSpec, alert, handshake, application data, heartbeat, connection ID, ACK */
    TYPE_LAST = 26,
    TYPE_HANDSHAKE = 22,
    TYPE_CONNECTION_ID = 25, /* RFC 9146: always encrypted */
    CONNECTION_ID_MAX_BYTES = 20,
    EPOCH_AT = 3,
    LENGTH_AT = 11,

    CLIENT_HELLO = 1,
    SERVER_HELLO = 2,
};

/* What the records of a datagram are. */
struct records {
    bool is_dtls;         /* they fill the datagram exactly */
    uint32_t clear_bytes; /* up to the end of the last one in the clear */
    bool handshake;       /* there is a handshake in the clear */
    bool version_13;      /* a ServerHello agrees on DTLS 1.3 */
    bool offers_srtp;     /* a ClientHello offers DTLS-SRTP */
    bool takes_srtp;      /* a ServerHello takes it up */
};

/* DTLS 1.0 and 1.2, and the 1.0 of before there was a standard. */
static bool is_version(unsigned version) {
    return version == 0xfeff || version == 0xfefd || version == 0x0100;
}

/* An extension use_srtp (14) with a list of length - 3 bytes of profiles. */
static bool has_srtp_extension(const uint8_t *p, uint32_t length_bytes) {
    static const uint8_t type[] = {0x00, 0x0e, 0x00};
    while (length_bytes >= sizeof type + 3) {
        const uint8_t *at = memmem(p, length_bytes - 3, type, sizeof type);
        if (at == NULL) {
            return false;
        }
        if (at[3] >= 5 && at[4] == 0 && at[5] + 3 <= at[3] && at[5] % 2 == 0 && at[5] > 0) {
            return true;
        }
        length_bytes -= (uint32_t)(at + 1 - p);
        p = at + 1;
    }
    return false;
}

static void note_hello(struct records *d, const uint8_t *message, uint32_t there_bytes) {
    static const uint8_t chosen_13[] = {0x00, 0x2b, 0x00, 0x02, 0xfe, 0xfc}; /* supported_versions */
    if (there_bytes == 0) {
        return;
    }
    if (message[0] == CLIENT_HELLO) {
        d->offers_srtp = d->offers_srtp || has_srtp_extension(message, there_bytes);
    } else if (message[0] == SERVER_HELLO) {
        d->takes_srtp = d->takes_srtp || has_srtp_extension(message, there_bytes);
        d->version_13 = d->version_13 || memmem(message, there_bytes, chosen_13, sizeof chosen_13) != NULL;
    }
}

/*
 * Whether these bytes are one record with a connection ID in its header (RFC 9146 section 4). How long that is was said
 * in the handshake; it must be so that the record fills the datagram.
 */
static bool is_record_with_id(const uint8_t *p, uint32_t there_bytes, uint32_t length_bytes) {
    if (there_bytes < RECORD_HEADER_BYTES || p[0] != TYPE_CONNECTION_ID || !is_version(bytes_get_be16(p + 1)) ||
        bytes_get_be16(p + EPOCH_AT) == 0) {
        return false;
    }
    for (uint32_t id_bytes = 1; id_bytes <= CONNECTION_ID_MAX_BYTES; id_bytes++) {
        const uint32_t header_bytes = RECORD_HEADER_BYTES + id_bytes;
        if (header_bytes > there_bytes) {
            return false;
        }
        if (header_bytes + bytes_get_be16(p + LENGTH_AT + id_bytes) == length_bytes) {
            return true;
        }
    }
    return false;
}

/* Whether the first byte is that of a record of DTLS 1.3 with a unified header. */
static bool is_unified(uint8_t first) {
    return first >> 5 == 1;
}

static struct records read_records(const uint8_t *p, uint32_t there_bytes, uint32_t length_bytes) {
    struct records d = {.is_dtls = false};
    uint32_t at = 0;
    while (at < length_bytes) {
        if (at > 0 && at >= there_bytes && there_bytes < length_bytes) {
            break; /* not captured */
        }
        if (at > 0 && at < there_bytes && is_unified(p[at]) && d.version_13) {
            break; /* encrypted records behind a ServerHello */
        }
        if (at < there_bytes && is_record_with_id(p + at, there_bytes - at, length_bytes - at)) {
            break; /* it fills what is left */
        }
        if (at >= there_bytes || there_bytes - at < RECORD_HEADER_BYTES || p[at] < TYPE_FIRST || p[at] > TYPE_LAST ||
            !is_version(bytes_get_be16(p + at + 1))) {
            return d;
        }
        const uint32_t record_bytes = bytes_get_be16(p + at + LENGTH_AT);
        if (record_bytes == 0 || record_bytes > RECORD_MAX_BYTES ||
            record_bytes > length_bytes - at - RECORD_HEADER_BYTES) {
            return d;
        }
        const bool clear = bytes_get_be16(p + at + EPOCH_AT) == 0;
        if (clear && p[at] == TYPE_HANDSHAKE) {
            const uint32_t message_there_bytes = there_bytes - at - RECORD_HEADER_BYTES;
            d.handshake = true;
            note_hello(&d, p + at + RECORD_HEADER_BYTES,
                       record_bytes < message_there_bytes ? record_bytes : message_there_bytes);
        }
        at += RECORD_HEADER_BYTES + record_bytes;
        if (clear) {
            d.clear_bytes = at;
        }
    }
    d.is_dtls = length_bytes > 0;
    return d;
}

bool flow_dtls_judge(const struct flow_look *k, struct flow_verdict *out) {
    const struct flow_datagram *in = k->in;
    if ((k->flow->flags & FLOW_DTLS_13) && is_unified(in->payload[0])) {
        *out = flow_cut_behind(k->reason, 0);
        return true;
    }
    const struct records d = read_records(in->payload, in->there_bytes, in->payload_bytes);
    if (!d.is_dtls) {
        return false;
    }
    unsigned flags = 0;
    if (d.handshake) {
        flags |= FLOW_DTLS | (d.version_13 ? FLOW_DTLS_13 : 0U) | (d.offers_srtp ? FLOW_SRTP_OFFERED : 0U);
        if (d.takes_srtp || (d.version_13 && (k->flow->flags & FLOW_SRTP_OFFERED))) {
            flags |= FLOW_SRTP;
        }
    }
    flow_note(k, flags);
    /* A record that is not whole makes readers give up the datagram; one with a handshake stays whole. */
    *out = d.clear_bytes > 0 ? flow_keep(POLICY_HANDSHAKE) : flow_cut_behind(k->reason, 0);
    return true;
}

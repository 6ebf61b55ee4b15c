#include "flow_dtls.h"

#include "bytes.h"
#include "flow_dtls_hello.h"

enum {
    RECORD_HEADER_BYTES = 13,
    RECORD_MAX_BYTES = 16384 + 2048,
    TYPE_FIRST = 20, /* ChangeCipherSpec, alert, handshake, application data, heartbeat, connection ID, ACK */
    TYPE_LAST = 26,
    TYPE_HANDSHAKE = 22,
    TYPE_CONNECTION_ID = 25, /* RFC 9146: always encrypted */
    CONNECTION_ID_MAX_BYTES = 20,
    EPOCH_AT = 3,
    NUMBER_AT = 7, /* the lower four bytes */
    LENGTH_AT = 11,
    NONCE_BYTES = 8,          /* in front of the ciphertext, a number that counts */
    UNIFIED_NUMBER_BYTES = 4, /* behind the first byte: number and length */
    CHAIN_MIN_BYTES = 64,     /* that must look like noise, of a record whose handshake was not seen */

    MESSAGE_HEADER_BYTES = 12,
    FRAGMENT_AT = 6,
    FRAGMENT_LENGTH_AT = 9,
};

/* What the records of a datagram are. */
struct records {
    bool is_dtls;         /* they fill the datagram exactly */
    uint32_t clear_bytes; /* up to the end of the last one in the clear */
    uint32_t header_end;  /* of the last record */
    bool handshake;       /* there is a handshake in the clear */
    bool has_secret;      /* and an encrypted record; these are of the first: */
    uint32_t epoch;
    uint32_t number;

    struct tls_hello hello; /* how far one was read, as in struct flow_side */
    uint16_t hello_bytes;
    uint8_t agreed; /* enum flow_flags, as they become */
    uint16_t flags; /* enum flow_datagram_flags, likewise */
};

/* DTLS 1.0 and 1.2, and the 1.0 of before there was a standard. */
static bool is_version(unsigned version) {
    return version == 0xfeff || version == 0xfefd || version == 0x0100;
}

static uint32_t get_be24(const uint8_t *p) {
    return (uint32_t)p[0] << 16 | bytes_get_be16(p + 1);
}

/* Read on in a hello, of which the fragment p has message_bytes bytes from offset on. */
static void read_hello(struct records *d, const uint8_t *p, uint32_t message_bytes, uint32_t offset) {
    uint32_t header_bytes = 0;
    if (offset == 0) { /* whatever was agreed on before no longer counts */
        d->hello = (struct tls_hello){.field = 0};
        d->agreed &= (uint8_t) ~(unsigned)FLOW_ENCRYPTS;
        d->hello_bytes = 0;
        header_bytes = MESSAGE_HEADER_BYTES;
    } else if (offset != d->hello_bytes || d->hello.type != p[0]) {
        return;
    }
    d->hello_bytes = (uint16_t)(d->hello_bytes + message_bytes);
    if (tls_hello_read(&d->hello, p + MESSAGE_HEADER_BYTES - header_bytes, header_bytes + message_bytes, true) ==
        TLS_ENCRYPTS) {
        d->agreed |= FLOW_ENCRYPTS;
    }
}

/* A fragment of a handshake message, p up to there_bytes. Returns how long it is by its header. */
static uint32_t note_message(struct records *d, const uint8_t *p, uint32_t there_bytes) {
    const uint32_t offset = get_be24(p + FRAGMENT_AT);
    const uint32_t fragment_bytes = get_be24(p + FRAGMENT_LENGTH_AT);
    const uint32_t behind_bytes = there_bytes - MESSAGE_HEADER_BYTES;
    d->handshake = true;
    if (p[0] == TLS_CLIENT_HELLO || p[0] == TLS_SERVER_HELLO) {
        d->agreed |= FLOW_MET;
        read_hello(d, p, fragment_bytes < behind_bytes ? fragment_bytes : behind_bytes, offset);
        if (offset == 0) {
            const bool is_whole = fragment_bytes == get_be24(p + 1) && fragment_bytes <= behind_bytes;
            d->flags = flow_dtls_hello(d->flags, p, is_whole ? MESSAGE_HEADER_BYTES + fragment_bytes : 0);
        }
    }
    return MESSAGE_HEADER_BYTES + fragment_bytes;
}

/* A record with a handshake in the clear. */
static void note_handshake(struct records *d, const uint8_t *p, uint32_t there_bytes) {
    uint32_t at = 0;
    d->handshake = true;
    while (at < there_bytes && there_bytes - at >= MESSAGE_HEADER_BYTES) {
        at += note_message(d, p + at, there_bytes - at);
    }
}

/*
 * How long the header is of a record with a connection ID in it (RFC 9146 section 4); 0: it is none. How long the ID is
 * was said in the handshake; it must be so that the record fills the datagram.
 */
static uint32_t header_bytes_with_id(const uint8_t *p, uint32_t there_bytes, uint32_t length_bytes) {
    if (there_bytes < RECORD_HEADER_BYTES || p[0] != TYPE_CONNECTION_ID || !is_version(bytes_get_be16(p + 1)) ||
        bytes_get_be16(p + EPOCH_AT) == 0) {
        return 0;
    }
    for (uint32_t id_bytes = 1; id_bytes <= CONNECTION_ID_MAX_BYTES; id_bytes++) {
        const uint32_t header_bytes = RECORD_HEADER_BYTES + id_bytes;
        if (header_bytes > there_bytes) {
            return 0;
        }
        if (header_bytes + bytes_get_be16(p + LENGTH_AT + id_bytes) == length_bytes) {
            return header_bytes;
        }
    }
    return 0;
}

/* How long the header of a record is; 0: it is none, or it is not whole in what is left. */
static uint32_t header_bytes_of(const uint8_t *p, uint32_t there_bytes, uint32_t length_bytes) {
    if (there_bytes < RECORD_HEADER_BYTES || p[0] < TYPE_FIRST || p[0] > TYPE_LAST ||
        !is_version(bytes_get_be16(p + 1))) {
        return 0;
    }
    const uint32_t record_bytes = bytes_get_be16(p + LENGTH_AT);
    const bool is_whole =
        record_bytes > 0 && record_bytes <= RECORD_MAX_BYTES && record_bytes <= length_bytes - RECORD_HEADER_BYTES;
    return is_whole ? RECORD_HEADER_BYTES : 0;
}

/* Whether the first byte is that of a record of DTLS 1.3 with a unified header. */
static bool is_unified(uint8_t first) {
    return first >> 5 == 1;
}

static void note_secret(struct records *d, const uint8_t *p) {
    if (!d->has_secret) {
        d->epoch = bytes_get_be16(p + EPOCH_AT);
        d->number = bytes_get_be32(p + NUMBER_AT);
    }
    d->has_secret = true;
}

static void read_records(struct records *d, const uint8_t *p, uint32_t there_bytes, uint32_t length_bytes) {
    uint32_t at = 0;
    while (at < length_bytes) {
        if (at > 0 && at >= there_bytes) {
            break; /* not captured */
        }
        if (at > 0 && is_unified(p[at]) && (d->flags & FLOW_DTLS_13)) {
            d->header_end = at;
            break; /* encrypted records behind a ServerHello */
        }
        const uint32_t with_id_bytes = header_bytes_with_id(p + at, there_bytes - at, length_bytes - at);
        if (with_id_bytes > 0) {
            note_secret(d, p + at);
            d->header_end = at + with_id_bytes;
            break; /* it fills what is left */
        }
        const uint32_t header_bytes = header_bytes_of(p + at, there_bytes - at, length_bytes - at);
        if (header_bytes == 0) {
            return;
        }
        const uint32_t record_bytes = bytes_get_be16(p + at + LENGTH_AT);
        d->header_end = at + header_bytes;
        if (bytes_get_be16(p + at + EPOCH_AT) != 0) {
            note_secret(d, p + at);
        } else {
            const uint32_t behind_bytes = there_bytes - d->header_end;
            if (p[at] == TYPE_HANDSHAKE) {
                note_handshake(d, p + d->header_end, record_bytes < behind_bytes ? record_bytes : behind_bytes);
            }
            d->clear_bytes = d->header_end + record_bytes;
        }
        at = d->header_end + record_bytes;
    }
    d->is_dtls = true;
}

/* Whether records without a handshake are encrypted: their numbers go on, and their bytes look like noise. */
static bool is_proven_chain(const struct flow_look *k, const struct records *d) {
    *k->remember = true;
    if (!flow_is_noise(k->in, d->header_end + NONCE_BYTES, CHAIN_MIN_BYTES)) {
        k->side->evidence = 0;
        return false;
    }
    flow_chain(k->side, d->epoch, d->number, FLOW_STEP_MAX);
    return k->side->evidence >= FLOW_CHAIN_PACKETS;
}

bool flow_dtls_judge(const struct flow_look *k, struct flow_verdict *out) {
    const struct flow_datagram *in = k->in;
    struct records d = {
        .hello = k->side->hello, .hello_bytes = k->side->hello_bytes, .agreed = *k->agreed, .flags = k->flow->flags};
    if ((d.flags & FLOW_DTLS_13) && is_unified(in->payload[0])) {
        *k->nonce_bytes = 1 + UNIFIED_NUMBER_BYTES;
        *out = d.agreed & FLOW_ENCRYPTS ? flow_cut_behind(k->reason, 0) : flow_keep(POLICY_UNPROVEN);
        return true;
    }
    read_records(&d, in->payload, in->there_bytes, in->payload_bytes);
    if (!d.is_dtls) {
        return false;
    }
    *k->agreed = d.agreed;
    k->side->hello = d.hello;
    k->side->hello_bytes = d.hello_bytes;
    k->flow->flags = d.flags;
    flow_note(k, d.handshake ? FLOW_DTLS : 0);
    if (d.clear_bytes > 0) { /* a record that is not whole makes readers give up the datagram */
        *out = flow_keep(POLICY_HANDSHAKE);
        return true;
    }
    const bool is_proven = d.agreed & FLOW_MET ? (d.agreed & FLOW_ENCRYPTS) != 0 : is_proven_chain(k, &d);
    *k->nonce_bytes = NONCE_BYTES;
    *out = is_proven ? flow_cut_header(k->reason, d.header_end) : flow_keep(POLICY_UNPROVEN);
    return true;
}

#include "flow_gquic.h"

#include "bytes.h"

#include <string.h>

enum {
    /* The first byte. */
    VERSION = 0x01,
    RESET = 0x02,
    ID = 0x08,
    NUMBER_SHIFT = 4,
    NOT_OLD = 0xc0, /* bits of QUIC as it is now */

    ID_BYTES = 8,
    VERSION_AT = 1 + ID_BYTES,
    HASH_BYTES = 12,
    TAG_WITHIN_BYTES = 64,
    CHECKS_MAX = 64,
};

static bool is_digit(unsigned c) {
    return c >= '0' && c <= '9';
}

/* "Q0" and two digits, up to 43: with 46 come long headers. */
static bool is_version(uint32_t version) {
    return version >> 16 == 0x5130 && is_digit(version >> 8 & 0xff) && is_digit(version & 0xff) && version < 0x51303436;
}

bool flow_gquic_shows_version(const uint8_t *p, uint32_t there_bytes) {
    return there_bytes > VERSION_AT + 4 && (p[0] & 0x80) == 0 && (p[0] & (VERSION | RESET | ID)) == (VERSION | ID) &&
           is_version(bytes_get_be32(p + VERSION_AT));
}

static uint32_t number_bytes(uint8_t flags) {
    static const uint8_t bytes[4] = {1, 2, 4, 6};
    return bytes[flags >> NUMBER_SHIFT & 3];
}

/* FNV-1a of 128 bits, of which 96 go into a packet. */
static unsigned __int128 fnv1a(unsigned __int128 hash, const uint8_t *p, uint32_t length_bytes) {
    const unsigned __int128 prime = (unsigned __int128)1 << 88 | 0x13b;
    for (uint32_t i = 0; i < length_bytes; i++) {
        hash = (hash ^ p[i]) * prime;
    }
    return hash;
}

static bool is_hash(unsigned __int128 hash, const uint8_t *p) {
    for (unsigned i = 0; i < HASH_BYTES; i++) {
        if (p[i] != (uint8_t)(hash >> 8 * i)) {
            return false;
        }
    }
    return true;
}

/* The tag of a handshake message stands behind the header of its frame. */
static bool has_handshake_tag(const uint8_t *p, uint32_t length_bytes) {
    static const char tags[][4] = {{'C', 'H', 'L', 'O'}, {'R', 'E', 'J', 0}, {'S', 'R', 'E', 'J'}};
    const uint32_t looked_at_bytes = length_bytes < TAG_WITHIN_BYTES ? length_bytes : TAG_WITHIN_BYTES;
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        if (memmem(p, looked_at_bytes, tags[i], sizeof tags[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* Whether the hash of an unencrypted packet is right. It must be whole. */
static bool is_clear(const uint8_t *p, uint32_t length_bytes) {
    static const uint8_t client[] = {'C', 'l', 'i', 'e', 'n', 't'};
    static const uint8_t server[] = {'S', 'e', 'r', 'v', 'e', 'r'};
    const uint32_t header_bytes =
        1 + (p[0] & ID ? (uint32_t)ID_BYTES : 0) + (p[0] & VERSION ? 4 : 0) + number_bytes(p[0]);
    if (length_bytes < header_bytes + HASH_BYTES) {
        return false;
    }
    if (has_handshake_tag(p + header_bytes + HASH_BYTES, length_bytes - header_bytes - HASH_BYTES)) {
        return true;
    }
    const unsigned __int128 basis = (unsigned __int128)0x6c62272e07bb0142 << 64 | (unsigned __int128)0x62b821756295c58d;
    const uint8_t *hash_at = p + header_bytes;
    unsigned __int128 hash = fnv1a(basis, p, header_bytes);
    hash = fnv1a(hash, hash_at + HASH_BYTES, length_bytes - header_bytes - HASH_BYTES);
    return is_hash(hash, hash_at) || is_hash(fnv1a(hash, client, sizeof client), hash_at) ||
           is_hash(fnv1a(hash, server, sizeof server), hash_at);
}

bool flow_gquic_judge(const struct flow_look *k, struct flow_verdict *out) {
    const struct flow_datagram *in = k->in;
    if (flow_gquic_shows_version(in->payload, in->there_bytes)) {
        flow_note(k, FLOW_GQUIC);
    }
    if ((k->flow->flags & FLOW_GQUIC) == 0) {
        return false;
    }
    if (in->there_bytes < in->payload_bytes || (in->payload[0] & (NOT_OLD | RESET)) != 0) {
        *out = flow_keep(POLICY_UNPROVEN);
        return true;
    }
    *out = flow_cut_behind(k->reason, 0);
    if (k->side->checks < CHECKS_MAX || (in->payload[0] & VERSION)) {
        k->side->checks = k->side->checks < CHECKS_MAX ? (uint8_t)(k->side->checks + 1) : CHECKS_MAX;
        if (is_clear(in->payload, in->payload_bytes)) {
            *out = flow_keep(POLICY_HANDSHAKE);
        }
    }
    return true;
}

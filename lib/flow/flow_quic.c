#include "flow_quic.h"

#include "bytes.h"

#include <string.h>

enum {
    LONG_HEADER = 0x80,
    FIXED_BIT = 0x40,
    ID_MAX_BYTES = 20,
    VERSION_AT = 1,
    IDS_AT = 5,
    RETRY_TAG_BYTES = 16,

    VERSION_1 = 0x00000001,
    VERSION_2 = 0x6b3343cf,
    VERSION_2_DRAFT = 0x709a50c4, /* draft-ietf-quic-v2-01 to 04 */
    GOOGLE_46 = 0x51303436,       /* "Q046": long headers, connection IDs of eight bytes, no length */

    /* Public header of Google QUIC up to version 43. */
    OLD_VERSION = 0x01,
    OLD_RESET = 0x02,
    OLD_ID = 0x08,
    OLD_ID_BYTES = 8,
    OLD_VERSION_AT = 1 + OLD_ID_BYTES,
    OLD_NUMBER_SHIFT = 4,
    OLD_HASH_BYTES = 12,
    OLD_TAG_WITHIN_BYTES = 64,

    RANDOM_LOOKED_AT_BYTES = 64,
    RANDOM_MIN_BYTES = 32,
};

enum packet_type { TYPE_INITIAL, TYPE_0RTT, TYPE_HANDSHAKE, TYPE_RETRY };

static bool is_digit(unsigned c) {
    return c >= '0' && c <= '9';
}

/* Versions whose long headers are those of RFC 9000: 1 and 2, the drafts, Facebook's, Google's T05x and Q05x. */
static bool is_known_version(uint32_t version) {
    const uint32_t family = version >> 8;
    return version == VERSION_1 || version == VERSION_2 || version == VERSION_2_DRAFT || version == GOOGLE_46 ||
           (family == 0xff0000 && (version & 0xff) >= 1 && (version & 0xff) <= 0x40) || family == 0xfaceb0 ||
           ((family == 0x543035 || family == 0x513035) && is_digit(version & 0xff));
}

/* Google QUIC up to 43: "Q0" and two digits. */
static bool is_old_version(uint32_t version) {
    return version >> 16 == 0x5130 && is_digit(version >> 8 & 0xff) && is_digit(version & 0xff) && version < GOOGLE_46;
}

static enum packet_type type_of(uint8_t first, uint32_t version) {
    const unsigned bits = first >> 4 & 3;
    return version == VERSION_2 || version == VERSION_2_DRAFT ? (enum packet_type)((bits + 3) & 3)
                                                              : (enum packet_type)bits;
}

/* RFC 9000 section 16. Returns false when it is not there; *at goes behind it. */
static bool take_number(const uint8_t *p, uint32_t there_bytes, uint32_t *at, uint64_t *value) {
    if (*at >= there_bytes) {
        return false;
    }
    const uint32_t number_bytes = 1U << (p[*at] >> 6);
    if (there_bytes - *at < number_bytes) {
        return false;
    }
    *value = p[*at] & 0x3f;
    for (uint32_t i = 1; i < number_bytes; i++) {
        *value = *value << 8 | p[*at + i];
    }
    *at += number_bytes;
    return true;
}

/* A long header: where its connection IDs are. */
struct header {
    uint32_t version;
    enum packet_type type;
    uint32_t source_at;
    uint32_t source_bytes;
    uint32_t end; /* behind the connection IDs */
};

static bool take_ids(const uint8_t *p, uint32_t there_bytes, struct header *h) {
    if (h->version == GOOGLE_46) { /* both lengths in one byte, less three; 0 is none */
        const uint32_t destination_bytes = p[IDS_AT] >> 4 ? (uint32_t)(p[IDS_AT] >> 4) + 3 : 0;
        h->source_bytes = p[IDS_AT] & 15 ? (uint32_t)(p[IDS_AT] & 15) + 3 : 0;
        h->source_at = IDS_AT + 1 + destination_bytes;
    } else {
        const uint32_t destination_bytes = p[IDS_AT];
        const uint32_t source_length_at = IDS_AT + 1 + destination_bytes;
        if (destination_bytes > ID_MAX_BYTES || source_length_at >= there_bytes || p[source_length_at] > ID_MAX_BYTES) {
            return false;
        }
        h->source_bytes = p[source_length_at];
        h->source_at = source_length_at + 1;
    }
    h->end = h->source_at + h->source_bytes;
    return h->end < there_bytes;
}

static bool take_header(const uint8_t *p, uint32_t there_bytes, struct header *h) {
    if (there_bytes < IDS_AT + 2 || (p[0] & LONG_HEADER) == 0) {
        return false;
    }
    h->version = bytes_get_be32(p + VERSION_AT);
    h->type = type_of(p[0], h->version);
    return is_known_version(h->version) && take_ids(p, there_bytes, h);
}

/*
 * How long the packet with this header is, of what is left of the datagram; 0 when that contradicts itself. In a
 * readable packet that is not wholly there the rest counts.
 */
static uint32_t packet_bytes(const uint8_t *p, uint32_t there_bytes, uint32_t left_bytes, const struct header *h) {
    uint64_t token_bytes = 0;
    uint64_t length_bytes = 0;
    uint32_t at = h->end;
    if (h->type == TYPE_RETRY) {
        return left_bytes - at > RETRY_TAG_BYTES ? left_bytes : 0;
    }
    if (h->version == GOOGLE_46) {
        return left_bytes;
    }
    if (h->type == TYPE_INITIAL) {
        if (!take_number(p, there_bytes, &at, &token_bytes) || token_bytes > left_bytes - at) {
            return 0;
        }
        at += (uint32_t)token_bytes;
    }
    if (!take_number(p, there_bytes, &at, &length_bytes)) {
        return at >= there_bytes && there_bytes < left_bytes ? left_bytes : 0;
    }
    return length_bytes > 0 && length_bytes <= left_bytes - at ? at + (uint32_t)length_bytes : 0;
}

static struct flow_quic judge_long(const uint8_t *p, uint32_t there_bytes, uint32_t length_bytes, bool greased) {
    struct flow_quic q = {.kind = FLOW_QUIC_NONE};
    struct header h;
    uint32_t at = 0;
    while (at < there_bytes && (greased || (p[at] & FIXED_BIT)) && take_header(p + at, there_bytes - at, &h)) {
        const uint32_t bytes = packet_bytes(p + at, there_bytes - at, length_bytes - at, &h);
        if (bytes == 0) {
            break;
        }
        if (q.kind == FLOW_QUIC_NONE && h.source_bytes >= sizeof q.source_id) {
            q.has_source_id = true;
            q.source_id = bytes_get_be32(p + at + h.source_at);
        }
        q.kind = FLOW_QUIC_LONG;
        at += bytes;
        if (h.type == TYPE_INITIAL || h.type == TYPE_RETRY) {
            q.clear_bytes = at;
        }
    }
    /* Padding that comes right behind a readable packet is not encrypted: some fill up the datagram with it. */
    if (q.clear_bytes == at && at > 0 && at < there_bytes && p[at] == 0) {
        q.clear_bytes = length_bytes;
    }
    /* What follows must be a packet as well, or padding. */
    if (q.kind == FLOW_QUIC_LONG && !greased && at < there_bytes && (p[at] & FIXED_BIT) == 0 && p[at] != 0) {
        q.clear_bytes = length_bytes;
    }
    return q;
}

static uint32_t old_number_bytes(uint8_t flags) {
    static const uint8_t bytes[4] = {1, 2, 4, 6};
    return bytes[flags >> OLD_NUMBER_SHIFT & 3];
}

static bool is_old(const uint8_t *p, uint32_t there_bytes) {
    return there_bytes > 1 + OLD_ID_BYTES + 4 &&
           (p[0] & (OLD_VERSION | OLD_RESET | OLD_ID)) == (OLD_VERSION | OLD_ID) &&
           is_old_version(bytes_get_be32(p + OLD_VERSION_AT));
}

bool flow_quic_shows_version(const uint8_t *p, uint32_t there_bytes) {
    if (there_bytes <= OLD_VERSION_AT) {
        return there_bytes > 0;
    }
    return p[0] & LONG_HEADER ? is_known_version(bytes_get_be32(p + VERSION_AT)) : p[OLD_VERSION_AT] == 'Q';
}

struct flow_quic flow_quic_judge(const uint8_t *p, uint32_t there_bytes, uint32_t length_bytes, bool greased) {
    struct flow_quic q = {.kind = FLOW_QUIC_NONE};
    if (there_bytes == 0) {
        return q;
    }
    if (p[0] & LONG_HEADER) {
        return judge_long(p, there_bytes, length_bytes, greased);
    }
    if (is_old(p, there_bytes)) {
        q.kind = FLOW_QUIC_OLD;
    } else if (p[0] & FIXED_BIT) {
        q.kind = FLOW_QUIC_SHORT;
    }
    return q;
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
    for (unsigned i = 0; i < OLD_HASH_BYTES; i++) {
        if (p[i] != (uint8_t)(hash >> 8 * i)) {
            return false;
        }
    }
    return true;
}

/* The tag of a handshake message stands behind the header of its frame. */
static bool has_handshake_tag(const uint8_t *p, uint32_t length_bytes) {
    static const char tags[][4] = {{'C', 'H', 'L', 'O'}, {'R', 'E', 'J', 0}, {'S', 'R', 'E', 'J'}};
    const uint32_t looked_at_bytes = length_bytes < OLD_TAG_WITHIN_BYTES ? length_bytes : OLD_TAG_WITHIN_BYTES;
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        if (memmem(p, looked_at_bytes, tags[i], sizeof tags[i]) != NULL) {
            return true;
        }
    }
    return false;
}

bool flow_quic_old_is_clear(const uint8_t *p, uint32_t length_bytes) {
    static const uint8_t client[] = {'C', 'l', 'i', 'e', 'n', 't'};
    static const uint8_t server[] = {'S', 'e', 'r', 'v', 'e', 'r'};
    if (length_bytes == 0) {
        return false;
    }
    const uint32_t header_bytes =
        1 + (p[0] & OLD_ID ? (uint32_t)OLD_ID_BYTES : 0) + (p[0] & OLD_VERSION ? 4 : 0) + old_number_bytes(p[0]);
    if (length_bytes < header_bytes + OLD_HASH_BYTES) {
        return false;
    }
    if (has_handshake_tag(p + header_bytes + OLD_HASH_BYTES, length_bytes - header_bytes - OLD_HASH_BYTES)) {
        return true;
    }
    const unsigned __int128 basis = (unsigned __int128)0x6c62272e07bb0142 << 64 | (unsigned __int128)0x62b821756295c58d;
    const uint8_t *hash_at = p + header_bytes;
    unsigned __int128 hash = fnv1a(basis, p, header_bytes);
    hash = fnv1a(hash, hash_at + OLD_HASH_BYTES, length_bytes - header_bytes - OLD_HASH_BYTES);
    return is_hash(hash, hash_at) || is_hash(fnv1a(hash, client, sizeof client), hash_at) ||
           is_hash(fnv1a(hash, server, sizeof server), hash_at);
}

bool flow_quic_looks_random(const uint8_t *p, uint32_t there_bytes) {
    if (there_bytes < RANDOM_MIN_BYTES) {
        return false;
    }
    const uint32_t looked_at_bytes = there_bytes < RANDOM_LOOKED_AT_BYTES ? there_bytes : RANDOM_LOOKED_AT_BYTES;
    unsigned high = 0;
    unsigned zeros = 0;
    for (uint32_t i = 1; i < looked_at_bytes; i++) {
        high += p[i] >> 7;
        zeros += p[i] == 0;
    }
    return high * 4 >= looked_at_bytes && high * 4 <= looked_at_bytes * 3 && zeros * 12 <= looked_at_bytes;
}

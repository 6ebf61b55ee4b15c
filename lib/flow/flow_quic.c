#include "flow_quic.h"

#include "bytes.h"
#include "flow_gquic.h"

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

    RANDOM_LOOKED_AT_BYTES = 64,
    RANDOM_MIN_BYTES = 32,
    EVIDENCE_PACKETS = 6,
    EVIDENCE_FIRST_BYTES = 4, /* header protection makes the first byte vary */
};

/* A datagram that begins with a long header of a known version. */
struct long_packets {
    bool are_quic;
    uint32_t clear_bytes; /* up to the end of the last readable packet */
    uint32_t source_id;   /* the first bytes of the sender's connection ID */
    bool has_source_id;
};

enum packet_type { TYPE_INITIAL, TYPE_0RTT, TYPE_HANDSHAKE, TYPE_RETRY };

/* Versions whose long headers are those of RFC 9000: 1 and 2, the drafts, Facebook's, Google's T05x and Q05x. */
static bool is_known_version(uint32_t version) {
    const uint32_t family = version >> 8;
    return version == VERSION_1 || version == VERSION_2 || version == VERSION_2_DRAFT || version == GOOGLE_46 ||
           (family == 0xff0000 && (version & 0xff) >= 1 && (version & 0xff) <= 0x40) || family == 0xfaceb0 ||
           ((family == 0x543035 || family == 0x513035) && (version & 0xff) >= '0' && (version & 0xff) <= '9');
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

/* greased: the flow is known to be QUIC, so the fixed bit may be 0 (RFC 9287). */
static struct long_packets read_long(const uint8_t *p, uint32_t there_bytes, uint32_t length_bytes, bool greased) {
    struct long_packets q = {.are_quic = false};
    struct header h;
    uint32_t at = 0;
    while (at < there_bytes && (greased || (p[at] & FIXED_BIT)) && take_header(p + at, there_bytes - at, &h)) {
        const uint32_t bytes = packet_bytes(p + at, there_bytes - at, length_bytes - at, &h);
        if (bytes == 0) {
            break;
        }
        if (!q.are_quic && h.source_bytes >= sizeof q.source_id) {
            q.has_source_id = true;
            q.source_id = bytes_get_be32(p + at + h.source_at);
        }
        q.are_quic = true;
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
    if (q.are_quic && !greased && at < there_bytes && (p[at] & FIXED_BIT) == 0 && p[at] != 0) {
        q.clear_bytes = length_bytes;
    }
    return q;
}

bool flow_quic_can_begin(const uint8_t *p, uint32_t there_bytes) {
    return (p[0] & LONG_HEADER) && there_bytes > IDS_AT && is_known_version(bytes_get_be32(p + VERSION_AT));
}

/*
 * Whether a datagram looks like a 1-RTT packet rather than like anything else that has its first bits: its bytes are
 * as good as random. One such datagram proves nothing.
 */
static bool looks_random(const uint8_t *p, uint32_t there_bytes) {
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

/* Remember the connection ID that a sender puts into short headers once it has come twice. */
static void learn_id(struct flow_side *side, uint32_t id) {
    if (!side->has_id || side->id != id) {
        if (side->id_more == id) {
            side->id = id;
            side->has_id = true;
        }
        side->id_more = id;
    }
}

/* Whether a flow that showed no long header may be taken for QUIC, now that this datagram has come, too. */
static bool is_evident(const struct flow_look *k, bool looks_short) {
    const struct flow_datagram *in = k->in;
    struct flow_side *side = k->side;
    if ((in->port_flags & POLICY_PORT_QUIC) == 0 || (k->flow->flags & ~(unsigned)FLOW_VPN_ASKED) != 0) {
        return false; /* one packet of QUIC in 64 looks like a reset of OpenVPN */
    }
    if (!looks_short || !looks_random(in->payload, in->there_bytes)) {
        side->evidence = 0; /* from here on, if at all */
        side->counter = 0;
        return false;
    }
    *k->remember = true;
    side->counter |= 1U << (in->payload[0] & 31);
    side->evidence = side->evidence < UINT8_MAX ? (uint8_t)(side->evidence + 1) : UINT8_MAX;
    return side->evidence >= EVIDENCE_PACKETS && __builtin_popcount(side->counter) >= EVIDENCE_FIRST_BYTES;
}

/* A short header has next to nothing that tells. */
static bool is_short(const struct flow_look *k) {
    const struct flow_datagram *in = k->in;
    struct flow_side *side = k->side;
    const bool looks_short = (in->payload[0] & (LONG_HEADER | FIXED_BIT)) == FIXED_BIT;
    if ((k->flow->flags & FLOW_QUIC) == 0) {
        if (!is_evident(k, looks_short)) {
            return false;
        }
        flow_note(k, FLOW_QUIC);
        return true;
    }
    const uint32_t id = in->there_bytes >= FLOW_QUIC_SHORT_ID_AT + FLOW_QUIC_ID_BYTES
                            ? bytes_get_be32(in->payload + FLOW_QUIC_SHORT_ID_AT)
                            : 0;
    if (looks_short) {
        learn_id(side, id);
        return true;
    }
    return (in->payload[0] & LONG_HEADER) == 0 && side->has_id && side->id == id && id != 0;
}

/* Whether it begins with a long header that is credible. */
static bool is_long(const struct flow_look *k, struct flow_verdict *out) {
    const struct flow_datagram *in = k->in;
    const struct long_packets q =
        read_long(in->payload, in->there_bytes, in->payload_bytes, k->flow->flags & FLOW_QUIC);
    if (!q.are_quic) {
        return false;
    }
    flow_note(k, FLOW_QUIC);
    if (q.has_source_id) { /* the peer puts it into its short headers */
        k->peer->id = q.source_id;
        k->peer->has_id = true;
    }
    *out = q.clear_bytes >= in->payload_bytes ? flow_keep(POLICY_HANDSHAKE) : flow_cut_header(k->reason, q.clear_bytes);
    return true;
}

bool flow_quic_judge(const struct flow_look *k, struct flow_verdict *out) {
    const struct flow_datagram *in = k->in;
    if ((in->payload[0] & LONG_HEADER) && is_long(k, out)) {
        return true;
    }
    *out = flow_cut_behind(k->reason, 0);
    return (k->flow->flags & FLOW_GQUIC) == 0 && !flow_gquic_shows_version(in->payload, in->there_bytes) && is_short(k);
}

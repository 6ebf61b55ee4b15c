#include "flow_quic.h"

#include "bytes.h"

enum {
    LONG_HEADER = 0x80,
    FIXED_BIT = 0x40,
    ID_MAX_BYTES = 20,
    VERSION_AT = 1,
    IDS_AT = 5,
    RETRY_TAG_BYTES = 16,
    LENGTH_BYTES = 2, /* as nearly all have it */

    VERSION_1 = 0x00000001,
    VERSION_2 = 0x6b3343cf,
    VERSION_2_DRAFT = 0x709a50c4, /* draft-ietf-quic-v2-01 to 04 */
    GOOGLE_46 = 0x51303436,       /* "Q046": long headers, connection IDs of eight bytes, no length */

    EVIDENCE_PACKETS = 4,     /* with one connection ID */
    EVIDENCE_FIRST_BYTES = 3, /* header protection makes the first byte vary */
};

/* A datagram that begins with a long header of a known version. */
struct long_packets {
    bool are_quic;
    uint32_t clear_bytes; /* up to the end of the last readable packet */
    uint32_t cipher_at;   /* behind the header of the first packet that is not */
    uint64_t source_id;   /* the first eight bytes of the sender's connection ID, and how many there are of it */
    uint32_t source_id_bytes;
    uint64_t destination_id; /* that of the receiver, in a packet behind the first ones, which have a random one */
    uint32_t destination_id_bytes;
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
    uint32_t destination_at;
    uint32_t destination_bytes;
    uint32_t source_at;
    uint32_t source_bytes;
    uint32_t end; /* behind the connection IDs */
};

static bool take_ids(const uint8_t *p, uint32_t there_bytes, struct header *h) {
    if (h->version == GOOGLE_46) { /* both lengths in one byte, less three; 0 is none */
        h->destination_bytes = p[IDS_AT] >> 4 ? (uint32_t)(p[IDS_AT] >> 4) + 3 : 0;
        h->source_bytes = p[IDS_AT] & 15 ? (uint32_t)(p[IDS_AT] & 15) + 3 : 0;
        h->destination_at = IDS_AT + 1;
        h->source_at = h->destination_at + h->destination_bytes;
    } else {
        h->destination_bytes = p[IDS_AT];
        h->destination_at = IDS_AT + 1;
        const uint32_t source_length_at = h->destination_at + h->destination_bytes;
        if (h->destination_bytes > ID_MAX_BYTES || source_length_at >= there_bytes ||
            p[source_length_at] > ID_MAX_BYTES) {
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

/* The first bytes of a connection ID, as a number of eight. */
static uint64_t id_at(const uint8_t *p, uint32_t id_bytes) {
    uint64_t id = 0;
    for (uint32_t i = 0; i < FLOW_QUIC_ID_BYTES; i++) {
        id = id << 8 | (i < id_bytes ? p[i] : 0);
    }
    return id;
}

static void note_ids(struct long_packets *q, const uint8_t *p, const struct header *h) {
    q->source_id = id_at(p + h->source_at, h->source_bytes);
    q->source_id_bytes = h->source_bytes;
    if (h->type == TYPE_HANDSHAKE) {
        q->destination_id = id_at(p + h->destination_at, h->destination_bytes);
        q->destination_id_bytes = h->destination_bytes;
    }
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
        q.are_quic = true;
        note_ids(&q, p + at, &h);
        if (h.type == TYPE_INITIAL || h.type == TYPE_RETRY) {
            q.clear_bytes = at + bytes;
            q.cipher_at = at + bytes + FLOW_QUIC_SHORT_ID_AT; /* unless another long header follows */
        } else if (q.cipher_at <= q.clear_bytes + FLOW_QUIC_SHORT_ID_AT) {
            q.cipher_at = at + h.end + LENGTH_BYTES;
        }
        at += bytes;
    }
    /* Some fill up a datagram with padding, which is not encrypted; what else follows must be a packet as well. */
    if (q.are_quic && at < there_bytes && (p[at] == 0 || (!greased && (p[at] & FIXED_BIT) == 0))) {
        q.clear_bytes = length_bytes;
    }
    return q;
}

bool flow_quic_can_begin(const uint8_t *p, uint32_t there_bytes) {
    return (p[0] & LONG_HEADER) && there_bytes > IDS_AT && is_known_version(bytes_get_be32(p + VERSION_AT));
}

static uint64_t id_of(const uint8_t *p) {
    return bytes_get_be64(p + FLOW_QUIC_SHORT_ID_AT);
}

static void remember_id(struct flow_side *side, uint64_t id, uint32_t id_bytes) {
    side->id = (uint32_t)(id >> 32);
    side->id_more = (uint32_t)id;
    side->id_bytes = (uint8_t)(id_bytes < FLOW_QUIC_ID_BYTES ? id_bytes : FLOW_QUIC_ID_BYTES);
    side->has_id = true;
}

/*
 * Whether a flow that showed no long header is QUIC: on its port the same eight bytes come where a connection ID is,
 * again and again, behind first bytes that header protection makes vary, and noise behind them.
 */
static bool is_evident(const struct flow_look *k) {
    struct flow_side *side = k->side;
    const uint64_t id = id_of(k->in->payload);
    if (side->evidence == 0 || ((uint64_t)side->id << 32 | side->id_more) != id) {
        remember_id(side, id, FLOW_QUIC_ID_BYTES);
        side->has_id = false;
        side->evidence = 0;
        side->counter = 0;
    }
    side->counter |= 1U << (k->in->payload[0] & 31);
    side->evidence = (uint8_t)(side->evidence + (side->evidence < UINT8_MAX));
    *k->remember = true;
    side->has_id = side->evidence >= EVIDENCE_PACKETS && __builtin_popcount(side->counter) >= EVIDENCE_FIRST_BYTES;
    return side->has_id;
}

/*
 * Likewise of the other direction, which need not have a connection ID: packets in a row, in a flow that was told by
 * this one's peer.
 */
static bool is_evident_beside(const struct flow_look *k) {
    if ((k->flow->flags & FLOW_QUIC_GUESSED) == 0 || !k->peer->has_id) {
        return false;
    }
    k->side->run++;
    return k->side->run == FLOW_QUIC_RUN_PACKETS;
}

/* A short header in a flow whose beginning was not seen. */
static bool is_guessed(const struct flow_look *k) {
    const unsigned others = k->flow->flags & ~(unsigned)(FLOW_VPN_ASKED | FLOW_QUIC | FLOW_QUIC_GUESSED);
    if ((k->in->port_flags & POLICY_PORT_QUIC) == 0 || (k->in->port_flags & POLICY_PORT_IPSEC) != 0 || others != 0) {
        return false; /* one packet of QUIC in 64 looks like a reset of OpenVPN */
    }
    if (!flow_is_noise(k->in, FLOW_QUIC_SHORT_ID_AT + FLOW_QUIC_ID_BYTES, NOISE_MIN_BYTES)) {
        k->side->evidence = 0;
        k->side->run = 0;
        return false;
    }
    if (is_evident(k)) {
        flow_note(k, FLOW_QUIC | FLOW_QUIC_GUESSED);
        return true;
    }
    return is_evident_beside(k);
}

/* A short header has next to nothing that tells: both sides have shown what they are, or one's connection ID was. */
static bool is_short(const struct flow_look *k) {
    const uint8_t *p = k->in->payload;
    struct flow_side *side = k->side;
    if (k->in->there_bytes < FLOW_QUIC_SHORT_MIN_BYTES) {
        return false;
    }
    /* The fixed bit need not be set in a connection that is known (RFC 9287). */
    const bool looks_short = (p[0] & FIXED_BIT) != 0 || (side->run == 0 && side->id_bytes >= FLOW_QUIC_ID_TELLS_BYTES);
    if ((k->flow->flags & FLOW_QUIC) && looks_short && flow_quic_is_proven(side, k->peer, p)) {
        return true;
    }
    if ((p[0] & FIXED_BIT) == 0) {
        return false;
    }
    if (side->shown && k->peer->shown) {
        remember_id(side, id_of(p), side->id_bytes); /* a new one, that was given in secret */
        return true;
    }
    return !side->shown && !k->peer->shown && is_guessed(k);
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
    k->side->shown = true;
    remember_id(k->peer, q.source_id, q.source_id_bytes); /* the peer puts it into its short headers */
    if (q.destination_id_bytes > 0) {
        remember_id(k->side, q.destination_id, q.destination_id_bytes);
    }
    *k->nonce_bytes = q.cipher_at - q.clear_bytes;
    *out = q.clear_bytes >= in->payload_bytes ? flow_keep(POLICY_HANDSHAKE) : flow_cut_header(k->reason, q.clear_bytes);
    return true;
}

bool flow_quic_judge(const struct flow_look *k, struct flow_verdict *out) {
    if (k->in->payload[0] & LONG_HEADER) {
        return is_long(k, out);
    }
    *k->nonce_bytes = FLOW_QUIC_SHORT_ID_AT + FLOW_QUIC_ID_BYTES;
    *out = flow_cut_behind(k->reason, 0);
    if (is_short(k)) {
        return true;
    }
    *out = flow_keep(POLICY_UNPROVEN);
    return (k->flow->flags & (FLOW_QUIC | FLOW_VPN)) == 0 && k->side->evidence > 1 && k->side->id_bytes > 0;
}

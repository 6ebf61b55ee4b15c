#include "envelope.h"

#include "bytes.h"
#include "checksum.h"
#include "wire.h"

#define NONE 0xff

/* Where a layer has its fields, counted from its header. */
static const struct kind {
    uint8_t length;       /* NONE: it has none */
    uint8_t counted_from; /* the byte that its length counts from */
    bool is_little_endian;
    uint8_t checksum;   /* 0: it has none */
    bool header_only;   /* its checksum covers nothing else */
    uint8_t protocol;   /* of the pseudo-header that its checksum covers, too; 0: none */
    bool may_have_none; /* a checksum of 0 says that there is none */
} KINDS[LAYER_KINDS] = {
    [LAYER_IPV4] = {.length = IPV4_TOTAL_LENGTH, .checksum = IPV4_CHECKSUM, .header_only = true},
    [LAYER_IPV6] = {.length = IPV6_PAYLOAD_LENGTH, .counted_from = IPV6_HEADER_BYTES},
    [LAYER_TCP] = {.length = NONE, .checksum = TCP_CHECKSUM, .protocol = PROTOCOL_TCP},
    [LAYER_UDP] = {.length = UDP_LENGTH, .checksum = UDP_CHECKSUM, .protocol = PROTOCOL_UDP, .may_have_none = true},
    [LAYER_8023] = {.length = 0, .counted_from = 2},
    [LAYER_L2TP] = {.length = L2TP_LENGTH},
    [LAYER_GTP] = {.length = GTP_LENGTH, .counted_from = GTP_HEADER_BYTES},
    [LAYER_GRE] = {.length = NONE, .checksum = GRE_CHECKSUM},
    [LAYER_PPTP_8] = {.length = PPTP_LENGTH, .counted_from = 8},
    [LAYER_PPTP_12] = {.length = PPTP_LENGTH, .counted_from = 12},
    [LAYER_PPTP_16] = {.length = PPTP_LENGTH, .counted_from = 16},
    [LAYER_PPPOE] = {.length = PPPOE_LENGTH, .counted_from = PPPOE_HEADER_BYTES},
    [LAYER_NFLOG] = {.length = 0},
    [LAYER_NFLOG_LITTLE] = {.length = 0, .is_little_endian = true},
};

static void put_length(const struct kind *kind, uint8_t *header, uint32_t bytes) {
    if (kind->is_little_endian) {
        bytes_put_le16(header + kind->length, (uint16_t)(bytes - kind->counted_from));
    } else {
        bytes_put_be16(header + kind->length, (uint16_t)(bytes - kind->counted_from));
    }
}

/* Addresses, protocol and length: RFC 9293 section 3.1, RFC 8200 section 8.1. */
static uint64_t pseudo_header_sum(const uint8_t *frame, const struct layer *ip, uint16_t protocol,
                                  uint32_t segment_bytes) {
    const bool is_ipv4 = ip->kind == LAYER_IPV4;
    const size_t address_bytes = is_ipv4 ? 4 : 16;
    uint64_t sum = checksum_add_word(checksum_add_word(0, protocol), (uint16_t)segment_bytes);
    sum = checksum_add(sum, frame + ip->offset + (is_ipv4 ? IPV4_SOURCE : IPV6_SOURCE), address_bytes);
    return checksum_add(sum, frame + ip->final_destination_offset, address_bytes);
}

/* The checksum of a layer that ends at end, of which what is behind there_end is zeros or missing. */
static uint16_t right_checksum(const struct envelope *e, uint32_t i, uint8_t *frame, uint32_t end, uint32_t there_end) {
    const struct layer *layer = &e->layers[i];
    const struct kind *kind = &KINDS[layer->kind];
    uint8_t *header = frame + layer->offset;
    uint8_t *field = header + kind->checksum;
    const uint16_t is = bytes_get_be16(field);
    uint32_t covered_bytes = (end < there_end ? end : there_end) - layer->offset;
    if (kind->header_only) {
        covered_bytes = (uint32_t)(header[0] & 0x0f) * 4;
    }
    uint64_t sum = kind->protocol != 0 ? pseudo_header_sum(frame, layer - 1, kind->protocol, end - layer->offset) : 0;
    bytes_put_be16(field, 0);
    checksum_put(checksum_add(sum, header, covered_bytes), field);
    const uint16_t right = bytes_get_be16(field);
    bytes_put_be16(field, is);
    return kind->may_have_none && right == 0 ? 0xffff : right;
}

void envelope_note(struct envelope *e, uint8_t *frame, uint32_t there_end, enum cut_mode mode) {
    for (uint32_t i = 0; i < e->count; i++) {
        struct layer *layer = &e->layers[i];
        const struct kind *kind = &KINDS[layer->kind];
        layer->was_known = kind->checksum != 0 && (kind->header_only || mode == CUT_ZERO || layer->end <= there_end);
        if (layer->was_known) {
            layer->was_right = right_checksum(e, i, frame, layer->end, there_end);
        }
    }
}

void envelope_mend(const struct envelope *e, uint8_t *frame, uint32_t end, struct cut_terms terms) {
    const bool zero = terms.mode == CUT_ZERO;
    const bool incremental = terms.checksum == CUT_INCREMENTAL;
    for (uint32_t i = e->count; i-- > 0;) {
        const struct layer *layer = &e->layers[i];
        const struct kind *kind = &KINDS[layer->kind];
        uint8_t *header = frame + layer->offset;
        uint8_t *field = header + kind->checksum;
        if (!zero && kind->length != NONE) {
            put_length(kind, header, end - layer->offset);
        }
        if (kind->checksum == 0 || (zero && (kind->header_only || terms.checksum == CUT_KEEP))) {
            continue;
        }
        const uint16_t was = bytes_get_be16(field);
        if (kind->may_have_none && was == 0 && (incremental || i < e->outer)) {
            continue;
        }
        uint16_t now = right_checksum(e, i, frame, zero ? layer->end : end, end);
        if (incremental && layer->was_known) {
            now = checksum_carry_over(was, layer->was_right, now);
            now = kind->may_have_none && now == 0 ? 0xffff : now;
        }
        bytes_put_be16(field, now);
    }
}

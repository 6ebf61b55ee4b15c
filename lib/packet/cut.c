#include "cut.h"

#include "bytes.h"
#include "checksum.h"
#include "tunnel_plain.h"
#include "wire.h"

#include <stdbool.h>
#include <string.h>

/*
 * Fields that are about to be written are left out of sums rather than zeroed first: a load that spans bytes just
 * stored waits until they have reached the cache.
 */

static inline void rewrite_ipv4(uint8_t *ip, uint32_t header_bytes, uint32_t packet_bytes) {
    uint64_t sum = checksum_add_word(0, (uint16_t)packet_bytes);
    sum = checksum_add_2(sum, ip);
    sum = checksum_add_4(sum, ip + 4);
    sum = checksum_add_2(sum, ip + 8);
    sum = checksum_add_8(sum, ip + IPV4_SOURCE); /* and the destination */
    if (header_bytes > IPV4_HEADER_MIN_BYTES) {
        sum = checksum_add(sum, ip + IPV4_HEADER_MIN_BYTES, header_bytes - IPV4_HEADER_MIN_BYTES);
    }
    bytes_put_be16(ip + IPV4_TOTAL_LENGTH, (uint16_t)packet_bytes);
    checksum_put(sum, ip + IPV4_CHECKSUM);
}

/* Addresses, protocol and length: RFC 9293 section 3.1, RFC 8200 section 8.1. */
static uint64_t pseudo_header_sum(const uint8_t *frame, const struct located *l, uint32_t segment_bytes,
                                  unsigned protocol) {
    const uint8_t *ip = frame + l->network_offset;
    const uint8_t *destination = frame + l->final_destination_offset;
    uint64_t sum = checksum_add_word(checksum_add_word(0, (uint16_t)protocol), (uint16_t)segment_bytes);
    if (l->ip_version == 4) {
        return checksum_add_4(checksum_add_4(sum, ip + IPV4_SOURCE), destination);
    }
    sum = checksum_add_8(checksum_add_8(sum, ip + IPV6_SOURCE), ip + IPV6_SOURCE + 8);
    return checksum_add_8(checksum_add_8(sum, destination), destination + 8);
}

void cut_mend_plain(uint8_t *frame, uint32_t end) {
    rewrite_ipv4(frame + PLAIN_NETWORK, IPV4_HEADER_MIN_BYTES, end - PLAIN_NETWORK);
    bytes_put_be16(frame + PLAIN_TRANSPORT + UDP_LENGTH, (uint16_t)(end - PLAIN_TRANSPORT));
}

uint32_t cut_rewrite(uint8_t *frame, const struct located *l, uint32_t keep_payload_bytes) {
    const uint32_t end = l->payload_offset + keep_payload_bytes;
    const uint32_t packet_bytes = end - l->network_offset;
    const uint32_t segment_bytes = end - l->transport_offset;
    uint8_t *ip = frame + l->network_offset;
    uint8_t *transport = frame + l->transport_offset;
    const bool is_tcp = l->as == LOCATED_TCP;
    if (l->ip_version == 4) {
        rewrite_ipv4(ip, l->transport_offset - l->network_offset, packet_bytes);
    } else {
        bytes_put_be16(ip + IPV6_PAYLOAD_LENGTH, (uint16_t)(packet_bytes - IPV6_HEADER_BYTES));
    }
    uint64_t sum = pseudo_header_sum(frame, l, segment_bytes, is_tcp ? PROTOCOL_TCP : PROTOCOL_UDP);
    sum = checksum_add_4(sum, transport); /* ports */
    if (is_tcp) {
        sum = checksum_add_8(checksum_add_4(sum, transport + 4), transport + 8);
        sum = checksum_add_2(sum, transport + TCP_URGENT);
        sum = checksum_add(sum, transport + TCP_HEADER_MIN_BYTES, segment_bytes - TCP_HEADER_MIN_BYTES);
        checksum_put(sum, transport + TCP_CHECKSUM);
    } else if (l->as == LOCATED_UDP) { /* ESP has no length and no checksum of its own, RFC 4303 */
        sum = checksum_add_word(sum, (uint16_t)segment_bytes);
        sum = checksum_add(sum, transport + UDP_HEADER_BYTES, segment_bytes - UDP_HEADER_BYTES);
        bytes_put_be16(transport + UDP_LENGTH, (uint16_t)segment_bytes);
        checksum_put(sum, transport + UDP_CHECKSUM);
        if (bytes_get_be16(transport + UDP_CHECKSUM) == 0) {
            bytes_put_be16(transport + UDP_CHECKSUM, 0xffff);
        }
    }
    return end;
}

/* How far a UDP datagram goes by its own length; one that is no length of it says nothing. */
static uint32_t udp_end(const uint8_t *frame, const struct located *l) {
    const uint32_t length_bytes = bytes_get_be16(frame + l->transport_offset + UDP_LENGTH);
    const uint32_t end = l->transport_offset + length_bytes;
    return length_bytes >= UDP_HEADER_BYTES && end < l->packet_end ? end : l->packet_end;
}

/* The innermost layers: those of the packet itself. ESP has neither length nor checksum, RFC 4303. */
static void add_own_layers(struct envelope *e, const uint8_t *frame, const struct located *l) {
    e->layers[e->count++] = (struct layer){.kind = l->ip_version == 4 ? LAYER_IPV4 : LAYER_IPV6,
                                           .offset = l->network_offset,
                                           .end = l->packet_end,
                                           .final_destination_offset = l->final_destination_offset};
    if (l->as != LOCATED_ESP) {
        const bool is_tcp = l->as == LOCATED_TCP;
        e->layers[e->count++] = (struct layer){.kind = is_tcp ? LAYER_TCP : LAYER_UDP,
                                               .offset = l->transport_offset,
                                               .end = is_tcp ? l->packet_end : udp_end(frame, l)};
    }
}

uint32_t cut_within(struct envelope *around, uint8_t *frame, uint32_t captured_bytes, const struct located *l,
                    uint32_t keep_payload_bytes, struct cut_terms terms) {
    const uint32_t kept_end = l->payload_offset + keep_payload_bytes;
    const bool is_alone = around->count == 0;
    around->outer = around->count;
    if (terms.mode == CUT_SNAP) {
        return kept_end;
    }
    if (terms.mode == CUT_REWRITE && terms.checksum != CUT_INCREMENTAL) {
        (void)cut_rewrite(frame, l, keep_payload_bytes);
        envelope_mend(around, frame, kept_end, terms);
        return kept_end;
    }
    add_own_layers(around, frame, l);
    if (terms.checksum == CUT_INCREMENTAL) {
        envelope_note(around, frame, captured_bytes, terms.mode);
    }
    if (terms.mode == CUT_REWRITE) {
        envelope_mend(around, frame, kept_end, terms);
        return kept_end;
    }
    memset(frame + kept_end, 0, l->payload_bytes - keep_payload_bytes);
    envelope_mend(around, frame, is_alone ? kept_end : captured_bytes, terms); /* zeros need no summing */
    return captured_bytes;
}

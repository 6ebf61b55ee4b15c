/*
 * The pcapng format: its row among the formats, and inline what the loops over ordinary packets have compiled in.
 *
 * A piece is a block. Packets are Enhanced Packet Blocks, Simple ones (which stay whole: only the snaplen says how much
 * of them was captured) and the obsolete Packet Blocks; all other blocks are spans.
 *
 * Standard: draft-ietf-opsawg-pcapng, section 3 (blocks), 4 (those that are known); the obsolete Packet Block its
 * appendix A.
 */
#ifndef PCAPSLIM_PCAPNG_H
#define PCAPSLIM_PCAPNG_H

#include "bytes.h"
#include "format.h"

#include <string.h>

enum {
    PCAPNG_BLOCK_HEADER_BYTES = 12, /* type, total length and the first field, which every block is long enough for */
    PCAPNG_LENGTH_AT = 4,
    PCAPNG_LENGTH_BYTES = 4, /* of each of the two total lengths of a block */

    PCAPNG_BLOCK_INTERFACE = 1,
    PCAPNG_BLOCK_PACKET = 2, /* obsolete */
    PCAPNG_BLOCK_SIMPLE = 3,
    PCAPNG_BLOCK_ENHANCED = 6,
    PCAPNG_BLOCK_SECRETS = 10,
    PCAPNG_BLOCK_SECTION = 0x0a0d0d0a, /* in either byte order */

    /* Of an Enhanced Packet Block, and but for the width of its interface of an obsolete one */
    PCAPNG_INTERFACE_AT = 8,
    PCAPNG_TIME_HIGH_AT = 12,
    PCAPNG_TIME_LOW_AT = 16,
    PCAPNG_CAPLEN_AT = 20,
    PCAPNG_ORIGLEN_AT = 24,
    PCAPNG_PACKET_HEADER_BYTES = 28,
    PCAPNG_PACKET_MIN_BYTES = PCAPNG_PACKET_HEADER_BYTES + PCAPNG_LENGTH_BYTES,
};

/* In a section. A file with more of them is refused. */
#define PCAPNG_INTERFACES_MAX 65536

/* Version 1.0 (1.2 is another name of it). */
const struct format *pcapng_format(void);

/* What stands behind so many bytes of a frame up to the next multiple of 4. */
static inline uint32_t pcapng_padding_bytes(uint32_t length_bytes) {
    return (0 - length_bytes) & 3;
}

/* An Enhanced Packet Block as the loop over ordinary ones needs it. */
struct pcapng_ordinary {
    uint8_t *block;
    uint32_t total_bytes;
    uint32_t id;             /* of its interface */
    uint64_t ticks;          /* its time stamp */
    struct format_packet is; /* of which only the lengths are set */
};

/*
 * Read an Enhanced Packet Block in a little-endian section. PCAPNG_PACKET_MIN_BYTES may be read at `at`, there_bytes
 * are of the capture. Returns false for whatever else begins there, for a block that is not there whole, and for one
 * that contradicts itself.
 */
static inline __attribute__((always_inline)) bool pcapng_get_ordinary(uint8_t *at, size_t there_bytes,
                                                                      struct pcapng_ordinary *out) {
    const uint32_t total_bytes = bytes_get_le32(at + PCAPNG_LENGTH_AT);
    const uint32_t caplen_bytes = bytes_get_le32(at + PCAPNG_CAPLEN_AT);
    if (((bytes_get_le32(at) ^ PCAPNG_BLOCK_ENHANCED) | total_bytes % 4) != 0 || total_bytes > there_bytes ||
        (uint64_t)caplen_bytes + PCAPNG_PACKET_MIN_BYTES > total_bytes ||
        bytes_get_le32(at + total_bytes - PCAPNG_LENGTH_BYTES) != total_bytes) {
        return false;
    }
    out->block = at;
    out->total_bytes = total_bytes;
    out->id = bytes_get_le32(at + PCAPNG_INTERFACE_AT);
    /* High and low half in one load. */
    const uint64_t halves =
        (uint64_t)bytes_get_le32(at + PCAPNG_TIME_LOW_AT) << 32 | bytes_get_le32(at + PCAPNG_TIME_HIGH_AT);
    out->ticks = halves << 32 | halves >> 32;
    out->is.caplen_bytes = caplen_bytes;
    out->is.origlen_bytes = bytes_get_le32(at + PCAPNG_ORIGLEN_AT);
    return true;
}

/* Up to the next multiple of 4. */
static inline uint32_t pcapng_padded_bytes(uint32_t length_bytes) {
    return (length_bytes + 3) & ~(uint32_t)3;
}

/* How long a block is when its frame is cut to so many bytes. */
static inline uint32_t pcapng_shortened_bytes(const struct pcapng_ordinary *o, uint32_t to_bytes) {
    return o->total_bytes - pcapng_padded_bytes(o->is.caplen_bytes) + pcapng_padded_bytes(to_bytes);
}

/* Zero the padding of a frame that is to be so much shorter, and move its options up to it. */
void pcapng_move_options(const struct pcapng_ordinary *o, uint32_t to_bytes);

/* Cut its frame to so many bytes; total_bytes: as pcapng_shortened_bytes() has it. */
static inline __attribute__((always_inline)) void pcapng_shorten_ordinary(const struct pcapng_ordinary *o,
                                                                          uint32_t to_bytes, uint32_t total_bytes) {
    uint8_t *const block = o->block;
    if (o->total_bytes != PCAPNG_PACKET_MIN_BYTES + pcapng_padded_bytes(o->is.caplen_bytes)) {
        pcapng_move_options(o, to_bytes);
    } else {
        bytes_put_le32(block + PCAPNG_PACKET_HEADER_BYTES + to_bytes, 0); /* padding, and what is overwritten now: */
    }
    bytes_put_le32(block + total_bytes - PCAPNG_LENGTH_BYTES, total_bytes);
    bytes_put_le32(block + PCAPNG_LENGTH_AT, total_bytes);
    bytes_put_le32(block + PCAPNG_CAPLEN_AT, to_bytes);
}

/* A time stamp in nanoseconds since 1970, of an interface that is ordinary; one that is too large is the last. */
static inline uint64_t pcapng_ticks_ns(const struct format_interface *i, uint64_t ticks) {
    return (ticks < i->ticks_max ? ticks : i->ticks_max) * i->tick_ns;
}

#endif

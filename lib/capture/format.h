/*
 * Containers of packets: a row for each, by the first bytes of a file, with what can be done with one that is
 * processed and with what the file is instead where it is not.
 *
 * A container is a file header and then pieces one behind the other. A piece is a packet: bytes before its frame (its
 * header), the frame, bytes behind it (padding, options); or it is a span that passes as it is.
 */
#ifndef PCAPSLIM_FORMAT_H
#define PCAPSLIM_FORMAT_H

#include "failure.h"
#include "savefile_header.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So many bytes of a file say what it is. */
#define FORMAT_LOOK_BYTES 24

/* The largest captured length believed; a packet that claims more is damage. */
#define FORMAT_CAPLEN_MAX_BYTES (UINT32_C(256) << 20)

struct format_packet {
    uint32_t ts_sec;
    uint32_t ts_frac; /* units of which there are `second` in a second */
    uint32_t caplen_bytes;
    uint32_t origlen_bytes;
};

/* A piece. Of one that is larger than the buffer only the beginning is there. */
struct framed {
    uint8_t *header;        /* in the buffer */
    uint32_t header_bytes;  /* the visible bytes of the frame follow them */
    uint32_t visible_bytes; /* captured bytes in the buffer: caplen, unless the piece is larger than that */
    uint64_t whole_bytes;   /* with what stands behind the frame */
    bool is_packet;         /* else the numbers below say nothing */
    uint16_t linktype;
    uint32_t second;
    struct format_packet is;
};

struct format {
    uint32_t file_header_bytes;  /* pass as they are */
    uint32_t piece_header_bytes; /* enough of a piece for read() */
    /*
     * Judge the file header. bytes: FORMAT_LOOK_BYTES, or all of a shorter file. Returns 0, or -1 with f saying why
     * it is not processed.
     */
    int (*open)(const uint8_t *bytes, size_t length_bytes, struct savefile_header *out, struct failure *f);
    /*
     * Read what a piece says of itself. there_bytes: of it, piece_header_bytes at least; they must do for whole_bytes,
     * the rest may need the piece whole, or a buffer full of it. visible_bytes is caplen, as if it were there.
     * Returns 0, or -1 with f set where there can be no such piece.
     */
    int (*read)(const struct savefile_header *h, uint8_t *at, size_t there_bytes, struct framed *out,
                struct failure *f);
    /* Leave only the first caplen_bytes of a packet's frame, which is visible whole. Returns its new whole_bytes. */
    uint64_t (*shorten)(const struct savefile_header *h, const struct framed *r, uint32_t caplen_bytes);
};

/*
 * What a file is by its first bytes. bytes, length_bytes and out: as for open().
 * Returns its format, or NULL with f saying what the file is instead (pcapng, a relative of pcap, a compressed file,
 * another version, not a capture) and what to do about it.
 */
const struct format *format_open(const uint8_t *bytes, size_t length_bytes, struct savefile_header *out,
                                 struct failure *f);

#endif

/*
 * Containers of packets: a row for each, by the first bytes of a file, with what can be done with one that is
 * processed and with what the file is instead where it is not.
 *
 * A container is a file header and then pieces one behind the other. A piece is a packet: bytes before its frame (its
 * header), the frame, bytes behind it (padding, options); or it is a span that passes as it is. Spans may say something
 * about the packets behind them: what they were captured on, in which byte order they are.
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

/* So many bytes may be read behind the end of what there is of a piece, whatever is in them. */
#define FORMAT_BEYOND_BYTES 32

/* The largest captured length believed; a packet that claims more is damage. */
#define FORMAT_CAPLEN_MAX_BYTES (UINT32_C(256) << 20)

/* Of the name of an interface, with the 0 behind it: as long as Linux has them, and then some. */
#define FORMAT_NAME_BYTES 32

/* The last bytes of a piece that repeat some of its header, at most. */
#define FORMAT_TAIL_BYTES 4

struct format_packet {
    uint32_t ts_sec;
    uint32_t ts_frac; /* units of which there are `second` in a second */
    uint32_t caplen_bytes;
    uint32_t origlen_bytes;
};

/* What packets were captured on. The files of formats that know of only one say it in their header. */
struct format_interface {
    uint32_t number;        /* of those in the file, from 0 */
    uint32_t snaplen_bytes; /* UINT32_MAX: no limit */
    uint16_t linktype;
    uint8_t resolution; /* of time stamps, if_tsresol: a power of 10, or of 2 with the highest bit set */
    uint8_t fcs_bytes;  /* if_fcslen; 0: not said */
    bool is_ordinary;   /* Ethernet, and a time stamp is a number of tick_ns */
    uint32_t tick_ns;
    uint64_t ticks_max;           /* whose seconds are a number of 32 bits */
    int64_t offset_s;             /* added to time stamps, if_tsoffset */
    char name[FORMAT_NAME_BYTES]; /* "": it has none */
};

/* Kinds of keys that a file may carry: flags. */
enum format_secrets {
    FORMAT_SECRETS_TLS = 1 << 0, /* and all that has its keys from a TLS or DTLS handshake */
    FORMAT_SECRETS_SSH = 1 << 1,
    FORMAT_SECRETS_WIREGUARD = 1 << 2,
    FORMAT_SECRETS_OTHER = 1 << 3, /* nobody knows of what */
};

/* What is known of a file where its pieces have been read up to. */
struct format_state {
    struct savefile_header savefile;     /* of a format with several interfaces: the first one's */
    bool big_endian;                     /* what comes now is */
    uint32_t sections;                   /* begun so far, in formats that have them */
    uint32_t sized_sections;             /* of these, how many say how long they are */
    uint32_t interfaces_before;          /* in the sections before this one */
    uint32_t interface_count;            /* in this section */
    struct format_interface *interfaces; /* with room for interfaces_max of the format; NULL where that is 0 */
    unsigned secrets;                    /* in this section */
};

/* A piece. Of one that is larger than the buffer only the beginning is there. */
struct framed {
    uint8_t *header;        /* in the buffer */
    uint32_t header_bytes;  /* the visible bytes of the frame follow them */
    uint32_t visible_bytes; /* captured bytes in the buffer: caplen, unless the piece is larger than that */
    uint64_t whole_bytes;   /* with what stands behind the frame */
    uint64_t there_bytes;   /* of them in the buffer; set by framing */
    uint8_t padding_bytes;  /* behind the frame, before anything else there */
    bool is_packet;         /* else the numbers below say nothing */
    bool has_time;
    bool may_be_cut; /* its captured length is said by a field of its own */
    uint16_t linktype;
    uint32_t second;
    uint32_t snaplen_bytes;
    const struct format_interface *interface; /* that it was captured on; NULL where they are not told apart */
    struct format_packet is;
};

struct format {
    const char *piece;           /* what a piece of it is called in messages */
    uint32_t file_header_bytes;  /* pass as they are */
    uint32_t piece_header_bytes; /* enough of a piece for read() */
    uint32_t interfaces_max;     /* in a section; 0: they are not told apart */
    uint32_t tail_bytes;         /* the last of a piece, which repeat those at tail_at: framing compares them */
    uint32_t tail_at;
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
    int (*read)(const struct format_state *s, uint8_t *at, size_t there_bytes, struct framed *out, struct failure *f);
    /* Take in what a span says of the pieces behind it; r: as read, there_bytes set. NULL: spans say nothing. */
    void (*enter)(struct format_state *s, const struct framed *r);
    /*
     * Leave only the first caplen_bytes of a packet's frame, which is visible whole up to there, and move what is there
     * of the bytes behind the frame up to it. Returns its new whole_bytes.
     */
    uint64_t (*shorten)(const struct format_state *s, const struct framed *r, uint32_t caplen_bytes);
};

/*
 * What a file is by its first bytes. bytes, length_bytes and out: as for open(). accepted: flags of accept.h, what is
 * taken besides plain pcap.
 * Returns its format, or NULL with f saying what the file is instead (a container that was not accepted, a relative of
 * pcap, a compressed file, another version, not a capture) and what to do about it.
 */
const struct format *format_open(const uint8_t *bytes, size_t length_bytes, unsigned accepted,
                                 struct savefile_header *out, struct failure *f);

#endif

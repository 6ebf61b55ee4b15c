/*
 * Records out of a stream of savefile bytes, through one buffer of fixed size.
 *
 * The buffer is filled with as many records as it holds, then they are walked in place; whoever walks them
 * may change them and move them towards the front of the buffer, over records already walked:
 *
 *     while ((status = framing_fill(f, &failure)) > FRAMING_END) {
 *         if (status == FRAMING_OVERSIZE) {
 *             framing_next_oversize(f, &record); ... framing_rest(f, ...) until there is no more ...
 *         }
 *         struct framing_walk walk = framing_walk_begin(f);
 *         while (framing_walk_next(&walk, &record)) { ... }
 *         framing_walk_end(f, &walk);
 *         ... everything handed out so far must be used up here ...
 *     }
 *
 * A record larger than the buffer is handed out with only its first bytes visible; framing_rest() gives the
 * others piece by piece.
 */
#ifndef PCAPSLIM_FRAMING_H
#define PCAPSLIM_FRAMING_H

#include "failure.h"
#include "savefile.h"
#include "source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A constant of the contract rather than a tuning knob: of a frame longer than this only the first
 * FRAMING_BUFFER_BYTES - 16 are looked at, so changing it could change output.
 */
#define FRAMING_BUFFER_BYTES ((size_t)256 << 10)

enum framing_status {
    FRAMING_OVERSIZE = 2, /* the next record is larger than the buffer */
    FRAMING_OK = 1,       /* there are records to walk */
    FRAMING_END = 0,      /* the capture ended where a record ended */
    FRAMING_DAMAGED = -1, /* a record is cut short or impossible */
    FRAMING_REFUSED = -2, /* not a savefile that is processed */
    FRAMING_FAILED = -3,  /* the source failed, or memory ran out */
};

struct framed {
    uint8_t *header;        /* its 16 bytes in the buffer; the visible bytes of the frame follow them */
    uint32_t visible_bytes; /* captured bytes in the buffer: caplen, unless the record is larger than it */
    struct savefile_record is;
};

struct framing {
    struct source *source;
    struct savefile_header savefile;
    uint8_t header_bytes[SAVEFILE_HEADER_BYTES]; /* verbatim */
    uint8_t *buffer;
    size_t begin;                 /* first byte not yet handed out */
    size_t end;                   /* first byte not yet filled */
    bool at_end;                  /* the source has no more */
    struct savefile_record first; /* the capture's first record, from the first fill on */
    uint64_t packets;             /* handed out so far */
    uint64_t consumed_bytes;      /* of the file, headers included, up to begin */
    uint32_t rest_bytes;          /* of an oversize record, not yet handed out */
    uint32_t oversize_caplen_bytes;
    uint64_t oversize_offset_bytes; /* of its record header in the file */
};

/*
 * Take the buffer's memory. One framing serves any number of captures, one after the other.
 * Returns FRAMING_OK or FRAMING_FAILED (out of memory, f set).
 */
enum framing_status framing_init(struct framing *fr, struct failure *f);

/*
 * Begin a capture: read and judge its file header.
 * Returns FRAMING_OK, FRAMING_REFUSED or FRAMING_FAILED with f set.
 */
enum framing_status framing_open(struct framing *fr, struct source *source, struct failure *f);

/*
 * Fill the buffer so that at least one record can be handed out.
 * Returns FRAMING_OK (walk with framing_next()), FRAMING_OVERSIZE (take the next record with framing_next_oversize()),
 * FRAMING_END, or FRAMING_DAMAGED ("offset N, packet M: ...") or FRAMING_FAILED with f set.
 */
enum framing_status framing_fill(struct framing *fr, struct failure *f);

/*
 * A walk over the records that are whole in the buffer. It is a value of its own, so that a loop which changes the
 * bytes of the buffer can keep it in registers: bytes may alias anything that lies in memory.
 */
struct framing_walk {
    uint8_t *at;  /* the next record */
    uint8_t *end; /* of what the buffer holds */
    uint64_t packets;
    struct savefile_header savefile;
};

static inline struct framing_walk framing_walk_begin(const struct framing *fr) {
    struct framing_walk w = {
        .at = fr->buffer + fr->begin,
        .end = fr->buffer + fr->end,
        .packets = fr->packets,
        .savefile = fr->savefile,
    };
    return w;
}

/*
 * Hand out the next record. Returns false when there is none that is whole. A header that is not whole is decoded, too,
 * for there is room behind the buffer; whatever its bytes say, the record is longer than what is there.
 */
static inline __attribute__((always_inline)) bool framing_walk_next(struct framing_walk *w, struct framed *out) {
    const size_t there_bytes = (size_t)(w->end - w->at);
    out->header = w->at;
    out->is = savefile_get_record(&w->savefile, w->at);
    out->visible_bytes = out->is.caplen_bytes;
    const size_t whole_bytes = SAVEFILE_RECORD_HEADER_BYTES + (size_t)out->is.caplen_bytes;
    if (whole_bytes > there_bytes) {
        return false;
    }
    w->at += whole_bytes;
    w->packets++;
    /* The next record's headers are on their way while this one is worked on. Worth a tenth of a scan. */
    __builtin_prefetch(w->at);
    __builtin_prefetch(w->at + 64);
    return true;
}

/* Tell the framing how far a walk has come. */
static inline void framing_walk_end(struct framing *fr, const struct framing_walk *w) {
    const size_t begin = (size_t)(w->at - fr->buffer);
    fr->consumed_bytes += begin - fr->begin;
    fr->begin = begin;
    fr->packets = w->packets;
}

/* A walk of one record. Returns false when there is none that is whole, and a fill is needed. */
static inline bool framing_next(struct framing *fr, struct framed *out) {
    struct framing_walk w = framing_walk_begin(fr);
    const bool is_there = framing_walk_next(&w, out);
    framing_walk_end(fr, &w);
    return is_there;
}

/* Hand out the beginning of the record that framing_fill() said is oversize: visible_bytes < caplen. */
void framing_next_oversize(struct framing *fr, struct framed *out);

/*
 * More of the oversize record last handed out (visible_bytes < caplen). at: where the bytes are, valid until
 * the next call; length_bytes: how many, 0 when there are no more.
 * Returns FRAMING_OK, FRAMING_DAMAGED or FRAMING_FAILED.
 */
enum framing_status framing_rest(struct framing *fr, const uint8_t **at, size_t *length_bytes, struct failure *f);

/* Free the buffer. Safe on a zero-initialised struct. */
void framing_free(struct framing *fr);

#endif

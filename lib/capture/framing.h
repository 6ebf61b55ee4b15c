/*
 * Pieces out of a stream of a container's bytes (format.h), through one buffer of fixed size. They are called records
 * here, as those of a savefile are.
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
#include "pcapng.h"
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
    FRAMING_END = 0,      /* the capture ended where a record ended, or in a tail that is kept */
    FRAMING_DAMAGED = -1, /* a record is cut short or impossible, or compressed data is damaged */
    FRAMING_REFUSED = -2, /* not a savefile that is processed */
    FRAMING_FAILED = -3,  /* the source failed, or memory ran out */
};

struct framing {
    struct source *source;
    unsigned accepted; /* what is taken besides whole plain pcap, accept.h; for whoever made it to set */
    const struct format *format;
    struct format_state state;
    uint8_t header_bytes[FORMAT_LOOK_BYTES]; /* verbatim; format->file_header_bytes of them are the file header */
    uint8_t *buffer;
    size_t begin;               /* first byte not yet handed out */
    size_t end;                 /* first byte not yet filled */
    size_t held_bytes;          /* behind it, of what is filled: held back until the buffer is filled again */
    bool at_end;                /* the source has no more */
    struct format_packet first; /* the capture's first packet, from when it was found on */
    uint64_t packets;           /* handed out so far */
    uint64_t consumed_bytes;    /* of the file, headers included, up to begin */
    size_t cut_tail_bytes; /* at the end, or FRAMING_DAMAGED where it is not accepted: of a record that is cut short */
    uint64_t rest_bytes;   /* of an oversize record, not yet handed out */
    uint64_t oversize_bytes;        /* what it has of them behind its header */
    uint64_t oversize_offset_bytes; /* of its record header in the file */
    bool oversize_is_packet;
    uint8_t tail[FORMAT_TAIL_BYTES]; /* what its last bytes must be, in formats that repeat some of the header there */
};

/*
 * Take the buffer's memory. One framing serves any number of captures, one after the other. Nothing but plain pcap is
 * accepted unless the caller says so behind this.
 * Returns FRAMING_OK or FRAMING_FAILED (out of memory, f set).
 */
enum framing_status framing_init(struct framing *fr, struct failure *f);

/*
 * Begin a capture: read and judge its file header.
 * Returns FRAMING_OK, FRAMING_REFUSED, FRAMING_DAMAGED (only where it is compressed) or FRAMING_FAILED with f set.
 */
enum framing_status framing_open(struct framing *fr, struct source *source, struct failure *f);

/*
 * Fill the buffer so that at least one record can be handed out.
 * Returns FRAMING_OK (walk with framing_next()), FRAMING_OVERSIZE (take the next record with framing_next_oversize()),
 * FRAMING_END, or FRAMING_DAMAGED ("offset N, packet M: ...") or FRAMING_FAILED with f set.
 * With ACCEPT_CUT_TAIL a last record that is cut short is the end, too, and framing_take_cut_tail() has its bytes; but
 * not one that is larger than the buffer: a length that lies looks the same, and what it would swallow is not a tail.
 */
enum framing_status framing_fill(struct framing *fr, struct failure *f);

/*
 * Fill all of the buffer, as far as there is something to fill it with: what is in it then does not depend on how the
 * source hands it out. Returns FRAMING_OK or FRAMING_FAILED.
 */
enum framing_status framing_fill_up(struct framing *fr, struct failure *f);

/*
 * A look at the records that are whole in the buffer, without taking them off it. It ends in front of a section that is
 * not the first, for that would forget interfaces.
 */
struct framing_look {
    uint8_t *at;
    struct format_state state;
    bool is_over; /* it ended for another reason than that there is no more in the buffer */
};

struct framing_look framing_look_begin(const struct framing *fr);

/* The next record, as framing_walk_next_any(). */
bool framing_look_next(const struct framing *fr, struct framing_look *look, struct framed *out);

/* Hold back what was not looked at: a walk ends there. The next call that fills the buffer hands it out. */
void framing_hold_back(struct framing *fr, const struct framing_look *look);

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
        .savefile = fr->state.savefile,
    };
    return w;
}

/* Take whole_bytes off the walk. Returns false when they are not there. */
static inline __attribute__((always_inline)) bool framing_walk_take(struct framing_walk *w, size_t there_bytes,
                                                                    size_t whole_bytes, bool is_packet) {
    if (whole_bytes > there_bytes) {
        return false;
    }
    w->at += whole_bytes;
    w->packets += is_packet;
    /* The next record's headers are on their way while this one is worked on. Worth a tenth of a scan. */
    __builtin_prefetch(w->at);
    __builtin_prefetch(w->at + 64);
    return true;
}

/*
 * Hand out the next record of a savefile: header, visible_bytes and `is` only, for the rest is known. Returns false
 * when there is none that is whole. A header that is not whole is decoded, too, for there is room behind the buffer;
 * whatever its bytes say, the record is longer than what is there.
 */
static inline __attribute__((always_inline)) bool framing_walk_next(struct framing_walk *w, struct framed *out) {
    const size_t there_bytes = (size_t)(w->end - w->at);
    out->header = w->at;
    out->is = savefile_get_packet(&w->savefile, w->at);
    out->visible_bytes = out->is.caplen_bytes;
    return framing_walk_take(w, there_bytes, SAVEFILE_RECORD_HEADER_BYTES + (size_t)out->is.caplen_bytes, true);
}

/*
 * Look at the next block of pcapng. Returns false when it is not an ordinary packet (pcapng_get_ordinary()), or not
 * whole: then it is framing_walk_next_any() that tells. framing_walk_over() takes it off the walk.
 */
static inline __attribute__((always_inline)) bool framing_walk_look(const struct framing_walk *w,
                                                                    struct pcapng_ordinary *out) {
    return pcapng_get_ordinary(w->at, (size_t)(w->end - w->at), out);
}

static inline __attribute__((always_inline)) void framing_walk_over(struct framing_walk *w,
                                                                    const struct pcapng_ordinary *o) {
    (void)framing_walk_take(w, o->total_bytes, o->total_bytes, true);
}

/*
 * The next record of any format, all of it; what it says of those behind it is taken in. What is wrong with one that
 * there cannot be framing_fill() says.
 */
bool framing_walk_next_any(struct framing *fr, struct framing_walk *w, struct framed *out);

/* Tell the framing how far a walk has come. */
static inline void framing_walk_end(struct framing *fr, const struct framing_walk *w) {
    const size_t begin = (size_t)(w->at - fr->buffer);
    fr->consumed_bytes += begin - fr->begin;
    fr->begin = begin;
    fr->packets = w->packets;
}

/*
 * Hand out the beginning of the record that framing_fill() said is oversize: there_bytes < whole_bytes, and
 * visible_bytes < caplen unless it is what stands behind the frame that makes it so.
 */
void framing_next_oversize(struct framing *fr, struct framed *out);

/*
 * More of the oversize record last handed out. at: where the bytes are, in the buffer, valid until the next call;
 * length_bytes: how many, 0 when there are no more.
 * Returns FRAMING_OK, FRAMING_DAMAGED or FRAMING_FAILED.
 */
enum framing_status framing_rest(struct framing *fr, uint8_t **at, size_t *length_bytes, struct failure *f);

/*
 * At the end: what is there of a last record that is cut short. at: where, in the buffer. Returns how many bytes, 0
 * where there is none; it is handed out once, and counts as consumed.
 */
size_t framing_take_cut_tail(struct framing *fr, const uint8_t **at);

/* Free its memory. Safe on a zero-initialised struct. */
void framing_free(struct framing *fr);

#endif

/*
 * Compression: a row for each codec, with what its library is used for. A codec is one file, codec_NAME.c.
 *
 * Compressed data is a sequence of frames (RFC 1952 calls them members, RFC 8878 and the lz4 and xz formats frames and
 * streams): each begins with a magic number and is complete in itself. Libraries are loaded when they are needed; what
 * is loaded is held by a struct codecs, before a program goes into its sandbox.
 */
#ifndef PCAPSLIM_CODEC_H
#define PCAPSLIM_CODEC_H

#include "accept.h"
#include "codec_id.h"
#include "failure.h"
#include "library.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first bytes of a frame that are enough to know it, and to see at what level it was made. */
#define CODEC_LOOK_BYTES 32

/* What a frame may ask a decoder to remember: the window of zstd and the dictionary of xz. */
#define CODEC_WINDOW_BYTES (UINT32_C(8) << 20)

/* Where a codec takes bytes from and where it puts them. It moves both on. */
struct codec_room {
    const uint8_t *in;
    size_t in_bytes;
    uint8_t *out;
    size_t out_bytes;
};

enum codec_step {
    CODEC_ON,         /* there was not enough to take or no room: more is to come */
    CODEC_FRAME_ENDS, /* a frame is read, or written, to its last byte */
    CODEC_BAD = -1,   /* f says why */
};

/* How hard to try. */
struct codec_level {
    int level;
    bool asked; /* by the operator, who then grants the memory, too; else the level the input seems to have had */
};

struct codec {
    enum codec_id id;
    const uint8_t *magic;
    size_t magic_bytes;
    bool skips; /* its frames may have skippable frames between them (RFC 8878, section 3.1.2) */
    bool pads;  /* or zeros, four at a time (xz file format 1.2.1, section 2.2) */
    int level_min, level_max;
    const struct library *library; /* what library_new() makes of it the calls below take as `library` */
    /* The level that a frame seems to have been made at. bytes: CODEC_LOOK_BYTES of it, or all there are. */
    int (*level)(const uint8_t *bytes, size_t length_bytes);
    /* Reading, any number of frames one after the other. Returns NULL with f set when memory runs out. */
    void *(*unpack_new)(const void *library, struct failure *f);
    enum codec_step (*unpack)(void *state, struct codec_room *room, struct failure *f);
    void (*unpack_free)(void *state);
    /* Writing one frame, all three NULL where it is only read; end: there are no more bytes than room->in has. */
    void *(*pack_new)(const void *library, struct codec_level level, struct failure *f);
    enum codec_step (*pack)(void *state, struct codec_room *room, bool end, struct failure *f);
    void (*pack_free)(void *state);
};

/* The rows, each of the file of its name. */
const struct codec *codec_of_gzip(void);
const struct codec *codec_of_zstd(void);
const struct codec *codec_of_lz4(void);
const struct codec *codec_of_xz(void);

/* The row of an id; NULL for CODEC_NONE. */
const struct codec *codec_row(enum codec_id id);

/* Whether a frame of the codec begins here. */
bool codec_begins(const struct codec *c, const uint8_t *bytes, size_t length_bytes);

/* What is loaded, and what may be read. Zero-initialised: nothing. */
struct codecs {
    void *library[CODECS]; /* by id; NULL: not loaded */
    bool accepted[CODECS];
};

/* Accept what `flags` (accept.h) say, and load what that takes. Returns 0, or -1 with f set. */
int codecs_accept(struct codecs *c, unsigned flags, struct failure *f);

/* Load the library of one. Returns 0, or -1 with f set. */
int codecs_load(struct codecs *c, enum codec_id id, struct failure *f);

/* What codecs_load() has taken. */
void codecs_free(struct codecs *c);

/* In what compression a slim capture is to be written. Zero-initialised: as the original came. */
struct codec_wish {
    bool given;
    enum codec_id id; /* CODEC_NONE: not compressed */
    struct codec_level level;
};

/*
 * Read `none`, `gzip`, `zstd` or `lz4`, each of these with `:LEVEL` behind it or without. Returns 0, or -1 with f set.
 */
int codec_wish_of(const char *word, struct codec_wish *out, struct failure *f);

#endif

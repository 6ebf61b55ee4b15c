#include "witness_unpack.h"

#include "bytes.h"
#include "library.h"
#include "witness_decoder.h"

#include <stdlib.h>
#include <string.h>

#define BUFFER_BYTES ((size_t)64 << 10)

/* What the bytes at hand are. Of a frame whose end is told by its headers, `left` of them are of that part. */
enum part {
    PART_UNKNOWN, /* the file has not been looked at */
    PART_PLAIN,   /* it is not compressed */
    PART_BETWEEN, /* frames */
    PART_HEADER,  /* of a frame, for the decoder */
    PART_BLOCK,   /* likewise, with what is behind it */
    PART_END,     /* likewise: the last bytes of the frame */
    PART_DEFLATE, /* of gzip: to where zlib says */
    PART_XZ,      /* all of the file: liblzma accounts for streams, index and padding */
};

enum {
    GZIP_HEADER_BYTES = 10,
    GZIP_FLAGS_AT = 3,
    GZIP_HEADER_CRC = 0x02,
    GZIP_EXTRA = 0x04,
    GZIP_NAME = 0x08,
    GZIP_COMMENT = 0x10,
    GZIP_RESERVED = 0xe0,
    GZIP_TRAILER_BYTES = 8,

    ZSTD_DESCRIPTOR_AT = 4,
    ZSTD_CHECKSUM = 0x04,
    ZSTD_SINGLE_SEGMENT = 0x20,
    ZSTD_BLOCK_HEADER_BYTES = 3,
    ZSTD_RLE = 1,

    LZ4_FLAGS_AT = 4,
    LZ4_BLOCK_CHECKSUM = 0x10,
    LZ4_CONTENT_SIZE = 0x08,
    LZ4_CONTENT_CHECKSUM = 0x04,
    LZ4_DICTIONARY = 0x01,
    LZ4_BLOCK_HEADER_BYTES = 4,

    SKIPPABLE_HEADER_BYTES = 8,
    LOOK_BYTES = 8,
};

struct witness_unpack {
    const struct witness_codecs *codecs;
    witness_feed *feed;
    void *from;
    enum codec_id codec;
    struct witness_decoder *decoder;
    enum part part;
    uint64_t left;   /* bytes of the part that the decoder has not taken yet */
    unsigned flags;  /* of the frame's header */
    bool last_block; /* zstd: the one at hand is the frame's last */
    bool ended;      /* the decoder has come to the frame's end */
    uint32_t sum, size;
    uint64_t used_bytes; /* of the file */
    uint64_t made_bytes; /* of what is packed in it */
    struct witness_places places;
    bool at_end;
    size_t begin, end;
    uint8_t in[BUFFER_BYTES];
};

static const uint8_t *here(const struct witness_unpack *u) {
    return u->in + u->begin;
}

static size_t there(const struct witness_unpack *u) {
    return u->end - u->begin;
}

static void pass_over(struct witness_unpack *u, size_t bytes) {
    u->begin += bytes;
    u->used_bytes += bytes;
}

/* FNV-1a, 64 bits, going on from a digest. */
static uint64_t fold(uint64_t digest, const uint8_t *bytes, size_t length_bytes) {
    for (size_t i = 0; i < length_bytes; i++) {
        digest = (digest ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    return digest;
}

static uint64_t fold_number(uint64_t digest, uint64_t number) {
    uint8_t bytes[8];
    bytes_put_le32(bytes, (uint32_t)number);
    bytes_put_le32(bytes + 4, (uint32_t)(number >> 32));
    return fold(digest, bytes, sizeof bytes);
}

static int wrong(const struct witness_unpack *u, struct failure *f, const char *what) {
    return failure_of(FAILURE_CONTENTS, f, "offset %llu: %s", (unsigned long long)u->used_bytes, what);
}

/* Have so many bytes in the buffer, fewer only at the end of the file. Returns -1 where the feed has failed. */
static int look(struct witness_unpack *u, size_t want_bytes, struct failure *f) {
    if (there(u) < want_bytes && u->begin > 0) {
        memmove(u->in, here(u), there(u));
        u->end -= u->begin;
        u->begin = 0;
    }
    while (there(u) < want_bytes && !u->at_end) {
        const ptrdiff_t got = u->feed(u->from, u->in + u->end, BUFFER_BYTES - u->end);
        if (got < 0) {
            return failure_of(FAILURE_SYSTEM, f, "cannot read");
        }
        u->at_end = got == 0;
        u->end += (size_t)got;
    }
    return 0;
}

/* Likewise, and fewer are damage. */
static int need(struct witness_unpack *u, size_t want_bytes, struct failure *f) {
    return look(u, want_bytes, f) != 0 ? -1
           : there(u) < want_bytes     ? wrong(u, f, "the file ends within compressed data")
                                       : 0;
}

/* ---- gzip: all but what is deflated ---- */

/* Bytes of the header, over which it may have a checksum. */
static void pass_summed(struct witness_unpack *u, size_t bytes) {
    u->sum = witness_decoder_crc32(u->decoder, u->sum, here(u), bytes);
    pass_over(u, bytes);
}

static int pass_string(struct witness_unpack *u, struct failure *f) {
    uint8_t byte;
    do {
        if (need(u, 1, f) != 0) {
            return -1;
        }
        byte = *here(u);
        pass_summed(u, 1);
    } while (byte != 0);
    return 0;
}

static int pass_extra_field(struct witness_unpack *u, struct failure *f) {
    if (need(u, 2, f) != 0) {
        return -1;
    }
    for (size_t left = 2u + here(u)[0] + 256u * here(u)[1], bytes = 0; left > 0; left -= bytes) {
        if (need(u, 1, f) != 0) {
            return -1;
        }
        bytes = left < there(u) ? left : there(u);
        pass_summed(u, bytes);
    }
    return 0;
}

static int check_gzip_header(struct witness_unpack *u, struct failure *f) {
    if (need(u, 2, f) != 0) {
        return -1;
    }
    if ((here(u)[0] | (uint32_t)here(u)[1] << 8) != (u->sum & 0xffff)) {
        return wrong(u, f, "the checksum of a gzip header is wrong");
    }
    pass_over(u, 2);
    return 0;
}

static int pass_gzip_header(struct witness_unpack *u, struct failure *f) {
    if (need(u, GZIP_HEADER_BYTES, f) != 0) {
        return -1;
    }
    const unsigned flags = here(u)[GZIP_FLAGS_AT];
    if (here(u)[2] != 8 || (flags & GZIP_RESERVED) != 0) {
        return wrong(u, f, "a gzip member of an unknown method");
    }
    u->sum = 0;
    pass_summed(u, GZIP_HEADER_BYTES);
    if (((flags & GZIP_EXTRA) != 0 && pass_extra_field(u, f) != 0) ||
        ((flags & GZIP_NAME) != 0 && pass_string(u, f) != 0) ||
        ((flags & GZIP_COMMENT) != 0 && pass_string(u, f) != 0) ||
        ((flags & GZIP_HEADER_CRC) != 0 && check_gzip_header(u, f) != 0)) {
        return -1;
    }
    u->sum = u->size = 0;
    u->part = PART_DEFLATE;
    return 0;
}

static int check_gzip_trailer(struct witness_unpack *u, struct failure *f) {
    if (need(u, GZIP_TRAILER_BYTES, f) != 0) {
        return -1;
    }
    if (bytes_get_le32(here(u)) != u->sum || bytes_get_le32(here(u) + 4) != u->size) {
        return wrong(u, f, "checksum or length of a gzip member is wrong");
    }
    pass_over(u, GZIP_TRAILER_BYTES);
    u->part = PART_BETWEEN;
    return 0;
}

/* ---- zstd and lz4: where the parts of a frame end ---- */

static int begin_zstd(struct witness_unpack *u, struct failure *f) {
    static const uint8_t dictionary_bytes[] = {0, 1, 2, 4};
    static const uint8_t size_bytes[] = {0, 2, 4, 8};
    if (need(u, ZSTD_DESCRIPTOR_AT + 1, f) != 0) {
        return -1;
    }
    u->flags = here(u)[ZSTD_DESCRIPTOR_AT];
    const bool single = (u->flags & ZSTD_SINGLE_SEGMENT) != 0;
    const unsigned content = size_bytes[u->flags >> 6];
    u->left = ZSTD_DESCRIPTOR_AT + 1u + (single ? 0u : 1u) + dictionary_bytes[u->flags & 3] +
              (single && content == 0 ? 1u : content);
    return 0;
}

static int begin_lz4(struct witness_unpack *u, struct failure *f) {
    if (need(u, LZ4_FLAGS_AT + 1, f) != 0) {
        return -1;
    }
    u->flags = here(u)[LZ4_FLAGS_AT];
    if ((u->flags & LZ4_DICTIONARY) != 0) {
        return wrong(u, f, "an lz4 frame with a dictionary");
    }
    u->left = LZ4_FLAGS_AT + 3u + ((u->flags & LZ4_CONTENT_SIZE) != 0 ? 8u : 0u);
    return 0;
}

/* A part has been taken whole: which one is next? */
static int next_zstd(struct witness_unpack *u, struct failure *f) {
    if (u->part == PART_BLOCK && u->last_block) {
        u->part = PART_END;
        u->left = (u->flags & ZSTD_CHECKSUM) != 0 ? 4 : 0;
        return 0;
    }
    if (need(u, ZSTD_BLOCK_HEADER_BYTES, f) != 0) {
        return -1;
    }
    const uint32_t header = (uint32_t)here(u)[0] | (uint32_t)here(u)[1] << 8 | (uint32_t)here(u)[2] << 16;
    u->last_block = (header & 1) != 0;
    u->left = ZSTD_BLOCK_HEADER_BYTES + ((header >> 1 & 3) == ZSTD_RLE ? 1u : (uint64_t)(header >> 3));
    u->part = PART_BLOCK;
    return 0;
}

static int next_lz4(struct witness_unpack *u, struct failure *f) {
    if (need(u, LZ4_BLOCK_HEADER_BYTES, f) != 0) {
        return -1;
    }
    const uint32_t header = bytes_get_le32(here(u));
    const bool is_end = header == 0;
    const unsigned checksum = is_end ? LZ4_CONTENT_CHECKSUM : LZ4_BLOCK_CHECKSUM;
    u->left = LZ4_BLOCK_HEADER_BYTES + (uint64_t)(header & 0x7fffffff) + ((u->flags & checksum) != 0 ? 4u : 0u);
    u->part = is_end ? PART_END : PART_BLOCK;
    return 0;
}

static int next_part(struct witness_unpack *u, struct failure *f) {
    if (u->part != PART_END) {
        return u->codec == CODEC_ZSTD ? next_zstd(u, f) : next_lz4(u, f);
    }
    u->part = PART_BETWEEN;
    return 0;
}

/* ---- frames ---- */

static enum codec_id codec_here(const struct witness_unpack *u) {
    static const struct {
        uint8_t length, bytes[6];
    } MAGIC[CODECS] = {
        [CODEC_GZIP] = {2, {0x1f, 0x8b}},
        [CODEC_ZSTD] = {4, {0x28, 0xb5, 0x2f, 0xfd}},
        [CODEC_LZ4] = {4, {0x04, 0x22, 0x4d, 0x18}},
        [CODEC_XZ] = {6, {0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00}},
    };
    for (int id = CODEC_NONE + 1; id < CODECS; id++) {
        if (there(u) >= MAGIC[id].length && memcmp(here(u), MAGIC[id].bytes, MAGIC[id].length) == 0) {
            return (enum codec_id)id;
        }
    }
    return CODEC_NONE;
}

static bool is_skippable(const struct witness_unpack *u) {
    return there(u) >= 4 && here(u)[1] == 0x2a && here(u)[2] == 0x4d && here(u)[3] == 0x18 && here(u)[0] >> 4 == 0x5;
}

/* A file of lz4 or zstd may begin with skippable frames; of which it is, is not known before one that is not. */
static bool may_skip(const struct witness_unpack *u) {
    return u->part == PART_UNKNOWN ? u->codecs->library[CODEC_ZSTD] != NULL || u->codecs->library[CODEC_LZ4] != NULL
                                   : u->codec == CODEC_ZSTD || u->codec == CODEC_LZ4;
}

static int begin_frame(struct witness_unpack *u, struct failure *f) {
    u->ended = false;
    u->part = PART_HEADER;
    u->places.frames++;
    u->places.places = fold_number(fold_number(u->places.places, u->used_bytes), u->made_bytes);
    if (witness_decoder_again(u->decoder) != 0) {
        return failure_memory(f);
    }
    return u->codec == CODEC_ZSTD ? begin_zstd(u, f) : u->codec == CODEC_LZ4 ? begin_lz4(u, f) : pass_gzip_header(u, f);
}

/* What is at the beginning of the file, behind skippable frames. */
static int begin_file(struct witness_unpack *u, struct failure *f) {
    const enum codec_id id = codec_here(u);
    if (id == CODEC_NONE || u->codecs->library[id] == NULL) {
        u->part = PART_PLAIN;
        return u->used_bytes == 0 ? 0 : wrong(u, f, "no compressed data behind skippable frames");
    }
    u->codec = id;
    u->decoder = witness_decoder_new(id, u->codecs->library[id]);
    if (u->decoder == NULL) {
        return failure_memory(f);
    }
    u->part = PART_XZ;
    return id == CODEC_XZ ? 0 : begin_frame(u, f);
}

/* Its header is there. */
static int pass_skippable(struct witness_unpack *u, struct failure *f) {
    uint64_t digest = fold_number(u->places.skippable, u->used_bytes);
    uint64_t left_bytes = bytes_get_le32(here(u) + 4);
    bool is_zeros = true;
    digest = fold(digest, here(u), SKIPPABLE_HEADER_BYTES);
    pass_over(u, SKIPPABLE_HEADER_BYTES);
    while (left_bytes > 0) {
        if (need(u, 1, f) != 0) {
            return -1;
        }
        const size_t bytes = left_bytes < there(u) ? (size_t)left_bytes : there(u);
        is_zeros &= here(u)[0] == 0 && memcmp(here(u), here(u) + 1, bytes - 1) == 0;
        digest = fold(digest, here(u), bytes);
        pass_over(u, bytes);
        left_bytes -= bytes;
    }
    u->places.skippable = is_zeros ? u->places.skippable : digest;
    return 0;
}

static int between(struct witness_unpack *u, struct failure *f) {
    if (look(u, LOOK_BYTES, f) != 0) {
        return -1;
    }
    if (may_skip(u) && is_skippable(u)) {
        if (need(u, SKIPPABLE_HEADER_BYTES, f) != 0) {
            return -1;
        }
        return pass_skippable(u, f);
    }
    if (u->part == PART_UNKNOWN) {
        return begin_file(u, f);
    }
    return codec_here(u) == u->codec ? begin_frame(u, f) : wrong(u, f, "what follows is no frame of the same kind");
}

/* Some of the part at hand through the decoder. Returns how much was made, or -1. */
static ptrdiff_t decode(struct witness_unpack *u, uint8_t *to, size_t wanted_bytes, struct failure *f) {
    const bool is_bounded = u->codec == CODEC_ZSTD || u->codec == CODEC_LZ4;
    if ((!is_bounded || u->left > 0) && look(u, 1, f) != 0) {
        return -1;
    }
    size_t bytes = there(u);
    if (is_bounded && u->left < bytes) {
        bytes = (size_t)u->left;
    }
    struct witness_step did;
    if (witness_decode(u->decoder, here(u), bytes, u->at_end, to, wanted_bytes, &did, f) != 0) {
        return failure_before(f, "offset %llu: ", (unsigned long long)u->used_bytes);
    }
    pass_over(u, did.used_bytes);
    u->made_bytes += did.made_bytes;
    u->left -= is_bounded ? did.used_bytes : 0;
    u->ended = did.ended;
    if (did.used_bytes == 0 && did.made_bytes == 0 && !did.ended) {
        return wrong(u, f,
                     u->at_end && bytes == 0 ? "the file ends within compressed data"
                                             : "the decoder's frame is not the one of the headers");
    }
    return (ptrdiff_t)did.made_bytes;
}

/* Behind a call of the decoder: is it where the headers say that it must be? */
static int after_decoding(struct witness_unpack *u, const uint8_t *made, size_t made_bytes, struct failure *f) {
    switch (u->codec) {
    case CODEC_GZIP:
        u->sum = witness_decoder_crc32(u->decoder, u->sum, made, made_bytes);
        u->size += (uint32_t)made_bytes;
        return u->ended ? check_gzip_trailer(u, f) : 0;
    case CODEC_ZSTD:
    case CODEC_LZ4:
        if (u->ended && (u->left > 0 || !(u->part == PART_END || (u->part == PART_BLOCK && u->last_block &&
                                                                  (u->flags & ZSTD_CHECKSUM) == 0)))) {
            return wrong(u, f, "the decoder is at the end and the frame is not");
        }
        return 0;
    case CODEC_XZ:
    case CODEC_NONE:
    case CODECS:
    default:
        return u->ended && (there(u) > 0 || !u->at_end) ? wrong(u, f, "something follows the xz data") : 0;
    }
}

static ptrdiff_t plain(struct witness_unpack *u, uint8_t *to, size_t wanted_bytes, struct failure *f) {
    if (there(u) == 0) {
        const ptrdiff_t got = u->at_end ? 0 : u->feed(u->from, to, wanted_bytes);
        u->used_bytes += got > 0 ? (uint64_t)got : 0;
        return got < 0 ? failure_of(FAILURE_SYSTEM, f, "cannot read") : got;
    }
    const size_t bytes = there(u) < wanted_bytes ? there(u) : wanted_bytes;
    memcpy(to, here(u), bytes);
    pass_over(u, bytes);
    return (ptrdiff_t)bytes;
}

/* Whether the decoder has all of the part at hand; at the end of a frame it may still have to hand something out. */
static bool is_over(const struct witness_unpack *u) {
    return u->left == 0 && (u->part == PART_HEADER || u->part == PART_BLOCK || (u->part == PART_END && u->ended));
}

/* One step on. made: how much came out. Returns 1, 0 at the end of the file, or -1. */
static int step(struct witness_unpack *u, void *to, size_t wanted_bytes, ptrdiff_t *made, struct failure *f) {
    *made = 0;
    if ((u->part == PART_BETWEEN && look(u, 1, f) == 0 && there(u) == 0) || (u->part == PART_XZ && u->ended)) {
        return 0;
    }
    if (u->part == PART_UNKNOWN || u->part == PART_BETWEEN) {
        return between(u, f) == 0 ? 1 : -1;
    }
    if (is_over(u)) {
        return next_part(u, f) == 0 ? 1 : -1;
    }
    *made = decode(u, to, wanted_bytes, f);
    return *made >= 0 && after_decoding(u, to, (size_t)*made, f) == 0 ? 1 : -1;
}

ptrdiff_t witness_unpack_read(struct witness_unpack *u, void *to, size_t wanted_bytes, struct failure *f) {
    ptrdiff_t made = 0;
    int more = 1;
    while (u->part != PART_PLAIN && more == 1 && made == 0) {
        more = step(u, to, wanted_bytes, &made, f);
    }
    return more == -1 ? -1 : u->part == PART_PLAIN ? plain(u, to, wanted_bytes, f) : made;
}

enum codec_id witness_unpack_codec(const struct witness_unpack *u) {
    return u->codec;
}

struct witness_places witness_unpack_places(const struct witness_unpack *u) {
    struct witness_places places = u->places;
    places.file_bytes = u->used_bytes;
    return places;
}

int witness_codecs_load(struct witness_codecs *c, enum codec_id id, struct failure *f) {
    if (c->library[id] == NULL) {
        c->library[id] = witness_library_load(id, f);
    }
    return c->library[id] != NULL ? 0 : -1;
}

void witness_codecs_free(struct witness_codecs *c) {
    for (int id = 0; id < CODECS; id++) {
        library_free(c->library[id]);
        c->library[id] = NULL;
    }
}

struct witness_unpack *witness_unpack_new(const struct witness_codecs *codecs, witness_feed *feed, void *from) {
    struct witness_unpack *u = malloc(sizeof *u);
    if (u != NULL) {
        memset(u, 0, offsetof(struct witness_unpack, in));
        u->codecs = codecs;
        u->feed = feed;
        u->from = from;
    }
    return u;
}

void witness_unpack_free(struct witness_unpack *u) {
    if (u != NULL) {
        witness_decoder_free(u->decoder);
    }
    free(u);
}

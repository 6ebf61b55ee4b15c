/* gzip (RFC 1952), by zlib. */
#include "codec.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* zlib's way to say: 32 KiB of window, a gzip header and trailer and nothing else. */
enum { WINDOW_BITS_GZIP = 15 + 16, MEMORY_LEVEL = 8, EXTRA_FLAGS_AT = 8, FASTEST = 4, SMALLEST = 2 };

#define NAMES(EACH)                                                                                                    \
    EACH(inflateInit2_)                                                                                                \
    EACH(inflate)                                                                                                      \
    EACH(inflateReset)                                                                                                 \
    EACH(inflateEnd)                                                                                                   \
    EACH(deflateInit2_)                                                                                                \
    EACH(deflate)                                                                                                      \
    EACH(deflateEnd)

struct zlib {
    LIBRARY_FIELDS(NAMES)
};

static const char *const FILES[] = {"libz.so.1", NULL};
static const struct library_row ROWS[] = {NAMES(LIBRARY_ROWS_EACH)};
static const struct library LIBRARY = LIBRARY_OF("gzip", FILES, ROWS);

static const uint8_t MAGIC[] = {0x1f, 0x8b};

/* RFC 1952, section 2.3.1: the compressor's slowest and its fastest algorithm are told, nothing between. */
static int level(const uint8_t *bytes, size_t length_bytes) {
    const unsigned flags = length_bytes > EXTRA_FLAGS_AT ? bytes[EXTRA_FLAGS_AT] : 0;
    return flags == FASTEST ? 1 : flags == SMALLEST ? 9 : 6;
}

struct state {
    const struct zlib *zlib;
    z_stream z;
    bool between; /* frames: the next byte begins one */
};

/* zlib counts in 32 bits; what is more waits for the next call. */
static unsigned in_32_bits(size_t bytes) {
    return bytes < UINT32_MAX ? (unsigned)bytes : UINT32_MAX;
}

static void enter(z_stream *z, const struct codec_room *room) {
    z->next_in = (z_const Bytef *)(uintptr_t)room->in; /* which it does not change */
    z->avail_in = in_32_bits(room->in_bytes);
    z->next_out = room->out;
    z->avail_out = in_32_bits(room->out_bytes);
}

static void leave(const z_stream *z, struct codec_room *room) {
    room->in_bytes -= (size_t)(z->next_in - room->in);
    room->in = z->next_in;
    room->out_bytes -= (size_t)(z->next_out - room->out);
    room->out = z->next_out;
}

static void *unpack_new(const void *library, struct failure *f) {
    struct state *s = calloc(1, sizeof *s);
    if (s != NULL) {
        s->zlib = library;
    }
    if (s == NULL || s->zlib->inflateInit2_(&s->z, WINDOW_BITS_GZIP, ZLIB_VERSION, (int)sizeof s->z) != Z_OK) {
        failure_memory(f);
        free(s);
        return NULL;
    }
    return s;
}

static enum codec_step unpack(void *state, struct codec_room *room, struct failure *f) {
    struct state *s = state;
    if (s->between) {
        (void)s->zlib->inflateReset(&s->z);
        s->between = false;
    }
    enter(&s->z, room);
    const int status = s->zlib->inflate(&s->z, Z_NO_FLUSH);
    leave(&s->z, room);
    s->between = status == Z_STREAM_END;
    if (status == Z_MEM_ERROR) {
        failure_memory(f);
        return CODEC_BAD;
    }
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
        failure_of(FAILURE_CONTENTS, f, "%s", s->z.msg != NULL ? s->z.msg : "no gzip data");
        return CODEC_BAD;
    }
    return s->between ? CODEC_FRAME_ENDS : CODEC_ON;
}

static void unpack_free(void *state) {
    struct state *s = state;
    (void)s->zlib->inflateEnd(&s->z);
    free(s);
}

/* The header has neither name nor time, so that the same bytes come out whenever it is made. */
static void *pack_new(const void *library, struct codec_level wanted, struct failure *f) {
    struct state *s = calloc(1, sizeof *s);
    if (s != NULL) {
        s->zlib = library;
    }
    if (s == NULL || s->zlib->deflateInit2_(&s->z, wanted.level, Z_DEFLATED, WINDOW_BITS_GZIP, MEMORY_LEVEL,
                                            Z_DEFAULT_STRATEGY, ZLIB_VERSION, (int)sizeof s->z) != Z_OK) {
        failure_memory(f);
        free(s);
        return NULL;
    }
    return s;
}

static enum codec_step pack(void *state, struct codec_room *room, bool end, struct failure *f) {
    struct state *s = state;
    enter(&s->z, room);
    const int status = s->zlib->deflate(&s->z, end ? Z_FINISH : Z_NO_FLUSH);
    leave(&s->z, room);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
        failure_set(f, "cannot compress: zlib's status %d", status);
        return CODEC_BAD;
    }
    return status == Z_STREAM_END ? CODEC_FRAME_ENDS : CODEC_ON;
}

static void pack_free(void *state) {
    struct state *s = state;
    (void)s->zlib->deflateEnd(&s->z);
    free(s);
}

static const struct codec ROW = {
    .id = CODEC_GZIP,
    .magic = MAGIC,
    .magic_bytes = sizeof MAGIC,
    .level_min = 1,
    .level_max = 9,
    .library = &LIBRARY,
    .level = level,
    .unpack_new = unpack_new,
    .unpack = unpack,
    .unpack_free = unpack_free,
    .pack_new = pack_new,
    .pack = pack,
    .pack_free = pack_free,
};

const struct codec *codec_of_gzip(void) {
    return &ROW;
}

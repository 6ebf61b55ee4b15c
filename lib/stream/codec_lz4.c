/* The lz4 frame format (its version 1.6.1, in lz4's doc/lz4_Frame_format.md), by liblz4. */
#include "codec.h"

#include <lz4frame.h>
#include <stdlib.h>
#include <string.h>

/* Behind the magic number. */
enum { FLAGS_AT = 4, FLAG_DICTIONARY = 0x01, LOOK_BYTES = 5 };

/* Blocks of 256 KiB: within some per mille as small as those of 4 MiB that lz4(1) makes, in a sixteenth of the memory.
 */
enum { BLOCK_BYTES = 256 * 1024, LEVEL_DEFAULT = 1 };

#define NAMES(EACH)                                                                                                    \
    EACH(LZ4F_isError)                                                                                                 \
    EACH(LZ4F_getErrorName)                                                                                            \
    EACH(LZ4F_createDecompressionContext)                                                                              \
    EACH(LZ4F_freeDecompressionContext)                                                                                \
    EACH(LZ4F_decompress)                                                                                              \
    EACH(LZ4F_createCompressionContext)                                                                                \
    EACH(LZ4F_freeCompressionContext)                                                                                  \
    EACH(LZ4F_compressBound)                                                                                           \
    EACH(LZ4F_compressBegin)                                                                                           \
    EACH(LZ4F_compressUpdate)                                                                                          \
    EACH(LZ4F_compressEnd)

struct lz4 {
    LIBRARY_FIELDS(NAMES)
};

static const char *const FILES[] = {"liblz4.so.1", NULL};
static const struct library_row ROWS[] = {NAMES(LIBRARY_ROWS_EACH)};
static const struct library LIBRARY = LIBRARY_OF("lz4", FILES, ROWS);

static const uint8_t MAGIC[] = {0x04, 0x22, 0x4d, 0x18};

/* No frame says. */
static int level(const uint8_t *bytes, size_t length_bytes) {
    (void)bytes;
    (void)length_bytes;
    return LEVEL_DEFAULT;
}

/* ---- reading ---- */

struct reading {
    const struct lz4 *lz4;
    LZ4F_dctx *context;
    uint8_t head[LOOK_BYTES]; /* of the frame */
    size_t head_bytes;
};

static void *unpack_new(const void *library, struct failure *f) {
    struct reading *s = calloc(1, sizeof *s);
    if (s != NULL) {
        s->lz4 = library;
    }
    if (s == NULL || s->lz4->LZ4F_isError(s->lz4->LZ4F_createDecompressionContext(&s->context, LZ4F_VERSION))) {
        failure_memory(f);
        free(s);
        return NULL;
    }
    return s;
}

/* The library reads a frame that was packed with a dictionary as if there were none, as far as it gets. */
static int look_at_head(struct reading *s, const struct codec_room *room, struct failure *f) {
    for (size_t i = 0; i < room->in_bytes && s->head_bytes < LOOK_BYTES; i++) {
        s->head[s->head_bytes++] = room->in[i];
    }
    return s->head_bytes == LOOK_BYTES && (s->head[FLAGS_AT] & FLAG_DICTIONARY) != 0
               ? failure_of(FAILURE_CONTENTS, f, "it was packed with a dictionary, without which it cannot be read")
               : 0;
}

static enum codec_step unpack(void *state, struct codec_room *room, struct failure *f) {
    struct reading *s = state;
    size_t in_bytes = room->in_bytes;
    size_t out_bytes = room->out_bytes;
    if (s->head_bytes < LOOK_BYTES && look_at_head(s, room, f) != 0) {
        return CODEC_BAD;
    }
    const size_t status = s->lz4->LZ4F_decompress(s->context, room->out, &out_bytes, room->in, &in_bytes, NULL);
    if (s->lz4->LZ4F_isError(status)) {
        failure_of(FAILURE_CONTENTS, f, "%s", s->lz4->LZ4F_getErrorName(status));
        return CODEC_BAD;
    }
    room->in += in_bytes;
    room->in_bytes -= in_bytes;
    room->out += out_bytes;
    room->out_bytes -= out_bytes;
    s->head_bytes = status == 0 ? 0 : s->head_bytes;
    return status == 0 ? CODEC_FRAME_ENDS : CODEC_ON;
}

static void unpack_free(void *state) {
    struct reading *s = state;
    (void)s->lz4->LZ4F_freeDecompressionContext(s->context);
    free(s);
}

/* ---- writing ---- */

/* The library wants room for all that a call may give; what does not fit where it is to go waits here. */
struct writing {
    const struct lz4 *lz4;
    LZ4F_cctx *context;
    LZ4F_preferences_t preferences;
    bool has_begun, has_ended;
    size_t waiting_at, waiting_end;
    size_t room_bytes;
    uint8_t room[];
};

static void *pack_new(const void *library, struct codec_level wanted, struct failure *f) {
    const struct lz4 *lz4 = library;
    const LZ4F_preferences_t preferences = {
        .frameInfo = {.blockSizeID = LZ4F_max256KB,
                      .blockMode = LZ4F_blockIndependent,
                      .contentChecksumFlag = LZ4F_contentChecksumEnabled},
        .compressionLevel = wanted.level,
    };
    const size_t room_bytes = lz4->LZ4F_compressBound(BLOCK_BYTES, &preferences) + LZ4F_HEADER_SIZE_MAX;
    struct writing *s = calloc(1, sizeof *s + room_bytes);
    if (s == NULL || lz4->LZ4F_isError(lz4->LZ4F_createCompressionContext(&s->context, LZ4F_VERSION))) {
        failure_memory(f);
        free(s);
        return NULL;
    }
    s->lz4 = lz4;
    s->preferences = preferences;
    s->room_bytes = room_bytes;
    return s;
}

/* Hand out what waits. */
static void give(struct writing *s, struct codec_room *room) {
    const size_t waiting_bytes = s->waiting_end - s->waiting_at;
    const size_t bytes = waiting_bytes < room->out_bytes ? waiting_bytes : room->out_bytes;
    memcpy(room->out, s->room + s->waiting_at, bytes);
    s->waiting_at += bytes;
    room->out += bytes;
    room->out_bytes -= bytes;
}

/* The next of beginning, bytes and end into the empty waiting room. */
static size_t make(struct writing *s, struct codec_room *room) {
    if (!s->has_begun) {
        s->has_begun = true;
        return s->lz4->LZ4F_compressBegin(s->context, s->room, s->room_bytes, &s->preferences);
    }
    if (room->in_bytes > 0) {
        const size_t bytes = room->in_bytes < BLOCK_BYTES ? room->in_bytes : BLOCK_BYTES;
        const uint8_t *from = room->in;
        room->in += bytes;
        room->in_bytes -= bytes;
        return s->lz4->LZ4F_compressUpdate(s->context, s->room, s->room_bytes, from, bytes, NULL);
    }
    s->has_ended = true;
    return s->lz4->LZ4F_compressEnd(s->context, s->room, s->room_bytes, NULL);
}

static enum codec_step pack(void *state, struct codec_room *room, bool end, struct failure *f) {
    struct writing *s = state;
    for (give(s, room); s->waiting_at == s->waiting_end; give(s, room)) {
        if (s->has_ended) {
            return CODEC_FRAME_ENDS;
        }
        if (s->has_begun && room->in_bytes == 0 && !end) {
            return CODEC_ON;
        }
        const size_t made = make(s, room);
        if (s->lz4->LZ4F_isError(made)) {
            failure_set(f, "cannot compress: %s", s->lz4->LZ4F_getErrorName(made));
            return CODEC_BAD;
        }
        s->waiting_at = 0;
        s->waiting_end = made;
    }
    return CODEC_ON;
}

static void pack_free(void *state) {
    struct writing *s = state;
    (void)s->lz4->LZ4F_freeCompressionContext(s->context);
    free(s);
}

static const struct codec ROW = {
    .id = CODEC_LZ4,
    .magic = MAGIC,
    .magic_bytes = sizeof MAGIC,
    .skips = true,
    .level_min = 1,
    .level_max = 12,
    .library = &LIBRARY,
    .level = level,
    .unpack_new = unpack_new,
    .unpack = unpack,
    .unpack_free = unpack_free,
    .pack_new = pack_new,
    .pack = pack,
    .pack_free = pack_free,
};

const struct codec *codec_of_lz4(void) {
    return &ROW;
}

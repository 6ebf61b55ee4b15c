/* Zstandard (RFC 8878), by libzstd. */
#include "codec.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

/* RFC 8878, section 3.1.1.1: of the frame header behind the magic number. */
enum {
    DESCRIPTOR_AT = 4,
    WINDOW_AT = 5,
    SINGLE_SEGMENT = 0x20, /* no window is told: the frame is small */
    WINDOW_EXPONENT_SHIFT = 3,
    WINDOW_LOG_MIN = 10,
    WINDOW_LOG_MAX = 23, /* CODEC_WINDOW_BYTES */
};
_Static_assert(CODEC_WINDOW_BYTES == UINT32_C(1) << WINDOW_LOG_MAX, "one limit");

/*
 * Level 6 in little memory, 3 MiB: for frames that were made at a level whose tables take up to 90. Asked for by a
 * number, levels have what they take.
 */
enum { LEVEL_DEFAULT = 3, LEVEL_THRIFTY = 6, THRIFTY_WINDOW_LOG = 20, THRIFTY_HASH_LOG = 17, THRIFTY_CHAIN_LOG = 17 };

#define NAMES(EACH)                                                                                                    \
    EACH(ZSTD_isError)                                                                                                 \
    EACH(ZSTD_getErrorName)                                                                                            \
    EACH(ZSTD_getErrorCode)                                                                                            \
    EACH(ZSTD_createDCtx)                                                                                              \
    EACH(ZSTD_freeDCtx)                                                                                                \
    EACH(ZSTD_DCtx_setParameter)                                                                                       \
    EACH(ZSTD_decompressStream)                                                                                        \
    EACH(ZSTD_createCCtx)                                                                                              \
    EACH(ZSTD_freeCCtx)                                                                                                \
    EACH(ZSTD_CCtx_setParameter)                                                                                       \
    EACH(ZSTD_compressStream2)

struct zstd {
    LIBRARY_FIELDS(NAMES)
};

static const char *const FILES[] = {"libzstd.so.1", NULL};
static const struct library_row ROWS[] = {NAMES(LIBRARY_ROWS_EACH)};
static const struct library LIBRARY = LIBRARY_OF("zstd", FILES, ROWS);

static const uint8_t MAGIC[] = {0x28, 0xb5, 0x2f, 0xfd};

/* From the window, which libzstd makes larger with the level: 2^19 bytes at 1, 2^20 at 2, 2^21 from 3 on. */
static int level(const uint8_t *bytes, size_t length_bytes) {
    if (length_bytes <= WINDOW_AT || (bytes[DESCRIPTOR_AT] & SINGLE_SEGMENT) != 0) {
        return LEVEL_DEFAULT;
    }
    const int window_log = WINDOW_LOG_MIN + (bytes[WINDOW_AT] >> WINDOW_EXPONENT_SHIFT);
    switch (window_log) {
    case 19:
        return 1;
    case 20:
        return 2;
    case 22:
    case 23:
        return LEVEL_THRIFTY;
    default:
        return LEVEL_DEFAULT;
    }
}

struct state {
    const struct zstd *zstd;
    ZSTD_DCtx *reading;
    ZSTD_CCtx *writing;
};

static void *unpack_new(const void *library, struct failure *f) {
    struct state *s = calloc(1, sizeof *s);
    if (s != NULL) {
        s->zstd = library;
        s->reading = s->zstd->ZSTD_createDCtx();
    }
    if (s == NULL || s->reading == NULL) {
        failure_memory(f);
        free(s);
        return NULL;
    }
    (void)s->zstd->ZSTD_DCtx_setParameter(s->reading, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    return s;
}

static enum codec_step explain(const struct state *s, size_t status, struct failure *f) {
    switch ((int)s->zstd->ZSTD_getErrorCode(status)) {
    case ZSTD_error_memory_allocation:
        failure_memory(f);
        break;
    case ZSTD_error_frameParameter_windowTooLarge:
        failure_of(FAILURE_CONTENTS, f,
                   "it is to be unpacked with a window of more than 8 MiB of memory (zstd --ultra or --long), which is "
                   "not granted; pack it anew: zstd -dc --memory=2048MB IN | zstd -o OUT");
        break;
    case ZSTD_error_dictionary_wrong:
        failure_of(FAILURE_CONTENTS, f, "it was packed with a dictionary, without which it cannot be read");
        break;
    default:
        failure_of(FAILURE_CONTENTS, f, "%s", s->zstd->ZSTD_getErrorName(status));
    }
    return CODEC_BAD;
}

static enum codec_step unpack(void *state, struct codec_room *room, struct failure *f) {
    struct state *s = state;
    ZSTD_inBuffer in = {room->in, room->in_bytes, 0};
    ZSTD_outBuffer out = {room->out, room->out_bytes, 0};
    const size_t status = s->zstd->ZSTD_decompressStream(s->reading, &out, &in);
    room->in += in.pos;
    room->in_bytes -= in.pos;
    room->out += out.pos;
    room->out_bytes -= out.pos;
    if (s->zstd->ZSTD_isError(status)) {
        return explain(s, status, f);
    }
    return status == 0 ? CODEC_FRAME_ENDS : CODEC_ON;
}

static void unpack_free(void *state) {
    struct state *s = state;
    (void)s->zstd->ZSTD_freeDCtx(s->reading);
    free(s);
}

static void *pack_new(const void *library, struct codec_level wanted, struct failure *f) {
    struct state *s = calloc(1, sizeof *s);
    if (s != NULL) {
        s->zstd = library;
        s->writing = s->zstd->ZSTD_createCCtx();
    }
    if (s == NULL || s->writing == NULL) {
        failure_memory(f);
        free(s);
        return NULL;
    }
    (void)s->zstd->ZSTD_CCtx_setParameter(s->writing, ZSTD_c_compressionLevel, wanted.level);
    (void)s->zstd->ZSTD_CCtx_setParameter(s->writing, ZSTD_c_checksumFlag, 1);
    if (!wanted.asked && wanted.level >= LEVEL_THRIFTY) {
        (void)s->zstd->ZSTD_CCtx_setParameter(s->writing, ZSTD_c_windowLog, THRIFTY_WINDOW_LOG);
        (void)s->zstd->ZSTD_CCtx_setParameter(s->writing, ZSTD_c_hashLog, THRIFTY_HASH_LOG);
        (void)s->zstd->ZSTD_CCtx_setParameter(s->writing, ZSTD_c_chainLog, THRIFTY_CHAIN_LOG);
    }
    return s;
}

static enum codec_step pack(void *state, struct codec_room *room, bool end, struct failure *f) {
    struct state *s = state;
    ZSTD_inBuffer in = {room->in, room->in_bytes, 0};
    ZSTD_outBuffer out = {room->out, room->out_bytes, 0};
    const size_t status = s->zstd->ZSTD_compressStream2(s->writing, &out, &in, end ? ZSTD_e_end : ZSTD_e_continue);
    room->in += in.pos;
    room->in_bytes -= in.pos;
    room->out += out.pos;
    room->out_bytes -= out.pos;
    if (s->zstd->ZSTD_isError(status)) {
        failure_set(f, "cannot compress: %s", s->zstd->ZSTD_getErrorName(status));
        return CODEC_BAD;
    }
    return end && status == 0 ? CODEC_FRAME_ENDS : CODEC_ON;
}

static void pack_free(void *state) {
    struct state *s = state;
    (void)s->zstd->ZSTD_freeCCtx(s->writing);
    free(s);
}

static const struct codec ROW = {
    .id = CODEC_ZSTD,
    .magic = MAGIC,
    .magic_bytes = sizeof MAGIC,
    .skips = true,
    .level_min = 1,
    .level_max = 19,
    .library = &LIBRARY,
    .level = level,
    .unpack_new = unpack_new,
    .unpack = unpack,
    .unpack_free = unpack_free,
    .pack_new = pack_new,
    .pack = pack,
    .pack_free = pack_free,
};

const struct codec *codec_of_zstd(void) {
    return &ROW;
}

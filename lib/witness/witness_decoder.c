#include "witness_decoder.h"

#include "library.h"

#include <lz4frame.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

/* 8 MiB of window or dictionary, and for xz what goes with it. */
enum { RAW_DEFLATE = -15, ZSTD_WINDOW_LOG = 23, XZ_MEMORY_BYTES = 9 << 20 };

#define GZIP(EACH)                                                                                                     \
    EACH(inflateInit2_)                                                                                                \
    EACH(inflate)                                                                                                      \
    EACH(inflateReset)                                                                                                 \
    EACH(inflateEnd)                                                                                                   \
    EACH(crc32)
#define ZSTD(EACH)                                                                                                     \
    EACH(ZSTD_createDStream)                                                                                           \
    EACH(ZSTD_freeDStream)                                                                                             \
    EACH(ZSTD_initDStream)                                                                                             \
    EACH(ZSTD_DCtx_setParameter)                                                                                       \
    EACH(ZSTD_decompressStream)                                                                                        \
    EACH(ZSTD_isError)                                                                                                 \
    EACH(ZSTD_getErrorName)
#define LZ4(EACH)                                                                                                      \
    EACH(LZ4F_createDecompressionContext)                                                                              \
    EACH(LZ4F_freeDecompressionContext)                                                                                \
    EACH(LZ4F_resetDecompressionContext)                                                                               \
    EACH(LZ4F_decompress)                                                                                              \
    EACH(LZ4F_isError)                                                                                                 \
    EACH(LZ4F_getErrorName)
#define XZ(EACH)                                                                                                       \
    EACH(lzma_stream_decoder)                                                                                          \
    EACH(lzma_code)                                                                                                    \
    EACH(lzma_end)

union functions {
    struct {
        LIBRARY_FIELDS(GZIP)
    } gzip;
    struct {
        LIBRARY_FIELDS(ZSTD)
    } zstd;
    struct {
        LIBRARY_FIELDS(LZ4)
    } lz4;
    struct {
        LIBRARY_FIELDS(XZ)
    } xz;
};

struct witness_decoder {
    enum codec_id id;
    const union functions *is;
    union {
        z_stream gzip;
        ZSTD_DStream *zstd;
        LZ4F_dctx *lz4;
        lzma_stream xz;
    } at;
};

void *witness_library_load(enum codec_id id, struct failure *f) {
    static const char *const ZLIB_NAMES[] = {"libz.so.1", NULL}, *const ZSTD_NAMES[] = {"libzstd.so.1", NULL},
                             *const LZ4_NAMES[] = {"liblz4.so.1", NULL}, *const XZ_NAMES[] = {"liblzma.so.5", NULL};
    static const struct library_row OF_GZIP[] = {GZIP(LIBRARY_ROWS_EACH)}, OF_ZSTD[] = {ZSTD(LIBRARY_ROWS_EACH)},
                                    OF_LZ4[] = {LZ4(LIBRARY_ROWS_EACH)}, OF_XZ[] = {XZ(LIBRARY_ROWS_EACH)};
    static const struct library LIBRARIES[CODECS] = {
        [CODEC_GZIP] = LIBRARY_OF("gzip", ZLIB_NAMES, OF_GZIP),
        [CODEC_ZSTD] = LIBRARY_OF("zstd", ZSTD_NAMES, OF_ZSTD),
        [CODEC_LZ4] = LIBRARY_OF("lz4", LZ4_NAMES, OF_LZ4),
        [CODEC_XZ] = LIBRARY_OF("xz", XZ_NAMES, OF_XZ),
    };
    return library_new(&LIBRARIES[id], f);
}

static bool open_decoder(struct witness_decoder *d) {
    switch (d->id) {
    case CODEC_GZIP:
        return d->is->gzip.inflateInit2_(&d->at.gzip, RAW_DEFLATE, ZLIB_VERSION, (int)sizeof d->at.gzip) == Z_OK;
    case CODEC_ZSTD:
        d->at.zstd = d->is->zstd.ZSTD_createDStream();
        return d->at.zstd != NULL && !d->is->zstd.ZSTD_isError(d->is->zstd.ZSTD_DCtx_setParameter(
                                         d->at.zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG));
    case CODEC_LZ4:
        return !d->is->lz4.LZ4F_isError(d->is->lz4.LZ4F_createDecompressionContext(&d->at.lz4, LZ4F_VERSION));
    case CODEC_XZ:
        d->at.xz = (lzma_stream)LZMA_STREAM_INIT;
        return d->is->xz.lzma_stream_decoder(&d->at.xz, XZ_MEMORY_BYTES,
                                             LZMA_TELL_UNSUPPORTED_CHECK | LZMA_CONCATENATED) == LZMA_OK;
    case CODEC_NONE:
    case CODECS:
    default:
        return false;
    }
}

static void close_decoder(struct witness_decoder *d) {
    if (d->id == CODEC_GZIP) {
        (void)d->is->gzip.inflateEnd(&d->at.gzip);
    } else if (d->id == CODEC_ZSTD) {
        (void)d->is->zstd.ZSTD_freeDStream(d->at.zstd);
    } else if (d->id == CODEC_LZ4) {
        (void)d->is->lz4.LZ4F_freeDecompressionContext(d->at.lz4);
    } else {
        d->is->xz.lzma_end(&d->at.xz);
    }
}

struct witness_decoder *witness_decoder_new(enum codec_id id, const void *library) {
    struct witness_decoder *d = calloc(1, sizeof *d);
    if (d == NULL) {
        return NULL;
    }
    d->id = id;
    d->is = library;
    if (!open_decoder(d)) {
        free(d);
        return NULL;
    }
    return d;
}

/* Each of these: what was used and made, and whether the frame ended, or what is wrong in the library's words. */

static const char *inflate_some(struct witness_decoder *d, const uint8_t *in, size_t in_bytes, uint8_t *out,
                                size_t out_bytes, struct witness_step *did) {
    z_stream *z = &d->at.gzip;
    z->next_in = (z_const Bytef *)(uintptr_t)in; /* which it does not change */
    z->avail_in = (uInt)(in_bytes < UINT32_MAX ? in_bytes : UINT32_MAX);
    z->next_out = out;
    z->avail_out = (uInt)(out_bytes < UINT32_MAX ? out_bytes : UINT32_MAX);
    const int status = d->is->gzip.inflate(z, Z_NO_FLUSH);
    *did = (struct witness_step){(size_t)(z->next_in - in), (size_t)(z->next_out - out), status == Z_STREAM_END};
    return status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR ? NULL
           : z->msg != NULL                                                  ? z->msg
                                                                             : "damaged";
}

static const char *decode_zstd(struct witness_decoder *d, const uint8_t *in, size_t in_bytes, uint8_t *out,
                               size_t out_bytes, struct witness_step *did) {
    ZSTD_inBuffer from = {in, in_bytes, 0};
    ZSTD_outBuffer to = {out, out_bytes, 0};
    const size_t status = d->is->zstd.ZSTD_decompressStream(d->at.zstd, &to, &from);
    *did = (struct witness_step){from.pos, to.pos, status == 0};
    return d->is->zstd.ZSTD_isError(status) ? d->is->zstd.ZSTD_getErrorName(status) : NULL;
}

static const char *decode_lz4(struct witness_decoder *d, const uint8_t *in, size_t in_bytes, uint8_t *out,
                              size_t out_bytes, struct witness_step *did) {
    const size_t status = d->is->lz4.LZ4F_decompress(d->at.lz4, out, &out_bytes, in, &in_bytes, NULL);
    *did = (struct witness_step){in_bytes, out_bytes, status == 0};
    return d->is->lz4.LZ4F_isError(status) ? d->is->lz4.LZ4F_getErrorName(status) : NULL;
}

static const char *decode_xz(struct witness_decoder *d, const uint8_t *in, size_t in_bytes, bool last, uint8_t *out,
                             size_t out_bytes, struct witness_step *did) {
    lzma_stream *z = &d->at.xz;
    z->next_in = in;
    z->avail_in = in_bytes;
    z->next_out = out;
    z->avail_out = out_bytes;
    const lzma_ret status = d->is->xz.lzma_code(z, last ? LZMA_FINISH : LZMA_RUN);
    *did = (struct witness_step){in_bytes - z->avail_in, out_bytes - z->avail_out, status == LZMA_STREAM_END};
    switch ((int)status) {
    case LZMA_OK:
    case LZMA_STREAM_END:
    case LZMA_BUF_ERROR:
        return NULL;
    case LZMA_MEMLIMIT_ERROR:
        return "its dictionary is larger than 8 MiB";
    case LZMA_UNSUPPORTED_CHECK:
        return "its checksum is of an unknown kind";
    default:
        return "damaged";
    }
}

int witness_decode(struct witness_decoder *d, const uint8_t *in, size_t in_bytes, bool last, uint8_t *out,
                   size_t out_bytes, struct witness_step *did, struct failure *f) {
    const char *wrong = d->id == CODEC_GZIP   ? inflate_some(d, in, in_bytes, out, out_bytes, did)
                        : d->id == CODEC_ZSTD ? decode_zstd(d, in, in_bytes, out, out_bytes, did)
                        : d->id == CODEC_LZ4  ? decode_lz4(d, in, in_bytes, out, out_bytes, did)
                                              : decode_xz(d, in, in_bytes, last, out, out_bytes, did);
    return wrong == NULL ? 0 : failure_of(FAILURE_CONTENTS, f, "the %s data: %s", codec_name(d->id), wrong);
}

uint32_t witness_decoder_crc32(const struct witness_decoder *d, uint32_t sum, const uint8_t *bytes,
                               size_t length_bytes) {
    return (uint32_t)d->is->gzip.crc32(sum, bytes, (uInt)length_bytes);
}

int witness_decoder_again(struct witness_decoder *d) {
    switch (d->id) {
    case CODEC_GZIP:
        return d->is->gzip.inflateReset(&d->at.gzip) == Z_OK ? 0 : -1;
    case CODEC_ZSTD:
        return d->is->zstd.ZSTD_isError(d->is->zstd.ZSTD_initDStream(d->at.zstd)) ? -1 : 0;
    case CODEC_LZ4:
        d->is->lz4.LZ4F_resetDecompressionContext(d->at.lz4);
        return 0;
    case CODEC_XZ: /* takes all streams for one */
    case CODEC_NONE:
    case CODECS:
    default:
        return 0;
    }
}

void witness_decoder_free(struct witness_decoder *d) {
    if (d != NULL) {
        close_decoder(d);
    }
    free(d);
}

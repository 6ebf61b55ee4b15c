#include "packed.h"

#include "bytes.h"
#include "fuzz.h"

#include <lz4frame.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum { PIECE_BYTES = 1024, REPEATS = 24, FRAME_ROOM_BYTES = 40000, LEAST_DICTIONARY = 4096 };

static void put(struct packed *p, const void *bytes, size_t length) {
    FUZZ_MUST(sizeof p->at - p->length >= length);
    if (length > 0) {
        memcpy(p->at + p->length, bytes, length);
    }
    p->length += length;
}

static void put_le(struct packed *p, uint64_t value, size_t width_bytes) {
    for (size_t i = 0; i < width_bytes; i++) {
        const uint8_t byte = (uint8_t)(value >> 8 * i);
        put(p, &byte, 1);
    }
}

static void begin_content(struct packed *p) {
    FUZZ_MUST(p->frames < PACKED_FRAMES);
    p->frame_begins[p->frames++] = p->content_bytes;
}

/* ---- by the libraries ---- */

static void zstd_frame(struct packed *p, uint8_t letter, const uint8_t *bytes, size_t length) {
    static ZSTD_CCtx *context;
    context = context != NULL ? context : ZSTD_createCCtx();
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 1);
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 15);
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, letter >> 3 & 1);
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, letter >> 4 & 1);
    const size_t made = ZSTD_compress2(context, p->at + p->length, FRAME_ROOM_BYTES, bytes, length);
    FUZZ_MUST(!ZSTD_isError(made));
    p->length += made;
}

static void lz4_frame(struct packed *p, uint8_t letter, const uint8_t *bytes, size_t length) {
    const LZ4F_preferences_t how = {
        .frameInfo = {.blockMode = letter & 8 ? LZ4F_blockLinked : LZ4F_blockIndependent,
                      .contentChecksumFlag = letter & 0x10 ? LZ4F_contentChecksumEnabled : LZ4F_noContentChecksum,
                      .blockChecksumFlag = letter & 0x20 ? LZ4F_blockChecksumEnabled : LZ4F_noBlockChecksum,
                      .contentSize = letter & 0x40 ? length : 0}};
    const size_t made = LZ4F_compressFrame(p->at + p->length, FRAME_ROOM_BYTES, bytes, length, &how);
    FUZZ_MUST(!LZ4F_isError(made));
    p->length += made;
}

static void gzip_frame(struct packed *p, uint8_t letter, const uint8_t *bytes, size_t length) {
    z_stream z = {.next_in = (z_const Bytef *)(uintptr_t)bytes,
                  .avail_in = (uInt)length,
                  .next_out = p->at + p->length,
                  .avail_out = FRAME_ROOM_BYTES};
    uint8_t extra[] = "extra";
    uint8_t text[] = "a.pcap";
    gz_header header = {.extra = letter & 8 ? extra : NULL,
                        .extra_len = 5,
                        .name = letter & 0x10 ? text : NULL,
                        .comment = letter & 0x20 ? text : NULL,
                        .hcrc = letter >> 6 & 1};
    FUZZ_MUST(deflateInit2(&z, letter & 0x80 ? 9 : 1, Z_DEFLATED, 15 + 16, 1, Z_DEFAULT_STRATEGY) == Z_OK);
    FUZZ_MUST(deflateSetHeader(&z, &header) == Z_OK && deflate(&z, Z_FINISH) == Z_STREAM_END);
    p->length += z.total_out;
    FUZZ_MUST(deflateEnd(&z) == Z_OK);
}

static void xz_frame(struct packed *p, uint8_t letter, const uint8_t *bytes, size_t length) {
    static const lzma_check CHECKS[] = {LZMA_CHECK_NONE, LZMA_CHECK_CRC32, LZMA_CHECK_CRC64, LZMA_CHECK_SHA256};
    lzma_options_lzma how;
    lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &how}, {LZMA_VLI_UNKNOWN, NULL}};
    FUZZ_MUST(!lzma_lzma_preset(&how, 0));
    how.dict_size = LEAST_DICTIONARY;
    FUZZ_MUST(lzma_stream_buffer_encode(filters, CHECKS[letter >> 3 & 3], NULL, bytes, length, p->at, &p->length,
                                        p->length + FRAME_ROOM_BYTES) == LZMA_OK);
}

void packed_frame(struct packed *p, uint8_t letter, const uint8_t *bytes, size_t length) {
    static void (*const FRAME[CODECS])(struct packed *, uint8_t, const uint8_t *, size_t) = {
        [CODEC_GZIP] = gzip_frame, [CODEC_ZSTD] = zstd_frame, [CODEC_LZ4] = lz4_frame, [CODEC_XZ] = xz_frame};
    FUZZ_MUST(sizeof p->at - p->length >= FRAME_ROOM_BYTES && sizeof p->content - p->content_bytes >= length);
    FRAME[p->id](p, letter, bytes, length);
    begin_content(p);
    memcpy(p->content + p->content_bytes, bytes, length);
    p->content_bytes += length;
}

/* ---- by hand: what the libraries do not make by themselves ---- */

/* RFC 8878, section 3.1.1: raw blocks, runs and empty ones by the bytes, with a window. */
static void zstd_by_hand(struct packed *p, uint8_t letter, const uint8_t *bytes, size_t length) {
    const uint8_t window = letter & 8 ? 0x0f : 0x50;
    put_le(p, 0xfd2fb528, 4);
    put_le(p, letter & 0x10 ? 0x80 : 0, 1);
    put(p, &window, 1);
    put_le(p, length, letter & 0x10 ? 4 : 0);
    for (size_t at = 0; at < length;) {
        const size_t wanted = bytes[at] % 40u;
        const size_t block = wanted < length - at ? wanted : length - at;
        const bool is_run = block > 1 && bytes[at + 1] < 64;
        put_le(p, (uint64_t)block << 3 | (is_run ? 2u : 0u), 3);
        put(p, bytes + at, is_run ? 1 : block);
        is_run ? memset(p->content + p->content_bytes, bytes[at], block)
               : memcpy(p->content + p->content_bytes, bytes + at, block);
        p->content_bytes += block;
        at += block;
        if (wanted == 0) { /* empty, and then one byte */
            put_le(p, 8, 3);
            put(p, bytes + at, 1);
            p->content[p->content_bytes++] = bytes[at++];
        }
    }
    put_le(p, 1, 3);
}

/* The lz4 frame format, 64 KiB blocks, none of them compressed; the second byte of XXH32 of the two flags follows them.
 */
static void lz4_by_hand(struct packed *p, uint8_t letter, const uint8_t *bytes, size_t length) {
    (void)letter;
    put_le(p, 0x184d2204, 4);
    put(p, "\x60\x40\x82", 3);
    for (size_t at = 0; at < length;) {
        const size_t wanted = bytes[at] % 40u + 1u;
        const size_t block = wanted < length - at ? wanted : length - at;
        put_le(p, 0x80000000u | block, 4);
        put(p, bytes + at, block);
        at += block;
    }
    put_le(p, 0, 4);
    memcpy(p->content + p->content_bytes, bytes, length);
    p->content_bytes += length;
}

/* RFC 1952 and, for stored blocks, RFC 1951, section 3.2.4. */
static void gzip_by_hand(struct packed *p, uint8_t letter, const uint8_t *bytes, size_t length) {
    put_le(p, 0x88b1f, 3);
    put_le(p, letter & 8 ? 4 : 0, 7);
    if ((letter & 8) != 0) {
        put_le(p, length, 2);
        put(p, bytes, length);
    }
    for (size_t at = 0; at < length;) {
        const size_t wanted = bytes[at] % 40u + (letter >> 7); /* empty ones, too */
        const size_t block = wanted < length - at ? wanted : length - at;
        put_le(p, 0, 1);
        put_le(p, block, 2);
        put_le(p, ~(uint64_t)block, 2);
        put(p, bytes + at, block);
        memcpy(p->content + p->content_bytes, bytes + at, block);
        p->content_bytes += block;
        at += block > 0 ? block : 1;
    }
    put_le(p, 0xffff000001, 5);
}

static void gzip_trailer(struct packed *p, size_t from) {
    const size_t length = p->content_bytes - from;
    put_le(p, crc32(0, p->content + from, (uInt)length), 4);
    put_le(p, length, 4);
}

static void by_hand(struct packed *p, uint8_t letter, const uint8_t *bytes, size_t length) {
    const size_t from = p->content_bytes;
    if (p->id == CODEC_XZ) {
        packed_frame(p, letter, bytes, length);
        return;
    }
    begin_content(p);
    switch (p->id) {
    case CODEC_ZSTD:
        zstd_by_hand(p, letter, bytes, length);
        break;
    case CODEC_LZ4:
        lz4_by_hand(p, letter, bytes, length);
        break;
    case CODEC_GZIP:
    case CODEC_XZ:
    case CODEC_NONE:
    case CODECS:
    default:
        gzip_by_hand(p, letter, bytes, length);
        gzip_trailer(p, from);
    }
}

/* ---- what is not a frame, and frames that are not good ---- */

static void between(struct packed *p, uint8_t letter, const uint8_t *bytes, size_t length) {
    static const uint8_t zeros[PIECE_BYTES];
    if (p->id == CODEC_ZSTD || p->id == CODEC_LZ4) {
        put_le(p, 0x184d2a50u + (letter >> 4), 4);
        put_le(p, length, 4);
        put(p, letter & 8 ? zeros : bytes, length);
    } else if (p->id == CODEC_XZ) {
        p->is_good = p->is_good && (p->frames > 0 || length < 4);
        put(p, zeros, length / 4 * 4);
    }
}

/* Headers that ask for more than anybody has, or than there is. */
static void demand(struct packed *p, const uint8_t *bytes, size_t length) {
    static const struct {
        uint8_t length, bytes[16];
    } HEADERS[CODECS] = {[CODEC_GZIP] = {12, "\x1f\x8b\x08\x04\0\0\0\0\0\3\xff\xff"},
                         [CODEC_ZSTD] = {6, "\x28\xb5\x2f\xfd\x00\xf8"},
                         [CODEC_LZ4] = {11, "\x04\x22\x4d\x18\x60\x70\x73\xff\xff\xff\x7f"},
                         [CODEC_XZ] = {12, "\xfd"
                                           "7zXZ\0\0\1\x69\x22\xde\x36"}};
    put(p, HEADERS[p->id].bytes, HEADERS[p->id].length);
    put(p, bytes, length);
}

static void spoil(struct packed *p, uint8_t letter, const uint8_t *bytes, size_t length) {
    const size_t begin = p->length;
    const size_t content_bytes = p->content_bytes;
    p->is_good = false;
    packed_frame(p, letter, bytes, length);
    p->content_bytes = content_bytes;
    p->frames--;
    const size_t frame_bytes = p->length - begin;
    const size_t at = length > 2 ? (bytes[1] + 256u * bytes[2]) % frame_bytes : 0;
    if ((letter & 7) == 5) {
        p->length = begin + at;
    } else {
        p->at[begin + at] ^= length > 0 && bytes[0] != 0 ? bytes[0] : 1;
    }
}

static void make_piece(struct packed *p, uint8_t letter, const uint8_t *bytes, size_t length) {
    uint8_t many[PIECE_BYTES * REPEATS];
    switch (letter & 7) {
    case 0:
        packed_frame(p, letter, bytes, length);
        break;
    case 1:
        for (size_t i = 0; i < REPEATS; i++) {
            memcpy(many + i * length, bytes, length);
        }
        packed_frame(p, letter, many, REPEATS * length);
        break;
    case 2:
        by_hand(p, letter, bytes, length);
        break;
    case 3:
        between(p, letter, bytes, length);
        break;
    case 4:
    case 5:
        spoil(p, letter, bytes, length);
        break;
    default:
        p->is_good = false;
        (letter & 7) == 6 ? put(p, bytes, length) : demand(p, bytes, length);
    }
}

void packed_make(struct packed *p, enum codec_id id, const uint8_t *script, size_t size) {
    p->id = id;
    p->length = p->content_bytes = 0;
    p->frames = 0;
    p->is_good = true;
    for (size_t at = 0; at + 3 <= size && sizeof p->at - p->length > 2 * FRAME_ROOM_BYTES;) {
        const size_t claimed = ((size_t)script[at + 1] << 8 | script[at + 2]) % PIECE_BYTES;
        const size_t length = claimed < size - at - 3 ? claimed : size - at - 3;
        make_piece(p, script[at], script + at + 3, length);
        at += 3 + length;
    }
    p->is_good = p->is_good && p->frames > 0;
}

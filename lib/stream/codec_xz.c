/* The .xz file format (version 1.2.1), by liblzma. Reading only. */
#include "codec.h"

#include <lzma.h>
#include <stdlib.h>

#define NAMES(EACH)                                                                                                    \
    EACH(lzma_stream_decoder)                                                                                          \
    EACH(lzma_code)                                                                                                    \
    EACH(lzma_end)

/* The dictionary, and what the decoder takes beside it. */
#define MEMORY_BYTES (CODEC_WINDOW_BYTES + (UINT32_C(1) << 20))

struct xz {
    LIBRARY_FIELDS(NAMES)
};

static const char *const FILES[] = {"liblzma.so.5", NULL};
static const struct library_row ROWS[] = {NAMES(LIBRARY_ROWS_EACH)};
static const struct library LIBRARY = LIBRARY_OF("xz", FILES, ROWS);

static const uint8_t MAGIC[] = {0xfd, '7', 'z', 'X', 'Z', 0};

/* It is not written. */
static int level(const uint8_t *bytes, size_t length_bytes) {
    (void)bytes;
    (void)length_bytes;
    return 0;
}

struct state {
    const struct xz *xz;
    lzma_stream z;
    bool between; /* frames: the next byte begins one */
};

/* A checksum of a kind that this liblzma cannot check is an error, for what is not checked may be anything. */
static lzma_ret begin(struct state *s) {
    return s->xz->lzma_stream_decoder(&s->z, MEMORY_BYTES, LZMA_TELL_UNSUPPORTED_CHECK);
}

static void *unpack_new(const void *library, struct failure *f) {
    struct state *s = calloc(1, sizeof *s);
    if (s != NULL) {
        *s = (struct state){.xz = library, .z = LZMA_STREAM_INIT};
    }
    if (s == NULL || begin(s) != LZMA_OK) {
        failure_memory(f);
        free(s);
        return NULL;
    }
    return s;
}

static enum codec_step explain(lzma_ret status, struct failure *f) {
    switch ((int)status) {
    case LZMA_MEM_ERROR:
        failure_memory(f);
        break;
    case LZMA_MEMLIMIT_ERROR:
        failure_of(
            FAILURE_CONTENTS, f,
            "it is to be unpacked with a dictionary of more than 8 MiB of memory (xz -7 and above), which is not "
            "granted; pack it anew: xz -dc IN | zstd -o OUT");
        break;
    case LZMA_UNSUPPORTED_CHECK:
        failure_of(FAILURE_CONTENTS, f, "its checksum is of a kind that cannot be checked");
        break;
    case LZMA_OPTIONS_ERROR:
        failure_of(FAILURE_CONTENTS, f, "it was packed in a way that cannot be unpacked");
        break;
    default:
        failure_of(FAILURE_CONTENTS, f, "its bytes or a checksum are wrong");
    }
    return CODEC_BAD;
}

static enum codec_step unpack(void *state, struct codec_room *room, struct failure *f) {
    struct state *s = state;
    if (s->between && begin(s) != LZMA_OK) {
        failure_memory(f);
        return CODEC_BAD;
    }
    s->z.next_in = room->in;
    s->z.avail_in = room->in_bytes;
    s->z.next_out = room->out;
    s->z.avail_out = room->out_bytes;
    const lzma_ret status = s->xz->lzma_code(&s->z, LZMA_RUN);
    room->in = s->z.next_in;
    room->in_bytes = s->z.avail_in;
    room->out = s->z.next_out;
    room->out_bytes = s->z.avail_out;
    s->between = status == LZMA_STREAM_END;
    if (status != LZMA_OK && status != LZMA_STREAM_END && status != LZMA_BUF_ERROR) {
        return explain(status, f);
    }
    return s->between ? CODEC_FRAME_ENDS : CODEC_ON;
}

static void unpack_free(void *state) {
    struct state *s = state;
    s->xz->lzma_end(&s->z);
    free(s);
}

static const struct codec ROW = {
    .id = CODEC_XZ,
    .magic = MAGIC,
    .magic_bytes = sizeof MAGIC,
    .pads = true,
    .library = &LIBRARY,
    .level = level,
    .unpack_new = unpack_new,
    .unpack = unpack,
    .unpack_free = unpack_free,
};

const struct codec *codec_of_xz(void) {
    return &ROW;
}

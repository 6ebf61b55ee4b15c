#include "pack.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES ((size_t)128 << 10)
#define OUT_BYTES ((size_t)128 << 10)

struct pack {
    const struct codec *codec;
    void *state;
    struct pack_drain drain;
    size_t in_bytes;
    uint8_t in[PIECE_BYTES];
    uint8_t out[OUT_BYTES];
};

struct pack *pack_new(const struct codec *codec, const void *library, struct codec_level level,
                      const struct pack_drain *drain, struct failure *f) {
    struct pack *p = malloc(sizeof *p);
    if (p == NULL) {
        failure_memory(f);
        return NULL;
    }
    p->codec = codec;
    p->drain = *drain;
    p->in_bytes = 0;
    p->state = codec->pack_new(library, level, f);
    if (p->state == NULL) {
        free(p);
        return NULL;
    }
    return p;
}

/* One piece, or the last bytes and the end, through the codec. */
static int pack_piece(struct pack *p, const uint8_t *from, size_t length_bytes, bool end, struct failure *f) {
    struct codec_room room = {.in = from, .in_bytes = length_bytes};
    enum codec_step step;
    do {
        room.out = p->out;
        room.out_bytes = sizeof p->out;
        step = p->codec->pack(p->state, &room, end, f);
        const size_t made_bytes = sizeof p->out - room.out_bytes;
        if (step == CODEC_BAD || (made_bytes > 0 && p->drain.write(p->drain.to, p->out, made_bytes, f) != 0)) {
            return -1;
        }
    } while (end ? step != CODEC_FRAME_ENDS : room.in_bytes > 0 || room.out_bytes == 0);
    return 0;
}

int pack_write(struct pack *p, const void *from, size_t length_bytes, struct failure *f) {
    const uint8_t *at = from;
    while (length_bytes > 0) {
        size_t bytes = PIECE_BYTES - p->in_bytes;
        bytes = bytes < length_bytes ? bytes : length_bytes;
        if (bytes == PIECE_BYTES) { /* nothing waits: no need to copy it */
            if (pack_piece(p, at, bytes, false, f) != 0) {
                return -1;
            }
        } else {
            memcpy(p->in + p->in_bytes, at, bytes);
            p->in_bytes += bytes;
            if (p->in_bytes == PIECE_BYTES) {
                p->in_bytes = 0;
                if (pack_piece(p, p->in, PIECE_BYTES, false, f) != 0) {
                    return -1;
                }
            }
        }
        at += bytes;
        length_bytes -= bytes;
    }
    return 0;
}

int pack_end(struct pack *p, struct failure *f) {
    const size_t bytes = p->in_bytes;
    p->in_bytes = 0;
    return pack_piece(p, p->in, bytes, true, f);
}

void pack_free(struct pack *p) {
    if (p != NULL) {
        p->codec->pack_free(p->state);
        free(p);
    }
}

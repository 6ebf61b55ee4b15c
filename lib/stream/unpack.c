#include "unpack.h"

#include "bytes.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define IN_BYTES ((size_t)128 << 10)

/* RFC 8878, section 3.1.2, and the lz4 frame format likewise: 16 magic numbers, the length, so many bytes of anything.
 */
enum { SKIPPABLE_HEADER_BYTES = 8, PADDING_BYTES = 4 };
#define SKIPPABLE_MAGIC UINT32_C(0x184d2a50)
#define SKIPPABLE_MASK UINT32_C(0xfffffff0)

struct unpack {
    struct unpack_feed feed;
    const struct codec *codec; /* NULL: the file is not packed, or not yet known */
    void *state;
    struct frames *frames; /* NULL: how it is packed is not noted */
    int level;
    bool in_frame;
    bool at_end; /* the feed has no more */
    uint64_t used_bytes;
    size_t begin, end; /* of what is in the buffer and not used up */
    uint8_t in[IN_BYTES];
};

static void use(struct unpack *u, size_t bytes) {
    u->begin += bytes;
    u->used_bytes += bytes;
}

static int note_between(struct unpack *u, size_t bytes, struct failure *f) {
    return u->frames == NULL ? 0 : frames_note_between(u->frames, u->in + u->begin, bytes, f);
}

/* out: what came of so many bytes. */
static int note(struct unpack *u, size_t bytes, const struct codec_room *out, size_t room_bytes, bool is_end,
                struct failure *f) {
    const size_t made_bytes = room_bytes - out->out_bytes;
    return u->frames == NULL
               ? 0
               : frames_note(u->frames, u->in + u->begin, bytes, out->out - made_bytes, made_bytes, is_end, f);
}

/* Read until the buffer holds want_bytes, at most IN_BYTES, or there are no more. */
static int fill_to(struct unpack *u, size_t want_bytes, struct failure *f) {
    if (u->end - u->begin >= want_bytes || u->at_end) {
        return 0;
    }
    memmove(u->in, u->in + u->begin, u->end - u->begin);
    u->end -= u->begin;
    u->begin = 0;
    while (!u->at_end && u->end < want_bytes) {
        const ptrdiff_t got = u->feed.read(u->feed.from, u->in + u->end, IN_BYTES - u->end, f);
        if (got < 0) {
            return -1;
        }
        u->at_end = got == 0;
        u->end += (size_t)got;
    }
    return 0;
}

static bool is_skippable(const struct unpack *u) {
    return u->end - u->begin >= 4 && (bytes_get_le32(u->in + u->begin) & SKIPPABLE_MASK) == SKIPPABLE_MAGIC;
}

static int cut_short(const char *what, struct failure *f) {
    return failure_of(FAILURE_CONTENTS, f, "the %s is cut short; the file is damaged or still being written", what);
}

static int skip(struct unpack *u, uint64_t bytes, struct failure *f) {
    while (bytes > 0) {
        if (fill_to(u, 1, f) != 0) {
            return -1;
        }
        const size_t there_bytes = u->end - u->begin;
        if (there_bytes == 0) {
            return cut_short("skippable frame", f);
        }
        const size_t step_bytes = bytes < there_bytes ? (size_t)bytes : there_bytes;
        if (note_between(u, step_bytes, f) != 0) {
            return -1;
        }
        use(u, step_bytes);
        bytes -= step_bytes;
    }
    return 0;
}

/* To the first byte that is in no skippable frame; as much as tells what begins there is in the buffer then. */
static int skip_skippable(struct unpack *u, struct failure *f) {
    while (fill_to(u, CODEC_LOOK_BYTES, f) == 0) {
        if (!is_skippable(u)) {
            return 0;
        }
        if (u->end - u->begin < SKIPPABLE_HEADER_BYTES) {
            return cut_short("skippable frame", f);
        }
        if (skip(u, SKIPPABLE_HEADER_BYTES + (uint64_t)bytes_get_le32(u->in + u->begin + 4), f) != 0) {
            return -1;
        }
    }
    return -1;
}

static int skip_padding(struct unpack *u, struct failure *f) {
    static const uint8_t zeros[PADDING_BYTES];
    do {
        if (fill_to(u, CODEC_LOOK_BYTES, f) != 0) {
            return -1;
        }
        if (u->end - u->begin < PADDING_BYTES || memcmp(u->in + u->begin, zeros, PADDING_BYTES) != 0) {
            return 0;
        }
        use(u, PADDING_BYTES);
    } while (true);
}

/* Between frames: to the next one, or to the end. Returns 1, 0 at the end, or -1 with f set. */
static int next_frame(struct unpack *u, struct failure *f) {
    if ((u->codec->skips && skip_skippable(u, f) != 0) || (u->codec->pads && skip_padding(u, f) != 0) ||
        fill_to(u, CODEC_LOOK_BYTES, f) != 0) {
        return -1;
    }
    if (u->end == u->begin) {
        return 0;
    }
    if (!codec_begins(u->codec, u->in + u->begin, u->end - u->begin)) {
        return failure_of(FAILURE_CONTENTS, f,
                          "what follows the %s data is not %s; the file is damaged, or something was added to it",
                          codec_name(u->codec->id), codec_name(u->codec->id));
    }
    u->in_frame = true;
    return 1;
}

static int unpack_some(struct unpack *u, struct codec_room *room, struct failure *f) {
    if (u->begin == u->end && fill_to(u, 1, f) != 0) {
        return -1;
    }
    const size_t there_bytes = u->end - u->begin;
    const size_t room_bytes = room->out_bytes;
    room->in = u->in + u->begin;
    room->in_bytes = there_bytes;
    const enum codec_step step = u->codec->unpack(u->state, room, f);
    if (step != CODEC_BAD &&
        note(u, there_bytes - room->in_bytes, room, room_bytes, step == CODEC_FRAME_ENDS, f) != 0) {
        return -1;
    }
    use(u, there_bytes - room->in_bytes);
    if (step == CODEC_BAD) {
        return failure_before(f, "the %s data is damaged or cannot be unpacked: ", codec_name(u->codec->id));
    }
    u->in_frame = step != CODEC_FRAME_ENDS;
    if (u->in_frame && room->in_bytes == there_bytes &&
        room->out_bytes == room_bytes) { /* it wants what is not there */
        return there_bytes == 0
                   ? cut_short("last frame", f)
                   : failure_of(FAILURE_CONTENTS, f, "the %s data leads nowhere", codec_name(u->codec->id));
    }
    return 0;
}

static ptrdiff_t read_plain(struct unpack *u, void *to, size_t wanted_bytes, struct failure *f) {
    const size_t there_bytes = u->end - u->begin;
    if (there_bytes == 0) {
        const ptrdiff_t got = u->at_end ? 0 : u->feed.read(u->feed.from, to, wanted_bytes, f);
        u->used_bytes += got > 0 ? (uint64_t)got : 0;
        return got;
    }
    const size_t bytes = there_bytes < wanted_bytes ? there_bytes : wanted_bytes;
    memcpy(to, u->in + u->begin, bytes);
    use(u, bytes);
    return (ptrdiff_t)bytes;
}

ptrdiff_t unpack_read(struct unpack *u, void *to, size_t wanted_bytes, struct failure *f) {
    if (u->codec == NULL) {
        return read_plain(u, to, wanted_bytes, f);
    }
    struct codec_room room = {.out = to, .out_bytes = wanted_bytes};
    while (room.out_bytes == wanted_bytes) {
        const int more = u->in_frame ? 1 : next_frame(u, f);
        if (more <= 0) {
            return more;
        }
        if (unpack_some(u, &room, f) != 0) {
            return -1;
        }
    }
    return (ptrdiff_t)(wanted_bytes - room.out_bytes);
}

/* Only of zstd it is noted. */
static void forget_frames(struct unpack *u) {
    if (u->frames != NULL && (u->codec == NULL || u->codec->id != CODEC_ZSTD)) {
        frames_reset(u->frames);
        u->frames = NULL;
    }
}

static int begin(struct unpack *u, const struct codecs *codecs, struct failure *f) {
    const bool may_skip = codecs->accepted[CODEC_ZSTD] || codecs->accepted[CODEC_LZ4];
    if (may_skip ? skip_skippable(u, f) != 0 : fill_to(u, CODEC_LOOK_BYTES, f) != 0) {
        return -1;
    }
    const uint8_t *at = u->in + u->begin;
    for (int id = CODEC_NONE + 1; id < CODECS; id++) {
        const struct codec *c = codec_row((enum codec_id)id);
        if (codecs->accepted[id] && codec_begins(c, at, u->end - u->begin)) {
            u->codec = c;
            u->in_frame = true;
            u->level = c->level(at, u->end - u->begin);
            u->state = c->unpack_new(codecs->library[id], f);
            forget_frames(u);
            return u->state != NULL ? 0 : -1;
        }
    }
    forget_frames(u);
    return u->used_bytes == 0
               ? 0
               : failure_of(FAILURE_CONTENTS, f, "not a capture: what follows its skippable frames is not accepted");
}

struct unpack *unpack_new(const struct codecs *codecs, const struct unpack_feed *feed, struct frames *frames,
                          struct failure *f) {
    struct unpack *u = malloc(sizeof *u);
    if (u == NULL) {
        failure_memory(f);
        return NULL;
    }
    memset(u, 0, offsetof(struct unpack, in));
    u->feed = *feed;
    u->frames = frames;
    if (frames != NULL) {
        frames_reset(frames);
    }
    if (begin(u, codecs, f) != 0) {
        unpack_free(u);
        return NULL;
    }
    return u;
}

const struct codec *unpack_codec(const struct unpack *u, int *level) {
    *level = u->level;
    return u->codec;
}

uint64_t unpack_offset_bytes(const struct unpack *u) {
    return u->used_bytes;
}

void unpack_free(struct unpack *u) {
    if (u != NULL && u->state != NULL) {
        u->codec->unpack_free(u->state);
    }
    free(u);
}

#include "frames.h"

#include "bytes.h"
#include "frame_fit.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/*
 * All that is held of a file, compressed: frames that were unpacked and are not written yet, and what is between; with
 * what it takes to hold a piece, for a frame that is empty has nine bytes.
 */
#define HELD_MAX_BYTES ((size_t)4 << 20)
#define HOLDING_BYTES (sizeof(struct piece) + 64)

#define SKIPPABLE_MAGIC UINT32_C(0x184d2a50)

/* In little memory, where the first level does not do. */
enum { LEVELS = 2, LEVEL_HARDER = 9 };

enum kind { LITERAL, ZEROS, FRAME };

struct piece {
    struct piece *next;
    enum kind kind;
    uint64_t offset_bytes; /* in the file */
    uint8_t *bytes;
    size_t length_bytes, room_bytes;
    uint64_t zeros_bytes;
    bool is_whole; /* a frame: it has been noted to its end */
    uint64_t content_bytes, digest;
};

struct frames {
    frames_check *check;
    void *context;
    const struct codec *codec;
    const void *library;
    struct frames_drain to;
    void *packing[LEVELS]; /* a state of the codec for each level, made when it is needed */
    int level;
    XXH3_state_t *digest; /* of the content of the frame that is noted */
    struct piece *first, *last;
    size_t held_bytes;
    bool has_checked; /* a frame with something in it */
    uint64_t noted_bytes;
    struct frames_counts counts;
    uint8_t *content; /* of the first frame that is not written yet, as it is to be; FRAMES_CONTENT_BYTES */
    size_t content_bytes;
    uint8_t *packed; /* what is made of it; as long as the largest room */
    size_t packed_room_bytes;
};

struct frames *frames_new(frames_check *check, void *context) {
    struct frames *fr = calloc(1, sizeof *fr);
    if (fr == NULL) {
        return NULL;
    }
    fr->check = check;
    fr->context = context;
    fr->digest = XXH3_createState();
    fr->content = malloc(FRAMES_CONTENT_BYTES);
    if (fr->digest == NULL || fr->content == NULL) {
        frames_free(fr);
        return NULL;
    }
    return fr;
}

static void drop_first(struct frames *fr) {
    struct piece *p = fr->first;
    fr->first = p->next;
    fr->last = fr->first != NULL ? fr->last : NULL;
    fr->held_bytes -= p->length_bytes + HOLDING_BYTES;
    free(p->bytes);
    free(p);
}

static void free_packing(struct frames *fr) {
    for (int i = 0; i < LEVELS; i++) {
        if (fr->packing[i] != NULL) {
            fr->codec->pack_free(fr->packing[i]);
            fr->packing[i] = NULL;
        }
    }
}

void frames_reset(struct frames *fr) {
    while (fr->first != NULL) {
        drop_first(fr);
    }
    free_packing(fr);
    fr->held_bytes = 0;
    fr->noted_bytes = 0;
    fr->has_checked = false;
    fr->content_bytes = 0;
    fr->counts = (struct frames_counts){0};
}

void frames_write_to(struct frames *fr, const struct codec *codec, const void *library, int level,
                     const struct frames_drain *to) {
    fr->codec = codec;
    fr->library = library;
    fr->level = level;
    fr->to = *to;
}

/* ---- noting ---- */

/* More is to be held. */
static int hold(struct frames *fr, size_t bytes, struct failure *f) {
    if (bytes > HELD_MAX_BYTES - fr->held_bytes) {
        return failure_set(f,
                           "zstd frames, or skippable ones, are too large to keep their places, offset %llu; say "
                           "--compress zstd for a file that keeps no index true",
                           (unsigned long long)fr->noted_bytes);
    }
    fr->held_bytes += bytes;
    return 0;
}

/* Returns NULL with f set. */
static struct piece *add_piece(struct frames *fr, enum kind kind, struct failure *f) {
    if (hold(fr, HOLDING_BYTES, f) != 0) {
        return NULL;
    }
    struct piece *p = calloc(1, sizeof *p);
    if (p == NULL) {
        failure_memory(f);
        return NULL;
    }
    p->kind = kind;
    p->offset_bytes = fr->noted_bytes;
    *(fr->last != NULL ? &fr->last->next : &fr->first) = p;
    fr->last = p;
    return p;
}

static int append(struct frames *fr, struct piece *p, const uint8_t *bytes, size_t length_bytes, struct failure *f) {
    if (hold(fr, length_bytes, f) != 0) {
        return -1;
    }
    if (length_bytes > p->room_bytes - p->length_bytes) {
        const size_t room_bytes = 2 * p->length_bytes + length_bytes;
        uint8_t *more = realloc(p->bytes, room_bytes);
        if (more == NULL) {
            return failure_memory(f);
        }
        p->bytes = more;
        p->room_bytes = room_bytes;
    }
    memcpy(p->bytes + p->length_bytes, bytes, length_bytes);
    p->length_bytes += length_bytes;
    fr->noted_bytes += length_bytes;
    return 0;
}

static bool is_zeros(const uint8_t *bytes, size_t length_bytes) {
    return length_bytes > 0 && bytes[0] == 0 && memcmp(bytes, bytes + 1, length_bytes - 1) == 0;
}

int frames_note_between(struct frames *fr, const uint8_t *bytes, size_t length_bytes, struct failure *f) {
    const enum kind kind = is_zeros(bytes, length_bytes) ? ZEROS : LITERAL;
    struct piece *p = fr->last != NULL && fr->last->kind == kind ? fr->last : add_piece(fr, kind, f);
    if (p == NULL) {
        return -1;
    }
    if (kind == LITERAL) {
        return append(fr, p, bytes, length_bytes, f);
    }
    p->zeros_bytes += length_bytes;
    fr->noted_bytes += length_bytes;
    return 0;
}

int frames_note(struct frames *fr, const uint8_t *packed, size_t packed_bytes, const uint8_t *content,
                size_t content_bytes, bool is_end, struct failure *f) {
    struct piece *p = fr->last;
    if (p == NULL || p->kind != FRAME || p->is_whole) {
        p = add_piece(fr, FRAME, f);
        (void)XXH3_64bits_reset(fr->digest);
    }
    if (p == NULL) {
        return -1;
    }
    (void)XXH3_64bits_update(fr->digest, content, content_bytes);
    p->content_bytes += content_bytes;
    p->is_whole = is_end;
    p->digest = is_end ? XXH3_64bits_digest(fr->digest) : 0;
    return append(fr, p, packed, packed_bytes, f);
}

/* ---- writing ---- */

/* Pack the content into fr->packed, for a room. Returns the length of the frame, 0 where it does not fit, or -1. */
static ptrdiff_t pack_frame(struct frames *fr, int which, size_t content_bytes, size_t room_bytes, struct failure *f) {
    const struct codec_level level = {.level = which == 0 ? fr->level : LEVEL_HARDER};
    if (fr->packing[which] == NULL) {
        fr->packing[which] = fr->codec->pack_new(fr->library, level, f);
    }
    if (fr->packing[which] == NULL) {
        return -1;
    }
    struct codec_room room = {.in = fr->content,
                              .in_bytes = content_bytes,
                              .out = fr->packed,
                              .out_bytes = room_bytes + FRAME_FIT_MORE_BYTES};
    const enum codec_step step = fr->codec->pack(fr->packing[which], &room, true, f);
    if (step == CODEC_BAD) {
        return -1;
    }
    if (step != CODEC_FRAME_ENDS) { /* there is no room; a new state the next time */
        fr->codec->pack_free(fr->packing[which]);
        fr->packing[which] = NULL;
        return 0;
    }
    const size_t made_bytes = room_bytes + FRAME_FIT_MORE_BYTES - room.out_bytes;
    return made_bytes <= room_bytes ? (ptrdiff_t)frame_fit(fr->packed, made_bytes, content_bytes, room_bytes) : 0;
}

static int make_room(struct frames *fr, size_t room_bytes, struct failure *f) {
    if (fr->packed_room_bytes < room_bytes + 2 * FRAME_FIT_MORE_BYTES) {
        free(fr->packed);
        fr->packed_room_bytes = room_bytes + 2 * FRAME_FIT_MORE_BYTES;
        fr->packed = malloc(fr->packed_room_bytes);
    }
    if (fr->packed == NULL) {
        fr->packed_room_bytes = 0;
        return failure_memory(f);
    }
    return 0;
}

static int write_skippable(struct frames *fr, size_t length_bytes, struct failure *f) {
    uint8_t header[FRAME_FIT_SKIPPABLE_BYTES];
    bytes_put_le32(header, SKIPPABLE_MAGIC);
    bytes_put_le32(header + 4, (uint32_t)(length_bytes - sizeof header));
    return fr->to.write(fr->to.to, header, sizeof header, f) == 0
               ? fr->to.zeros(fr->to.to, length_bytes - sizeof header, f)
               : -1;
}

/* What has changed, in the room of p. */
static int write_anew(struct frames *fr, const struct piece *p, struct failure *f) {
    ptrdiff_t made_bytes = make_room(fr, p->length_bytes, f);
    for (int i = 0; i < LEVELS && made_bytes == 0; i++) {
        made_bytes = pack_frame(fr, i, (size_t)p->content_bytes, p->length_bytes, f);
    }
    if (made_bytes < 0) {
        return -1;
    }
    if (made_bytes == 0) {
        fr->counts.left_frames++;
        return fr->to.write(fr->to.to, p->bytes, p->length_bytes, f);
    }
    const size_t left_bytes = p->length_bytes - (size_t)made_bytes;
    return fr->to.write(fr->to.to, fr->packed, (size_t)made_bytes, f) != 0 ? -1
           : left_bytes > 0                                                ? write_skippable(fr, left_bytes, f)
                                                                           : 0;
}

static int write_frame(struct frames *fr, const struct piece *p, struct failure *f) {
    const size_t content_bytes = (size_t)p->content_bytes;
    if (content_bytes > 0 && fr->check(fr->context, fr->content, content_bytes, !fr->has_checked, f) != 0) {
        return failure_before(f, "the zstd frame at offset %llu ", (unsigned long long)p->offset_bytes);
    }
    fr->has_checked = fr->has_checked || content_bytes > 0;
    fr->counts.frames++;
    const int status = XXH3_64bits(fr->content, content_bytes) == p->digest
                           ? fr->to.write(fr->to.to, p->bytes, p->length_bytes, f)
                           : write_anew(fr, p, f);
    fr->content_bytes -= content_bytes;
    memmove(fr->content, fr->content + content_bytes, fr->content_bytes);
    return status;
}

/* All that can be written by now. */
static int write_pieces(struct frames *fr, struct failure *f) {
    for (const struct piece *p = fr->first; p != NULL; p = fr->first) {
        int status = 0;
        if (p->kind == FRAME && (!p->is_whole || p->content_bytes > fr->content_bytes)) {
            return 0;
        }
        switch (p->kind) {
        case LITERAL:
            status = fr->to.write(fr->to.to, p->bytes, p->length_bytes, f);
            break;
        case ZEROS:
            status = fr->to.zeros(fr->to.to, p->zeros_bytes, f);
            break;
        case FRAME:
        default:
            status = write_frame(fr, p, f);
        }
        if (status != 0) {
            return -1;
        }
        drop_first(fr);
    }
    return 0;
}

int frames_write(struct frames *fr, const uint8_t *content, size_t length_bytes, struct failure *f) {
    while (length_bytes > 0) {
        const size_t room_bytes = FRAMES_CONTENT_BYTES - fr->content_bytes;
        const size_t bytes = length_bytes < room_bytes ? length_bytes : room_bytes;
        if (bytes == 0) {
            return failure_set(
                f, "a zstd frame of more than 2 MiB is too large to keep its place; say --compress zstd for "
                   "a file that keeps no index true");
        }
        memcpy(fr->content + fr->content_bytes, content, bytes);
        fr->content_bytes += bytes;
        content += bytes;
        length_bytes -= bytes;
        if (write_pieces(fr, f) != 0) {
            return -1;
        }
    }
    return 0;
}

int frames_end(struct frames *fr, struct failure *f) {
    if (write_pieces(fr, f) != 0) {
        return -1;
    }
    return fr->first == NULL && fr->content_bytes == 0
               ? 0
               : failure_set(f, "what was written is not as long as what was read, so no frame keeps its place");
}

struct frames_counts frames_count(const struct frames *fr) {
    return fr->counts;
}

void frames_free(struct frames *fr) {
    if (fr != NULL) {
        frames_reset(fr);
        (void)XXH3_freeState(fr->digest);
        free(fr->content);
        free(fr->packed);
        free(fr);
    }
}

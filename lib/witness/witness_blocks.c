#include "witness_blocks.h"

#include "bytes.h"
#include "witness_frame.h"
#include "witness_tail.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    SECTION_HEADER = 0x0a0d0d0a, /* the same in either byte order */
    INTERFACE_DESCRIPTION = 1,
    OBSOLETE_PACKET = 2,
    SIMPLE_PACKET = 3,
    ENHANCED_PACKET = 6,

    LEAST_BYTES = 12, /* of a block: its type and its two lengths */
    LENGTH_AT = 4,
    LENGTH_BYTES = 4,
    BODY_AT = 8, /* the first field: byte-order magic, link type or interface */
    PACKET_TIME_END = 20,
    PACKET_CAPTURED_AT = 20,
    PACKET_ORIGINAL_AT = 24,
    PACKET_FRAME_AT = 28,
    PACKET_LEAST_BYTES = PACKET_FRAME_AT + LENGTH_BYTES,

    /* A multiple of 4, as the lengths of blocks are: so the last length of one is never torn. */
    CHUNK_BYTES = 128 * 1024,
    INTERFACES_MAX = 1 << 20,
};

#define MAGIC UINT32_C(0x1a2b3c4d)

/* A packet with all its options must be in memory at once. More of it than has arrived is never asked for. */
#define BLOCK_MAX_BYTES (UINT32_C(320) << 20)

/* One of the two files, through a window that is as large as it has to be. */
struct side {
    struct witness_input *in;
    uint8_t *window;
    size_t room_bytes;
    size_t begin, end;     /* what is there and has not been compared */
    uint64_t offset_bytes; /* of the block in the file */
    uint32_t total_bytes;  /* of the block */
    bool is_original;
};

struct walk {
    struct side slim, original;
    const struct witness_terms *terms;
    bool may_be_cut_short;
    struct witness_report *out;
    struct failure *failure;
    bool big_endian;
    uint32_t type; /* of the block that both are at */
    uint16_t *link_types;
    uint32_t interface_count, interface_room;
};

/* A verdict that is not final: GOOD to go on. What is wrong with the original makes it impossible to tell. */
static enum witness_verdict side_is_bad(const struct walk *w, const struct side *s) {
    failure_before(w->failure, "%s: offset %" PRIu64 ", packet %" PRIu64 ": ", s->in->name, s->offset_bytes,
                   w->out->packets + 1);
    return s->is_original ? WITNESS_FAILED : WITNESS_BAD;
}

static enum witness_verdict slim_is_bad(const struct walk *w) {
    failure_before(w->failure, "packet %" PRIu64 ": ", w->out->packets + 1);
    return WITNESS_BAD;
}

/* ---- bytes ---- */

static int make_room(struct side *s, size_t wanted_bytes, struct failure *f) {
    memmove(s->window, s->window + s->begin, s->end - s->begin);
    s->end -= s->begin;
    s->begin = 0;
    if (s->room_bytes < wanted_bytes) {
        /* Twice what is there, not what the file claims. */
        const size_t twice_bytes = 2 * s->room_bytes;
        const size_t room_bytes = twice_bytes < wanted_bytes ? twice_bytes : wanted_bytes;
        uint8_t *more = realloc(s->window, room_bytes);
        if (more == NULL) {
            return failure_memory(f);
        }
        s->window = more;
        s->room_bytes = room_bytes;
    }
    return 0;
}

/* Have so many bytes in the window, fewer only where the file ends. Returns 0, or -1 with f set. */
static int look(struct side *s, size_t wanted_bytes, struct failure *f) {
    while (s->end - s->begin < wanted_bytes) {
        if (s->begin + wanted_bytes > s->room_bytes && s->end == s->room_bytes && make_room(s, wanted_bytes, f) != 0) {
            return -1;
        }
        ssize_t got = witness_input_read(s->in, s->window + s->end, s->room_bytes - s->end);
        if (got <= 0) {
            return got < 0 ? witness_input_failed(s->in, f) : 0;
        }
        s->end += (size_t)got;
    }
    return 0;
}

static const uint8_t *at(const struct side *s) {
    return s->window + s->begin;
}

static size_t there(const struct side *s) {
    return s->end - s->begin;
}

static uint32_t get32(const struct walk *w, const uint8_t *p) {
    return bytes_get32(w->big_endian, p);
}

static uint16_t get16(const struct walk *w, const uint8_t *p) {
    return bytes_get16(w->big_endian, p);
}

/* ---- the frame of a block ---- */

static enum witness_verdict cut_short(const struct walk *w, const struct side *s, size_t have_bytes) {
    (void)failure_of(FAILURE_CONTENTS, w->failure, "cut short after %zu bytes of a block", have_bytes);
    return side_is_bad(w, s);
}

/* Look at the beginning of the next block. at_end: whether there is none. */
static enum witness_verdict begin_block(const struct walk *w, struct side *s, bool *at_end) {
    s->offset_bytes = s->in->read_bytes - there(s);
    if (look(s, LEAST_BYTES, w->failure) != 0) {
        return WITNESS_FAILED;
    }
    *at_end = there(s) == 0;
    return there(s) == 0 || there(s) >= LEAST_BYTES ? WITNESS_GOOD : cut_short(w, s, there(s));
}

static enum witness_verdict read_length(const struct walk *w, struct side *s) {
    s->total_bytes = get32(w, at(s) + LENGTH_AT);
    if (s->total_bytes < LEAST_BYTES || s->total_bytes % 4 != 0) {
        (void)failure_of(FAILURE_CONTENTS, w->failure, "a block of %" PRIu32 " bytes", s->total_bytes);
        return side_is_bad(w, s);
    }
    return WITNESS_GOOD;
}

/* Both are at a block: what it is, and how long. Of a section the byte order comes first. */
static enum witness_verdict read_headers(struct walk *w) {
    if (memcmp(at(&w->slim), at(&w->original), LENGTH_AT) != 0) {
        (void)failure_set(w->failure, "a block of another type than the original's");
        return slim_is_bad(w);
    }
    if (bytes_get_be32(at(&w->original)) == SECTION_HEADER) {
        w->big_endian = bytes_get_be32(at(&w->original) + BODY_AT) == MAGIC;
        w->interface_count = 0;
        if (!w->big_endian && bytes_get_le32(at(&w->original) + BODY_AT) != MAGIC) {
            (void)failure_of(FAILURE_CONTENTS, w->failure, "a section header without the magic number of a byte order");
            return side_is_bad(w, &w->original);
        }
    }
    w->type = get32(w, at(&w->original));
    const enum witness_verdict verdict = read_length(w, &w->original);
    return verdict != WITNESS_GOOD ? verdict : read_length(w, &w->slim);
}

/* The length at the end of a block; p: there. */
static enum witness_verdict check_last_length(const struct walk *w, const struct side *s, const uint8_t *p) {
    if (get32(w, p) != s->total_bytes) {
        (void)failure_of(FAILURE_CONTENTS, w->failure,
                         "a block of %" PRIu32 " bytes says at its end that it has %" PRIu32, s->total_bytes,
                         get32(w, p));
        return side_is_bad(w, s);
    }
    return WITNESS_GOOD;
}

/* ---- a block that must be as it was ---- */

static enum witness_verdict differs(const struct walk *w, const char *what, uint64_t from, const uint8_t *slim,
                                    const uint8_t *original) {
    size_t i = 0;
    while (slim[i] == original[i]) {
        i++;
    }
    (void)failure_set(w->failure, "byte %" PRIu64 " of %s is %02x, not %02x", from + i, what, (unsigned)slim[i],
                      (unsigned)original[i]);
    return slim_is_bad(w);
}

static enum witness_verdict compare_chunk(struct walk *w, uint32_t done_bytes, size_t chunk_bytes) {
    struct side *slim = &w->slim;
    struct side *original = &w->original;
    if (look(original, chunk_bytes, w->failure) != 0 || look(slim, chunk_bytes, w->failure) != 0) {
        return WITNESS_FAILED;
    }
    if (there(original) < chunk_bytes) {
        return cut_short(w, original, done_bytes + there(original));
    }
    if (there(slim) < chunk_bytes) {
        return cut_short(w, slim, done_bytes + there(slim));
    }
    if (memcmp(at(slim), at(original), chunk_bytes) != 0) {
        return differs(w, "a block that is not to be changed", done_bytes, at(slim), at(original));
    }
    return WITNESS_GOOD;
}

static enum witness_verdict compare_as_it_is(struct walk *w) {
    const uint32_t total_bytes = w->original.total_bytes;
    if (w->slim.total_bytes != total_bytes) {
        (void)failure_set(w->failure, "a block that is not to be changed has %" PRIu32 " bytes, not %" PRIu32,
                          w->slim.total_bytes, total_bytes);
        return slim_is_bad(w);
    }
    for (uint32_t done_bytes = 0; done_bytes < total_bytes;) {
        const uint32_t left_bytes = total_bytes - done_bytes;
        const size_t chunk_bytes = left_bytes < CHUNK_BYTES ? left_bytes : CHUNK_BYTES;
        enum witness_verdict verdict = compare_chunk(w, done_bytes, chunk_bytes);
        done_bytes += (uint32_t)chunk_bytes;
        if (verdict == WITNESS_GOOD && done_bytes == total_bytes) {
            verdict = check_last_length(w, &w->original, at(&w->original) + chunk_bytes - LENGTH_BYTES);
        }
        if (verdict != WITNESS_GOOD) {
            return verdict;
        }
        w->original.begin += chunk_bytes;
        w->slim.begin += chunk_bytes;
    }
    return WITNESS_GOOD;
}

/* Its link type is among the first bytes, which are there. */
static enum witness_verdict note_interface(struct walk *w) {
    if (w->interface_count == w->interface_room) {
        const uint32_t room = w->interface_room > 0 ? 2 * w->interface_room : 64;
        uint16_t *more = room <= INTERFACES_MAX ? reallocarray(w->link_types, room, sizeof *more) : NULL;
        if (more == NULL) {
            (void)failure_set(w->failure, "%s: more than %" PRIu32 " interfaces in a section, and no memory for them",
                              w->original.in->name, w->interface_count);
            return WITNESS_FAILED;
        }
        w->link_types = more;
        w->interface_room = room;
    }
    w->link_types[w->interface_count++] = get16(w, at(&w->original) + BODY_AT);
    return WITNESS_GOOD;
}

/* ---- a block with a packet ---- */

/* A packet in the window. */
struct packet {
    const uint8_t *block, *frame, *padding, *options;
    uint32_t captured_bytes, padding_bytes, options_bytes;
};

static enum witness_verdict read_packet(const struct walk *w, struct side *s, struct packet *p) {
    if (s->total_bytes > BLOCK_MAX_BYTES) {
        (void)failure_set(w->failure, "a packet's block is larger than 320 MiB; check it with --verify count");
        return side_is_bad(w, s);
    }
    if (look(s, s->total_bytes, w->failure) != 0) {
        return WITNESS_FAILED;
    }
    if (there(s) < s->total_bytes) {
        return cut_short(w, s, there(s));
    }
    if (s->total_bytes < PACKET_LEAST_BYTES) {
        (void)failure_of(FAILURE_CONTENTS, w->failure, "a packet in a block of %" PRIu32 " bytes", s->total_bytes);
        return side_is_bad(w, s);
    }
    p->block = at(s);
    p->frame = p->block + PACKET_FRAME_AT;
    p->captured_bytes = get32(w, p->block + PACKET_CAPTURED_AT);
    const uint32_t room_bytes = s->total_bytes - PACKET_LEAST_BYTES;
    if (p->captured_bytes > room_bytes) {
        (void)failure_of(FAILURE_CONTENTS, w->failure,
                         "a packet of %" PRIu32 " bytes in a block with room for %" PRIu32, p->captured_bytes,
                         room_bytes);
        return side_is_bad(w, s);
    }
    p->padding_bytes = p->captured_bytes % 4 == 0 ? 0 : 4 - p->captured_bytes % 4;
    p->padding = p->frame + p->captured_bytes;
    p->options = p->padding + p->padding_bytes;
    p->options_bytes = room_bytes - p->captured_bytes - p->padding_bytes;
    return check_last_length(w, s, p->options + p->options_bytes);
}

/* What stands around the frame and must be as it was. */
static int compare_around(const struct walk *w, const struct packet *slim, const struct packet *original) {
    if (memcmp(slim->block + BODY_AT, original->block + BODY_AT, PACKET_TIME_END - BODY_AT) != 0) {
        return failure_set(w->failure, "its interface or its time stamp is not the original's");
    }
    if (memcmp(slim->block + PACKET_ORIGINAL_AT, original->block + PACKET_ORIGINAL_AT, 4) != 0) {
        return failure_set(w->failure, "the original length is %" PRIu32 ", not %" PRIu32,
                           get32(w, slim->block + PACKET_ORIGINAL_AT), get32(w, original->block + PACKET_ORIGINAL_AT));
    }
    if (slim->options_bytes != original->options_bytes ||
        memcmp(slim->options, original->options, slim->options_bytes) != 0) {
        return failure_set(w->failure, "its options are not the original's");
    }
    if (slim->captured_bytes > original->captured_bytes) {
        return failure_set(w->failure, "%" PRIu32 " bytes, longer than the original's %" PRIu32, slim->captured_bytes,
                           original->captured_bytes);
    }
    return 0;
}

static int check_padding(const struct walk *w, const struct packet *slim, const struct packet *original) {
    static const uint8_t zeros[4];
    const uint8_t *wanted = slim->captured_bytes == original->captured_bytes ? original->padding : zeros;
    return memcmp(slim->padding, wanted, slim->padding_bytes) == 0
               ? 0
               : failure_set(w->failure, "the padding behind the packet is not %s",
                             wanted == zeros ? "zeros" : "the original's");
}

static enum witness_verdict link_type_of(const struct walk *w, const struct packet *p, uint16_t *link_type) {
    const uint32_t id = w->type == OBSOLETE_PACKET ? get16(w, p->block + BODY_AT) : get32(w, p->block + BODY_AT);
    if (id >= w->interface_count) {
        (void)failure_of(FAILURE_CONTENTS, w->failure, "a packet of an interface that is not described");
        return side_is_bad(w, &w->original);
    }
    *link_type = w->link_types[id];
    return WITNESS_GOOD;
}

static int check_frame(const struct walk *w, const struct packet *slim, const struct packet *original,
                       uint16_t link_type) {
    const struct witness_frame slim_frame = {slim->frame, slim->captured_bytes, link_type, NULL};
    const struct witness_frame original_frame = {original->frame, original->captured_bytes, link_type,
                                                 &w->terms->tunnels};
    if (slim->captured_bytes == original->captured_bytes && w->terms->cut.mode != CUT_ZERO) {
        return failure_set(w->failure, "not cut, but its bytes are not the original's");
    }
    return witness_link_type_is_known(link_type)
               ? witness_frame_check_cut(&slim_frame, &original_frame, w->terms, w->failure)
               : failure_set(w->failure, "cut, though the link type is %" PRIu16, link_type);
}

static enum witness_verdict compare_packet(struct walk *w) {
    struct packet slim;
    struct packet original;
    uint16_t link_type = 0;
    enum witness_verdict verdict = read_packet(w, &w->original, &original);
    verdict = verdict != WITNESS_GOOD ? verdict : link_type_of(w, &original, &link_type);
    verdict = verdict != WITNESS_GOOD ? verdict : read_packet(w, &w->slim, &slim);
    if (verdict != WITNESS_GOOD) {
        return verdict;
    }
    if (compare_around(w, &slim, &original) != 0 || check_padding(w, &slim, &original) != 0) {
        return slim_is_bad(w);
    }
    const bool is_cut = slim.captured_bytes != original.captured_bytes ||
                        memcmp(slim.frame, original.frame, original.captured_bytes) != 0;
    if (is_cut && check_frame(w, &slim, &original, link_type) != 0) {
        return slim_is_bad(w);
    }
    w->out->packets++;
    w->out->cut_packets += is_cut;
    w->original.begin += w->original.total_bytes;
    w->slim.begin += w->slim.total_bytes;
    return WITNESS_GOOD;
}

/* ---- a last block that is cut short ---- */

/* Whether the file ends within the block that s is at; not for a block that is larger than a tail may be. */
static int look_whether_cut_short(const struct walk *w, struct side *s, bool *is_cut_short) {
    size_t whole_bytes = LEAST_BYTES;
    if (look(s, LEAST_BYTES, w->failure) != 0) {
        return -1;
    }
    if (there(s) >= LEAST_BYTES) {
        const bool is_section = bytes_get_be32(at(s)) == SECTION_HEADER;
        const bool order = is_section ? bytes_get_be32(at(s) + BODY_AT) == MAGIC : w->big_endian;
        const uint32_t total_bytes = bytes_get32(order, at(s) + LENGTH_AT);
        whole_bytes = total_bytes <= WITNESS_TAIL_MAX_BYTES ? total_bytes : 0;
        if (look(s, whole_bytes, w->failure) != 0) {
            return -1;
        }
    }
    *is_cut_short = there(s) > 0 && there(s) < whole_bytes;
    return 0;
}

/* ends: whether the original does so here, and where that is good the slim capture with the same bytes. */
static enum witness_verdict compare_tails(struct walk *w, bool *ends) {
    struct side *slim = &w->slim;
    struct side *original = &w->original;
    *ends = false;
    if (!w->may_be_cut_short) {
        return WITNESS_GOOD;
    }
    if (look_whether_cut_short(w, original, ends) != 0 || (*ends && look(slim, there(original) + 1, w->failure) != 0)) {
        return WITNESS_FAILED;
    }
    if (*ends) {
        w->out->tail_bytes = there(original);
        return witness_tail_compare(at(slim), there(slim), at(original), there(original), w->failure) == 0
                   ? WITNESS_GOOD
                   : WITNESS_BAD;
    }
    return WITNESS_GOOD;
}

/* ---- both files ---- */

static enum witness_verdict compare_block(struct walk *w) {
    enum witness_verdict verdict = read_headers(w);
    if (verdict != WITNESS_GOOD) {
        return verdict;
    }
    if (w->type == ENHANCED_PACKET || w->type == OBSOLETE_PACKET) {
        return compare_packet(w);
    }
    if (w->type == INTERFACE_DESCRIPTION && (verdict = note_interface(w)) != WITNESS_GOOD) {
        return verdict;
    }
    verdict = compare_as_it_is(w);
    w->out->packets += verdict == WITNESS_GOOD && w->type == SIMPLE_PACKET;
    return verdict;
}

static enum witness_verdict compare_blocks(struct walk *w) {
    for (;;) {
        bool original_ends;
        bool slim_ends;
        bool both_are_cut_short;
        enum witness_verdict verdict = compare_tails(w, &both_are_cut_short);
        if (verdict != WITNESS_GOOD || both_are_cut_short) {
            return verdict;
        }
        verdict = begin_block(w, &w->original, &original_ends);
        verdict = verdict != WITNESS_GOOD ? verdict : begin_block(w, &w->slim, &slim_ends);
        if (verdict == WITNESS_GOOD && (original_ends || slim_ends)) {
            if (original_ends && slim_ends) {
                return WITNESS_GOOD;
            }
            (void)failure_set(w->failure,
                              slim_ends ? "the slim capture ends after %" PRIu64 " packets, the original has more"
                                        : "the original ends after %" PRIu64 " packets, the slim capture has more",
                              w->out->packets);
            return WITNESS_BAD;
        }
        verdict = verdict != WITNESS_GOOD ? verdict : compare_block(w);
        if (verdict != WITNESS_GOOD) {
            return verdict;
        }
    }
}

static int open_side(struct side *s, const uint8_t *ahead, size_t ahead_bytes, struct failure *f) {
    s->room_bytes = 2 * (size_t)CHUNK_BYTES;
    s->window = malloc(s->room_bytes);
    if (s->window == NULL) {
        return failure_memory(f);
    }
    memcpy(s->window, ahead, ahead_bytes);
    s->end = ahead_bytes;
    return 0;
}

bool witness_blocks_begin(const uint8_t *bytes) {
    return bytes_get_be32(bytes) == SECTION_HEADER;
}

enum witness_verdict witness_blocks_compare(struct witness_input *slim, struct witness_input *original,
                                            const uint8_t *slim_ahead, const uint8_t *original_ahead,
                                            size_t ahead_bytes, const struct witness_options *options,
                                            struct witness_report *out, struct failure *f) {
    struct walk w = {.slim = {.in = slim},
                     .original = {.in = original, .is_original = true},
                     .terms = &options->terms,
                     .may_be_cut_short = options->may_be_cut_short,
                     .out = out,
                     .failure = f};
    enum witness_verdict verdict = WITNESS_FAILED;
    if (open_side(&w.slim, slim_ahead, ahead_bytes, f) == 0 &&
        open_side(&w.original, original_ahead, ahead_bytes, f) == 0) {
        verdict = compare_blocks(&w);
    }
    free(w.slim.window);
    free(w.original.window);
    free(w.link_types);
    return verdict;
}

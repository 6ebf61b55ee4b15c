#include "framing.h"

#include "accept.h"

#include <stdlib.h>
#include <string.h>

enum framing_status framing_init(struct framing *fr, struct failure *f) {
    memset(fr, 0, sizeof *fr);
    /* Room for more than is ever filled: see framing_walk_next(); shorten() may put padding there. */
    fr->buffer = calloc(1, FRAMING_BUFFER_BYTES + FORMAT_BEYOND_BYTES);
    if (fr->buffer == NULL) {
        failure_memory(f);
        return FRAMING_FAILED;
    }
    return FRAMING_OK;
}

void framing_free(struct framing *fr) {
    free(fr->buffer);
    free(fr->state.interfaces);
    fr->buffer = NULL;
    fr->state.interfaces = NULL;
}

/*
 * The source has failed. Where what is compressed is damaged it says so, and where in the file that is; of what is
 * unpacked, offsets would help nobody.
 */
static enum framing_status source_failed(const struct framing *fr, struct failure *f) {
    if (f == NULL || f->kind != FAILURE_CONTENTS) {
        return FRAMING_FAILED;
    }
    failure_before(f, "offset %llu, packet %llu: ", (unsigned long long)source_file_offset_bytes(fr->source),
                   (unsigned long long)fr->packets + 1);
    return FRAMING_DAMAGED;
}

/* Read until the buffer holds want_bytes from begin on, or the source ends. */
static enum framing_status fill_to(struct framing *fr, size_t want_bytes, struct failure *f) {
    while (!fr->at_end && fr->end - fr->begin < want_bytes) {
        ptrdiff_t got = source_read(fr->source, fr->buffer + fr->end, FRAMING_BUFFER_BYTES - fr->end, f);
        if (got < 0) {
            return source_failed(fr, f);
        }
        fr->at_end = got == 0;
        fr->end += (size_t)got;
    }
    return FRAMING_OK;
}

/* Room for all interfaces that there may be, of which the system gives what is used. */
static int make_room(struct framing *fr, struct failure *f) {
    const size_t count = fr->format->interfaces_max;
    struct format_interface *room = fr->state.interfaces;
    if (count > 0 && room == NULL && (room = calloc(count, sizeof *room)) == NULL) {
        return failure_memory(f);
    }
    fr->state = (struct format_state){.interfaces = room, .savefile = fr->state.savefile};
    fr->state.big_endian = fr->state.savefile.big_endian;
    return 0;
}

enum framing_status framing_open(struct framing *fr, struct source *source, struct failure *f) {
    fr->source = source;
    fr->begin = fr->end = fr->held_bytes = 0;
    fr->at_end = false;
    fr->packets = fr->consumed_bytes = 0;
    fr->rest_bytes = 0;
    fr->cut_tail_bytes = 0;
    const enum framing_status looked = fill_to(fr, FORMAT_LOOK_BYTES, f);
    if (looked != FRAMING_OK) {
        return looked;
    }
    fr->format = format_open(fr->buffer, fr->end, fr->accepted, &fr->state.savefile, f);
    if (fr->format == NULL) {
        return FRAMING_REFUSED;
    }
    if (make_room(fr, f) != 0) {
        return FRAMING_FAILED;
    }
    memcpy(fr->header_bytes, fr->buffer, fr->format->file_header_bytes);
    fr->begin = fr->consumed_bytes = fr->format->file_header_bytes;
    return FRAMING_OK;
}

/*
 * Read until the buffer holds want_bytes from begin on, or the source ends. Everything before begin is used up: where
 * more is needed there is room behind the bytes that are left.
 */
static enum framing_status slide_and_fill_to(struct framing *fr, size_t want_bytes, struct failure *f) {
    if (fr->begin > 0) {
        memmove(fr->buffer, fr->buffer + fr->begin, fr->end - fr->begin);
        fr->end -= fr->begin;
        fr->begin = 0;
    }
    return fill_to(fr, want_bytes, f);
}

/* Where it is. packets: that came before. */
static enum framing_status damaged_at(struct failure *f, uint64_t offset_bytes, uint64_t packets) {
    failure_before(f, "offset %llu, packet %llu: ", (unsigned long long)offset_bytes, (unsigned long long)packets + 1);
    return FRAMING_DAMAGED;
}

/* A record that ends too early. */
static void cut_short(struct failure *f, const char *what, const char *part, uint64_t have_bytes, uint64_t want_bytes) {
    failure_of(FAILURE_CONTENTS, f,
               "%s%s cut short after %llu of %llu bytes; the capture is damaged or still being written", what, part,
               (unsigned long long)have_bytes, (unsigned long long)want_bytes);
}

static const char *what_it_is(const struct framing *fr, bool is_packet) {
    return is_packet ? "packet" : fr->format->piece;
}

/* In the buffer is the last of the capture, have_bytes of a record of want_bytes without those that both lack. */
static enum framing_status ends_within(struct framing *fr, const char *what, const char *part, size_t have_bytes,
                                       uint64_t want_bytes, struct failure *f) {
    fr->cut_tail_bytes = fr->end - fr->begin;
    if ((fr->accepted & ACCEPT_CUT_TAIL) != 0) {
        return FRAMING_END;
    }
    cut_short(f, what, part, have_bytes, want_bytes);
    return damaged_at(f, fr->consumed_bytes, fr->packets);
}

size_t framing_take_cut_tail(struct framing *fr, const uint8_t **at) {
    const size_t bytes = fr->cut_tail_bytes;
    *at = fr->buffer + fr->begin;
    fr->begin += bytes;
    fr->consumed_bytes += bytes;
    fr->cut_tail_bytes = 0;
    return bytes;
}

static void enter(struct framing *fr, const struct framed *r) {
    if (!r->is_packet && fr->format->enter != NULL) {
        fr->format->enter(&fr->state, r);
    }
}

static void hold_no_more(struct framing *fr) {
    fr->end += fr->held_bytes;
    fr->held_bytes = 0;
}

enum framing_status framing_fill(struct framing *fr, struct failure *f) {
    const size_t header_bytes = fr->format->piece_header_bytes;
    struct framed r;
    enum framing_status status = FRAMING_OK;
    hold_no_more(fr);
    if (fr->end - fr->begin < header_bytes && (status = slide_and_fill_to(fr, header_bytes, f)) != FRAMING_OK) {
        return status;
    }
    const size_t there_bytes = fr->end - fr->begin;
    if (there_bytes == 0) {
        return FRAMING_END;
    }
    if (there_bytes < header_bytes) {
        return ends_within(fr, fr->format->piece, " header", there_bytes, header_bytes, f);
    }
    if (fr->format->read(&fr->state, fr->buffer + fr->begin, there_bytes, &r, f) != 0) {
        return damaged_at(f, fr->consumed_bytes, fr->packets);
    }
    if (fr->packets == 0) {
        fr->first = r.is;
    }
    const bool is_oversize = r.whole_bytes > FRAMING_BUFFER_BYTES;
    const size_t want_bytes = is_oversize ? FRAMING_BUFFER_BYTES : (size_t)r.whole_bytes;
    if (there_bytes < want_bytes && (status = slide_and_fill_to(fr, want_bytes, f)) != FRAMING_OK) {
        return status;
    }
    /* With more of it there, more may be wrong with it. */
    if (there_bytes < want_bytes &&
        fr->format->read(&fr->state, fr->buffer + fr->begin, fr->end - fr->begin, &r, f) != 0) {
        return damaged_at(f, fr->consumed_bytes, fr->packets);
    }
    const size_t have_bytes = fr->end - fr->begin;
    if (have_bytes < want_bytes && !is_oversize) {
        return ends_within(fr, what_it_is(fr, r.is_packet), "", have_bytes - header_bytes, want_bytes - header_bytes,
                           f);
    }
    if (have_bytes < want_bytes) {
        cut_short(f, what_it_is(fr, r.is_packet), "", have_bytes - header_bytes, r.whole_bytes - header_bytes);
        return damaged_at(f, fr->consumed_bytes, fr->packets);
    }
    return is_oversize ? FRAMING_OVERSIZE : FRAMING_OK;
}

enum framing_status framing_fill_up(struct framing *fr, struct failure *f) {
    hold_no_more(fr);
    return slide_and_fill_to(fr, FRAMING_BUFFER_BYTES, f);
}

struct framing_look framing_look_begin(const struct framing *fr) {
    return (struct framing_look){.at = fr->buffer + fr->begin, .state = fr->state};
}

bool framing_look_next(const struct framing *fr, struct framing_look *look, struct framed *out) {
    const size_t there_bytes = (size_t)(fr->buffer + fr->end - look->at);
    const struct format_state before = look->state;
    if (there_bytes < fr->format->piece_header_bytes ||
        fr->format->read(&look->state, look->at, there_bytes, out, NULL) != 0 || out->whole_bytes > there_bytes) {
        return false;
    }
    if (!out->is_packet && fr->format->enter != NULL) {
        fr->format->enter(&look->state, out);
        look->is_over = before.sections > 0 && look->state.sections != before.sections;
    }
    look->at += out->whole_bytes;
    out->there_bytes = out->whole_bytes;
    return !look->is_over;
}

void framing_hold_back(struct framing *fr, const struct framing_look *look) {
    const size_t end = (size_t)(look->at - fr->buffer);
    fr->held_bytes = fr->end - end;
    fr->end = end;
}

bool framing_walk_next_any(struct framing *fr, struct framing_walk *w, struct framed *out) {
    const size_t there_bytes = (size_t)(w->end - w->at);
    if (there_bytes < fr->format->piece_header_bytes ||
        fr->format->read(&fr->state, w->at, there_bytes, out, NULL) != 0 || out->whole_bytes > there_bytes) {
        return false;
    }
    (void)framing_walk_take(w, there_bytes, (size_t)out->whole_bytes, out->is_packet);
    out->there_bytes = out->whole_bytes;
    enter(fr, out);
    return true;
}

void framing_next_oversize(struct framing *fr, struct framed *out) {
    const size_t there_bytes = fr->end - fr->begin;
    (void)fr->format->read(&fr->state, fr->buffer + fr->begin, there_bytes, out, NULL); /* which has just been tried */
    out->there_bytes = there_bytes;
    if (out->visible_bytes > there_bytes - out->header_bytes) {
        out->visible_bytes = (uint32_t)(there_bytes - out->header_bytes);
    }
    memcpy(fr->tail, out->header + fr->format->tail_at, fr->format->tail_bytes);
    fr->rest_bytes = out->whole_bytes - there_bytes;
    fr->oversize_bytes = out->whole_bytes - fr->format->piece_header_bytes;
    fr->oversize_offset_bytes = fr->consumed_bytes;
    fr->oversize_is_packet = out->is_packet;
    fr->begin = fr->end;
    fr->consumed_bytes += out->whole_bytes;
    fr->packets += out->is_packet;
    enter(fr, out);
}

/* Whether those of its last bytes that are among length_bytes at `at`, behind which rest_bytes are left, are right. */
static bool is_tail_right(const struct framing *fr, const uint8_t *at, size_t length_bytes) {
    const size_t tail_bytes = fr->format->tail_bytes;
    for (size_t i = 0; i < length_bytes && i + fr->rest_bytes < tail_bytes; i++) {
        if (at[length_bytes - 1 - i] != fr->tail[tail_bytes - 1 - i - (size_t)fr->rest_bytes]) {
            return false;
        }
    }
    return true;
}

enum framing_status framing_rest(struct framing *fr, uint8_t **at, size_t *length_bytes, struct failure *f) {
    const uint64_t before = fr->packets - fr->oversize_is_packet;
    *at = fr->buffer;
    *length_bytes = 0;
    if (fr->rest_bytes == 0) {
        fr->begin = fr->end = 0;
        return FRAMING_OK;
    }
    const size_t want_bytes = fr->rest_bytes < FRAMING_BUFFER_BYTES ? (size_t)fr->rest_bytes : FRAMING_BUFFER_BYTES;
    ptrdiff_t got = source_read(fr->source, fr->buffer, want_bytes, f);
    if (got < 0) {
        return source_failed(fr, f);
    }
    if (got == 0) {
        cut_short(f, what_it_is(fr, fr->oversize_is_packet), "", fr->oversize_bytes - fr->rest_bytes,
                  fr->oversize_bytes);
        return damaged_at(f, fr->oversize_offset_bytes, before);
    }
    fr->rest_bytes -= (size_t)got;
    if (!is_tail_right(fr, fr->buffer, (size_t)got)) {
        failure_of(FAILURE_CONTENTS, f,
                   "the total length at the end of a %s is not the one at its beginning; the capture is damaged",
                   fr->format->piece);
        return damaged_at(f, fr->oversize_offset_bytes, before);
    }
    *length_bytes = (size_t)got;
    return FRAMING_OK;
}

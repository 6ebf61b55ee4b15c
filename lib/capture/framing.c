#include "framing.h"

#include <stdlib.h>
#include <string.h>

enum framing_status framing_init(struct framing *fr, struct failure *f) {
    memset(fr, 0, sizeof *fr);
    /* One header's room more than is ever filled: see framing_walk_next(). */
    fr->buffer = calloc(1, FRAMING_BUFFER_BYTES + FORMAT_LOOK_BYTES);
    if (fr->buffer == NULL) {
        failure_memory(f);
        return FRAMING_FAILED;
    }
    return FRAMING_OK;
}

void framing_free(struct framing *fr) {
    free(fr->buffer);
    fr->buffer = NULL;
}

/* Read until the buffer holds want_bytes from begin on, or the source ends. */
static enum framing_status fill_to(struct framing *fr, size_t want_bytes, struct failure *f) {
    while (!fr->at_end && fr->end - fr->begin < want_bytes) {
        ptrdiff_t got = source_read(fr->source, fr->buffer + fr->end, FRAMING_BUFFER_BYTES - fr->end, f);
        if (got < 0) {
            return FRAMING_FAILED;
        }
        fr->at_end = got == 0;
        fr->end += (size_t)got;
    }
    return FRAMING_OK;
}

enum framing_status framing_open(struct framing *fr, struct source *source, struct failure *f) {
    fr->source = source;
    fr->begin = fr->end = 0;
    fr->at_end = false;
    fr->packets = fr->consumed_bytes = 0;
    fr->rest_bytes = 0;
    if (fill_to(fr, FORMAT_LOOK_BYTES, f) != FRAMING_OK) {
        return FRAMING_FAILED;
    }
    fr->format = format_open(fr->buffer, fr->end, &fr->savefile, f);
    if (fr->format == NULL) {
        return FRAMING_REFUSED;
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

/* A record that ends too early. number: of the packet, from 1. */
static enum framing_status damaged(struct failure *f, uint64_t offset_bytes, uint64_t number, const char *what,
                                   uint64_t have_bytes, uint64_t want_bytes) {
    failure_of(FAILURE_CONTENTS, f,
               "offset %llu, packet %llu: %s cut short after %llu of %llu bytes; the capture is damaged or "
               "still being written",
               (unsigned long long)offset_bytes, (unsigned long long)number, what, (unsigned long long)have_bytes,
               (unsigned long long)want_bytes);
    return FRAMING_DAMAGED;
}

enum framing_status framing_fill(struct framing *fr, struct failure *f) {
    const size_t header_bytes = fr->format->piece_header_bytes;
    struct framed r;
    if (fr->end - fr->begin < header_bytes && slide_and_fill_to(fr, header_bytes, f) != FRAMING_OK) {
        return FRAMING_FAILED;
    }
    const size_t there_bytes = fr->end - fr->begin;
    if (there_bytes == 0) {
        return FRAMING_END;
    }
    if (there_bytes < header_bytes) {
        return damaged(f, fr->consumed_bytes, fr->packets + 1, "record header", there_bytes, header_bytes);
    }
    if (fr->format->read(&fr->savefile, fr->buffer + fr->begin, there_bytes, &r, f) != 0) {
        failure_before(f, "offset %llu, packet %llu: ", (unsigned long long)fr->consumed_bytes,
                       (unsigned long long)fr->packets + 1);
        return FRAMING_DAMAGED;
    }
    if (fr->packets == 0) {
        fr->first = r.is;
    }
    const bool is_oversize = r.whole_bytes > FRAMING_BUFFER_BYTES;
    const size_t want_bytes = is_oversize ? FRAMING_BUFFER_BYTES : (size_t)r.whole_bytes;
    if (there_bytes < want_bytes && slide_and_fill_to(fr, want_bytes, f) != FRAMING_OK) {
        return FRAMING_FAILED;
    }
    if (fr->end - fr->begin < want_bytes) {
        return damaged(f, fr->consumed_bytes, fr->packets + 1, "packet", fr->end - fr->begin - header_bytes,
                       r.whole_bytes - header_bytes);
    }
    return is_oversize ? FRAMING_OVERSIZE : FRAMING_OK;
}

void framing_next_oversize(struct framing *fr, struct framed *out) {
    const size_t there_bytes = fr->end - fr->begin;
    (void)fr->format->read(&fr->savefile, fr->buffer + fr->begin, there_bytes, out,
                           NULL); /* which has just been tried */
    if (out->visible_bytes > there_bytes - out->header_bytes) {
        out->visible_bytes = (uint32_t)(there_bytes - out->header_bytes);
    }
    fr->rest_bytes = out->whole_bytes - there_bytes;
    fr->oversize_bytes = out->whole_bytes - out->header_bytes;
    fr->oversize_offset_bytes = fr->consumed_bytes;
    fr->begin = fr->end;
    fr->consumed_bytes += out->whole_bytes;
    fr->packets += out->is_packet;
}

enum framing_status framing_rest(struct framing *fr, const uint8_t **at, size_t *length_bytes, struct failure *f) {
    *at = fr->buffer;
    *length_bytes = 0;
    if (fr->rest_bytes == 0) {
        fr->begin = fr->end = 0;
        return FRAMING_OK;
    }
    const size_t want_bytes = fr->rest_bytes < FRAMING_BUFFER_BYTES ? (size_t)fr->rest_bytes : FRAMING_BUFFER_BYTES;
    ptrdiff_t got = source_read(fr->source, fr->buffer, want_bytes, f);
    if (got < 0) {
        return FRAMING_FAILED;
    }
    if (got == 0) {
        return damaged(f, fr->oversize_offset_bytes, fr->packets, "packet", fr->oversize_bytes - fr->rest_bytes,
                       fr->oversize_bytes);
    }
    fr->rest_bytes -= (size_t)got;
    *length_bytes = (size_t)got;
    return FRAMING_OK;
}

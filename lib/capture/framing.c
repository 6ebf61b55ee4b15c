#include "framing.h"

#include <stdlib.h>
#include <string.h>

enum framing_status framing_init(struct framing *fr, struct failure *f) {
    memset(fr, 0, sizeof *fr);
    /* One header's room more than is ever filled: see framing_walk_next(). */
    fr->buffer = calloc(1, FRAMING_BUFFER_BYTES + SAVEFILE_RECORD_HEADER_BYTES);
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
    if (fill_to(fr, SAVEFILE_HEADER_BYTES, f) != FRAMING_OK) {
        return FRAMING_FAILED;
    }
    if (savefile_parse_header(fr->buffer, fr->end, &fr->savefile, f) != 0) {
        return FRAMING_REFUSED;
    }
    memcpy(fr->header_bytes, fr->buffer, SAVEFILE_HEADER_BYTES);
    fr->begin = SAVEFILE_HEADER_BYTES;
    fr->consumed_bytes = SAVEFILE_HEADER_BYTES;
    return FRAMING_OK;
}

/* Whether there is a whole record from begin on. */
static bool holds_a_record(const struct framing *fr) {
    const size_t there_bytes = fr->end - fr->begin;
    return there_bytes >= SAVEFILE_RECORD_HEADER_BYTES &&
           savefile_get_record(&fr->savefile, fr->buffer + fr->begin).caplen_bytes <=
               there_bytes - SAVEFILE_RECORD_HEADER_BYTES;
}

/*
 * Everything before begin is used up: make room behind the bytes that are left. Not where there is no need to, which is
 * behind the file header: that would move a whole buffer.
 */
static void slide_to_front(struct framing *fr) {
    if (fr->begin > 0 && !holds_a_record(fr)) {
        memmove(fr->buffer, fr->buffer + fr->begin, fr->end - fr->begin);
        fr->end -= fr->begin;
        fr->begin = 0;
    }
}

/* A record that ends too early. number: of the packet, from 1. */
static enum framing_status damaged(struct failure *f, uint64_t offset_bytes, uint64_t number, const char *what,
                                   size_t have_bytes, size_t want_bytes) {
    failure_of(FAILURE_CONTENTS, f,
               "offset %llu, packet %llu: %s cut short after %zu of %zu bytes; the capture is damaged or "
               "still being written",
               (unsigned long long)offset_bytes, (unsigned long long)number, what, have_bytes, want_bytes);
    return FRAMING_DAMAGED;
}

enum framing_status framing_fill(struct framing *fr, struct failure *f) {
    slide_to_front(fr);
    if (fill_to(fr, SAVEFILE_RECORD_HEADER_BYTES, f) != FRAMING_OK) {
        return FRAMING_FAILED;
    }
    size_t there_bytes = fr->end - fr->begin;
    if (there_bytes == 0) {
        return FRAMING_END;
    }
    if (there_bytes < SAVEFILE_RECORD_HEADER_BYTES) {
        return damaged(f, fr->consumed_bytes, fr->packets + 1, "record header", there_bytes,
                       SAVEFILE_RECORD_HEADER_BYTES);
    }
    struct savefile_record r = savefile_get_record(&fr->savefile, fr->buffer + fr->begin);
    if (r.caplen_bytes > SAVEFILE_CAPLEN_MAX_BYTES) {
        failure_of(FAILURE_CONTENTS, f,
                   "offset %llu, packet %llu: captured length %lu is over 256 MiB; the capture is damaged",
                   (unsigned long long)fr->consumed_bytes, (unsigned long long)fr->packets + 1,
                   (unsigned long)r.caplen_bytes);
        return FRAMING_DAMAGED;
    }
    if (fr->packets == 0) {
        fr->first = r;
    }
    size_t whole_bytes = SAVEFILE_RECORD_HEADER_BYTES + (size_t)r.caplen_bytes;
    size_t want_bytes = whole_bytes < FRAMING_BUFFER_BYTES ? whole_bytes : FRAMING_BUFFER_BYTES;
    if (fill_to(fr, want_bytes, f) != FRAMING_OK) {
        return FRAMING_FAILED;
    }
    there_bytes = fr->end - fr->begin;
    if (there_bytes < want_bytes) {
        return damaged(f, fr->consumed_bytes, fr->packets + 1, "packet", there_bytes - SAVEFILE_RECORD_HEADER_BYTES,
                       r.caplen_bytes);
    }
    return whole_bytes > FRAMING_BUFFER_BYTES ? FRAMING_OVERSIZE : FRAMING_OK;
}

void framing_next_oversize(struct framing *fr, struct framed *out) {
    out->header = fr->buffer + fr->begin;
    out->is = savefile_get_record(&fr->savefile, out->header);
    out->visible_bytes = (uint32_t)(fr->end - fr->begin - SAVEFILE_RECORD_HEADER_BYTES);
    fr->rest_bytes = out->is.caplen_bytes - out->visible_bytes;
    fr->oversize_caplen_bytes = out->is.caplen_bytes;
    fr->oversize_offset_bytes = fr->consumed_bytes;
    fr->begin = fr->end;
    fr->consumed_bytes += SAVEFILE_RECORD_HEADER_BYTES + (uint64_t)out->is.caplen_bytes;
    fr->packets++;
}

enum framing_status framing_rest(struct framing *fr, const uint8_t **at, size_t *length_bytes, struct failure *f) {
    *at = fr->buffer;
    *length_bytes = 0;
    if (fr->rest_bytes == 0) {
        fr->begin = fr->end = 0;
        return FRAMING_OK;
    }
    size_t want_bytes = fr->rest_bytes < FRAMING_BUFFER_BYTES ? fr->rest_bytes : FRAMING_BUFFER_BYTES;
    ptrdiff_t got = source_read(fr->source, fr->buffer, want_bytes, f);
    if (got < 0) {
        return FRAMING_FAILED;
    }
    if (got == 0) {
        return damaged(f, fr->oversize_offset_bytes, fr->packets, "packet", fr->oversize_caplen_bytes - fr->rest_bytes,
                       fr->oversize_caplen_bytes);
    }
    fr->rest_bytes -= (uint32_t)got;
    *length_bytes = (size_t)got;
    return FRAMING_OK;
}

#include "recount.h"

#include <string.h>
#include <xxhash.h>

static enum framing_status read_rest(struct framing *fr, struct failure *f) {
    uint8_t *at;
    size_t length_bytes;
    enum framing_status status;
    while ((status = framing_rest(fr, &at, &length_bytes, f)) == FRAMING_OK && length_bytes > 0) {
    }
    return status;
}

static enum framing_status read_oversize(struct framing *fr, struct failure *f) {
    struct framed r;
    framing_next_oversize(fr, &r);
    return read_rest(fr, f);
}

static enum framing_status read_records(struct framing *fr, struct failure *f) {
    enum framing_status status;
    while ((status = framing_fill(fr, f)) > FRAMING_END) {
        struct framed r;
        if (status == FRAMING_OVERSIZE && (status = read_oversize(fr, f)) != FRAMING_OK) {
            return status;
        }
        struct framing_walk w = framing_walk_begin(fr);
        while (framing_walk_next_any(fr, &w, &r)) {
        }
        framing_walk_end(fr, &w);
    }
    return status;
}

static enum framing_status read_capture(struct framing *fr, struct source *source, struct recount *out,
                                        struct failure *f) {
    enum framing_status status = framing_open(fr, source, f);
    if (status == FRAMING_OK) {
        status = read_records(fr, f);
        if (status == FRAMING_END) {
            const uint8_t *tail;
            (void)framing_take_cut_tail(fr, &tail);
        }
        out->packets = fr->packets;
        out->bytes = fr->consumed_bytes;
    }
    return status;
}

/* Through the buffer that framing has anyway. */
static enum framing_status read_bytes(struct framing *fr, struct source *source, struct failure *f) {
    ptrdiff_t got;
    do {
        got = source_read(source, fr->buffer, FRAMING_BUFFER_BYTES, f);
    } while (got > 0);
    return got == 0 ? FRAMING_END : FRAMING_FAILED;
}

static enum framing_status read_digested(struct framing *fr, struct source *source, bool packets, struct recount *out,
                                         struct failure *f) {
    memset(out, 0, sizeof *out);
    source->digest = XXH3_createState();
    if (source->digest == NULL) {
        failure_memory(f);
        return FRAMING_FAILED;
    }
    (void)XXH3_64bits_reset(source->digest);
    const enum framing_status status = packets ? read_capture(fr, source, out, f) : read_bytes(fr, source, f);
    out->file_bytes = source->file_bytes;
    out->digest = XXH3_64bits_digest(source->digest);
    (void)XXH3_freeState(source->digest);
    source->digest = NULL;
    return status;
}

enum framing_status recount_read(struct framing *fr, struct source *source, struct recount *out, struct failure *f) {
    return read_digested(fr, source, true, out, f);
}

enum framing_status recount_digest(struct framing *fr, struct source *source, struct recount *out, struct failure *f) {
    return read_digested(fr, source, false, out, f);
}

#include "recount.h"

#include <string.h>
#include <xxhash.h>

/* The records handed out since the last call lie one behind the other in the buffer. */
static void digest_run(XXH3_state_t *state, struct recount *out, const uint8_t *from, size_t length_bytes) {
    (void)XXH3_64bits_update(state, from, length_bytes);
    out->bytes += length_bytes;
}

static enum framing_status read_rest(struct framing *fr, XXH3_state_t *state, struct recount *out, struct failure *f) {
    uint8_t *at;
    size_t length_bytes;
    enum framing_status status;
    while ((status = framing_rest(fr, &at, &length_bytes, f)) == FRAMING_OK && length_bytes > 0) {
        digest_run(state, out, at, length_bytes);
    }
    return status;
}

static enum framing_status read_oversize(struct framing *fr, XXH3_state_t *state, struct recount *out,
                                         struct failure *f) {
    struct framed r;
    framing_next_oversize(fr, &r);
    digest_run(state, out, r.header, (size_t)r.there_bytes);
    return read_rest(fr, state, out, f);
}

static enum framing_status read_records(struct framing *fr, XXH3_state_t *state, struct recount *out,
                                        struct failure *f) {
    enum framing_status status;
    while ((status = framing_fill(fr, f)) > FRAMING_END) {
        struct framed r;
        if (status == FRAMING_OVERSIZE && (status = read_oversize(fr, state, out, f)) != FRAMING_OK) {
            return status;
        }
        struct framing_walk w = framing_walk_begin(fr);
        const uint8_t *const begin = w.at;
        while (framing_walk_next_any(fr, &w, &r)) {
        }
        framing_walk_end(fr, &w);
        digest_run(state, out, begin, (size_t)(w.at - begin));
    }
    return status;
}

enum framing_status recount_read(struct framing *fr, struct source *source, struct recount *out, struct failure *f) {
    memset(out, 0, sizeof *out);
    XXH3_state_t *state = XXH3_createState();
    if (state == NULL) {
        failure_memory(f);
        return FRAMING_FAILED;
    }
    (void)XXH3_64bits_reset(state);
    enum framing_status status = framing_open(fr, source, f);
    if (status == FRAMING_OK) {
        digest_run(state, out, fr->header_bytes, fr->format->file_header_bytes);
        status = read_records(fr, state, out, f);
        out->packets = fr->packets;
    }
    out->digest = XXH3_64bits_digest(state);
    (void)XXH3_freeState(state);
    return status;
}

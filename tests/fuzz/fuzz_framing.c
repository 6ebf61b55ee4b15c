/* Framing against a plain walk over the same bytes: the same records, the same end, whatever pieces they come in. */
#include "framing.h"
#include "fuzz.h"

#include <string.h>
#include <unistd.h>

struct walk {
    const uint8_t *data;
    size_t size, at;
    bool big_endian;
    uint64_t packets;
};

static uint32_t field(const struct walk *w, size_t at) {
    uint32_t value = 0;
    for (size_t i = 0; i < 4; i++) {
        value |= (uint32_t)w->data[at + (w->big_endian ? 3 - i : i)] << 8 * i;
    }
    return value;
}

/* A walk of one record. */
static bool next(struct framing *fr, struct framed *r) {
    struct framing_walk walk = framing_walk_begin(fr);
    const bool is_there = framing_walk_next(&walk, r);
    framing_walk_end(fr, &walk);
    return is_there;
}

/* The next record must be the one at w->at. */
static void must_be_next(struct walk *w, const struct framing *fr, const struct framed *r) {
    FUZZ_MUST(w->size - w->at >= 16);
    FUZZ_MUST(memcmp(r->header, w->data + w->at, 16) == 0);
    FUZZ_MUST(r->is.ts_sec == field(w, w->at) && r->is.ts_frac == field(w, w->at + 4));
    FUZZ_MUST(r->is.caplen_bytes == field(w, w->at + 8) && r->is.origlen_bytes == field(w, w->at + 12));
    FUZZ_MUST(r->visible_bytes <= r->is.caplen_bytes);
    FUZZ_MUST(r->visible_bytes <= w->size - w->at - 16);
    FUZZ_MUST(r->visible_bytes == 0 || memcmp(r->header + 16, w->data + w->at + 16, r->visible_bytes) == 0);
    w->at += 16 + (size_t)r->is.caplen_bytes;
    w->packets++;
    FUZZ_MUST(fr->packets == w->packets && fr->consumed_bytes == w->at);
    /* Used up: what the caller does to it must not reach the records behind it. */
    memset(r->header, 0xee, 16 + (size_t)r->visible_bytes);
}

static enum framing_status must_be_rest(const struct walk *w, struct framing *fr, const struct framed *r) {
    size_t from = w->at - r->is.caplen_bytes + r->visible_bytes;
    for (;;) {
        uint8_t *piece;
        size_t length_bytes;
        enum framing_status status = framing_rest(fr, &piece, &length_bytes, NULL);
        if (status != FRAMING_OK) {
            return status;
        }
        if (length_bytes == 0) {
            FUZZ_MUST(from == w->at);
            return FRAMING_OK;
        }
        FUZZ_MUST(length_bytes <= w->at - from);
        FUZZ_MUST(from + length_bytes <= w->size && memcmp(piece, w->data + from, length_bytes) == 0);
        from += length_bytes;
    }
}

static enum framing_status walk_records(struct walk *w, struct framing *fr) {
    enum framing_status status;
    while ((status = framing_fill(fr, NULL)) > FRAMING_END) {
        struct framed r;
        const uint64_t before = w->packets;
        if (status == FRAMING_OVERSIZE) {
            framing_next_oversize(fr, &r);
            must_be_next(w, fr, &r);
            status = must_be_rest(w, fr, &r);
            if (status != FRAMING_OK) {
                return status;
            }
        }
        while (next(fr, &r)) {
            must_be_next(w, fr, &r);
        }
        FUZZ_MUST(w->packets > before);
    }
    return status;
}

static void run(struct framing *fr, int fd, const uint8_t *data, size_t size) {
    struct source source;
    struct walk w = {.data = data, .size = size, .at = 24};
    source_open(&source, fd, NULL);
    enum framing_status status = framing_open(fr, &source, NULL);
    FUZZ_MUST(status == FRAMING_OK || status == FRAMING_REFUSED);
    if (status == FRAMING_OK) {
        w.big_endian = data[0] == 0xa1;
        status = walk_records(&w, fr);
        if (status == FRAMING_END) {
            FUZZ_MUST(w.at == size);
        } else {
            FUZZ_MUST(status == FRAMING_DAMAGED);
            FUZZ_MUST(w.at > size || size - w.at < 16 || field(&w, w.at + 8) > size - w.at - 16);
        }
    }
    source_close(&source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct framing framing;
    if (framing.buffer == NULL) {
        FUZZ_MUST(framing_init(&framing, NULL) == FRAMING_OK);
    }
    run(&framing, fuzz_file(0, data, size), data, size);
    const int fd = fuzz_pipe(data, size);
    if (fd >= 0) {
        run(&framing, fd, data, size);
        FUZZ_MUST(close(fd) == 0);
    }
    return 0;
}

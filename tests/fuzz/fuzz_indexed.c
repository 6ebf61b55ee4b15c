/*
 * zstd frames that keep their places. An input says which bytes of what is packed become zeros, and then, in the words
 * of packed_make(), what the file is. What is written is as long as the file, has its frames where they were, and in
 * each of them what was asked for; where it has not, that frame is what it was, and is counted. Writing it a second
 * time changes nothing.
 */
#include "bytes.h"
#include "fuzz.h"
#include "sink.h"
#include "unpacking.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONTROL_BYTES = 5 };

static int any_content(void *context, const uint8_t *content, size_t length_bytes, bool is_first, struct failure *f) {
    (void)context;
    (void)content;
    (void)length_bytes;
    (void)is_first;
    (void)f;
    return 0;
}

/* Of every `every` bytes from the first on the `zeros` last ones are to be zeros. */
struct mask {
    size_t every, zeros;
};

static void apply(struct mask m, uint8_t *at, size_t length_bytes) {
    for (size_t i = 0; i < length_bytes; i++) {
        at[i] = i % m.every >= m.every - m.zeros ? 0 : at[i];
    }
}

/* Read fd, which is the file that p is of, and write its slim to `to`: as a run does, a piece after the other. */
static bool keep_places(int fd, int to, struct mask m, size_t piece_bytes, struct frames_counts *counts) {
    static struct unpacked in;
    struct frames *frames = frames_new(any_content, NULL);
    struct sink *sink = sink_open(to, NULL, NULL);
    struct failure f = {.text = ""};
    FUZZ_MUST(frames != NULL && sink != NULL);
    unpacking_by_source(&in, fd, piece_bytes, frames);
    apply(m, in.at, in.bytes);
    sink_keep_frames(sink, frames, codec_row(CODEC_ZSTD), unpacking_codecs()->library[CODEC_ZSTD], 1);
    int status = in.is_whole ? 0 : -1;
    for (size_t at = 0; status == 0 && at < in.bytes; at += piece_bytes) {
        const size_t left_bytes = in.bytes - at;
        status = sink_write(sink, in.at + at, left_bytes < piece_bytes ? left_bytes : piece_bytes, &f);
    }
    status = status != 0 ? status : sink_end(sink, &f);
    *counts = frames_count(frames);
    sink_free(sink);
    frames_free(frames);
    return status == 0;
}

static void must_be_in_place(const struct packed *p, struct mask m, const struct unpacked *original,
                             const struct unpacked *slim, struct frames_counts counts) {
    static uint8_t wanted[PACKED_CONTENT_BYTES];
    memcpy(wanted, p->content, p->content_bytes);
    apply(m, wanted, p->content_bytes);
    FUZZ_MUST(slim->is_whole && slim->bytes == p->content_bytes && slim->file_bytes == p->length);
    FUZZ_MUST(slim->places.frames == p->frames && slim->places.places == original->places.places);
    FUZZ_MUST(slim->places.skippable == original->places.skippable);
    FUZZ_MUST(counts.frames == p->frames && counts.left_frames <= p->frames);
    uint64_t left_frames = 0;
    for (unsigned i = 0; i < p->frames; i++) {
        const size_t begin = p->frame_begins[i];
        const size_t bytes = (i + 1 < p->frames ? p->frame_begins[i + 1] : p->content_bytes) - begin;
        const bool is_done = bytes == 0 || memcmp(slim->at + begin, wanted + begin, bytes) == 0;
        FUZZ_MUST(is_done || memcmp(slim->at + begin, p->content + begin, bytes) == 0);
        left_frames += !is_done;
    }
    FUZZ_MUST(left_frames == counts.left_frames);
}

static void try_good(const struct packed *p, struct mask m, size_t piece_bytes) {
    static struct unpacked original;
    static struct unpacked slim;
    struct frames_counts counts;
    struct frames_counts again;
    size_t length;
    size_t length_again;
    const int in = fuzz_file(0, p->at, p->length);
    const int out = fuzz_file(1, NULL, 0);
    const int twice = fuzz_file(2, NULL, 0);
    FUZZ_MUST(keep_places(in, out, m, piece_bytes, &counts));
    unpacking_by_witness(&original, in, sizeof original.at, sizeof original.at);
    unpacking_by_witness(&slim, out, sizeof slim.at, sizeof slim.at);
    must_be_in_place(p, m, &original, &slim, counts);
    FUZZ_MUST(keep_places(out, twice, m, piece_bytes, &again) && again.left_frames == counts.left_frames);
    uint8_t *bytes = fuzz_contents(out, &length);
    uint8_t *bytes_again = fuzz_contents(twice, &length_again);
    FUZZ_MUST(length == length_again && memcmp(bytes, bytes_again, length) == 0);
    free(bytes);
    free(bytes_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct packed made;
    if (size < CONTROL_BYTES) {
        return 0;
    }
    struct mask m = {.every = 1u + data[0] + 16u * data[1]};
    m.zeros = data[2] % (m.every + 1);
    const size_t piece_bytes = 1u + data[3] + 64u * data[4];
    packed_make(&made, CODEC_ZSTD, data + CONTROL_BYTES, size - CONTROL_BYTES);
    if (made.is_good) {
        try_good(&made, m, piece_bytes);
    } else {
        struct frames_counts counts;
        const int in = fuzz_file(0, made.at, made.length);
        (void)keep_places(in, fuzz_file(1, NULL, 0), m, piece_bytes, &counts);
    }
    return 0;
}

/* Frames of zstd that keep their places: every room is filled to the byte, and both glues read what is in it. */
#include "accept.h"
#include "codec.h"
#include "frame_fit.h"
#include "frames.h"
#include "source.h"
#include "support.h"
#include "witness_unpack.h"

#define CONTENT_BYTES ((size_t)70000)
#define ROOM_BYTES ((size_t)100000)

static struct codecs codecs;
static struct witness_codecs witness;
static uint8_t content[CONTENT_BYTES];

static int load_all(void **state) {
    (void)state;
    uint64_t random = 5;
    for (size_t i = 0; i < CONTENT_BYTES; i++) {
        content[i] = i % 3 == 0 ? (uint8_t)next_random(&random) : 0;
    }
    return codecs_accept(&codecs, ACCEPT_ZSTD, NULL) == 0 ? witness_codecs_load(&witness, CODEC_ZSTD, NULL) : -1;
}

static int free_all(void **state) {
    (void)state;
    codecs_free(&codecs);
    witness_codecs_free(&witness);
    return 0;
}

/* One frame at `to`, which has ROOM_BYTES. Returns its length. */
static size_t pack(const uint8_t *from, size_t length_bytes, uint8_t *to) {
    const struct codec *zstd = codec_row(CODEC_ZSTD);
    void *packing = zstd->pack_new(codecs.library[CODEC_ZSTD], (struct codec_level){.level = 3}, NULL);
    struct codec_room room = {from, length_bytes, to, ROOM_BYTES};
    assert_int_equal(zstd->pack(packing, &room, true, NULL), CODEC_FRAME_ENDS);
    zstd->pack_free(packing);
    return ROOM_BYTES - room.out_bytes;
}

static ptrdiff_t feed_file(void *from, void *to, size_t wanted_bytes) {
    return read(*(int *)from, to, wanted_bytes);
}

/* Both glues find `wanted` in the frames at `from`. */
static void reads_as(const uint8_t *from, size_t from_bytes, const uint8_t *wanted, size_t wanted_bytes) {
    static uint8_t out[CONTENT_BYTES + 1];
    const struct source_options options = {.codecs = &codecs};
    struct source source;
    struct failure f = {.text = ""};
    size_t at = 0;
    ptrdiff_t got;
    int fd = memory_file(from, from_bytes);
    source_open(&source, fd, &options);
    while ((got = source_read(&source, out + at, sizeof out - at, &f)) > 0) {
        at += (size_t)got;
    }
    source_close(&source);
    assert_int_equal(got, 0);
    assert_int_equal(at, wanted_bytes);
    assert_memory_equal(out, wanted, wanted_bytes);
    (void)lseek(fd, 0, SEEK_SET);
    struct witness_unpack *u = witness_unpack_new(&witness, feed_file, &fd);
    for (at = 0; (got = witness_unpack_read(u, out + at, sizeof out - at, &f)) > 0; at += (size_t)got) {
    }
    witness_unpack_free(u);
    assert_int_equal(got, 0);
    assert_int_equal(at, wanted_bytes);
    assert_memory_equal(out, wanted, wanted_bytes);
    (void)close(fd);
}

/* Of every length of content that the header tells in another width, in every room. */
static void test_every_room(void **state) {
    (void)state;
    static const size_t LENGTHS[] = {40, 255, 256, 300, 1024, 5000, 65535, 65791, 65792, 70000};
    static uint8_t frame[ROOM_BYTES + FRAME_FIT_MORE_BYTES];
    static uint8_t again[ROOM_BYTES + FRAME_FIT_MORE_BYTES];
    for (size_t i = 0; i < COUNT_OF(LENGTHS); i++) {
        const size_t frame_bytes = pack(content, LENGTHS[i], frame);
        for (size_t more_bytes = 0; more_bytes < 24; more_bytes++) {
            const size_t room_bytes = frame_bytes + more_bytes;
            memcpy(again, frame, frame_bytes);
            const size_t made_bytes = frame_fit(again, frame_bytes, LENGTHS[i], room_bytes);
            if (made_bytes == 0) { /* no width makes a difference of 2 there */
                assert_true(more_bytes > 0 && more_bytes < FRAME_FIT_SKIPPABLE_BYTES);
                assert_memory_equal(again, frame, frame_bytes);
                assert_true(LENGTHS[i] < 256 || LENGTHS[i] > 65791);
                continue;
            }
            assert_true(made_bytes == room_bytes || made_bytes + FRAME_FIT_SKIPPABLE_BYTES <= room_bytes);
            reads_as(again, made_bytes, content, LENGTHS[i]);
        }
        assert_int_equal(frame_fit(frame, frame_bytes, LENGTHS[i], frame_bytes / 2), 0);
        assert_int_equal(frame_fit(frame, frame_bytes, LENGTHS[i], 0), 0);
    }
}

static int check_nothing(void *context, const uint8_t *bytes, size_t length_bytes, bool is_first, struct failure *f) {
    (void)context;
    (void)bytes;
    (void)length_bytes;
    (void)is_first;
    (void)f;
    return 0;
}

/* What is written, in memory. */
struct written {
    uint8_t bytes[ROOM_BYTES];
    size_t length_bytes;
};

static int take(void *to, const void *from, size_t length_bytes, struct failure *f) {
    struct written *w = to;
    (void)f;
    assert_true(length_bytes <= sizeof w->bytes - w->length_bytes);
    memcpy(w->bytes + w->length_bytes, from, length_bytes);
    w->length_bytes += length_bytes;
    return 0;
}

static int take_zeros(void *to, uint64_t length_bytes, struct failure *f) {
    static const uint8_t zeros[ROOM_BYTES];
    return take(to, zeros, (size_t)length_bytes, f);
}

/* A frame that has no room for what it is to hold stays as it was, and is counted; the next one is packed anew. */
static void test_no_room(void **state) {
    (void)state;
    static uint8_t first[ROOM_BYTES];
    static uint8_t second[ROOM_BYTES];
    static uint8_t plain[3000];
    static uint8_t wanted[6000];
    static struct written w;
    const struct frames_drain drain = {take, take_zeros, &w};
    struct frames *frames = frames_new(check_nothing, NULL);
    const size_t first_bytes = pack(plain, sizeof plain, first);
    const size_t second_bytes = pack(content, sizeof plain, second);
    frames_write_to(frames, codec_row(CODEC_ZSTD), codecs.library[CODEC_ZSTD], 3, &drain);
    assert_int_equal(frames_note(frames, first, first_bytes, plain, sizeof plain, true, NULL), 0);
    assert_int_equal(frames_note(frames, second, second_bytes, content, sizeof plain, true, NULL), 0);
    assert_int_equal(frames_write(frames, content, sizeof plain, NULL), 0);
    assert_int_equal(frames_write(frames, plain, sizeof plain, NULL), 0);
    assert_int_equal(frames_end(frames, NULL), 0);
    assert_int_equal(frames_count(frames).frames, 2);
    assert_int_equal(frames_count(frames).left_frames, 1);
    assert_int_equal(w.length_bytes, first_bytes + second_bytes);
    assert_memory_equal(w.bytes, first, first_bytes);
    reads_as(w.bytes, w.length_bytes, wanted, sizeof wanted);
    frames_free(frames);
}

static int check_first(void *context, const uint8_t *bytes, size_t length_bytes, bool is_first, struct failure *f) {
    unsigned *checked = context;
    (void)bytes;
    (void)length_bytes;
    (void)f;
    assert_int_equal(is_first, (*checked)++ == 0);
    return 0;
}

/* The first frame is the first with something in it. */
static void test_empty_in_front(void **state) {
    (void)state;
    static uint8_t empty[ROOM_BYTES];
    static uint8_t frame[ROOM_BYTES];
    static struct written w;
    unsigned checked = 0;
    const struct frames_drain drain = {take, take_zeros, &w};
    struct frames *frames = frames_new(check_first, &checked);
    const size_t empty_bytes = pack(content, 0, empty);
    const size_t frame_bytes = pack(content, 1000, frame);
    frames_write_to(frames, codec_row(CODEC_ZSTD), codecs.library[CODEC_ZSTD], 3, &drain);
    assert_int_equal(frames_note(frames, empty, empty_bytes, content, 0, true, NULL), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(frames_note(frames, frame, frame_bytes, content, 1000, true, NULL), 0);
        assert_int_equal(frames_write(frames, content, 1000, NULL), 0);
    }
    assert_int_equal(frames_end(frames, NULL), 0);
    assert_int_equal(checked, 2);
    assert_int_equal(w.length_bytes, empty_bytes + 2 * frame_bytes);
    frames_free(frames);
}

/* However little is in them, what it takes to hold frames is bounded: some ten MiB would be 80,000 of them. */
static void test_many_empty(void **state) {
    (void)state;
    static uint8_t empty[ROOM_BYTES];
    struct failure f = {.text = ""};
    struct frames *frames = frames_new(check_nothing, NULL);
    const size_t empty_bytes = pack(content, 0, empty);
    unsigned noted = 0;
    while (noted < 80000 && frames_note(frames, empty, empty_bytes, content, 0, true, &f) == 0) {
        noted++;
    }
    assert_in_range(noted, 10000, 40000);
    assert_non_null(strstr(f.text, "too large to keep their places"));
    frames_reset(frames);
    assert_int_equal(frames_note(frames, empty, empty_bytes, content, 0, true, NULL), 0);
    frames_free(frames);
}

/* More or less than was read is a mistake, and said. */
static void test_another_length(void **state) {
    (void)state;
    static uint8_t frame[ROOM_BYTES];
    static struct written w;
    struct failure f = {.text = ""};
    const struct frames_drain drain = {take, take_zeros, &w};
    struct frames *frames = frames_new(check_nothing, NULL);
    const size_t frame_bytes = pack(content, 1000, frame);
    for (size_t length_bytes = 999; length_bytes <= 1001; length_bytes += 2) {
        frames_reset(frames);
        frames_write_to(frames, codec_row(CODEC_ZSTD), codecs.library[CODEC_ZSTD], 3, &drain);
        assert_int_equal(frames_note(frames, frame, frame_bytes, content, 1000, true, NULL), 0);
        assert_int_equal(frames_write(frames, content, length_bytes, NULL), 0);
        assert_int_equal(frames_end(frames, &f), -1);
        assert_non_null(strstr(f.text, "not as long as"));
    }
    frames_free(frames);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_room), cmocka_unit_test(test_no_room),        cmocka_unit_test(test_empty_in_front),
        cmocka_unit_test(test_many_empty), cmocka_unit_test(test_another_length),
    };
    return cmocka_run_group_tests(tests, load_all, free_all);
}

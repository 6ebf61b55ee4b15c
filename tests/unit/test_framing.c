/* Records out of streams that come whole, in pieces, mapped, cut short and with lengths that lie. */
#include "framing.h"
#include "support.h"

#include <fcntl.h>
#include <signal.h>

static volatile sig_atomic_t raised;

enum way { BY_READ, BY_MAPPING, BY_PIPE, BY_DRIBBLE, WAYS };

/* An opened source over a capture. */
struct feeding {
    struct source source;
    int fd;
    pid_t child; /* or 0 */
};

static void begin_feeding(struct feeding *s, const struct capture *c, enum way way) {
    struct source_options options = {.mapped = way == BY_MAPPING, .fault = &raised, .transfer.interrupted = &raised};
    memset(s, 0, sizeof *s);
    raised = 0;
    if (way == BY_READ || way == BY_MAPPING) {
        s->fd = memory_file(c->at, c->length);
    } else {
        s->fd = feed_by_pipe(c, way == BY_DRIBBLE ? 1 : 4093, &s->child);
    }
    source_open(&s->source, s->fd, &options);
}

static void end_feeding(struct feeding *s) {
    source_close(&s->source);
    (void)close(s->fd);
    if (s->child > 0) {
        (void)end_of_child(s->child); /* it may have been left with a broken pipe */
    }
}

/* Everything that framing hands out of a capture, one behind the other: the capture again, if all is well. */
struct handed_out {
    enum framing_status status;
    struct failure failure;
    uint64_t packets;
    struct capture bytes;
};

/* A walk of one record. */
static bool next(struct framing *fr, struct framed *r) {
    struct framing_walk by_row = framing_walk_begin(fr);
    struct framed same;
    const bool also = framing_walk_next_any(fr, &by_row, &same);
    struct framing_walk w = framing_walk_begin(fr);
    const bool is_there = framing_walk_next(&w, r);
    assert_int_equal(also, is_there);
    assert_ptr_equal(by_row.at, w.at);
    framing_walk_end(fr, &w);
    return is_there;
}

/* The next record, whichever way fits what framing_fill() said. */
static bool take(struct framing *fr, enum framing_status *said, struct framed *r) {
    if (*said == FRAMING_OVERSIZE) {
        framing_next_oversize(fr, r);
        *said = FRAMING_OK;
        return true;
    }
    return next(fr, r);
}

static struct handed_out hand_out(struct framing *fr, const struct capture *c, enum way way) {
    struct handed_out out = {.failure = {.text = ""}};
    struct feeding s;
    begin_feeding(&s, c, way);
    out.status = framing_open(fr, &s.source, &out.failure);
    if (out.status == FRAMING_OK) {
        capture_put(&out.bytes, fr->header_bytes, 24);
        while ((out.status = framing_fill(fr, &out.failure)) > FRAMING_END) {
            struct framed r;
            while (out.status > FRAMING_END && take(fr, &out.status, &r)) {
                assert_true(r.visible_bytes <= r.is.caplen_bytes);
                capture_put(&out.bytes, r.header, 16 + (size_t)r.visible_bytes);
                uint8_t *at;
                size_t length = r.visible_bytes < r.is.caplen_bytes ? 1 : 0;
                while (length > 0 && (out.status = framing_rest(fr, &at, &length, &out.failure)) == FRAMING_OK) {
                    capture_put(&out.bytes, at, length);
                }
            }
            if (out.status != FRAMING_OK) {
                break;
            }
        }
        out.packets = fr->packets;
        if (out.status == FRAMING_END) {
            assert_int_equal(fr->consumed_bytes, c->length);
        }
    }
    end_feeding(&s);
    return out;
}

static int make_framing(void **state) {
    static struct framing fr;
    *state = &fr;
    return framing_init(&fr, NULL) == FRAMING_OK ? 0 : -1;
}

static int drop_framing(void **state) {
    framing_free(*state);
    return 0;
}

/* Three packets, of 5, 0 and 3 bytes, at offsets 24, 45 and 61; 80 bytes in all. */
#define LITTLE_RECORDS                                                                                                 \
    "0200 0400 00000000 00000000 00000400 01000000"                                                                    \
    "00f15365 01000000 05000000 dc050000 6162636465"                                                                   \
    "ffffffff ff0f0000 00000000 00000000"                                                                              \
    "00000000 00000000 03000000 02000000 666768"
#define BIG_RECORDS                                                                                                    \
    "0002 0004 00000000 00000000 00040000 00000001"                                                                    \
    "6553f100 00000001 00000005 000005dc 6162636465"                                                                   \
    "ffffffff 00000fff 00000000 00000000"                                                                              \
    "00000000 00000000 00000003 00000002 666768"

static const char *const SMALL[] = {"d4c3b2a1" LITTLE_RECORDS, "4d3cb2a1" LITTLE_RECORDS, "a1b2c3d4" BIG_RECORDS,
                                    "a1b23c4d" BIG_RECORDS};

static void test_records(void **state) {
    struct framing *fr = *state;
    static const struct {
        struct format_packet is;
        const char *frame;
    } want[] = {{{1700000000, 1, 5, 1500}, "abcde"}, {{0xffffffff, 4095, 0, 0}, ""}, {{0, 0, 3, 2}, "fgh"}};
    static const uint64_t ends[] = {45, 61, 80};
    for (size_t i = 0; i < COUNT_OF(SMALL); i++) {
        struct bytes b = hex(SMALL[i]);
        struct capture c = {.at = b.at, .length = b.length};
        assert_int_equal(b.length, 80);
        struct feeding s;
        begin_feeding(&s, &c, BY_READ);
        assert_int_equal(framing_open(fr, &s.source, NULL), FRAMING_OK);
        assert_memory_equal(fr->header_bytes, b.at, 24);
        assert_int_equal(fr->consumed_bytes, 24);
        assert_int_equal(fr->state.savefile.nanoseconds, i % 2 == 1);
        assert_int_equal(framing_fill(fr, NULL), FRAMING_OK);
        struct framed r;
        for (size_t n = 0; n < 3; n++) {
            assert_true(next(fr, &r));
            assert_int_equal(r.is.ts_sec, want[n].is.ts_sec);
            assert_int_equal(r.is.ts_frac, want[n].is.ts_frac);
            assert_int_equal(r.is.caplen_bytes, want[n].is.caplen_bytes);
            assert_int_equal(r.is.origlen_bytes, want[n].is.origlen_bytes);
            assert_int_equal(r.visible_bytes, want[n].is.caplen_bytes);
            assert_memory_equal(r.header + 16, want[n].frame, r.visible_bytes);
            assert_int_equal(fr->packets, n + 1);
            assert_int_equal(fr->consumed_bytes, ends[n]);
        }
        assert_false(next(fr, &r));
        assert_int_equal(framing_fill(fr, NULL), FRAMING_END);
        assert_int_equal(framing_fill(fr, NULL), FRAMING_END);
        end_feeding(&s);
    }
}

static void expect_cut_short(const struct handed_out *out, size_t length) {
    static const size_t begins[] = {24, 45, 61, 80};
    static const unsigned caplens[] = {5, 0, 3};
    size_t whole = 0;
    while (whole < 3 && begins[whole + 1] <= length) {
        whole++;
    }
    size_t into = length - begins[whole];
    char text[128] = "";
    if (into > 0 && into < 16) {
        (void)snprintf(text, sizeof text, "offset %zu, packet %zu: record header cut short after %zu of 16 bytes",
                       begins[whole], whole + 1, into);
    } else if (into > 0) {
        (void)snprintf(text, sizeof text, "offset %zu, packet %zu: packet cut short after %zu of %u bytes",
                       begins[whole], whole + 1, into - 16, caplens[whole]);
    }
    if (strncmp(out->failure.text, text, strlen(text)) != 0) {
        fail_msg("%zu bytes: '%s', not '%s'", length, out->failure.text, text);
    }
    assert_int_equal(out->status, into == 0 ? FRAMING_END : FRAMING_DAMAGED);
    assert_int_equal(out->packets, whole);
    assert_int_equal(out->bytes.length, begins[whole]);
}

static void test_cut_at_every_byte(void **state) {
    for (size_t i = 0; i < COUNT_OF(SMALL); i++) {
        struct bytes b = hex(SMALL[i]);
        for (size_t length = 0; length <= 80; length++) {
            for (enum way way = BY_READ; way < WAYS; way++) {
                if (way >= BY_PIPE && i > 0) {
                    continue; /* a process a time */
                }
                struct capture c = {.at = b.at, .length = length};
                struct handed_out out = hand_out(*state, &c, way);
                if (length < 24) {
                    assert_int_equal(out.status, FRAMING_REFUSED);
                    assert_non_null(strstr(out.failure.text, "not a capture"));
                } else {
                    expect_cut_short(&out, length);
                    assert_memory_equal(out.bytes.at, b.at, out.bytes.length);
                }
                capture_free(&out.bytes);
            }
        }
    }
}

static void test_impossible_lengths(void **state) {
    static const struct {
        uint32_t caplen;
        const char *first, *second;
    } rows[] = {
        {0x10000000, "offset 24, packet 1: packet cut short after 3 of 268435456 bytes",
         "offset 45, packet 2: packet cut short after 3 of 268435456 bytes"},
        {0x10000001, "offset 24, packet 1: captured length 268435457 is over 256 MiB",
         "offset 45, packet 2: captured length 268435457 is over 256 MiB"},
        {0x80000000, "offset 24, packet 1: captured length 2147483648 is over",
         "offset 45, packet 2: captured length 2147483648 is over"},
        {0xffffffff, "offset 24, packet 1: captured length 4294967295 is over",
         "offset 45, packet 2: captured length 4294967295 is over"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (unsigned second = 0; second < 2; second++) {
            for (unsigned big = 0; big < 2; big++) {
                struct capture c = capture_begin(big != 0, false, 262144, 1);
                if (second != 0) {
                    capture_packet(&c, "abcde", 5);
                }
                capture_record(&c, 1, 2, rows[i].caplen, rows[i].caplen);
                capture_put(&c, "xyz", 3);
                struct handed_out out = hand_out(*state, &c, BY_READ);
                assert_int_equal(out.status, FRAMING_DAMAGED);
                assert_int_equal(out.packets, second);
                const char *text = second != 0 ? rows[i].second : rows[i].first;
                if (strncmp(out.failure.text, text, strlen(text)) != 0) {
                    fail_msg("'%s', not '%s'", out.failure.text, text);
                }
                capture_free(&out.bytes);
                capture_free(&c);
            }
        }
    }
}

/* The largest record that is believed, of a file that is mostly a hole. */
static void test_256_mib(void **state) {
    struct framing *fr = *state;
    const uint32_t caplen = UINT32_C(256) << 20;
    struct capture c = capture_begin(false, false, 262144, 1);
    capture_record(&c, 1, 2, caplen, caplen);
    int fd = memory_file(c.at, c.length);
    assert_int_equal(ftruncate(fd, (off_t)(40 + UINT64_C(268435456))), 0);
    struct source source;
    source_open(&source, fd, NULL);
    assert_int_equal(framing_open(fr, &source, NULL), FRAMING_OK);
    assert_int_equal(framing_fill(fr, NULL), FRAMING_OVERSIZE);
    struct framed r;
    assert_false(next(fr, &r));
    framing_next_oversize(fr, &r);
    assert_int_equal(r.is.caplen_bytes, 268435456);
    assert_int_equal(r.visible_bytes, 262144 - 16);
    uint64_t rest = 0;
    uint8_t *at;
    size_t length;
    do {
        assert_int_equal(framing_rest(fr, &at, &length, NULL), FRAMING_OK);
        rest += length;
    } while (length > 0);
    assert_int_equal(rest, 268435456 - 262144 + 16);
    assert_int_equal(framing_fill(fr, NULL), FRAMING_END);
    source_close(&source);
    (void)close(fd);
    capture_free(&c);
}

static void put_noise(struct capture *c, size_t length) {
    uint64_t random = length;
    for (size_t i = 0; i < length; i++) {
        uint8_t byte = (uint8_t)next_random(&random);
        capture_put(c, &byte, 1);
    }
}

/* Around the size of the buffer, first in the file and behind another record. */
static void test_around_the_buffer(void **state) {
    struct framing *fr = *state;
    enum { BUFFER = 256 * 1024 };
    static const struct {
        uint32_t caplen;
        uint32_t visible;
    } rows[] = {
        {BUFFER - 17, BUFFER - 17}, {BUFFER - 16, BUFFER - 16}, {BUFFER - 15, BUFFER - 16},
        {BUFFER, BUFFER - 16},      {2 * BUFFER, BUFFER - 16},  {3 * BUFFER + 7, BUFFER - 16},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (unsigned second = 0; second < 2; second++) {
            struct capture c = capture_begin(false, false, 262144, 1);
            if (second != 0) {
                capture_packet(&c, "abcde", 5);
            }
            capture_record(&c, 7, 8, rows[i].caplen, rows[i].caplen);
            put_noise(&c, rows[i].caplen);
            capture_packet(&c, "fgh", 3);

            struct feeding s;
            struct framed r;
            begin_feeding(&s, &c, BY_READ);
            assert_int_equal(framing_open(fr, &s.source, NULL), FRAMING_OK);
            const enum framing_status wanted = rows[i].visible < rows[i].caplen ? FRAMING_OVERSIZE : FRAMING_OK;
            enum framing_status said = framing_fill(fr, NULL);
            assert_int_equal(said, second != 0 ? FRAMING_OK : wanted);
            assert_true(take(fr, &said, &r));
            if (second != 0) {
                assert_false(next(fr, &r));
                said = framing_fill(fr, NULL);
                assert_int_equal(said, wanted);
                assert_true(take(fr, &said, &r));
            }
            assert_int_equal(r.visible_bytes, rows[i].visible);
            assert_int_equal(r.is.caplen_bytes, rows[i].caplen);
            end_feeding(&s);

            for (enum way way = BY_READ; way <= BY_PIPE; way++) {
                struct handed_out out = hand_out(fr, &c, way);
                assert_int_equal(out.status, FRAMING_END);
                assert_int_equal(out.packets, 2 + second);
                assert_int_equal(out.bytes.length, c.length);
                assert_memory_equal(out.bytes.at, c.at, c.length);
                capture_free(&out.bytes);
            }
            capture_free(&c);
        }
    }
}

static void test_oversize_cut_short(void **state) {
    enum { BUFFER = 256 * 1024 };
    static const uint32_t there[] = {0, 1, BUFFER - 17, BUFFER - 16, BUFFER - 15, 2 * BUFFER, 3 * BUFFER - 1};
    for (size_t i = 0; i < COUNT_OF(there); i++) {
        struct capture c = capture_begin(true, false, 262144, 1);
        capture_packet(&c, "abcde", 5);
        capture_record(&c, 7, 8, 3 * BUFFER, 3 * BUFFER);
        put_noise(&c, there[i]);
        for (enum way way = BY_READ; way <= BY_PIPE; way++) {
            char text[96];
            struct handed_out out = hand_out(*state, &c, way);
            (void)snprintf(text, sizeof text, "offset 45, packet 2: packet cut short after %u of 786432 bytes",
                           there[i]);
            if (strncmp(out.failure.text, text, strlen(text)) != 0) {
                fail_msg("'%s', not '%s'", out.failure.text, text);
            }
            assert_int_equal(out.status, FRAMING_DAMAGED);
            capture_free(&out.bytes);
        }
        capture_free(&c);
    }
}

/* More than two windows of a mapping and many buffers: every way of reading gives the same. */
static void test_every_way_gives_the_same(void **state) {
    struct capture c = capture_begin(false, true, 262144, 1);
    uint64_t random = 1;
    uint64_t packets = 0;
    while (c.length < 5 << 20) {
        uint32_t length = next_random(&random) % 2000;
        capture_record(&c, next_random(&random), 0, length, length);
        put_noise(&c, length);
        packets++;
    }
    for (enum way way = BY_READ; way <= BY_PIPE; way++) {
        struct handed_out out = hand_out(*state, &c, way);
        assert_int_equal(out.status, FRAMING_END);
        assert_int_equal(out.packets, packets);
        assert_int_equal(out.bytes.length, c.length);
        assert_memory_equal(out.bytes.at, c.at, c.length);
        capture_free(&out.bytes);
    }
    c.length = 20000; /* a byte at a time takes long */
    struct handed_out whole = hand_out(*state, &c, BY_READ);
    struct handed_out dribble = hand_out(*state, &c, BY_DRIBBLE);
    assert_int_equal(dribble.status, whole.status);
    assert_int_equal(dribble.packets, whole.packets);
    assert_string_equal(dribble.failure.text, whole.failure.text);
    assert_int_equal(dribble.bytes.length, whole.bytes.length);
    assert_memory_equal(dribble.bytes.at, c.at, whole.bytes.length);
    capture_free(&whole.bytes);
    capture_free(&dribble.bytes);
    capture_free(&c);
}

/* So many records at a time are looked at, however a pipe delivers them; then they are handed out, and no others. */
static void test_look_and_hold_back(void **state) {
    enum { RECORDS = 1000, AT_A_TIME = 70 };
    struct framing *fr = *state;
    struct failure f = {.text = ""};
    struct capture c = capture_begin(false, true, 262144, 1);
    for (unsigned i = 0; i < RECORDS; i++) {
        capture_record(&c, i, 0, 900, 900);
        put_noise(&c, 900);
    }
    for (enum way way = BY_READ; way <= BY_PIPE; way++) {
        struct feeding s;
        unsigned looked_at = 0;
        begin_feeding(&s, &c, way);
        assert_int_equal(framing_open(fr, &s.source, &f), FRAMING_OK);
        while (framing_fill_up(fr, &f) == FRAMING_OK && framing_fill(fr, &f) == FRAMING_OK) {
            struct framing_look look = framing_look_begin(fr);
            struct framed r;
            unsigned count = 0;
            while (count < AT_A_TIME && framing_look_next(fr, &look, &r)) {
                assert_int_equal(r.is.ts_sec, looked_at + count);
                count++;
            }
            assert_int_equal(count, RECORDS - looked_at < AT_A_TIME ? RECORDS - looked_at : AT_A_TIME);
            looked_at += count;
            framing_hold_back(fr, &look);
            while (next(fr, &r)) {
                count--;
            }
            assert_int_equal(count, 0);
        }
        assert_int_equal(looked_at, RECORDS);
        assert_int_equal(fr->packets, RECORDS);
        assert_int_equal(framing_fill(fr, &f), FRAMING_END);
        end_feeding(&s);
    }
    capture_free(&c);
}

static void test_sources_that_fail(void **state) {
    struct framing *fr = *state;
    struct failure f = {.text = ""};
    struct source source;
    int directory_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    source_open(&source, directory_fd, NULL);
    assert_int_equal(framing_open(fr, &source, &f), FRAMING_FAILED);
    assert_string_equal(f.text, "offset 0: cannot read: Is a directory");
    (void)close(directory_fd);

    struct bytes b = hex(SMALL[0]);
    struct capture c = {.at = b.at, .length = b.length};
    for (enum way way = BY_READ; way <= BY_MAPPING; way++) {
        struct feeding s;
        begin_feeding(&s, &c, way);
        raised = 1; /* both flags */
        assert_int_equal(framing_open(fr, &s.source, &f), FRAMING_FAILED);
        assert_string_equal(f.text, "interrupted");
        s.source.transfer.interrupted = NULL;
        enum framing_status status = framing_open(fr, &s.source, &f);
        assert_int_equal(status, way == BY_MAPPING ? FRAMING_FAILED : FRAMING_OK);
        if (way == BY_MAPPING) {
            assert_non_null(strstr(f.text, "offset 0: the file shrank or could not be read while it was mapped"));
        }
        end_feeding(&s);
    }
}

/* Behind a mapping's back: within the page that is still there no SIGBUS tells. */
static void test_shrinks_while_mapped(void **state) {
    (void)state;
    struct bytes b = hex(SMALL[0]);
    struct capture c = {.at = b.at, .length = b.length};
    struct feeding s;
    struct failure f = {.text = ""};
    uint8_t got[80];
    begin_feeding(&s, &c, BY_MAPPING);
    assert_int_equal(source_read(&s.source, got, 24, &f), 24);
    assert_int_equal(ftruncate(s.fd, 79), 0);
    assert_int_equal(source_read(&s.source, got, 55, &f), 55); /* what is still there */
    assert_int_equal(ftruncate(s.fd, 30), 0);
    assert_int_equal(source_read(&s.source, got, 1, &f), -1);
    assert_non_null(strstr(f.text, "offset 79: the file shrank"));
    end_feeding(&s);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_cut_at_every_byte),
        cmocka_unit_test(test_impossible_lengths),
        cmocka_unit_test(test_256_mib),
        cmocka_unit_test(test_around_the_buffer),
        cmocka_unit_test(test_oversize_cut_short),
        cmocka_unit_test(test_every_way_gives_the_same),
        cmocka_unit_test(test_shrinks_while_mapped),
        cmocka_unit_test(test_look_and_hold_back),
        cmocka_unit_test(test_sources_that_fail),
    };
    return cmocka_run_group_tests(tests, make_framing, drop_framing);
}

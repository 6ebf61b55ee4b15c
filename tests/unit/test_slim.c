/* A pass over a capture: the bytes that come out and the figures. */
#include "cut_pairs.h"
#include "slim.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#define BUFFER_BYTES (256 * 1024)

static struct tools {
    struct framing framing;
    struct policy policy;
    struct slim_terms terms;
} tools;

static int make_tools(void **state) {
    (void)state;
    if (policy_init(&tools.policy, NULL, NULL) != 0) {
        return -1;
    }
    tools.terms.policy = &tools.policy;
    return framing_init(&tools.framing, NULL) == FRAMING_OK ? 0 : -1;
}

static int drop_tools(void **state) {
    (void)state;
    framing_free(&tools.framing);
    policy_free(&tools.policy);
    return 0;
}

struct outcome {
    enum framing_status status;
    struct tally tally;
    struct failure failure;
    struct capture out;
};

static struct outcome slim_to(const struct capture *in, struct sink *sink, bool mapped) {
    static volatile sig_atomic_t no_fault = 0;
    struct source_options options = {.mapped = mapped, .fault = &no_fault};
    struct outcome o = {.failure = {.text = ""}};
    struct source source;
    int fd = memory_file(in->at, in->length);
    source_open(&source, fd, &options);
    memset(&o.tally, 0xee, sizeof o.tally);
    o.status = slim_pass(&tools.framing, &source, &tools.terms, sink, &o.tally, &o.failure);
    source_close(&source);
    (void)close(fd);
    return o;
}

static void expect_same_tally(const struct tally *a, const struct tally *b) {
    assert_int_equal(a->packets, b->packets);
    assert_int_equal(a->cut_packets, b->cut_packets);
    assert_memory_equal(a->packets_by_reason, b->packets_by_reason, sizeof a->packets_by_reason);
    assert_memory_equal(a->saved_bytes_by_reason, b->saved_bytes_by_reason, sizeof a->saved_bytes_by_reason);
    assert_memory_equal(a->oddities, b->oddities, sizeof a->oddities);
    assert_int_equal(a->in_bytes, b->in_bytes);
    assert_int_equal(a->out_bytes, b->out_bytes);
    assert_int_equal(a->has_times, b->has_times);
    assert_int_equal(a->first_sec, b->first_sec);
    assert_int_equal(a->first_frac, b->first_frac);
    assert_int_equal(a->last_sec, b->last_sec);
    assert_int_equal(a->last_frac, b->last_frac);
    assert_int_equal(a->savefile.linktype, b->savefile.linktype);
}

/* Slim with a sink; by a mapping and without a sink it must come to the same. */
static struct outcome slim(const struct capture *in) {
    struct sink *sink;
    int fd = memory_file("", 0);
    sink = sink_open(fd, NULL, NULL);
    assert_non_null(sink);
    struct outcome o = slim_to(in, sink, false);
    off_t length = lseek(fd, 0, SEEK_END);
    assert_int_equal(sink_written_bytes(sink), length);
    o.out.at = malloc((size_t)length + 1);
    assert_non_null(o.out.at);
    assert_int_equal(pread(fd, o.out.at, (size_t)length + 1, 0), length);
    o.out.length = (size_t)length;

    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    sink_reset(sink, fd);
    struct outcome mapped = slim_to(in, sink, true);
    assert_int_equal(mapped.status, o.status);
    assert_string_equal(mapped.failure.text, o.failure.text);
    expect_same_tally(&mapped.tally, &o.tally);
    assert_int_equal(sink_written_bytes(sink), length);
    uint8_t *again = malloc((size_t)length + 1);
    assert_non_null(again);
    assert_int_equal(pread(fd, again, (size_t)length + 1, 0), length);
    assert_memory_equal(again, o.out.at, (size_t)length);
    free(again);
    sink_free(sink);
    (void)close(fd);

    struct outcome dry = slim_to(in, NULL, false);
    assert_int_equal(dry.status, o.status);
    assert_string_equal(dry.failure.text, o.failure.text);
    expect_same_tally(&dry.tally, &o.tally);
    return o;
}

static void expect_slim(const struct capture *in, const struct capture *want) {
    struct outcome o = slim(in);
    assert_string_equal(o.failure.text, "");
    assert_int_equal(o.status, FRAMING_END);
    assert_int_equal(o.out.length, want->length);
    assert_memory_equal(o.out.at, want->at, want->length);
    assert_int_equal(o.tally.in_bytes, in->length);
    assert_int_equal(o.tally.out_bytes, want->length);
    capture_free(&o.out);
}

/* The packet of a pair into one capture, and what is to be left of it into another. */
static void put_pair(struct capture *in, struct capture *want, size_t pair, uint32_t sec) {
    struct bytes original = hex(CUT_PAIRS[pair].original);
    struct bytes left = hex(CUT_PAIRS[pair].slim);
    capture_record(in, sec, 5, (uint32_t)original.length, (uint32_t)original.length + 4);
    capture_put(in, original.at, original.length);
    capture_record(want, sec, 5, (uint32_t)left.length, (uint32_t)original.length + 4);
    capture_put(want, left.at, left.length);
}

/* One that is kept: an ethertype that is none of IP. */
static void put_kept(struct capture *in, struct capture *want, size_t length, uint32_t sec) {
    struct capture *const both[] = {in, want};
    for (size_t i = 0; i < 2; i++) {
        capture_record(both[i], sec, 6, (uint32_t)length, (uint32_t)length);
        for (size_t at = 0; at < length; at++) {
            uint8_t byte = (uint8_t)(at == 12 ? 0x88 : at == 13 ? 0xb5 : at * 7 + sec);
            capture_put(both[i], &byte, 1);
        }
    }
}

static void test_every_pair_in_every_dialect(void **state) {
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        uint32_t link = i & 4 ? 0xf4000001 : 1; /* with the length of an FCS */
        struct capture in = capture_begin(i & 1, (i & 2) != 0, 0xffffffff, link);
        struct capture want = capture_begin(i & 1, (i & 2) != 0, 0xffffffff, link);
        memset(in.at + 8, 0x77, 8); /* zone and accuracy go through */
        memset(want.at + 8, 0x77, 8);
        for (size_t pair = 0; pair < CUT_PAIR_COUNT; pair++) {
            put_pair(&in, &want, pair, 0xfffffffe);
        }
        expect_slim(&in, &want);
        expect_slim(&want, &want);
        capture_free(&in);
        capture_free(&want);
    }
}

/* Runs of kept and cut packets in every order of eight, and over many buffers. */
static void test_runs(void **state) {
    (void)state;
    struct capture in = capture_begin(false, false, 262144, 1);
    struct capture want = capture_begin(false, false, 262144, 1);
    expect_slim(&in, &want); /* no packet at all */
    struct outcome nothing = slim(&in);
    assert_int_equal(nothing.tally.packets, 0);
    assert_false(nothing.tally.has_times);
    capture_free(&nothing.out);
    for (unsigned order = 0; order < 256; order++) {
        struct capture some = capture_begin(false, false, 262144, 1);
        struct capture some_want = capture_begin(false, false, 262144, 1);
        for (unsigned i = 0; i < 8; i++) {
            if (order >> i & 1) {
                put_pair(&some, &some_want, (order + i) % CUT_PAIR_COUNT, order);
                put_pair(&in, &want, (order + i) % CUT_PAIR_COUNT, order);
            } else {
                put_kept(&some, &some_want, (order * 8 + i) % 90, order);
                put_kept(&in, &want, 1000 + (order * 8 + i) % 1500, order);
            }
        }
        expect_slim(&some, &some_want);
        capture_free(&some);
        capture_free(&some_want);
    }
    assert_true(in.length > 2 * BUFFER_BYTES);
    expect_slim(&in, &want);
    struct outcome all = slim(&in);
    assert_int_equal(all.tally.packets, 2048);
    assert_int_equal(all.tally.cut_packets, 1024); /* half of the bits from 0 to 255 */
    assert_int_equal(all.tally.first_sec, 0);
    assert_int_equal(all.tally.first_frac, 6);
    assert_int_equal(all.tally.last_sec, 255);
    assert_int_equal(all.tally.last_frac, 5);
    capture_free(&all.out);
    expect_slim(&want, &want);
    capture_free(&in);
    capture_free(&want);
}

/* Damage at every byte: what was whole before it is written, and told with its place. */
static void test_damage(void **state) {
    (void)state;
    struct capture in = capture_begin(true, false, 262144, 1);
    struct capture want = capture_begin(true, false, 262144, 1);
    size_t in_ends[4], want_ends[4];
    for (size_t i = 0; i < 4; i++) {
        in_ends[i] = in.length;
        want_ends[i] = want.length;
        if (i % 2 == 0) {
            put_pair(&in, &want, i, 1);
        } else {
            put_kept(&in, &want, 40, 1);
        }
    }
    for (size_t length = 24; length < in_ends[3]; length++) {
        struct capture part = {.at = in.at, .length = length};
        size_t whole = 0;
        while (in_ends[whole + 1] <= length) {
            whole++;
        }
        struct outcome o = slim(&part);
        assert_int_equal(o.tally.packets, whole);
        assert_int_equal(o.out.length, want_ends[whole]);
        assert_memory_equal(o.out.at, want.at, want_ends[whole]);
        char place[48] = "";
        if (length != in_ends[whole]) {
            (void)snprintf(place, sizeof place, "offset %zu, packet %zu: ", in_ends[whole], whole + 1);
        }
        assert_int_equal(o.status, length == in_ends[whole] ? FRAMING_END : FRAMING_DAMAGED);
        assert_int_equal(strncmp(o.failure.text, place, strlen(place)), 0);
        capture_free(&o.out);
    }
    capture_free(&in);
    capture_free(&want);
}

static void test_refused(void **state) {
    (void)state;
    struct capture in = {.at = NULL};
    capture_put(&in, "\x0a\x0d\x0d\x0a and something else, at any rate", 36);
    struct outcome o = slim(&in);
    assert_int_equal(o.status, FRAMING_REFUSED);
    assert_non_null(strstr(o.failure.text, "pcapng"));
    assert_int_equal(o.out.length, 0);
    assert_int_equal(o.tally.packets, 0);
    assert_int_equal(o.tally.out_bytes, 0);
    capture_free(&o.out);
    capture_free(&in);
}

/* Larger than the buffer: kept whole, or cut in its first bytes. */
static void test_oversize(void **state) {
    (void)state;
    static const size_t lengths[] = {BUFFER_BYTES - 16, BUFFER_BYTES - 15, 3 * BUFFER_BYTES + 7};
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        for (unsigned order = 0; order < 4; order++) {
            struct capture in = capture_begin(false, false, 0xffffffff, 1);
            struct capture want = capture_begin(false, false, 0xffffffff, 1);
            struct bytes original = hex(CUT_PAIRS[0].original);
            struct bytes left = hex(CUT_PAIRS[0].slim);
            if (order & 1) {
                put_pair(&in, &want, 3, 1);
            }
            put_kept(&in, &want, lengths[i], 2);
            if (order & 2) {
                put_kept(&in, &want, 60, 3);
            }
            capture_record(&in, 4, 5, (uint32_t)lengths[i], (uint32_t)lengths[i]);
            capture_put(&in, original.at, original.length);
            for (size_t at = original.length; at < lengths[i]; at++) {
                capture_put(&in, "x", 1);
            }
            capture_record(&want, 4, 5, (uint32_t)left.length, (uint32_t)lengths[i]);
            capture_put(&want, left.at, left.length);
            put_kept(&in, &want, lengths[i], 5);
            put_pair(&in, &want, 4, 6);
            expect_slim(&in, &want);
            struct outcome o = slim(&in);
            assert_int_equal(o.tally.oddities[ODDITY_OVERSIZE_PACKET], lengths[i] > BUFFER_BYTES - 16 ? 3 : 0);
            assert_int_equal(o.tally.packets_by_reason[POLICY_NOT_IP], order & 2 ? 3 : 2);
            assert_int_equal(o.tally.saved_bytes_by_reason[POLICY_TLS], lengths[i] - left.length);
            capture_free(&o.out);
            capture_free(&in);
            capture_free(&want);
        }
    }
}

static void test_figures(void **state) {
    (void)state;
    /* Saved: the trailers of the originals go, too. Reasons by protocol: 443 of TCP and of UDP. */
    struct capture in = capture_begin(false, true, 262144, 1);
    struct capture want = capture_begin(false, true, 262144, 1);
    put_pair(&in, &want, 0, 10); /* tcp4: 114 bytes, 78 left */
    put_pair(&in, &want, 1, 11); /* 92 with a trailer of 5, 78 left */
    put_pair(&in, &want, 3, 12); /* udp4: 103, 66 left */
    put_kept(&in, &want, 60, 13);
    struct bytes ssh = hex(CUT_PAIRS[0].original);
    struct bytes ipsec = hex(CUT_PAIRS[3].original);
    struct bytes cleartext = hex(CUT_PAIRS[0].original);
    ssh.at[36] = 0, ssh.at[37] = 22, ssh.at[54] = 0;
    ipsec.at[36] = 0x11, ipsec.at[37] = 0x94;
    cleartext.at[36] = 0, cleartext.at[37] = 80, cleartext.at[54] = 'G';
    capture_packet(&in, ssh.at, ssh.length);
    capture_packet(&in, ipsec.at, ipsec.length);
    capture_packet(&in, cleartext.at, cleartext.length);
    struct bytes small = hex(CUT_PAIRS[0].slim);
    capture_packet(&in, small.at, small.length);
    struct bytes fragment = hex(CUT_PAIRS[0].original);
    fragment.at[20] = 0x20;
    capture_packet(&in, fragment.at, fragment.length);
    struct outcome o = slim(&in);
    assert_int_equal(o.status, FRAMING_END);
    assert_int_equal(o.tally.packets, 9);
    assert_int_equal(o.tally.cut_packets, 5);
    static const unsigned packets[POLICY_REASONS] = {
        [POLICY_TLS] = 2,       [POLICY_SSH] = 1,   [POLICY_QUIC] = 1,   [POLICY_IPSEC] = 1,
        [POLICY_CLEARTEXT] = 1, [POLICY_SHORT] = 1, [POLICY_NOT_IP] = 1, [POLICY_FRAGMENT] = 1};
    for (size_t r = 0; r < POLICY_REASONS; r++) {
        assert_int_equal(o.tally.packets_by_reason[r], packets[r]);
    }
    assert_int_equal(o.tally.saved_bytes_by_reason[POLICY_TLS], 36 + 14);
    assert_int_equal(o.tally.saved_bytes_by_reason[POLICY_SSH], 36);
    assert_int_equal(o.tally.saved_bytes_by_reason[POLICY_QUIC], 37);
    assert_int_equal(o.tally.saved_bytes_by_reason[POLICY_IPSEC], 37);
    assert_int_equal(o.tally.in_bytes, in.length);
    assert_int_equal(o.tally.out_bytes, in.length - 160);
    assert_int_equal(o.out.length, in.length - 160);
    assert_true(o.tally.has_times);
    assert_int_equal(o.tally.first_sec, 10);
    assert_int_equal(o.tally.first_frac, 5);
    assert_int_equal(o.tally.last_sec, 1700000000);
    assert_int_equal(o.tally.last_frac, 0);
    assert_true(o.tally.savefile.nanoseconds);
    assert_int_equal(o.tally.oddities[ODDITY_SLICED], 3); /* the pairs: origlen is 4 more */
    capture_free(&o.out);
    capture_free(&in);
    capture_free(&want);
}

/* Each oddity once, with what comes close to it. */
static void test_oddities(void **state) {
    (void)state;
    static const struct {
        uint32_t sec, frac, caplen, origlen;
        bool nanoseconds;
        int oddity; /* or -1; the record comes behind one of second 100, fraction 500 */
    } rows[] = {
        {100, 500, 10, 10, false, -1},
        {100, 501, 64, 64, false, -1},
        {100, 501, 65, 65, false, ODDITY_CAPLEN_OVER_SNAPLEN},
        {100, 501, 10, 9, false, ODDITY_CAPLEN_OVER_ORIGLEN},
        {100, 501, 10, 0, false, ODDITY_CAPLEN_OVER_ORIGLEN},
        {100, 501, 10, 11, false, ODDITY_SLICED},
        {100, 501, 10, 0xffffffff, false, ODDITY_SLICED},
        {100, 501, 64, 65, false, ODDITY_SLICED},
        {100, 501, 0, 0, false, ODDITY_EMPTY_PACKET},
        {100, 501, 1, 1, false, -1},
        {100, 499, 10, 10, false, ODDITY_TIME_BACKWARDS},
        {99, 999999, 10, 10, false, ODDITY_TIME_BACKWARDS},
        {101, 0, 10, 10, false, -1},
        {100, 999999, 10, 10, false, -1},
        {100, 1000000, 10, 10, false, ODDITY_FRACTION_OUT_OF_RANGE},
        {100, 1000000, 10, 10, true, -1},
        {100, 999999999, 10, 10, true, -1},
        {100, 1000000000, 10, 10, true, ODDITY_FRACTION_OUT_OF_RANGE},
        {100, 0xffffffff, 10, 10, true, ODDITY_FRACTION_OUT_OF_RANGE},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t zeros[65] = {0};
        struct capture in = capture_begin(false, rows[i].nanoseconds, 64, 1);
        capture_record(&in, 100, 500, 10, 10);
        capture_put(&in, zeros, 10);
        capture_record(&in, rows[i].sec, rows[i].frac, rows[i].caplen, rows[i].origlen);
        capture_put(&in, zeros, rows[i].caplen);
        struct outcome o = slim(&in);
        assert_int_equal(o.status, FRAMING_END);
        for (int oddity = 0; oddity < ODDITIES; oddity++) {
            if (o.tally.oddities[oddity] != (oddity == rows[i].oddity)) {
                fail_msg("row %zu: %s", i, oddity_name((enum oddity)oddity));
            }
        }
        assert_int_equal(o.tally.last_sec, rows[i].sec);
        assert_int_equal(o.tally.last_frac, rows[i].frac);
        capture_free(&o.out);
        capture_free(&in);
    }
    static const char *const names[ODDITIES] = {"caplen_over_snaplen",   "caplen_over_origlen", "sliced",
                                                "empty_packet",          "oversize_packet",     "time_backwards",
                                                "fraction_out_of_range", "section_length"};
    for (int oddity = 0; oddity < ODDITIES; oddity++) {
        assert_string_equal(oddity_name((enum oddity)oddity), names[oddity]);
    }
    assert_string_equal(oddity_name(ODDITIES), "unknown");
}

static void test_other_link_types(void **state) {
    (void)state;
    static const uint32_t links[] = {2, 147, 163, 257, 0x0000ffff, 0xf4000093, 0xffff0002};
    for (size_t i = 0; i < COUNT_OF(links); i++) {
        struct capture in = capture_begin(true, false, 262144, links[i]);
        struct capture unused = capture_begin(true, false, 262144, links[i]);
        for (size_t pair = 0; pair < CUT_PAIR_COUNT; pair++) {
            put_pair(&in, &unused, pair, 1);
        }
        expect_slim(&in, &in);
        struct outcome o = slim(&in);
        assert_int_equal(o.tally.packets_by_reason[POLICY_LINKTYPE], CUT_PAIR_COUNT);
        assert_int_equal(o.tally.cut_packets, 0);
        assert_int_equal(o.tally.savefile.linktype, links[i] & 0xffff);
        capture_free(&o.out);
        capture_free(&in);
        capture_free(&unused);
    }
}

static void test_sinks_that_fail(void **state) {
    (void)state;
    struct capture in = capture_begin(false, false, 262144, 1);
    struct capture want = capture_begin(false, false, 262144, 1);
    put_pair(&in, &want, 0, 1);
    int full_fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full_fd >= 0);
    struct sink *sink = sink_open(full_fd, NULL, NULL);
    assert_non_null(sink);
    struct outcome o = slim_to(&in, sink, false);
    assert_int_equal(o.status, FRAMING_FAILED);
    assert_string_equal(o.failure.text, "cannot write the slim capture: No space left on device");
    assert_int_equal(sink_written_bytes(sink), 0);
    (void)close(full_fd);

    /* A pipe that takes the file header and then a part of an oversize packet, but no more. */
    put_kept(&in, &want, 2 * BUFFER_BYTES, 2);
    int ends[2];
    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    sink_reset(sink, ends[1]);
    o = slim_to(&in, sink, false);
    assert_int_equal(o.status, FRAMING_FAILED);
    assert_string_equal(o.failure.text, "cannot write the slim capture: Resource temporarily unavailable");
    assert_true(sink_written_bytes(sink) > 24);
    (void)close(ends[0]);
    (void)close(ends[1]);
    sink_free(sink);

    static volatile sig_atomic_t interrupted = 1;
    struct sink_options options = {.transfer.interrupted = &interrupted};
    int fd = memory_file("", 0);
    sink = sink_open(fd, &options, NULL);
    assert_non_null(sink);
    o = slim_to(&in, sink, false);
    assert_int_equal(o.status, FRAMING_FAILED);
    assert_string_equal(o.failure.text, "interrupted");
    assert_int_equal(o.failure.kind, FAILURE_INTERRUPTED);
    assert_int_equal(lseek(fd, 0, SEEK_END), 0);
    sink_free(sink);
    (void)close(fd);
    capture_free(&in);
    capture_free(&want);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_pair_in_every_dialect),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_oversize),
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_oddities),
        cmocka_unit_test(test_other_link_types),
        cmocka_unit_test(test_sinks_that_fail),
    };
    return cmocka_run_group_tests(tests, make_tools, drop_tools);
}

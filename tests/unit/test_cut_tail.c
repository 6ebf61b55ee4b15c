/* Captures whose last record is cut short, and that this is kept: by the pass, by counting, before the witness. */
#include "accept.h"
#include "policy.h"
#include "recount.h"
#include "slim.h"
#include "support.h"
#include "witness.h"

#include <fcntl.h>
#include <signal.h>

#define LINK_UNKNOWN 147 /* every packet is kept, so that what comes out is what went in */

struct passed {
    enum framing_status status;
    struct tally tally;
    struct failure failure;
    uint8_t *out;
    size_t out_bytes;
};

/* piece: by a pipe, so many bytes at once; 0: a file. */
static int open_capture(const struct capture *c, size_t piece, pid_t *child) {
    *child = 0;
    return piece == 0 ? memory_file(c->at, c->length) : feed_by_pipe(c, piece, child);
}

/* It may still be waiting for somebody who reads. */
static void end_feeding(pid_t child) {
    if (child > 0) {
        (void)kill(child, SIGKILL);
        (void)end_of_child(child);
    }
}

static struct passed pass(const struct capture *c, size_t piece, unsigned accepted) {
    struct passed p = {.failure = {.text = ""}};
    struct framing framing;
    struct policy policy;
    const struct slim_terms terms = {.policy = &policy};
    struct source source;
    pid_t child;
    const int fd = open_capture(c, piece, &child);
    const int out_fd = memory_file(NULL, 0);
    assert_int_equal(framing_init(&framing, NULL), FRAMING_OK);
    assert_int_equal(policy_init(&policy, NULL, NULL), 0);
    framing.accepted = accepted;
    struct sink *sink = sink_open(out_fd, NULL, NULL);
    source_open(&source, fd, NULL);
    p.status = slim_pass(&framing, &source, &terms, sink, &p.tally, &p.failure);
    source_close(&source);
    sink_free(sink);
    policy_free(&policy);
    framing_free(&framing);
    (void)close(fd);
    end_feeding(child);
    p.out_bytes = (size_t)lseek(out_fd, 0, SEEK_END);
    p.out = malloc(p.out_bytes + 1);
    assert_non_null(p.out);
    assert_int_equal(pread(out_fd, p.out, p.out_bytes, 0), p.out_bytes);
    (void)close(out_fd);
    return p;
}

/* The packets of a capture that is longer than any buffer, one of them so long that it just fits. */
static struct capture many_packets(void) {
    struct capture c = capture_begin(false, false, 262144, LINK_UNKNOWN);
    static uint8_t packet[FRAMING_BUFFER_BYTES];
    uint64_t random = 11;
    for (size_t i = 0; i < sizeof packet; i++) {
        packet[i] = (uint8_t)next_random(&random);
    }
    for (unsigned i = 0; i < 700; i++) {
        capture_packet(&c, packet, next_random(&random) % 1500);
    }
    capture_packet(&c, packet, FRAMING_BUFFER_BYTES - 16);
    return c;
}

static const size_t PIECES[] = {0, 4093, 65536};

static void expect_kept(const struct capture *whole, size_t begin, size_t tail_bytes) {
    struct capture cut = *whole;
    cut.length = begin + tail_bytes;
    for (size_t i = 0; i < COUNT_OF(PIECES); i++) {
        struct passed p = pass(&cut, PIECES[i], ACCEPT_CUT_TAIL);
        assert_int_equal(p.status, FRAMING_END);
        assert_int_equal(p.tally.tail_bytes, tail_bytes);
        assert_int_equal(p.tally.in_bytes, cut.length);
        assert_int_equal(p.tally.out_bytes, cut.length);
        assert_int_equal(p.out_bytes, cut.length);
        assert_memory_equal(p.out, cut.at, cut.length);
        free(p.out);
        p = pass(&cut, PIECES[i], ACCEPT_NONE);
        assert_int_equal(p.status, FRAMING_DAMAGED);
        assert_int_equal(p.out_bytes, begin);
        assert_int_equal(p.tally.tail_bytes, 0);
        assert_non_null(strstr(p.failure.text, "; --cut-tail keep slims what is before it"));
        free(p.out);
    }
}

static void test_where_it_is_cut(void **state) {
    (void)state;
    struct capture c = many_packets();
    const size_t last = c.length - FRAMING_BUFFER_BYTES;
    static const size_t TAILS[] = {1, 8, 15, 16, 17, 4096, FRAMING_BUFFER_BYTES - 1};
    for (size_t i = 0; i < COUNT_OF(TAILS); i++) {
        expect_kept(&c, last, TAILS[i]);
    }
    expect_kept(&c, 24, 15); /* of the first */
    capture_free(&c);
}

/* A record that says it is larger than the buffer may as well be one whose length lies. */
static void test_too_long_for_a_tail(void **state) {
    (void)state;
    struct capture c = many_packets();
    const size_t last = c.length - FRAMING_BUFFER_BYTES;
    static const size_t TAILS[] = {16, 17, 4096, FRAMING_BUFFER_BYTES - 1, FRAMING_BUFFER_BYTES};
    bytes_put_le32(c.at + last + 8, FRAMING_BUFFER_BYTES - 15);
    for (size_t i = 0; i < COUNT_OF(PIECES) * COUNT_OF(TAILS); i++) {
        c.length = last + TAILS[i / COUNT_OF(PIECES)];
        struct passed p = pass(&c, PIECES[i % COUNT_OF(PIECES)], ACCEPT_CUT_TAIL);
        assert_int_equal(p.status, FRAMING_DAMAGED);
        assert_int_equal(p.tally.tail_bytes, 0);
        assert_null(strstr(p.failure.text, "--cut-tail"));
        free(p.out);
    }
    capture_free(&c);
}

static void test_recount(void **state) {
    (void)state;
    struct capture c = many_packets();
    struct framing framing;
    struct recount found;
    struct source source;
    c.length -= 7;
    assert_int_equal(framing_init(&framing, NULL), FRAMING_OK);
    for (int accepted = 0; accepted < 2; accepted++) {
        const int fd = memory_file(c.at, c.length);
        framing.accepted = accepted ? ACCEPT_CUT_TAIL : ACCEPT_NONE;
        source_open(&source, fd, NULL);
        assert_int_equal(recount_read(&framing, &source, &found, NULL), accepted ? FRAMING_END : FRAMING_DAMAGED);
        source_close(&source);
        (void)close(fd);
        assert_int_equal(found.packets, 700);
        assert_int_equal(found.bytes, accepted ? c.length : c.length - (FRAMING_BUFFER_BYTES - 7));
    }
    framing_free(&framing);
    capture_free(&c);
}

static enum witness_verdict judge(const struct capture *slim, const struct capture *original, size_t piece, bool may,
                                  uint64_t *tail_bytes) {
    const struct witness_options options = {.terms.floor_bytes = 24, .may_be_cut_short = may};
    struct witness_report report;
    struct failure f;
    pid_t children[2];
    const int slim_fd = open_capture(slim, piece, &children[0]);
    const int original_fd = open_capture(original, piece, &children[1]);
    const enum witness_verdict verdict = witness_compare(slim_fd, original_fd, &options, &report, &f);
    (void)close(slim_fd);
    (void)close(original_fd);
    end_feeding(children[0]);
    end_feeding(children[1]);
    *tail_bytes = report.tail_bytes;
    return verdict;
}

/* Each byte of the tail counts, wherever chunks of a stream end. */
static void test_witness(void **state) {
    (void)state;
    struct capture original = many_packets();
    const size_t last = original.length - FRAMING_BUFFER_BYTES;
    static const size_t TAILS[] = {1, 15, 17, FRAMING_BUFFER_BYTES - 1};
    uint64_t tail_bytes;
    for (size_t i = 0; i < COUNT_OF(TAILS); i++) {
        original.length = last + TAILS[i];
        struct capture slim = {.at = exact_copy(original.at, original.length), .length = original.length};
        for (size_t k = 0; k < COUNT_OF(PIECES); k++) {
            assert_int_equal(judge(&slim, &original, PIECES[k], true, &tail_bytes), WITNESS_GOOD);
            assert_int_equal(tail_bytes, TAILS[i]);
        }
        assert_int_equal(judge(&slim, &original, 0, false, &tail_bytes), WITNESS_FAILED);
        const size_t places[] = {last, last + TAILS[i] / 2, original.length - 1};
        for (size_t at = 0; at < COUNT_OF(places); at++) {
            slim.at[places[at]] ^= 1;
            assert_int_equal(judge(&slim, &original, 0, true, &tail_bytes), WITNESS_BAD);
            slim.at[places[at]] ^= 1;
        }
        slim.length--;
        assert_int_equal(judge(&slim, &original, 0, true, &tail_bytes), WITNESS_BAD);
        slim.length = last;
        assert_int_equal(judge(&slim, &original, 0, true, &tail_bytes), WITNESS_BAD);
        free(slim.at);
    }
    capture_free(&original);
}

/* What is whole has no tail, and a slim capture may not invent one. */
static void test_witness_of_whole_captures(void **state) {
    (void)state;
    struct capture original = many_packets();
    original.length -= FRAMING_BUFFER_BYTES;
    struct capture slim = {.at = exact_copy(original.at, original.length), .length = original.length};
    uint64_t tail_bytes;
    assert_int_equal(judge(&slim, &original, 0, true, &tail_bytes), WITNESS_GOOD);
    assert_int_equal(tail_bytes, 0);
    slim.room = slim.length;
    capture_put(&slim, "x", 1);
    assert_int_equal(judge(&slim, &original, 0, true, &tail_bytes), WITNESS_BAD);
    capture_free(&slim);
    capture_free(&original);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where_it_is_cut),
        cmocka_unit_test(test_too_long_for_a_tail),
        cmocka_unit_test(test_recount),
        cmocka_unit_test(test_witness),
        cmocka_unit_test(test_witness_of_whole_captures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

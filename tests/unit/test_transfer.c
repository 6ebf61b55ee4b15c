/* What a mover of bytes answers to, asked of a source and a sink over the same bytes. */
#include "sink.h"
#include "source.h"
#include "support.h"
#include "transfer.h"

struct counting_tap {
    struct tap tap;
    unsigned begun;
    size_t bytes;
};

static void count_begin(struct tap *t) {
    struct counting_tap *c = (struct counting_tap *)t;
    c->begun++;
    c->bytes = 0;
}

static void count_bytes(struct tap *t, const void *bytes, size_t length_bytes) {
    assert_non_null(bytes);
    ((struct counting_tap *)t)->bytes += length_bytes;
}

static void count_end(struct tap *t, uint8_t *out) {
    out[0] = (uint8_t)((struct counting_tap *)t)->bytes;
}

static const struct tap COUNTING = {.begin = count_begin, .see = count_bytes, .end = count_end};

static void test_nobody(void **state) {
    (void)state;
    const struct transfer none = {0};
    uint8_t out = 7;
    transfer_begin(&none);
    transfer_has_read(&none, "abc", 3);
    assert_int_equal(transfer_may_go_on(&none, NULL), 0);
    assert_false(tap_end(NULL, &out));
    assert_int_equal(out, 7);
}

/* With every file it begins anew, whoever moves it. */
static void test_taps(void **state) {
    (void)state;
    struct counting_tap c = {.tap = COUNTING};
    const struct source_options options = {.transfer.tap = &c.tap};
    const struct sink_options sink_options = {.transfer.tap = &c.tap};
    uint8_t buffer[8];
    uint8_t out;
    int fd = memory_file("abcdef", 6);
    for (unsigned i = 1; i <= 2; i++) {
        struct source source;
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        source_open(&source, fd, &options);
        assert_int_equal(source_read(&source, buffer, sizeof buffer, NULL), 6);
        assert_int_equal(source_read(&source, buffer, sizeof buffer, NULL), 0);
        source_close(&source);
        assert_int_equal(c.begun, i);
        assert_true(tap_end(&c.tap, &out));
        assert_int_equal(out, 6);
    }
    (void)close(fd);
    struct sink *sink = sink_open(SINK_NOWHERE, &sink_options, NULL);
    assert_non_null(sink);
    assert_int_equal(sink_write(sink, "abc", 3, NULL), 0);
    assert_int_equal(c.bytes, 3);
    sink_reset(sink, SINK_NOWHERE);
    assert_int_equal(c.bytes, 0);
    sink_free(sink);
}

/* What is read counts as progress, until the file turns out to be bad. */
static void test_progress(void **state) {
    (void)state;
    struct failure f = {.text = ""};
    struct progress progress = {0};
    int fd = progress_create(&f);
    assert_true(fd >= 0);
    assert_int_equal(progress_attach(&progress, fd, PROGRESS_CUT, &f), 0);
    const struct transfer t = {.progress = &progress};
    transfer_begin(&t);
    transfer_has_read(&t, "abc", 3);
    transfer_has_read(&t, "abc", 3);
    assert_int_equal(progress_passed_bytes(&progress, PROGRESS_CUT), 6);
    progress_take_back(&progress);
    assert_int_equal(progress_passed_bytes(&progress, PROGRESS_CUT), 0);
    progress_detach(&progress);
    (void)close(fd);
}

static void test_interrupted(void **state) {
    (void)state;
    static volatile sig_atomic_t raised = 0;
    struct failure f = {.text = ""};
    const struct transfer t = {.interrupted = &raised};
    assert_int_equal(transfer_may_go_on(&t, &f), 0);
    raised = 15;
    assert_int_equal(transfer_may_go_on(&t, &f), -1);
    assert_string_equal(f.text, "interrupted");
    assert_int_equal(f.kind, FAILURE_INTERRUPTED);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_taps),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The SHA-256 digest: its published values, and that taps are shown every byte of a file once and in order. */
#include "framing.h"
#include "hash.h"
#include "recount.h"
#include "sink.h"
#include "source.h"
#include "support.h"
#include "witness.h"

static void expect_digest(struct tap *h, const char *hex) {
    uint8_t digest[HASH_SHA256_BYTES];
    char text[2 * HASH_SHA256_BYTES + 1];
    assert_true(tap_end(h, digest));
    for (size_t i = 0; i < sizeof digest; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", (unsigned)digest[i]);
    }
    assert_string_equal(text, hex);
}

/* FIPS 180-4, and NIST's examples for it. */
static void test_known(void **state) {
    (void)state;
    struct tap *h = hash_new(NULL);
    expect_digest(h, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    tap_begin(h);
    tap_show(h, "abc", 3);
    expect_digest(h, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    tap_begin(h);
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    for (size_t i = 0; i < sizeof two_blocks - 1; i++) {
        tap_show(h, two_blocks + i, 1);
    }
    expect_digest(h, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    /* What was seen before does not count. */
    tap_show(h, "xyz", 3);
    tap_begin(h);
    char thousand[1000];
    memset(thousand, 'a', sizeof thousand);
    for (size_t i = 0; i < 1000; i++) {
        tap_show(h, thousand, sizeof thousand);
    }
    expect_digest(h, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    hash_free(h);
}

static void test_none_is_wanted(void **state) {
    (void)state;
    uint8_t digest[HASH_SHA256_BYTES] = {7};
    tap_begin(NULL);
    tap_show(NULL, "abc", 3);
    assert_false(tap_end(NULL, digest));
    assert_int_equal(digest[0], 7);
    hash_free(NULL);
}

static void digest_of(const uint8_t *bytes, size_t length_bytes, uint8_t *out) {
    struct tap *h = hash_new(NULL);
    tap_show(h, bytes, length_bytes);
    assert_true(tap_end(h, out));
    hash_free(h);
}

static void expect_digest_of(struct tap *h, const struct capture *c) {
    uint8_t want[HASH_SHA256_BYTES];
    uint8_t have[HASH_SHA256_BYTES];
    digest_of(c->at, c->length, want);
    assert_true(tap_end(h, have));
    assert_memory_equal(have, want, sizeof want);
}

/* Around the buffer's size and far over it. */
static struct capture varied(void) {
    static const size_t lengths[] = {0, 1, 60, 1514, 262128, 262129, 3000000, 5, 262000};
    struct capture c = capture_begin(false, false, 262144, 1);
    uint8_t *packet = calloc(1, 3000000);
    uint64_t random = 5;
    assert_non_null(packet);
    for (unsigned i = 0; i < 4 * COUNT_OF(lengths); i++) {
        for (size_t at = 0; at < 3000000; at += 4096) {
            packet[at] = (uint8_t)next_random(&random);
        }
        packet[12] = 0x88; /* no IP: kept as it is */
        packet[13] = 0xb5;
        capture_packet(&c, packet, lengths[i % COUNT_OF(lengths)]);
    }
    free(packet);
    return c;
}

/* Read by the framing, by read(2) or mapped, whatever it keeps of it. */
static void test_source(void **state) {
    (void)state;
    struct capture c = varied();
    for (unsigned mapped = 0; mapped < 2; mapped++) {
        static volatile sig_atomic_t no_fault = 0;
        struct tap *h = hash_new(NULL);
        const struct source_options options = {.transfer.tap = h, .mapped = mapped != 0, .fault = &no_fault};
        struct framing framing;
        struct source source;
        struct recount found;
        int fd = memory_file(c.at, c.length);
        assert_int_equal(framing_init(&framing, NULL), FRAMING_OK);
        source_open(&source, fd, &options);
        assert_int_equal(recount_read(&framing, &source, &found, NULL), FRAMING_END);
        source_close(&source);
        (void)close(fd);
        framing_free(&framing);
        expect_digest_of(h, &c);
        hash_free(h);
    }
    capture_free(&c);
}

static void test_sink(void **state) {
    (void)state;
    struct capture c = varied();
    struct tap *h = hash_new(NULL);
    const struct sink_options options = {.transfer.tap = h};
    struct sink *sink = sink_open(SINK_NOWHERE, &options, NULL);
    assert_non_null(sink);
    for (size_t at = 0, piece = 1; at < c.length; at += piece) {
        piece = c.length - at < 70001 ? c.length - at : 70001;
        assert_int_equal(sink_write(sink, c.at + at, piece, NULL), 0);
    }
    expect_digest_of(h, &c);
    sink_free(sink);
    hash_free(h);
    capture_free(&c);
}

/* Through libpcap, which is shown another file header than there is. */
static void test_witness(void **state) {
    (void)state;
    struct capture c = varied();
    struct tap *slim = hash_new(NULL);
    struct tap *original = hash_new(NULL);
    const struct witness_options options = {.terms = {.floor_bytes = 24}, .slim.tap = slim, .original.tap = original};
    struct witness_report report;
    struct failure f = {.text = ""};
    int slim_fd = memory_file(c.at, c.length);
    int original_fd = memory_file(c.at, c.length);
    if (witness_compare(slim_fd, original_fd, &options, &report, &f) != WITNESS_GOOD) {
        fail_msg("%s", f.text);
    }
    (void)close(slim_fd);
    (void)close(original_fd);
    expect_digest_of(slim, &c);
    expect_digest_of(original, &c);
    hash_free(slim);
    hash_free(original);
    capture_free(&c);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known), cmocka_unit_test(test_none_is_wanted), cmocka_unit_test(test_source),
        cmocka_unit_test(test_sink),  cmocka_unit_test(test_witness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

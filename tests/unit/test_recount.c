/* The quick check: packets, bytes and a digest that agrees with the sink's. */
#include "recount.h"
#include "sink.h"
#include "support.h"

#include <xxhash.h>

static struct recount recount(const struct capture *c, enum framing_status want, struct failure *f) {
    struct framing framing;
    struct source source;
    struct recount out;
    int fd = memory_file(c->at, c->length);
    source_open(&source, fd, NULL);
    assert_int_equal(framing_init(&framing, NULL), FRAMING_OK);
    assert_int_equal(recount_read(&framing, &source, &out, f), want);
    framing_free(&framing);
    source_close(&source);
    (void)close(fd);
    return out;
}

static void put_packets(struct capture *c) {
    uint64_t random = 7;
    for (unsigned i = 0; i < 2000; i++) {
        uint8_t packet[1500];
        size_t length = next_random(&random) % sizeof packet;
        memset(packet, (int)i, sizeof packet);
        capture_packet(c, packet, length);
    }
    uint8_t *large = calloc(1, 3000000);
    assert_non_null(large);
    capture_packet(c, large, 3000000);
    capture_packet(c, large, 256 * 1024 - 16);
    capture_packet(c, large, 256 * 1024 - 15);
    capture_packet(c, "abc", 3);
    free(large);
}

static void test_whole(void **state) {
    (void)state;
    struct capture c = capture_begin(true, true, 262144, 1);
    struct recount empty = recount(&c, FRAMING_END, NULL);
    assert_int_equal(empty.packets, 0);
    assert_int_equal(empty.bytes, 24);
    assert_int_equal(empty.digest, XXH3_64bits(c.at, 24));
    put_packets(&c);
    struct recount out = recount(&c, FRAMING_END, NULL);
    assert_int_equal(out.packets, 2004);
    assert_int_equal(out.bytes, c.length);
    assert_int_equal(out.digest, XXH3_64bits(c.at, c.length));
    static const size_t places[] = {0, 8, 24, 39, 40, 2000000, 4000000};
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        size_t at = c.length - 1 - places[i];
        c.at[at] ^= 0x10;
        struct recount other = recount(&c, places[i] == 8 ? FRAMING_DAMAGED : FRAMING_END, NULL);
        assert_int_not_equal(other.digest, out.digest);
        c.at[at] ^= 0x10;
    }
    capture_free(&c);
}

static void test_damaged(void **state) {
    (void)state;
    struct capture c = capture_begin(false, false, 262144, 1);
    struct failure f = {.text = ""};
    capture_packet(&c, "abcde", 5);
    c.length--;
    struct recount out = recount(&c, FRAMING_DAMAGED, &f);
    assert_int_equal(out.packets, 0);
    assert_non_null(strstr(f.text, "offset 24, packet 1: packet cut short after 4 of 5 bytes"));
    c.length = 20;
    out = recount(&c, FRAMING_REFUSED, &f);
    assert_int_equal(out.bytes, 0);
    capture_free(&c);
}

/* The digest of a sink is that of the bytes, however they came; the specification's value for none. */
static void test_sink(void **state) {
    (void)state;
    struct sink_options options = {.digest = true};
    int fd = memory_file("", 0);
    struct sink *sink = sink_open(fd, &options, NULL);
    assert_non_null(sink);
    assert_int_equal(sink_digest(sink), UINT64_C(0x2d06800538d394c2));
    assert_int_equal(sink_write(sink, "abc", 3, NULL), 0);
    assert_int_equal(sink_write(sink, "", 0, NULL), 0);
    assert_int_equal(sink_write(sink, "defgh", 5, NULL), 0);
    assert_int_equal(sink_digest(sink), XXH3_64bits("abcdefgh", 8));
    assert_int_equal(sink_written_bytes(sink), 8);
    char back[9] = "";
    assert_int_equal(pread(fd, back, sizeof back, 0), 8);
    assert_string_equal(back, "abcdefgh");
    sink_reset(sink, fd);
    assert_int_equal(sink_written_bytes(sink), 0);
    assert_int_equal(sink_digest(sink), UINT64_C(0x2d06800538d394c2));
    sink_free(sink);
    sink = sink_open(fd, NULL, NULL);
    assert_non_null(sink);
    assert_int_equal(sink_write(sink, "abc", 3, NULL), 0);
    assert_int_equal(sink_digest(sink), 0);
    sink_free(sink);
    sink_free(NULL);
    (void)close(fd);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_sink),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

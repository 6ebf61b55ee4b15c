/* What a file is by its first bytes: docs/ALGORITHM.md section 5 and docs/TOLERANCES.md, row by row. */
#include "accept.h"
#include "format.h"
#include "savefile.h"
#include "support.h"

/* Behind the magic number: version 2.4, zone and accuracy 0, snaplen 262144, link type 1. */
#define LITTLE_REST "0200 0400 00000000 00000000 00000400 01000000"
#define BIG_REST "0002 0004 00000000 00000000 00040000 00000001"

static int parse(const uint8_t *bytes, size_t length, struct savefile_header *h, struct failure *f) {
    const struct format *format = format_open(bytes, length, ACCEPT_NONE, h, f);
    assert_true(format == NULL || format == savefile_format());
    return format != NULL ? 0 : -1;
}

static void test_processed(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool big_endian, nanoseconds;
    } rows[] = {
        {"d4c3b2a1" LITTLE_REST, false, false},
        {"a1b2c3d4" BIG_REST, true, false},
        {"4d3cb2a1" LITTLE_REST, false, true},
        {"a1b23c4d" BIG_REST, true, true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bytes b = hex(rows[i].text);
        struct savefile_header h;
        struct failure f;
        uint8_t *exact = exact_copy(b.at, 24);
        assert_int_equal(parse(exact, 24, &h, &f), 0);
        assert_int_equal(h.big_endian, rows[i].big_endian);
        assert_int_equal(h.nanoseconds, rows[i].nanoseconds);
        assert_int_equal(h.snaplen_bytes, 262144);
        assert_int_equal(h.linktype, 1);
        assert_int_equal(h.linktype_high, 0);
        free(exact);
    }
}

static void expect_refused(const struct bytes *b, size_t length, const char *words) {
    struct savefile_header h;
    struct failure f = {.text = ""};
    uint8_t *exact = exact_copy(b->at, length);
    int status = parse(exact, length, &h, &f);
    free(exact);
    if (status != -1 || strstr(f.text, words) == NULL) {
        fail_msg("%zu bytes %02x%02x%02x%02x: %d '%s' does not say '%s'", length, b->at[0], b->at[1], b->at[2],
                 b->at[3], status, f.text, words);
    }
}

static void test_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"0a0d0d0a", "pcapng"},
        {"0a0d0d0a", "editcap -F pcap IN OUT"},
        {"34cdb2a1" LITTLE_REST, "a1b2cd34"},
        {"a1b2cd34" BIG_REST, "a1b2cd34"},
        {"d5c3b2a1" LITTLE_REST, "a1b2c3d5"},
        {"a1b2c3d5" BIG_REST, "a1b2c3d5"},
        {"cd34b2a1" LITTLE_REST, "a1b234cd"},
        {"a1b234cd" BIG_REST, "a1b234cd"},
        {"4d3c2ba1" LITTLE_REST, "a12b3c4d"},
        {"a12b3c4d" BIG_REST, "a12b3c4d"},
        {"12cbe2a1" LITTLE_REST, "a1e2cb12"},
        {"a1e2cb12" BIG_REST, "a1e2cb12"},
        {"d4c3b2b1" LITTLE_REST, "b1b2c3d4"},
        {"b1b2c3d4" BIG_REST, "b1b2c3d4"},
        {"4d3cb2b1" LITTLE_REST, "b1b23c4d"},
        {"b1b23c4d" BIG_REST, "b1b23c4d"},
        {"ac01001c" LITTLE_REST, "1c0001ac"},
        {"1c0001ac" BIG_REST, "1c0001ac"},
        {"ab01001c" LITTLE_REST, "1c0001ab"},
        {"1c0001ab" BIG_REST, "1c0001ab"},
        {"736e6f6f70000000 00000002 00000004", "snoop"},
        {"1f8b0800", "gzip"},
        {"1f8b", "gzip"},
        {"28b52ffd", "zstd"},
        {"04224d18", "lz4"},
        {"fd377a585a00", "xz"},
        {"425a6839", "bzip2"},
        /* Next of kin by a bit or an order that no file has. */
        {"b2a1d4c3" LITTLE_REST, "not a capture: it begins with b2a1d4c3"},
        {"c3d4a1b2" BIG_REST, "not a capture"},
        {"d4c3b2a0" LITTLE_REST, "not a capture"},
        {"00000000" LITTLE_REST, "not a capture"},
        {"ffffffff" LITTLE_REST, "not a capture"},
        {"3c3f786d" LITTLE_REST, "not a capture"},
        {"1f8a0800" LITTLE_REST, "not a capture"},
        {"fd377a585a01" LITTLE_REST, "not a capture"},
        {"736e6f6f70000001" LITTLE_REST, "not a capture"},
        {"0a0d0d0b" LITTLE_REST, "not a capture"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bytes b = hex(rows[i].text);
        expect_refused(&b, b.length < 24 ? b.length : 24, rows[i].words);
    }
}

static void test_every_single_bit_of_the_magic(void **state) {
    (void)state;
    static const char *const good[] = {"d4c3b2a1" LITTLE_REST, "a1b2c3d4" BIG_REST, "4d3cb2a1" LITTLE_REST,
                                       "a1b23c4d" BIG_REST};
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        for (unsigned bit = 0; bit < 32; bit++) {
            struct bytes b = hex(good[i]);
            b.at[bit / 8] ^= (uint8_t)(1U << bit % 8);
            expect_refused(&b, 24, "");
        }
    }
}

static void test_versions(void **state) {
    (void)state;
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"d4c3b2a1 0200 0300", "version 2.3"},      {"d4c3b2a1 0200 0500", "version 2.5"},
        {"d4c3b2a1 0100 0400", "version 1.4"},      {"d4c3b2a1 0300 0400", "version 3.4"},
        {"d4c3b2a1 0000 0000", "version 0.0"},      {"d4c3b2a1 0400 0200", "version 4.2"},
        {"d4c3b2a1 0002 0004", "version 512.1024"}, {"d4c3b2a1 ffff ffff", "version 65535.65535"},
        {"4d3cb2a1 0200 0300", "version 2.3"},      {"a1b2c3d4 0002 0003", "version 2.3"},
        {"a1b2c3d4 0002 0005", "version 2.5"},      {"a1b2c3d4 0001 0004", "version 1.4"},
        {"a1b2c3d4 0003 0004", "version 3.4"},      {"a1b2c3d4 0200 0400", "version 512.1024"},
        {"a1b2c3d4 0102 0004", "version 258.4"},    {"a1b2c3d4 0002 0104", "version 2.260"},
        {"a1b23c4d 0002 0000", "version 2.0"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bytes b = hex(rows[i].text);
        put_hex(&b, "00000000 00000000 00000400 01000000");
        expect_refused(&b, 24, rows[i].words);
    }
}

static void test_every_short_length(void **state) {
    (void)state;
    static const char *const good[] = {"d4c3b2a1" LITTLE_REST, "a1b2c3d4" BIG_REST, "4d3cb2a1" LITTLE_REST,
                                       "a1b23c4d" BIG_REST};
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct bytes b = hex(good[i]);
        expect_refused(&b, 0, "not a capture: the file is empty");
        for (size_t length = 1; length < 24; length++) {
            char words[64];
            (void)snprintf(words, sizeof words, "not a capture: %zu bytes", length);
            expect_refused(&b, length, words);
        }
    }
    struct bytes pcapng = hex("0a0d0d0a 1c000000 4d3c2b1a 01000000 ffffffff ffffffff");
    for (size_t length = 1; length <= 24; length++) {
        expect_refused(&pcapng, length, length < 4 ? "not a capture" : "pcapng");
    }
}

static void test_link_type_field(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint32_t snaplen;
        uint16_t low, high;
    } rows[] = {
        {"d4c3b2a1 0200 0400 00000000 00000000 ffffffff 010000f4", 0xffffffff, 1, 0xf400},
        {"a1b2c3d4 0002 0004 00000000 00000000 00000000 f4000001", 0, 1, 0xf400},
        {"d4c3b2a1 0200 0400 00000000 00000000 01020304 65000000", 0x04030201, 101, 0},
        {"a1b2c3d4 0002 0004 00000000 00000000 01020304 00010000", 0x01020304, 0, 1},
        {"d4c3b2a1 0200 0400 00000000 00000000 60000000 01010000", 96, 257, 0},
        {"a1b2c3d4 0002 0004 ffffffff ffffffff 00000060 ffffffff", 96, 0xffff, 0xffff},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bytes b = hex(rows[i].text);
        struct savefile_header h;
        assert_int_equal(parse(b.at, 24, &h, NULL), 0);
        assert_int_equal(h.snaplen_bytes, rows[i].snaplen);
        assert_int_equal(h.linktype, rows[i].low);
        assert_int_equal(h.linktype_high, rows[i].high);
    }
}

/* The longest that is believed, and the first that is not. */
static void test_lengths(void **state) {
    (void)state;
    struct format_state s = {.savefile = {.big_endian = true, .nanoseconds = true, .linktype = 113}};
    struct bytes b = hex("00000000 00000000 10000000 00000000");
    struct framed r;
    struct failure f = {.text = ""};
    assert_int_equal(savefile_format()->read(&s, b.at, 16, &r, &f), 0);
    assert_int_equal(r.linktype, 113);
    assert_int_equal(r.second, 1000000000);
    b.at[11] = 1;
    assert_int_equal(savefile_format()->read(&s, b.at, 16, &r, &f), -1);
    assert_string_equal(f.text, "captured length 268435457 is over 256 MiB; the capture is damaged");
    assert_int_equal(f.kind, FAILURE_CONTENTS);
}

static void test_record_headers(void **state) {
    (void)state;
    static const struct {
        bool big_endian;
        const char *text, *shortened;
    } rows[] = {
        {false, "04030201 08070605 0c0b0a09 fffefdfc", "04030201 08070605 5a000000 fffefdfc"},
        {true, "01020304 05060708 090a0b0c fcfdfeff", "01020304 05060708 0000005a fcfdfeff"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct format_state s = {.savefile.big_endian = rows[i].big_endian};
        struct bytes b = hex(rows[i].text);
        struct bytes shortened = hex(rows[i].shortened);
        struct framed r;
        assert_int_equal(savefile_format()->read(&s, b.at, 16, &r, NULL), 0);
        assert_int_equal(r.is.ts_sec, 0x01020304);
        assert_int_equal(r.is.ts_frac, 0x05060708);
        assert_int_equal(r.is.caplen_bytes, 0x090a0b0c);
        assert_int_equal(r.is.origlen_bytes, 0xfcfdfeff);
        assert_int_equal(r.header_bytes, 16);
        assert_int_equal(r.visible_bytes, 0x090a0b0c);
        assert_int_equal(r.whole_bytes, 0x090a0b1c);
        assert_true(r.is_packet);
        assert_int_equal(savefile_format()->shorten(&s, &r, 90), 106);
        assert_memory_equal(b.at, shortened.at, 16);
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_processed),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_every_single_bit_of_the_magic),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_every_short_length),
        cmocka_unit_test(test_link_type_field),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_record_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

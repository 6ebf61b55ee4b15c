/* pcapng as a row of the formats: what blocks say of themselves and of those behind them, and how one is shortened. */
#include "support.h"

#include "accept.h"
#include "blocks.h"
#include "framing.h"
#include "pcapng.h"

static struct format_interface room[4];

/* The state behind a section header and one interface with these options. */
static struct format_state behind(struct blocks *b, bool big_endian, uint16_t linktype, uint32_t snaplen,
                                  const void *options, size_t length) {
    struct format_state s = {.interfaces = room};
    const struct format *format = pcapng_format();
    b->length = 0;
    blocks_section(b, big_endian);
    blocks_interface(b, linktype, snaplen, options, length);
    for (size_t at = 0; at < b->length;) {
        struct framed r;
        assert_int_equal(format->read(&s, b->at + at, b->length - at, &r, NULL), 0);
        assert_false(r.is_packet);
        r.there_bytes = r.whole_bytes;
        format->enter(&s, &r);
        at += r.whole_bytes;
    }
    return s;
}

static void test_interfaces(void **state) {
    (void)state;
    static const uint8_t little[] = {2, 0, 4, 0, 'e', 't', 'h', '0', 9, 0, 1, 0, 9, 0, 0, 0, 13, 0,
                                     1, 0, 4, 0, 0,   0,   14,  0,   8, 0, 5, 0, 0, 0, 0, 0, 0,  0};
    static struct blocks b;
    struct format_state s = behind(&b, false, 276, 0, little, sizeof little);
    assert_int_equal(s.interface_count, 1);
    assert_int_equal(s.sections, 1);
    assert_int_equal(s.sized_sections, 0);
    assert_int_equal(room[0].linktype, 276);
    assert_int_equal(room[0].snaplen_bytes, UINT32_MAX);
    assert_int_equal(room[0].resolution, 9);
    assert_int_equal(room[0].fcs_bytes, 4);
    assert_int_equal(room[0].offset_s, 5);
    assert_string_equal(room[0].name, "eth0");
    assert_false(room[0].is_ordinary);
    assert_true(s.savefile.nanoseconds);
    /* An option that lies about its length ends them; a name of any length is cut. */
    static const uint8_t lies[] = {0, 9, 0, 1, 3, 0, 0, 0, 0, 2, 0, 40, 'x', 'y', 'z', 0, 0, 9, 0, 1, 9, 0, 0, 0};
    s = behind(&b, true, 1, 65535, lies, sizeof lies);
    assert_int_equal(room[0].resolution, 3);
    assert_string_equal(room[0].name, "");
    assert_true(room[0].is_ordinary);
    assert_int_equal(room[0].tick_ns, 1000000);
    assert_false(s.savefile.nanoseconds);
    assert_true(s.big_endian);
    uint8_t name[44] = {2, 0, 40, 0};
    memset(name + 4, 'n', 40);
    (void)behind(&b, false, 1, 0, name, sizeof name);
    assert_int_equal(strlen(room[0].name), FORMAT_NAME_BYTES - 1);
}

static struct framed packet_at(uint8_t resolution, int64_t offset, uint64_t ticks) {
    static struct blocks b;
    uint8_t options[] = {9, 0, 1, 0, resolution, 0, 0, 0, 14, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    for (unsigned i = 0; i < 8; i++) {
        options[12 + i] = (uint8_t)((uint64_t)offset >> 8 * i);
    }
    const struct format_state s = behind(&b, false, 1, 0, options, sizeof options);
    const size_t at = b.length;
    struct framed r;
    blocks_packet(&b, 0, ticks, "frame", 5, 7, NULL);
    assert_int_equal(pcapng_format()->read(&s, b.at + at, b.length - at, &r, NULL), 0);
    assert_true(r.is_packet && r.has_time && r.may_be_cut);
    assert_int_equal(r.is.caplen_bytes, 5);
    assert_int_equal(r.is.origlen_bytes, 7);
    assert_int_equal(r.padding_bytes, 3);
    assert_int_equal(r.header_bytes, 28);
    return r;
}

static void test_times(void **state) {
    (void)state;
    static const struct {
        uint8_t resolution;
        int64_t offset;
        uint64_t ticks;
        uint32_t sec, ns;
    } rows[] = {
        {6, 0, 1700000000123456, 1700000000, 123456000},
        {9, 0, 1700000000123456789, 1700000000, 123456789},
        {0, 0, 1700000000, 1700000000, 0},
        {3, 0, 1700000000999, 1700000000, 999000000},
        {12, 0, 1700000000123456, 1700, 123},
        {19, 0, 10000000000000000000U, 1, 0},
        {28, 0, UINT64_MAX, 0, 1},
        {29, 0, UINT64_MAX, 0, 0},
        {127, 0, UINT64_MAX, 0, 0},
        {0x80, 0, 77, 77, 0},
        {0x80 | 1, 0, 155, 77, 500000000},
        {0x80 | 20, 0, (UINT64_C(1700000000) << 20) + (1 << 19), 1700000000, 500000000},
        {0x80 | 32, 0, (UINT64_C(5) << 32) + 1, 5, 0},
        {0x80 | 63, 0, UINT64_C(3) << 62, 1, 500000000},
        {0x80 | 64, 0, UINT64_C(1) << 63, 0, 500000000},
        {0x80 | 127, 0, UINT64_MAX, 0, 0},
        {6, 10, 5000000, 15, 0},
        {6, -3, 5500000, 2, 500000000},
        {6, -6, 5500000, 0, 0},
        {6, INT64_MIN, UINT64_MAX, 0, 0},
        {6, INT64_MAX, UINT64_MAX, UINT32_MAX, 551615000},
        {0, 0, UINT64_MAX, UINT32_MAX, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct framed r = packet_at(rows[i].resolution, rows[i].offset, rows[i].ticks);
        if (r.is.ts_sec != rows[i].sec || r.is.ts_frac != rows[i].ns) {
            fail_msg("row %zu: %u.%09u", i, r.is.ts_sec, r.is.ts_frac);
        }
    }
}

static void test_simple_packets(void **state) {
    (void)state;
    static const struct {
        uint32_t snaplen, original, there, captured;
    } rows[] = {{0, 10, 10, 10}, {64, 10, 10, 10}, {8, 10, 8, 8}, {8, 10, 12, 8}, {0, 100, 12, 12}, {64, 0, 0, 0}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        static struct blocks b;
        const struct format_state s = behind(&b, i % 2 != 0, 1, rows[i].snaplen, NULL, 0);
        const size_t at = b.length;
        struct framed r;
        blocks_simple(&b, "0123456789ab", rows[i].there, rows[i].original);
        assert_int_equal(pcapng_format()->read(&s, b.at + at, b.length - at, &r, NULL), 0);
        assert_true(r.is_packet && !r.has_time && !r.may_be_cut);
        assert_int_equal(r.is.caplen_bytes, rows[i].captured);
        assert_int_equal(r.is.origlen_bytes, rows[i].original);
    }
}

/* The block with its frame cut to so many bytes must be the block made with so many. */
static void test_shortened(void **state) {
    (void)state;
    static const char frame[] = "abcdefghijklmnopqrstuvwxyz";
    static const char *const comments[] = {NULL, "c", "a comment"};
    for (unsigned i = 0; i < 26 * 26 * 6; i++) {
        const uint32_t from = 1 + i % 26;
        const uint32_t to = i / 26 % 26;
        const bool big_endian = i / 676 % 2 != 0;
        const char *comment = comments[i / 676 / 2];
        if (to >= from) {
            continue;
        }
        static struct blocks b;
        static struct blocks want;
        const struct format_state s = behind(&b, big_endian, 1, 0, NULL, 0);
        want = b;
        const size_t at = b.length;
        struct framed r;
        blocks_packet(&b, 0, 1, frame, from, 26, comment);
        blocks_packet(&want, 0, 1, frame, to, 26, comment);
        struct blocks other = b;
        assert_int_equal(pcapng_format()->read(&s, b.at + at, b.length - at, &r, NULL), 0);
        r.there_bytes = r.whole_bytes;
        assert_int_equal(pcapng_format()->shorten(&s, &r, to), want.length - at);
        assert_memory_equal(b.at + at, want.at + at, want.length - at);
        struct pcapng_ordinary o;
        if (!big_endian) {
            assert_true(pcapng_get_ordinary(other.at + at, other.length - at, &o));
            assert_int_equal(pcapng_shortened_bytes(&o, to), want.length - at);
            pcapng_shorten_ordinary(&o, to, (uint32_t)(want.length - at));
            assert_memory_equal(other.at + at, want.at + at, want.length - at);
        }
    }
}

/* What is no ordinary packet, or not there whole, is not taken for one. */
static void test_ordinary(void **state) {
    (void)state;
    static struct blocks b;
    (void)behind(&b, false, 1, 0, NULL, 0);
    const size_t at = b.length;
    struct pcapng_ordinary o;
    blocks_packet(&b, 3, 0x500000007, "frame", 5, 9, "words");
    const size_t length = b.length - at;
    assert_true(pcapng_get_ordinary(b.at + at, length, &o));
    assert_int_equal(o.id, 3);
    assert_int_equal(o.ticks, 0x500000007);
    assert_int_equal(o.is.caplen_bytes, 5);
    assert_int_equal(o.is.origlen_bytes, 9);
    for (size_t there = 0; there < length; there++) {
        assert_false(pcapng_get_ordinary(b.at + at, there, &o));
    }
    static const size_t fields[] = {0, 4, 5, 21, 23};
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        struct blocks other = b;
        other.at[at + fields[i]] ^= 0x41;
        assert_false(pcapng_get_ordinary(other.at + at, length, &o));
    }
    b.at[b.length - 4] ^= 4;
    assert_false(pcapng_get_ordinary(b.at + at, length, &o));
}

/* What a packet says of itself goes beyond its section, or beyond its block. */
static void test_packets_that_lie(void **state) {
    (void)state;
    static const uint32_t captured[] = {8, 9, 10, 11, 12, 16, UINT32_MAX};
    for (int order = 0; order < 2; order++) {
        static struct blocks b;
        struct failure f;
        struct framed r;
        const struct format_state s = behind(&b, order != 0, 1, 0, NULL, 0);
        const size_t at = b.length;
        blocks_packet(&b, 1, 0, "8 bytes.", 8, 8, NULL);
        assert_int_equal(pcapng_format()->read(&s, b.at + at, b.length - at, &r, &f), -1);
        assert_non_null(strstr(f.text, "captured on interface 1, but its section has described 1"));
        for (size_t i = 0; i < COUNT_OF(captured); i++) {
            b.length = at;
            blocks_packet(&b, 0, 0, "8 bytes.", 8, 8, NULL);
            bytes_put32(order != 0, b.at + at + 20, captured[i]);
            assert_int_equal(pcapng_format()->read(&s, b.at + at, b.length - at, &r, &f), i == 0 ? 0 : -1);
        }
    }
}

static void test_refused(void **state) {
    (void)state;
    struct savefile_header h;
    struct failure f;
    struct bytes b = hex("0a0d0d0a 1c000000 4d3c2b1a 01000000 ffffffff ffffffff");
    assert_null(format_open(b.at, b.length, ACCEPT_NONE, &h, &f));
    assert_non_null(strstr(f.text, "--accept pcapng"));
    assert_ptr_equal(format_open(b.at, b.length, ACCEPT_PCAPNG, &h, &f), pcapng_format());
    assert_false(h.big_endian);
    b.at[12] = 2;
    assert_null(format_open(b.at, b.length, ACCEPT_ALL, &h, &f));
    assert_string_equal(f.text, "not processed: pcapng version 2.0 (only 1.0 is)");
    b.at[8] = 0;
    assert_null(format_open(b.at, b.length, ACCEPT_ALL, &h, &f));
    assert_null(format_open(b.at, 23, ACCEPT_ALL, &h, &f));
    assert_string_equal(f.text, "not a capture: 23 bytes, a pcapng section header has 28");
}

static void test_words(void **state) {
    (void)state;
    static const struct {
        const char *words;
        int flags; /* -1: refused */
    } rows[] = {{"none", ACCEPT_NONE},
                {"all", ACCEPT_ALL},
                {"pcapng", ACCEPT_PCAPNG},
                {"none,pcapng", ACCEPT_PCAPNG},
                {"pcapng,pcapng", ACCEPT_PCAPNG},
                {"", -1},
                {",", -1},
                {"pcapng,", -1},
                {",pcapng", -1},
                {"pcap", -1},
                {"pcapngs", -1},
                {"all none", -1}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        unsigned flags = 77;
        assert_int_equal(accept_of_words(rows[i].words, &flags), rows[i].flags >= 0);
        assert_int_equal(flags, rows[i].flags >= 0 ? (unsigned)rows[i].flags : 77);
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interfaces),     cmocka_unit_test(test_times),
        cmocka_unit_test(test_simple_packets), cmocka_unit_test(test_shortened),
        cmocka_unit_test(test_ordinary),       cmocka_unit_test(test_refused),
        cmocka_unit_test(test_words),          cmocka_unit_test(test_packets_that_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

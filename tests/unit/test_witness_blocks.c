/* pcapng before the witness: what it must take, and what must be refused, to the last byte. */
#include "support.h"

#include "blocks.h"
#include "pace.h"
#include "witness.h"
#include "witness_pairs.h"

enum { ETHERNET = 1, RAW_IP = 101, FIRST_PACKET = 28 + 20 + 24 };

static struct witness_terms terms = {.floor_bytes = FLOOR};

static int file_of(const uint8_t *at, size_t length) {
    int fd = memfd_create("capture", 0);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, at, length), length);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static enum witness_verdict compare(const struct blocks *slim, const struct blocks *original,
                                    struct witness_report *report, struct failure *f) {
    const struct witness_options options = {.terms = terms};
    int slim_fd = file_of(slim->at, slim->length);
    int original_fd = file_of(original->at, original->length);
    enum witness_verdict verdict = witness_compare(slim_fd, original_fd, &options, report, f);
    (void)close(slim_fd);
    (void)close(original_fd);
    return verdict;
}

static void expect(const struct blocks *slim, const struct blocks *original, enum witness_verdict verdict,
                   const char *words) {
    struct witness_report report;
    struct failure f = {.text = ""};
    enum witness_verdict found = compare(slim, original, &report, &f);
    if (found != verdict || strstr(f.text, words) == NULL) {
        fail_msg("%d '%s', where %d '%s' was expected", found, f.text, verdict, words);
    }
}

static void put_frame(struct blocks *b, size_t pair, bool slim, const char *comment) {
    struct bytes original = hex(PAIRS[pair].original);
    struct bytes frame = hex(slim ? PAIRS[pair].slim : PAIRS[pair].original);
    blocks_packet(b, 0, 77 + pair, frame.at, frame.length, (uint32_t)original.length, comment);
}

/* Interfaces, packets, and blocks of other kinds, in two sections. */
static void fill(struct blocks *b, bool big_endian, bool slim) {
    struct bytes frame = hex(PAIRS[0].original);
    b->length = 0;
    blocks_section(b, big_endian);
    blocks_interface(b, ETHERNET, 0, NULL, 0);
    blocks_begin(b, 4); /* names */
    blocks_put(b, "a.test and b.", 12);
    blocks_end(b);
    put_frame(b, 0, slim, "a comment");
    put_frame(b, 1, slim, NULL);
    blocks_simple(b, frame.at, frame.length, (uint32_t)frame.length);
    blocks_section(b, !big_endian);
    blocks_interface(b, RAW_IP, 0, NULL, 0);
    blocks_interface(b, ETHERNET, 0, NULL, 0);
    blocks_begin(b, 0xbad);
    blocks_put(b, frame.at, frame.length);
    blocks_end(b);
    blocks_packet(b, 0, 5, frame.at, frame.length, (uint32_t)frame.length, "not looked into");
    struct bytes cut = hex(slim ? PAIRS[2].slim : PAIRS[2].original);
    blocks_packet(b, 1, 6, cut.at, cut.length, 200, "the last");
}

static void test_good(void **state) {
    (void)state;
    static struct blocks original;
    static struct blocks slim;
    for (int order = 0; order < 2; order++) {
        struct witness_report report;
        struct failure f = {.text = ""};
        fill(&original, order != 0, false);
        fill(&slim, order != 0, true);
        assert_int_equal(compare(&slim, &original, &report, &f), WITNESS_GOOD);
        assert_string_equal(f.text, "");
        assert_int_equal(report.packets, 5);
        assert_int_equal(report.cut_packets, 3);
        assert_int_equal(compare(&original, &original, &report, &f), WITNESS_GOOD);
        assert_int_equal(report.cut_packets, 0);
    }
}

/* Not one byte of a slim capture can be another; nor can it end anywhere but at its end. */
static void test_every_byte(void **state) {
    (void)state;
    static struct blocks original;
    static struct blocks slim;
    fill(&original, false, false);
    fill(&slim, false, true);
    for (size_t i = 0; i < slim.length; i++) {
        for (unsigned bit = 0; bit < 8; bit += 7) {
            struct witness_report report;
            slim.at[i] ^= (uint8_t)(1 << bit);
            if (compare(&slim, &original, &report, NULL) == WITNESS_GOOD) {
                fail_msg("byte %zu, bit %u: taken", i, bit);
            }
            slim.at[i] ^= (uint8_t)(1 << bit);
        }
    }
    for (size_t length = slim.length; slim.length > 0;) {
        struct witness_report report;
        slim.length--;
        assert_int_not_equal(compare(&slim, &original, &report, NULL), WITNESS_GOOD);
        assert_true(length > slim.length);
    }
}

/* An original that ends within a block, or contradicts itself, tells nothing. */
static void test_damaged_originals(void **state) {
    (void)state;
    static struct blocks original;
    for (int order = 0; order < 2; order++) {
        size_t ends[64];
        size_t count = 0;
        fill(&original, order != 0, false);
        bool big = false;
        for (size_t at = 0; at < original.length;) {
            big = original.at[at] == 0x0a ? original.at[at + 8] == 0x1a : big;
            ends[count++] = at;
            at += big ? bytes_get_be32(original.at + at + 4) : bytes_get_le32(original.at + at + 4);
        }
        const size_t whole = original.length;
        for (size_t length = 1, next = 1; length < whole; length++) {
            struct blocks cut = original;
            cut.length = length;
            const bool is_end = next < count && ends[next] == length;
            next += is_end;
            struct witness_report report;
            const enum witness_verdict verdict = compare(&cut, &cut, &report, NULL);
            assert_int_equal(verdict, is_end ? WITNESS_GOOD : WITNESS_FAILED);
        }
    }
    fill(&original, false, false);
    original.at[FIRST_PACKET + 8] = 1; /* the interface */
    expect(&original, &original, WITNESS_FAILED, "original: offset 72, packet 1: a packet of an interface that is not");
    fill(&original, false, false);
    original.at[FIRST_PACKET + 21] = 0xff; /* the captured length */
    expect(&original, &original, WITNESS_FAILED, "in a block with room for");
    fill(&original, false, false);
    original.at[FIRST_PACKET + 4] = 24;
    expect(&original, &original, WITNESS_FAILED, "a packet in a block of 24 bytes");
    fill(&original, false, false);
    original.at[FIRST_PACKET + 4] = 9;
    expect(&original, &original, WITNESS_FAILED, "a block of 9 bytes");
    fill(&original, false, false);
    original.at[8] = 0;
    expect(&original, &original, WITNESS_FAILED, "without the magic number of a byte order");
}

static void test_kinds_of_wrong(void **state) {
    (void)state;
    static struct blocks original;
    static struct blocks slim;
    struct bytes frame = hex(PAIRS[0].original);
    fill(&original, false, false);

    fill(&slim, false, true);
    slim.at[FIRST_PACKET + 12] ^= 1;
    expect(&slim, &original, WITNESS_BAD, "packet 1: its interface or its time stamp is not the original's");

    fill(&slim, false, true); /* the block of names is lost */
    memmove(slim.at + 48, slim.at + FIRST_PACKET, slim.length - FIRST_PACKET);
    slim.length -= 24;
    expect(&slim, &original, WITNESS_BAD, "packet 1: a block of another type than the original's");

    fill(&slim, false, true); /* a packet is lost, the last one */
    slim.length -= bytes_get_be32(slim.at + slim.length - 4);
    expect(&slim, &original, WITNESS_BAD, "the slim capture ends after 4 packets, the original has more");
    expect(&original, &slim, WITNESS_BAD, "packet 1: ");

    struct blocks longer = original;
    blocks_packet(&longer, 1, 6, frame.at, frame.length, 200, NULL);
    expect(&longer, &original, WITNESS_BAD, "the original ends after 5 packets, the slim capture has more");

    slim.length = 0; /* other options */
    original.length = 0;
    blocks_section(&slim, false), blocks_section(&original, false);
    blocks_interface(&slim, ETHERNET, 0, NULL, 0), blocks_interface(&original, ETHERNET, 0, NULL, 0);
    struct blocks begin = slim;
    put_frame(&slim, 0, true, "a comment"), put_frame(&original, 0, false, "a Comment");
    expect(&slim, &original, WITNESS_BAD, "packet 1: its options are not the original's");
    slim = begin;
    put_frame(&slim, 0, true, NULL);
    expect(&slim, &original, WITNESS_BAD, "packet 1: its options are not the original's");

    slim = original = begin; /* a link type of which nothing may be cut */
    bytes_put_le32(slim.at + 28 + 8, 147), bytes_put_le32(original.at + 28 + 8, 147);
    put_frame(&slim, 0, true, NULL), put_frame(&original, 0, false, NULL);
    expect(&slim, &original, WITNESS_BAD, "packet 1: cut, though the link type is 147");

    slim = original = begin; /* a simple packet is never cut */
    struct bytes cut = hex(PAIRS[0].slim);
    blocks_simple(&slim, cut.at, cut.length, (uint32_t)frame.length);
    blocks_simple(&original, frame.at, frame.length, (uint32_t)frame.length);
    expect(&slim, &original, WITNESS_BAD, "packet 1: a block that is not to be changed has 108 bytes, not 116");
}

/* What a cut frame is padded with; and of one as long as before the padding stays, whatever it was. */
static void test_padding(void **state) {
    (void)state;
    static struct blocks original;
    static struct blocks slim;
    blocks_section(&slim, false);
    blocks_interface(&slim, ETHERNET, 0, NULL, 0);
    original = slim;
    put_frame(&slim, 0, true, NULL), put_frame(&original, 0, false, NULL);
    struct bytes frame = hex(PAIRS[0].slim);
    const size_t padding_at = 48 + 28 + frame.length;
    assert_true(frame.length % 4 != 0);
    expect(&slim, &original, WITNESS_GOOD, "");
    slim.at[padding_at] = 1;
    expect(&slim, &original, WITNESS_BAD, "packet 1: the padding behind the packet is not zeros");
    struct blocks odd = original;
    struct bytes whole = hex(PAIRS[0].original);
    assert_true(whole.length % 4 != 0);
    odd.at[48 + 28 + whole.length] = 7;
    expect(&odd, &odd, WITNESS_GOOD, "");
    expect(&original, &odd, WITNESS_BAD, "packet 1: the padding behind the packet is not the original's");
}

/* Large blocks are compared piece by piece, large packets whole; what they claim takes no memory. */
static void test_large(void **state) {
    (void)state;
    enum { LARGE = 3 << 20 };
    struct blocks begin = {.length = 0};
    blocks_section(&begin, false);
    blocks_interface(&begin, ETHERNET, 0, NULL, 0);
    uint8_t *large = calloc(1, begin.length + LARGE + 64);
    assert_non_null(large);
    memcpy(large, begin.at, begin.length);
    static const uint32_t types[] = {0xbad, 6};
    for (size_t t = 0; t < COUNT_OF(types); t++) {
        const size_t total = LARGE + 32;
        uint8_t *block = large + begin.length;
        const struct witness_options options = {.terms = terms};
        struct witness_report report;
        struct failure f = {.text = ""};
        memset(block, 0, total);
        bytes_put_le32(block, types[t]);
        bytes_put_le32(block + 4, (uint32_t)total), bytes_put_le32(block + total - 4, (uint32_t)total);
        bytes_put_le32(block + 20, LARGE), bytes_put_le32(block + 24, LARGE);
        int original = file_of(large, begin.length + total);
        int slim = file_of(large, begin.length + total);
        assert_int_equal(witness_compare(slim, original, &options, &report, &f), WITNESS_GOOD);
        assert_int_equal(report.packets, t);
        assert_int_equal(pwrite(slim, "x", 1, (off_t)(begin.length + total - 100)), 1);
        assert_int_equal(lseek(slim, 0, SEEK_SET) | lseek(original, 0, SEEK_SET), 0);
        assert_int_equal(witness_compare(slim, original, &options, &report, &f), WITNESS_BAD);
        (void)close(slim);
        (void)close(original);
    }
    free(large);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_damaged_originals),
        cmocka_unit_test(test_kinds_of_wrong),
        cmocka_unit_test(test_padding),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

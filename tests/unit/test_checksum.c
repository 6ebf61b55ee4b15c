/* RFC 1071 sums: its own example, a header whose checksum is known, and the plain loop. */
#include "checksum.h"
#include "support.h"

static void expect_checksum(const char *text, uint8_t high, uint8_t low) {
    struct bytes b = hex(text);
    uint8_t *exact = exact_copy(b.at, b.length);
    uint8_t put[2];
    checksum_put(checksum_add(0, exact, b.length), put);
    free(exact);
    assert_int_equal(put[0], high);
    assert_int_equal(put[1], low);
}

static void test_known_sums(void **state) {
    (void)state;
    expect_checksum("0001 f203 f4f5 f6f7", 0x22, 0x0d); /* RFC 1071 section 3: sum ddf2 */
    expect_checksum("45000073 00004000 40110000 c0a80001 c0a800c7", 0xb8, 0x61);
    expect_checksum("45000073 00004000 4011b861 c0a80001 c0a800c7", 0x00, 0x00);
    expect_checksum("", 0xff, 0xff);
    expect_checksum("00", 0xff, 0xff);
    expect_checksum("01", 0xfe, 0xff); /* an odd byte is the high half of a word */
    expect_checksum("ffff", 0x00, 0x00);
    expect_checksum("ffff 0001", 0xff, 0xfe);
    expect_checksum("ffffffff ffffffff ff", 0x00, 0xff);
}

static void test_every_length(void **state) {
    (void)state;
    uint64_t random = 3;
    struct bytes b = {.length = 0};
    while (b.length < 700) {
        b.at[b.length++] = (uint8_t)next_random(&random);
    }
    for (size_t length = 0; length <= b.length; length++) {
        uint8_t put[2];
        uint8_t *exact = exact_copy(b.at, length);
        size_t half = length / 4 * 2; /* in two pieces, the first one even */
        checksum_put(checksum_add(checksum_add(0, exact, half), exact + half, length - half), put);
        free(exact);
        uint32_t want = ~plain_sum(0, b.at, length) & 0xffff;
        assert_int_equal(put[0] << 8 | put[1], want);
    }
}

static void test_words(void **state) {
    (void)state;
    struct bytes b = hex("c0000201 c6336402");
    for (uint32_t word = 0; word <= 0xffff; word += 257) {
        uint8_t put[2];
        uint8_t wire[2] = {(uint8_t)(word >> 8), (uint8_t)word};
        checksum_put(checksum_add_word(checksum_add(0, b.at, 8), (uint16_t)word), put);
        uint32_t want = ~plain_sum(plain_sum(0, b.at, 8), wire, 2) & 0xffff;
        assert_int_equal(put[0] << 8 | put[1], want);
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_sums),
        cmocka_unit_test(test_every_length),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

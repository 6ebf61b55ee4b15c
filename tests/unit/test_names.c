/* File names: UTF-8 at every edge of Unicode's table 3-7, what a terminal is shown, hexadecimal. */
#include "names.h"
#include "support.h"

/* In hexadecimal, as the bytes are the point; a code point in words behind those that need it. */
static const char *const WELL_FORMED[] = {
    "",
    "01",
    "41",
    "7f",
    "c280",
    "c3a9",
    "dfbf",
    "e0a080",
    "e0bfbf",
    "e18080",
    "e282ac",
    "ecbfbf",
    "ed8080",
    "ed9fbf", /* U+D7FF */
    "ee8080",
    "efbfbd",
    "efbfbf",
    "f0908080",
    "f09f9880",
    "f0bfbfbf",
    "f1808080",
    "f3bfbfbf",
    "f4808080",
    "f48fbfbf", /* U+10FFFF */
    "41c3a9e282acf09f988042",
};

static const struct {
    const char *text;
    const char *shown; /* each bad byte as efbfbd */
} ILL_FORMED[] = {
    {"80", "efbfbd"},
    {"bf", "efbfbd"},
    {"c080", "efbfbdefbfbd"},
    {"c1bf", "efbfbdefbfbd"},
    {"c2", "efbfbd"},
    {"c241", "efbfbd41"},
    {"c27f", "efbfbd7f"},
    {"c2c0", "efbfbdefbfbd"},
    {"df41", "efbfbd41"},
    {"e09fbf", "efbfbdefbfbdefbfbd"}, /* overlong */
    {"e0a0", "efbfbdefbfbd"},
    {"e0a041", "efbfbdefbfbd41"},
    {"e0c080", "efbfbdefbfbdefbfbd"},
    {"e1", "efbfbd"},
    {"e17f80", "efbfbd7fefbfbd"},
    {"e1c080", "efbfbdefbfbdefbfbd"},
    {"e180c0", "efbfbdefbfbdefbfbd"},
    {"eda080", "efbfbdefbfbdefbfbd"}, /* U+D800 */
    {"edbfbf", "efbfbdefbfbdefbfbd"}, /* U+DFFF */
    {"ed7f80", "efbfbd7fefbfbd"},
    {"f08fbfbf", "efbfbdefbfbdefbfbdefbfbd"}, /* overlong */
    {"f090", "efbfbdefbfbd"},
    {"f09080", "efbfbdefbfbdefbfbd"},
    {"f0908041", "efbfbdefbfbdefbfbd41"},
    {"f0c08080", "efbfbdefbfbdefbfbdefbfbd"},
    {"f1808041", "efbfbdefbfbdefbfbd41"},
    {"f180c080", "efbfbdefbfbdefbfbdefbfbd"},
    {"f4908080", "efbfbdefbfbdefbfbdefbfbd"}, /* U+110000 */
    {"f47f8080", "efbfbd7fefbfbdefbfbd"},
    {"f5808080", "efbfbdefbfbdefbfbdefbfbd"},
    {"f8", "efbfbd"},
    {"fe", "efbfbd"},
    {"ff", "efbfbd"},
    {"41e28242ff43", "41efbfbdefbfbd42efbfbd43"},
};

/* A string of exactly its size, so that a sanitizer sees what is read behind its NUL. */
static char *string_of(const char *text) {
    struct bytes b = hex(text);
    b.at[b.length] = 0;
    return (char *)exact_copy(b.at, b.length + 1);
}

static void test_utf8(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(WELL_FORMED); i++) {
        char *name = string_of(WELL_FORMED[i]);
        char *shown = names_utf8(name);
        assert_true(names_is_utf8(name));
        assert_string_equal(shown, name);
        free(shown);
        free(name);
    }
    for (size_t i = 0; i < COUNT_OF(ILL_FORMED); i++) {
        char *name = string_of(ILL_FORMED[i].text);
        char *want = string_of(ILL_FORMED[i].shown);
        char *shown = names_utf8(name);
        if (names_is_utf8(name) || strcmp(shown, want) != 0) {
            fail_msg("%s", ILL_FORMED[i].text);
        }
        assert_true(names_is_utf8(shown));
        free(shown);
        free(want);
        free(name);
    }
}

/* By the numbers: a code point in each of its encodings, of all lengths, is well-formed in one only. */
static void test_utf8_of_every_code_point(void **state) {
    (void)state;
    for (unsigned long c = 1; c <= 0x13ffff; c += c < 0x1000 ? 1 : 61) {
        const char two[] = {(char)(0xc0 | c >> 6), (char)(0x80 | (c & 0x3f)), 0};
        const char three[] = {(char)(0xe0 | c >> 12), (char)(0x80 | (c >> 6 & 0x3f)), (char)(0x80 | (c & 0x3f)), 0};
        const char four[] = {(char)(0xf0 | c >> 18), (char)(0x80 | (c >> 12 & 0x3f)), (char)(0x80 | (c >> 6 & 0x3f)),
                             (char)(0x80 | (c & 0x3f)), 0};
        if (c < 0x800) {
            assert_int_equal(names_is_utf8(two), c >= 0x80);
        }
        if (c < 0x10000) {
            assert_int_equal(names_is_utf8(three), c >= 0x800 && !(c >= 0xd800 && c <= 0xdfff));
        }
        assert_int_equal(names_is_utf8(four), c >= 0x10000 && c <= 0x10ffff);
    }
}

static void test_printable(void **state) {
    (void)state;
    static const struct {
        const char *name, *shown;
    } rows[] = {
        {"", ""},
        {"plain-2024.pcap", "plain-2024.pcap"},
        {"with space", "with space"},
        {"new\nline", "new\\012line"},
        {"tab\tcr\r", "tab\\011cr\\015"},
        {"\x1b[31mred", "\\033[31mred"},
        {"\x01\x1f\x7f", "\\001\\037\\177"},
        {"back\\slash", "back\\\\slash"},
        {"\\012", "\\\\012"},
        {"quote\"'", "quote\"'"},
        {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        {"\xff\x80~!", "\\377\\200~!"},
        {"c1 \x9b[31m", "c1 \\233[31m"},
        {"c1 \xc2\x9b[31m \xc2\xa0", "c1 \\302\\233[31m \xc2\xa0"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *shown = names_printable(rows[i].name);
        assert_string_equal(shown, rows[i].shown);
        free(shown);
    }
}

static void test_hex(void **state) {
    (void)state;
    char all[256];
    for (unsigned i = 1; i < 256; i++) {
        all[i - 1] = (char)i;
    }
    all[255] = '\0';
    char *digits = names_to_hex(all);
    assert_int_equal(strlen(digits), 510);
    assert_int_equal(strncmp(digits, "0102030405060708090a0b0c0d0e0f10", 32), 0);
    assert_string_equal(digits + 508, "ff");
    char *back = names_from_hex(digits);
    assert_string_equal(back, all);
    free(back);
    free(digits);
    digits = names_to_hex("");
    assert_string_equal(digits, "");
    free(digits);

    static const char *const bad[] = {"1",  "123", "00",   "4100", "4g",    "g4", "zz",
                                      "4 ", " 4",  "0x41", "-1",   "4142:", "/1"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_null(names_from_hex(bad[i]));
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_utf8_of_every_code_point),
        cmocka_unit_test(test_printable),
        cmocka_unit_test(test_hex),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

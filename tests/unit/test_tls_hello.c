/* tls_hello.c and tls_suites.c: what hellos agree on, in one piece and in many. */
#include "tls_hello.h"
#include "tls_suites.h"

#include "support.h"

#include <string.h>

/* A hello of a session identifier of so many bytes; suites: for a server the one it chose. Returns its length. */
static uint32_t make_hello(uint8_t *to, uint8_t type, uint8_t session_bytes, const uint16_t *suites, uint16_t count,
                           bool is_dtls) {
    uint32_t at = is_dtls ? 12 : 4;
    memset(to, 0x5a, 512);
    to[0] = type;
    to[at] = is_dtls ? 0xfe : 3;
    to[at + 1] = is_dtls ? 0xfd : 3;
    at += 34;
    to[at++] = session_bytes;
    at += session_bytes;
    if (is_dtls && type == TLS_CLIENT_HELLO) {
        to[at++] = 20;
        at += 20;
    }
    if (type == TLS_CLIENT_HELLO) {
        to[at++] = (uint8_t)(count * 2 >> 8);
        to[at++] = (uint8_t)(count * 2);
    }
    for (uint16_t i = 0; i < count; i++) {
        to[at++] = (uint8_t)(suites[i] >> 8);
        to[at++] = (uint8_t)suites[i];
    }
    to[1] = 0;
    to[2] = (uint8_t)(at >> 8);
    to[3] = (uint8_t)at;
    return at;
}

/* However it is cut in two, it says the same, and only once. */
static void check(uint8_t type, uint8_t session_bytes, const uint16_t *suites, uint16_t count, bool is_dtls,
                  enum tls_agreement expected) {
    uint8_t hello[512];
    const uint32_t length = make_hello(hello, type, session_bytes, suites, count, is_dtls);
    for (uint32_t split = 0; split <= length; split++) {
        struct tls_hello h = {0};
        const enum tls_agreement first = tls_hello_read(&h, hello, split, is_dtls);
        const enum tls_agreement second = tls_hello_read(&h, hello + split, length - split, is_dtls);
        assert_int_equal(first, split == length ? expected : TLS_AGREES_ON_NOTHING);
        assert_int_equal(second, split == length ? TLS_AGREES_ON_NOTHING : expected);
        assert_int_equal(tls_hello_read(&h, hello, length, is_dtls), TLS_AGREES_ON_NOTHING);
    }
}

static void test_what_the_server_chose(void **unused) {
    (void)unused;
    static const uint16_t encrypting[] = {0x002f, 0x1301, 0xc02f, 0xcca9, 0xc100, 0xff85, 0x0081};
    static const uint16_t readable[] = {0x0000, 0x0001, 0x003b, 0x0082, 0x0083, 0xff87, 0x001c, 0xc0b4, 0xc0b5, 0x6a6b};
    for (unsigned dtls = 0; dtls < 2; dtls++) {
        for (size_t i = 0; i < sizeof encrypting / sizeof encrypting[0]; i++) {
            check(TLS_SERVER_HELLO, i % 2 ? 32 : 0, &encrypting[i], 1, dtls, TLS_ENCRYPTS);
        }
        for (size_t i = 0; i < sizeof readable / sizeof readable[0]; i++) {
            check(TLS_SERVER_HELLO, i % 2 ? 32 : 0, &readable[i], 1, dtls, TLS_ENCRYPTS_NOT);
        }
    }
}

static void test_what_a_client_offers(void **unused) {
    (void)unused;
    static const uint16_t all[] = {0x0a0a, 0x1301, 0xc02f, 0x00ff, 0x5600};
    static const uint16_t none[] = {0x0001, 0x00ff, 0xc006};
    static const uint16_t both[] = {0xc02f, 0x003b};
    static const uint16_t unknown[] = {0x1301, 0xe000};
    static const uint16_t signals[] = {0x00ff, 0xfafa};
    for (unsigned dtls = 0; dtls < 2; dtls++) {
        check(TLS_CLIENT_HELLO, 32, all, 5, dtls, TLS_ENCRYPTS);
        check(TLS_CLIENT_HELLO, 0, none, 3, dtls, TLS_ENCRYPTS_NOT);
        check(TLS_CLIENT_HELLO, 0, both, 2, dtls, TLS_MAY_ENCRYPT);
        check(TLS_CLIENT_HELLO, 32, unknown, 2, dtls, TLS_MAY_ENCRYPT);
        check(TLS_CLIENT_HELLO, 32, signals, 2, dtls, TLS_AGREES_ON_NOTHING);
        check(TLS_CLIENT_HELLO, 32, all, 0, dtls, TLS_AGREES_ON_NOTHING);
    }
}

static void test_what_is_no_hello(void **unused) {
    (void)unused;
    static const uint16_t suite = 0x002f;
    for (unsigned type = 0; type < 256; type++) {
        if (type != TLS_CLIENT_HELLO && type != TLS_SERVER_HELLO) {
            check((uint8_t)type, 0, &suite, 1, false, TLS_AGREES_ON_NOTHING);
        }
    }
}

/* A list that ends behind the message, or within a suite; a message that is longer than any hello. */
static void test_what_a_hello_cannot_be(void **unused) {
    (void)unused;
    static const uint16_t suites[] = {0x1301, 0x002f};
    static const struct {
        uint32_t at;
        uint8_t value;
    } wrong[] = {{1, 1}, {3, 3}, {4, 2}, {38, 33}, {39, 1}, {40, 3}};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        uint8_t hello[512];
        struct tls_hello h = {0};
        const uint32_t length = make_hello(hello, TLS_CLIENT_HELLO, 0, suites, 2, false);
        hello[wrong[i].at] = wrong[i].value;
        assert_int_equal(tls_hello_read(&h, hello, length, false), TLS_AGREES_ON_NOTHING);
    }
}

/* The registry's names with NULL in them, and relatives of before it: none may be taken for one that encrypts. */
static void test_no_suite_without_encryption_encrypts(void **unused) {
    (void)unused;
    static const uint16_t none[] = {0x0000, 0x0001, 0x0002, 0x001c, 0x002c, 0x002d, 0x002e, 0x003b,
                                    0x0082, 0x0083, 0x00b0, 0x00b1, 0x00b4, 0x00b5, 0x00b8, 0x00b9,
                                    0x00ff, 0x5600, 0xc001, 0xc006, 0xc00b, 0xc010, 0xc015, 0xc039,
                                    0xc03a, 0xc03b, 0xc0b4, 0xc0b5, 0xd004, 0xff87, 0x0a0a, 0xffff};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_false(tls_suite_encrypts(none[i]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_the_server_chose),
        cmocka_unit_test(test_what_a_client_offers),
        cmocka_unit_test(test_what_is_no_hello),
        cmocka_unit_test(test_what_a_hello_cannot_be),
        cmocka_unit_test(test_no_suite_without_encryption_encrypts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

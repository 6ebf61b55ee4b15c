/* ssh_kexinit.c: what a key exchange offers, in one piece and in many. */
#include "ssh_kexinit.h"

#include "support.h"

#include <string.h>

/* A message behind its number, with these lists of ciphers. Returns its length. */
static uint32_t make(uint8_t *to, const char *there, const char *back) {
    const char *lists[10] = {"curve25519-sha256",
                             "ssh-ed25519,rsa-sha2-512",
                             there,
                             back,
                             "hmac-sha2-256,none",
                             "none",
                             "none,zlib@openssh.com",
                             "none",
                             "",
                             ""};
    memset(to, 0xee, 16);
    uint32_t at = 16;
    for (size_t i = 0; i < 10; i++) {
        const uint32_t length = (uint32_t)strlen(lists[i]);
        memset(to + at, 0, 3);
        to[at + 3] = (uint8_t)length;
        memcpy(to + at + 4, lists[i], length);
        at += 4 + length;
    }
    memset(to + at, 0, 5);
    return at + 5;
}

static void check(const char *there, const char *back, enum ssh_offer expected) {
    uint8_t message[1024];
    const uint32_t length = make(message, there, back);
    for (uint32_t split = 0; split <= length; split++) {
        struct ssh_kexinit k = {0};
        const enum ssh_offer first = ssh_kexinit_read(&k, message, split);
        const enum ssh_offer second = ssh_kexinit_read(&k, message + split, length - split);
        assert_true((first == expected && second == SSH_OFFER_NOT_KNOWN) ||
                    (first == SSH_OFFER_NOT_KNOWN && second == expected));
    }
}

static void test_ciphers(void **unused) {
    (void)unused;
    check("aes128-ctr,aes256-ctr", "chacha20-poly1305@openssh.com", SSH_OFFERS_ENCRYPTION);
    check("nonesuch,anone,non", "none-such,n", SSH_OFFERS_ENCRYPTION);
    check("none", "aes128-ctr", SSH_OFFERS_NONE);
    check("aes128-ctr", "none", SSH_OFFERS_NONE);
    check("aes128-ctr,none", "aes128-ctr", SSH_OFFERS_NONE);
    check("aes128-ctr", "none,aes128-ctr", SSH_OFFERS_NONE);
    check("", "aes128-ctr", SSH_OFFERS_NONE);
    check("aes128-ctr", "", SSH_OFFERS_NONE);
}

static void test_lengths_that_lie(void **unused) {
    (void)unused;
    uint8_t message[64];
    memset(message, 0xff, sizeof message);
    struct ssh_kexinit k = {0};
    assert_int_equal(ssh_kexinit_read(&k, message, sizeof message), SSH_OFFERS_NONE);
    assert_int_equal(ssh_kexinit_read(&k, message, sizeof message), SSH_OFFER_NOT_KNOWN); /* and nothing more */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ciphers),
        cmocka_unit_test(test_lengths_that_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

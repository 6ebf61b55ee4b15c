/* SSH and SMB under the policy `flow`. */
#include "following.h"

enum { FLOOR = 24 };

static struct stream s;

/* An SSH packet of a message number. */
static void put_ssh(unsigned message, size_t length, uint64_t *random) {
    const size_t at = s.length;
    uint8_t head[6] = {0, 0, 0, 0, 8, (uint8_t)message};
    bytes_put_be32(head, (uint32_t)length);
    put_random(&s, length + 4, random);
    memcpy(s.at + at, head, sizeof head);
}

/* A KEXINIT of 1504 bytes: lists of key exchanges, host keys, ciphers of both directions, and whatever. */
static void put_kexinit(const char *to_server, const char *to_client, uint64_t *random) {
    const char *const lists[] = {"curve25519-sha256,ecdh-sha2-nistp256", "ssh-ed25519", to_server, to_client};
    const size_t begin = s.length;
    put_ssh(20, 1500, random);
    size_t at = begin + 6 + 16;
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        const size_t length = strlen(lists[i]);
        bytes_put_be32(s.at + at, (uint32_t)length);
        memcpy(s.at + at + 4, lists[i], length);
        at += 4 + length;
    }
}

/* Returns how much of it is in the clear. */
static size_t ssh_stream_of(const char *to_server, const char *to_client, uint64_t *random) {
    static const char banner[] = "SSH-2.0-OpenSSH_9.6\r\n";
    s.length = 0;
    put_bytes(&s, banner, sizeof banner - 1);
    put_kexinit(to_server, to_client, random);
    put_ssh(31, 700, random);
    put_ssh(21, 12, random);
    const size_t clear = s.length;
    put_random(&s, 5000, random);
    return clear;
}

static size_t ssh_stream(uint64_t *random) {
    return ssh_stream_of("aes128-ctr,chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", random);
}

static void test_ssh(void **state) {
    (void)state;
    static const uint16_t ports[] = {22, 2222};
    for (size_t i = 0; i < COUNT_OF(ports); i++) {
        for (size_t size = 61; size <= 1460; size += 53) {
            uint64_t random = size;
            struct talk *t = talk_begin(10, ports[i]);
            const size_t clear = ssh_stream(&random);
            shake_hands(t, 5, 0xfffffff0);
            for (size_t at = 0; at < s.length; at += size) {
                const size_t length = s.length - at < size ? s.length - at : size;
                const size_t stays = (at < clear ? clear - at : 0) + FLOOR;
                const int kept = segment(t, true, 0xfffffff0, &s, at, size);
                assert_int_equal(kept, stays + 8 >= length ? ALL : (int)stays);
            }
            talk_end(t);
        }
    }
}

/* A capture that begins later: no port proves anything. And a hole in the key exchange. */
static void test_ssh_without_beginning(void **state) {
    (void)state;
    uint64_t random = 4;
    struct talk *t = talk_begin(10, 22);
    const size_t clear = ssh_stream(&random);
    assert_int_equal(tcp(t, true, 9, ACK, s.at + clear, 1000), ALL);
    assert_int_equal(tcp(t, true, 9, ACK, s.at, 900), ALL); /* a banner begins another connection */
    t->host = 1;
    shake_hands(t, 5, 9);
    assert_int_equal(tcp(t, true, 9, ACK, s.at, 500), ALL);
    for (size_t at = 1600; at + 500 <= s.length; at += 500) {
        assert_int_equal(tcp(t, true, 9 + (uint32_t)at, ACK, s.at + at, 500), ALL);
    }
    assert_int_equal(tcp(t, true, 9 + 300000, ACK, s.at + clear, 500), FLOOR); /* no key exchange is so long */
    talk_end(t);
}

/* Whether the stream is cut behind NEWKEYS. peer: what the other side offers both ways, before that; NULL: nothing. */
static bool is_ssh_cut(const char *to_server, const char *to_client, const char *peer) {
    uint64_t random = 7;
    struct talk *t = talk_begin(10, 22);
    shake_hands(t, 5, 9);
    if (peer != NULL) {
        const size_t clear = ssh_stream_of(peer, peer, &random);
        for (size_t at = 0; at < clear; at += 600) {
            assert_int_equal(segment(t, false, 5, &s, at, clear - at < 600 ? clear - at : 600), ALL);
        }
    }
    const size_t clear = ssh_stream_of(to_server, to_client, &random);
    for (size_t at = 0; at < clear; at += 500) {
        assert_int_equal(segment(t, true, 9, &s, at, clear - at < 500 ? clear - at : 500), ALL);
    }
    const int kept = segment(t, true, 9, &s, clear, 900);
    talk_end(t);
    return kept != ALL;
}

/* What is chosen is offered by both: "none" is not, if one side does not. */
static void test_ssh_ciphers(void **state) {
    (void)state;
    assert_true(is_ssh_cut("aes128-ctr", "aes128-ctr", NULL));
    assert_true(is_ssh_cut("none-such,nonesuch,non", "aes128-ctr", NULL));
    assert_false(is_ssh_cut("aes128-ctr,none", "aes128-ctr", NULL));
    assert_false(is_ssh_cut("aes128-ctr", "none,aes128-ctr", NULL));
    assert_false(is_ssh_cut("none", "none", "aes128-ctr,none"));
    assert_true(is_ssh_cut("aes128-ctr,none", "none", "aes128-ctr"));
    assert_true(is_ssh_cut("aes128-ctr", "aes128-ctr", "none"));
}

/* Lists that are none prove nothing, whatever comes behind them. */
static void test_ssh_lists_that_are_none(void **state) {
    (void)state;
    static const char banner[] = "SSH-2.0-OpenSSH_9.6\r\n";
    uint64_t random = 9;
    struct talk *t = talk_begin(10, 22);
    shake_hands(t, 5, 9);
    s.length = 0;
    put_bytes(&s, banner, sizeof banner - 1);
    put_ssh(20, 1500, &random);
    s.at[s.length - 1504 + 22] = 0xff; /* the length of the first list */
    put_ssh(31, 700, &random);
    put_ssh(21, 12, &random);
    put_random(&s, 5000, &random);
    for (size_t at = 0; at < s.length; at += 700) {
        assert_int_equal(segment(t, true, 9, &s, at, 700), ALL);
    }
    talk_end(t);
}

/* Whatever was agreed on, text is text. */
static void test_ssh_text_stays(void **state) {
    (void)state;
    uint64_t random = 8;
    struct talk *t = talk_begin(10, 22);
    shake_hands(t, 5, 9);
    const size_t clear = ssh_stream(&random);
    for (size_t at = clear; at < s.length; at++) {
        s.at[at] = (uint8_t) "a session without a cipher after all; "[at % 38];
    }
    for (size_t at = 0; at < s.length; at += 700) {
        assert_int_equal(segment(t, true, 9, &s, at, 700), ALL);
    }
    talk_end(t);
}

/* Another connection of the same ports, whose SYN is not there: what follows its text is not cut, whatever it looks
 * like. */
static void test_text_behind_ssh(void **state) {
    (void)state;
    uint64_t random = 22;
    struct talk *t = talk_begin(10, 22);
    shake_hands(t, 5, 9);
    (void)ssh_stream(&random);
    assert_int_equal(segment(t, true, 9, &s, 0, REST) != ALL, true);
    uint32_t seq = 9 + (uint32_t)s.length;
    assert_int_equal(tcp(t, true, seq, ACK, "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", 41), ALL);
    seq += 41;
    for (unsigned i = 0; i < 40; i++) {
        s.length = 0;
        put_random(&s, 900, &random);
        assert_int_equal(segment(t, true, seq, &s, 0, REST), ALL);
        seq += 900;
    }
    talk_end(t);
}

/* Keys are changed within, to a cipher that is none: two packets in the clear are no chance, whatever they carry. */
static void test_ssh_switched_to_none(void **state) {
    (void)state;
    uint64_t random = 21;
    struct talk *t = talk_begin(10, 22);
    shake_hands(t, 5, 9);
    const size_t clear = ssh_stream(&random);
    const size_t packet = 4 + 396; /* all of it noise, but for its head */
    assert_int_equal(segment(t, true, 9, &s, 0, clear), ALL);
    assert_int_equal(segment(t, true, 9, &s, clear, 400), FLOOR);
    for (size_t n = 1; n <= 2; n++) {
        const uint8_t head[] = {0, 0, 396 >> 8, 396 & 0xff, 6, 94};
        memcpy(s.at + clear + n * packet, head, sizeof head);
        assert_int_equal(segment(t, true, 9, &s, clear + n * packet, packet), ALL);
        assert_int_equal(t->last.reason, n == 1 ? POLICY_UNPROVEN : POLICY_CLEARTEXT);
    }
    for (size_t n = 3; n < 8; n++) {
        assert_int_equal(segment(t, true, 9, &s, clear + n * packet, packet), ALL);
        assert_int_equal(t->last.reason, POLICY_CLEARTEXT);
    }
    assert_int_equal(segment(t, true, 9, &s, clear, 400), ALL);
    talk_end(t);
}

/* One such packet may be ciphertext: enough of what looks like it is cut again. Where a MAC is over the ciphertext the
 * length is in the clear, and only that packet stays. */
static void test_ssh_that_looks_clear_once(void **state) {
    (void)state;
    for (unsigned length = 392; length <= 396; length += 4) {
        uint64_t random = 22;
        struct talk *t = talk_begin(10, 22);
        shake_hands(t, 5, 9);
        const size_t clear = ssh_stream(&random);
        const uint8_t head[] = {0, 0, (uint8_t)(length >> 8), (uint8_t)length, 6, 94};
        memcpy(s.at + clear, head, sizeof head);
        assert_int_equal(segment(t, true, 9, &s, 0, clear), ALL);
        assert_int_equal(segment(t, true, 9, &s, clear, 200), ALL);
        for (size_t n = 1; n <= 16; n++) {
            assert_int_equal(segment(t, true, 9, &s, clear + n * 200, 200), length == 396 && n < 15 ? ALL : FLOOR);
        }
        talk_end(t);
    }
}

/* What comes again of the key exchange stays, also behind NEWKEYS. */
static void test_ssh_again(void **state) {
    (void)state;
    uint64_t random = 5;
    struct talk *t = talk_begin(10, 2222);
    const size_t clear = ssh_stream(&random);
    shake_hands(t, 5, 9);
    assert_int_equal(segment(t, true, 9, &s, 0, clear), ALL);
    assert_int_equal(segment(t, true, 9, &s, clear, 1000), FLOOR);
    assert_int_equal(segment(t, true, 9, &s, clear - 900, 1000), 900 + FLOOR);
    assert_int_equal(segment(t, true, 9, &s, 300, 900), ALL);
    for (unsigned i = 0; i < 3; i++) { /* NEWKEYS, which proves nothing by being in the clear */
        assert_int_equal(segment(t, true, 9, &s, clear - 16, 16), ALL);
    }
    assert_int_equal(segment(t, true, 9, &s, clear + 1000, 1000), FLOOR);
    talk_end(t);
}

static void test_not_ssh_on_its_port(void **state) {
    (void)state;
    static const char text[] = "GET / HTTP/1.1\r\nHost: example.org, on a port that is not its own\r\n\r\n";
    struct talk *t = talk_begin(10, 22);
    shake_hands(t, 5, 9);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(tcp(t, false, 5 + i * (uint32_t)sizeof text, ACK, text, sizeof text), ALL);
    }
    talk_end(t);
}

static void put_smb(unsigned first, size_t length, uint64_t *random) {
    const size_t at = s.length;
    put_random(&s, length + 4, random);
    bytes_put_be32(s.at + at, (uint32_t)length);
    s.at[at + 4] = (uint8_t)first;
    memcpy(s.at + at + 5, "SMB", 3);
}

static void test_smb(void **state) {
    (void)state;
    uint64_t random = 5;
    struct talk *t = talk_begin(10, 445);
    shake_hands(t, 5, 9);
    s.length = 0;
    put_smb(0xfe, 200, &random);
    put_smb(0xfd, 3000, &random);
    put_smb(0xfe, 300, &random);
    put_smb(0xfd, 900, &random);
    assert_int_equal(tcp(t, false, 5, ACK, s.at, 1000), 204 + 56 + FLOOR);
    assert_int_equal(t->last.reason, POLICY_SMB);
    assert_int_equal(tcp(t, false, 1005, ACK, s.at + 1000, 1000), FLOOR);
    assert_int_equal(tcp(t, false, 2005, ACK, s.at + 2000, s.length - 2000), (3208 - 2000) + 304 + 56 + FLOOR);
    assert_int_equal(segment(t, false, 5, &s, 3208, 304), ALL); /* again: what is in the clear stays in the clear */
    talk_end(t);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ssh),
        cmocka_unit_test(test_ssh_without_beginning),
        cmocka_unit_test(test_ssh_ciphers),
        cmocka_unit_test(test_ssh_lists_that_are_none),
        cmocka_unit_test(test_ssh_text_stays),
        cmocka_unit_test(test_text_behind_ssh),
        cmocka_unit_test(test_ssh_switched_to_none),
        cmocka_unit_test(test_ssh_that_looks_clear_once),
        cmocka_unit_test(test_ssh_again),
        cmocka_unit_test(test_not_ssh_on_its_port),
        cmocka_unit_test(test_smb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

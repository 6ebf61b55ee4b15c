/* SSH, SMB and OpenVPN over TCP under the policy `flow`. */
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

/* Returns how much of it is in the clear. */
static size_t ssh_stream(uint64_t *random) {
    static const char banner[] = "SSH-2.0-OpenSSH_9.6\r\n";
    s.length = 0;
    put_bytes(&s, banner, sizeof banner - 1);
    put_ssh(20, 1500, random);
    put_ssh(31, 700, random);
    put_ssh(21, 12, random);
    const size_t clear = s.length;
    put_random(&s, 5000, random);
    return clear;
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

/* A capture that begins later, with and without the port; and a hole in the key exchange. */
static void test_ssh_without_beginning(void **state) {
    (void)state;
    uint64_t random = 4;
    struct talk *t = talk_begin(10, 22);
    const size_t clear = ssh_stream(&random);
    assert_int_equal(tcp(t, true, 9, ACK, s.at + clear, 1000), FLOOR);
    assert_int_equal(tcp(t, true, 9, ACK, s.at, 900), ALL); /* a banner begins another connection */
    t->server = 2222;
    assert_int_equal(tcp(t, true, 9, ACK, s.at + clear, 1000), ALL);
    t->host = 1;
    t->server = 22;
    shake_hands(t, 5, 9);
    assert_int_equal(tcp(t, true, 9, ACK, s.at, 500), ALL);
    for (size_t at = 1600; at + 500 <= s.length; at += 500) {
        assert_int_equal(tcp(t, true, 9 + (uint32_t)at, ACK, s.at + at, 500), ALL);
    }
    assert_int_equal(tcp(t, true, 9 + 300000, ACK, s.at + clear, 500), FLOOR); /* no key exchange is so long */
    talk_end(t);
}

/* The port alone proves nothing while keys are exchanged, or once a flow was forgotten. */
static void test_ssh_port_alone(void **state) {
    (void)state;
    uint64_t random = 4;
    struct talk *t = talk_begin(2, 22);
    (void)ssh_stream(&random);
    assert_int_equal(segment(t, false, 5, &s, 0, 22), ALL);
    assert_int_equal(segment(t, true, 9, &s, 22, 900), ALL); /* the server's banner is missing */
    assert_int_equal(t->last.reason, POLICY_UNPROVEN);
    t->host = 1; /* a connection whose SYN was seen has not begun before the capture */
    assert_int_equal(tcp(t, false, 4, SYN, NULL, 0), ALL);
    assert_int_equal(segment(t, true, 9, &s, 22, 900), ALL);
    talk_end(t);
    t = talk_begin(2, 22);
    t->host = 0;
    assert_int_equal(segment(t, true, 9, &s, 22, 900), FLOOR);
    t->host = 1;
    assert_int_equal(segment(t, true, 9, &s, 22, 900), FLOOR);
    t->host = 2; /* the first one makes room */
    assert_int_equal(segment(t, true, 9, &s, 22, 900), ALL);
    t->host = 1; /* is remembered */
    assert_int_equal(segment(t, true, 9, &s, 922, 900), FLOOR);
    t->host = 0; /* was seen, and is a new flow again */
    assert_int_equal(segment(t, true, 9, &s, 922, 900), ALL);
    talk_end(t);
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

static void put_vpn(unsigned opcode, size_t length, uint64_t *random) {
    const size_t at = s.length;
    put_random(&s, length + 2, random);
    bytes_put_be16(s.at + at, (uint16_t)length);
    s.at[at + 2] = (uint8_t)(opcode << 3);
    memcpy(s.at + at + 3, "session!", 8);
}

static void test_openvpn(void **state) {
    (void)state;
    uint64_t random = 6;
    struct talk *t = talk_begin(10, 1194);
    shake_hands(t, 5, 9);
    s.length = 0;
    put_vpn(7, 54, &random);
    assert_int_equal(tcp(t, false, 5, ACK, s.at, s.length), ALL);
    const size_t other = s.length; /* a control message of another session proves nothing */
    put_vpn(4, 60, &random);
    s.at[other + 3]++;
    put_vpn(9, 400, &random);
    assert_int_equal(segment(t, false, 5, &s, other, REST), ALL);
    t->host++;
    shake_hands(t, 5, 9);
    s.length = other;
    assert_int_equal(tcp(t, false, 5, ACK, s.at, s.length), ALL);
    put_vpn(9, 400, &random);
    assert_int_equal(tcp(t, false, 5 + 56, ACK, s.at + 56, 402), ALL);
    put_vpn(4, 300, &random);
    put_vpn(9, 400, &random);
    assert_int_equal(tcp(t, false, 5 + 458, ACK, s.at + 458, s.length - 458), 302 + FLOOR);
    assert_int_equal(t->last.reason, POLICY_OPENVPN);
    talk_end(t);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ssh),
        cmocka_unit_test(test_ssh_without_beginning),
        cmocka_unit_test(test_ssh_port_alone),
        cmocka_unit_test(test_ssh_again),
        cmocka_unit_test(test_not_ssh_on_its_port),
        cmocka_unit_test(test_smb),
        cmocka_unit_test(test_openvpn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

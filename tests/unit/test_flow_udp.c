/* UDP under the policy `flow`: which datagrams are cut, and where. */
#include "following.h"

enum { FLOOR = 24 };

static uint64_t seed;

static void fill(uint8_t *p, size_t length) {
    for (size_t i = 0; i < length; i++) {
        p[i] = (uint8_t)next_random(&seed);
    }
}

static struct talk *begin(uint16_t port) {
    seed = port;
    return talk_begin(100, port);
}

/* Version 2 and its drafts have other types of packets. */
static unsigned is_second(uint32_t version) {
    return version == 0x6b3343cf || version == 0x709a50c4;
}

/* A QUIC packet with a long header; type: its bits. Returns its length. */
static size_t put_long(uint8_t *p, uint32_t version, unsigned type, size_t payload) {
    size_t at = 0;
    p[at++] = (uint8_t)(0xc0 | type << 4);
    bytes_put_be32(p + at, version);
    at += 4;
    p[at++] = 8;
    fill(p + at, 8);
    at += 8;
    p[at++] = 4;
    bytes_put_be32(p + at, 0x01020304);
    at += 4;
    if (type == is_second(version)) {
        p[at++] = 0; /* no token */
    }
    bytes_put_be16(p + at, (uint16_t)(0x4000 | payload));
    at += 2;
    fill(p + at, payload);
    return at + payload;
}

static void test_quic(void **state) {
    (void)state;
    static const uint32_t versions[] = {1, 0x6b3343cf, 0x709a50c4, 0xff00001d, 0xfaceb002, 0x51303530};
    static const uint16_t ports[] = {443, 8853};
    uint8_t d[1500];
    for (size_t i = 0; i < COUNT_OF(versions) * COUNT_OF(ports); i++) {
        const uint32_t version = versions[i / 2];
        const unsigned shift = is_second(version);
        struct talk *t = begin(ports[i % 2]);
        const size_t initial = put_long(d, version, 0 + shift, 900);
        assert_int_equal(udp(t, false, d, initial), ALL);
        assert_int_equal(t->last.reason, POLICY_HANDSHAKE);
        size_t length = put_long(d, version, 0 + shift, 300);
        length += put_long(d + length, version, (2 + shift) & 3, 500); /* Handshake, coalesced */
        assert_int_equal(udp(t, true, d, length), (int)(length - (size_t)(1 + 4 + 1 + 8 + 1 + 4 + 2) - 500));
        length = put_long(d, version, 0 + shift, 300); /* padded; a server drops a shorter datagram, and some readers */
        memset(d + length, 0, 1200 - length);
        assert_int_equal(udp(t, false, d, 1200), ALL);
        length = put_long(d, version, (1 + shift) & 3, 900); /* 0-RTT */
        assert_int_equal(udp(t, false, d, length), FLOOR);
        fill(d, 1200);
        d[0] = 0x45;
        assert_int_equal(udp(t, true, d, 1200), FLOOR);
        assert_int_equal(t->last.reason, POLICY_QUIC);
        /* a fixed bit that is not fixed, once the flow is known */
        length = put_long(d, version, 0 + shift, 300);
        const size_t behind = length;
        length += put_long(d + length, version, (2 + shift) & 3, 500);
        d[0] &= 0xbf;
        d[behind] &= 0xbf;
        assert_int_equal(udp(t, true, d, length), (int)behind);
        t->host++;
        assert_int_equal(udp(t, true, d, length), ALL);
        t->host--;
        /* a long header that lies about its length */
        length = put_long(d, version, (2 + shift) & 3, 500);
        assert_int_equal(udp(t, true, d, length - 1), ALL);
        talk_end(t);
    }
}

/* On the port of QUIC, and not QUIC. */
static void test_not_quic(void **state) {
    (void)state;
    static const char text[] = "GET / over UDP, for whatever reason anybody may have had to do this to us\r\n";
    uint8_t stun[100] = {0, 1, 0, 80, 0x21, 0x12, 0xa4, 0x42};
    uint8_t dns[80] = {0x12, 0x34, 1, 0, 0, 1};
    uint8_t zeros[200] = {0x40};
    struct talk *t = begin(443);
    char line[] = "@ a line of text that begins with all kinds of letters, but with nothing else than letters\r\n";
    for (int i = 0; i < 20; i++) {
        line[0] = (char)('A' + i);
        assert_int_equal(udp(t, false, line, sizeof line), ALL);
    }
    for (int i = 0; i < 20; i++) {
        assert_int_equal(udp(t, i & 1, text, sizeof text), ALL);
        assert_int_equal(udp(t, i & 1, stun, sizeof stun), ALL);
        assert_int_equal(udp(t, i & 1, dns, sizeof dns), ALL);
        zeros[0] = (uint8_t)(0x40 + i);
        assert_int_equal(udp(t, i & 1, zeros, sizeof zeros), ALL);
    }
    talk_end(t);
}

/* A capture that begins in the middle of a QUIC connection. */
static void test_quic_mid_flow(void **state) {
    (void)state;
    uint8_t d[1200];
    struct talk *t = begin(443);
    unsigned cut = 0;
    for (int i = 0; i < 30; i++) {
        fill(d, sizeof d);
        d[0] = (uint8_t)(0x40 | (d[0] & 0x3f));
        cut += udp(t, true, d, sizeof d) != ALL;
    }
    assert_in_range(cut, 20, 26);
    /* one that begins with what could be a reset of OpenVPN */
    t->host = 1;
    fill(d, sizeof d);
    d[0] = 0x40;
    assert_int_equal(udp(t, true, d, 60), ALL);
    for (int i = 0; i < 10; i++) {
        fill(d, sizeof d);
        d[0] = (uint8_t)(0x40 | (d[0] & 0x3f));
        (void)udp(t, true, d, sizeof d);
    }
    assert_int_equal(t->last.reason, POLICY_QUIC);
    t->server = 4433;
    for (int i = 0; i < 30; i++) {
        assert_int_equal(udp(t, true, d, sizeof d), ALL); /* another port proves nothing */
    }
    talk_end(t);
}

static void test_ike_and_esp(void **state) {
    (void)state;
    uint8_t d[600];
    struct talk *t = begin(500);
    fill(d, sizeof d);
    d[16] = 1;
    d[17] = 0x10;
    d[18] = 2;
    d[19] = 0;
    bytes_put_be32(d + 24, 400);
    assert_int_equal(udp(t, false, d, 400), ALL);
    d[19] = 1; /* encrypted */
    assert_int_equal(udp(t, false, d, 400), 28);
    bytes_put_be32(d + 24, 399);
    assert_int_equal(udp(t, false, d, 400), ALL);
    d[17] = 0x20; /* IKEv2: a notification, then SK */
    d[16] = 41;
    bytes_put_be32(d + 24, 400);
    d[28] = 46;
    bytes_put_be16(d + 30, 16);
    bytes_put_be16(d + 46, 400 - 44);
    assert_int_equal(udp(t, true, d, 400), 48);
    d[16] = 53; /* SKF */
    bytes_put_be16(d + 30, 400 - 28);
    assert_int_equal(udp(t, true, d, 400), 36);
    talk_end(t);
    t = begin(4500);
    fill(d, sizeof d);
    bytes_put_be32(d, 0x12345678);
    bytes_put_be32(d + 4, 7);
    assert_int_equal(udp(t, false, d, 300), ALL); /* one packet proves nothing */
    bytes_put_be32(d + 4, 8);
    assert_int_equal(udp(t, false, d, 300), FLOOR);
    bytes_put_be32(d + 4, 8); /* no step */
    assert_int_equal(udp(t, false, d, 300), ALL);
    talk_end(t);
}

static size_t put_dtls(uint8_t *p, unsigned type, unsigned epoch, size_t length) {
    p[0] = (uint8_t)type;
    p[1] = 0xfe;
    p[2] = 0xfd;
    memset(p + 3, 0, 8);
    p[4] = (uint8_t)epoch;
    bytes_put_be16(p + 11, (uint16_t)length);
    fill(p + 13, length);
    return 13 + length;
}

/* A record with a connection ID in its header, which fills the datagram. */
static void test_dtls_connection_id(void **state) {
    (void)state;
    uint8_t d[400];
    struct talk *t = begin(5684);
    for (size_t id = 1; id <= 20; id++) {
        (void)put_dtls(d, 25, 1, 300);
        bytes_put_be16(d + 11 + id, 300);
        assert_int_equal(udp(t, false, d, 13 + id + 300), FLOOR);
        assert_int_equal(t->last.reason, POLICY_DTLS);
        assert_int_equal(udp(t, false, d, 13 + id + 299), ALL);
        d[4] = 0; /* nothing is encrypted in epoch 0 */
        assert_int_equal(udp(t, false, d, 13 + id + 300), ALL);
    }
    talk_end(t);
}

static void test_dtls_and_srtp(void **state) {
    (void)state;
    uint8_t d[1500];
    uint8_t rtp[200];
    struct talk *t = begin(3478);
    fill(rtp, sizeof rtp);
    rtp[0] = 0x80;
    rtp[1] = 96;
    assert_int_equal(udp(t, false, rtp, sizeof rtp), ALL); /* RTP that nothing says is encrypted */
    size_t length = put_dtls(d, 22, 0, 120);
    d[13] = 2;
    memcpy(d + 80, "\x00\x0e\x00\x05\x00\x02\x00\x01\x00", 9);
    length += put_dtls(d + length, 22, 1, 48);
    assert_int_equal(udp(t, true, d, length), ALL);
    assert_int_equal(t->last.reason, POLICY_HANDSHAKE);
    assert_int_equal(udp(t, false, rtp, sizeof rtp), FLOOR);
    assert_int_equal(t->last.reason, POLICY_SRTP);
    rtp[0] = 0x05; /* whatever else shares the port */
    assert_int_equal(udp(t, false, rtp, sizeof rtp), ALL);
    rtp[0] = 0x85; /* five sources: the header is 32 bytes */
    assert_int_equal(udp(t, false, rtp, sizeof rtp), 32);
    length = put_dtls(d, 23, 1, 300);
    assert_int_equal(udp(t, false, d, length), FLOOR);
    assert_int_equal(udp(t, false, d, length - 1), ALL); /* records do not fill it */
    d[1] = 0xfd;
    assert_int_equal(udp(t, false, d, length), ALL);
    talk_end(t);
}

static void test_wireguard(void **state) {
    (void)state;
    uint8_t d[1500];
    struct talk *t = begin(51820);
    fill(d, sizeof d);
    memcpy(d, "\x04\0\0\0\x0a\0\0\0", 8);
    assert_int_equal(udp(t, true, d, 1024), ALL); /* no handshake seen */
    memcpy(d, "\x01\0\0\0\x0a\0\0\0", 8);
    assert_int_equal(udp(t, false, d, 149), ALL); /* too long for one */
    memcpy(d, "\x02\0\0\0\x0b\0\0\0\x0a\0\0\0", 12);
    assert_int_equal(udp(t, true, d, 92), ALL);
    memcpy(d, "\x04\0\0\0\x0a\0\0\0", 8);
    assert_int_equal(udp(t, true, d, 1024), ALL);
    memcpy(d, "\x01\0\0\0\x0a\0\0\0", 8);
    assert_int_equal(udp(t, false, d, 148), ALL);
    memcpy(d, "\x02\0\0\0\x0b\0\0\0\x0c\0\0\0", 12); /* an answer to another one */
    assert_int_equal(udp(t, true, d, 92), ALL);
    memcpy(d, "\x04\0\0\0\x0a\0\0\0", 8);
    assert_int_equal(udp(t, true, d, 1024), ALL);
    memcpy(d, "\x02\0\0\0\x0b\0\0\0\x0a\0\0\0", 12);
    assert_int_equal(udp(t, true, d, 92), ALL);
    assert_int_equal(t->last.reason, POLICY_HANDSHAKE);
    memcpy(d, "\x04\0\0\0\x0a\0\0\0", 8);
    assert_int_equal(udp(t, true, d, 1024), FLOOR);
    assert_int_equal(udp(t, false, d, 1024), ALL); /* not the index of that side */
    memcpy(d, "\x01\0\0\0\x1a\0\0\0", 8);
    assert_int_equal(udp(t, false, d, 148), ALL); /* new keys; what is under way has the index before */
    memcpy(d, "\x04\0\0\0\x0a\0\0\0", 8);
    assert_int_equal(udp(t, true, d, 1024), FLOOR);
    assert_int_equal(udp(t, true, d, 1452), FLOOR); /* a full one is not padded */
    assert_int_equal(udp(t, true, d, 31), ALL);
    d[1] = 1;
    assert_int_equal(udp(t, true, d, 1024), ALL);
    talk_end(t);
}

static void test_openvpn(void **state) {
    (void)state;
    uint8_t d[600];
    struct talk *t = begin(1194);
    fill(d, sizeof d);
    d[0] = 9 << 3;
    assert_int_equal(udp(t, false, d, 400), ALL);
    memcpy(d + 1, "session!", 8);
    d[0] = 7 << 3;
    assert_int_equal(udp(t, false, d, 54), ALL);
    d[0] = 9 << 3;
    assert_int_equal(udp(t, false, d, 400), ALL);
    d[0] = 4 << 3;
    assert_int_equal(udp(t, false, d, 300), ALL);
    d[0] = 9 << 3;
    assert_int_equal(udp(t, false, d, 400), FLOOR);
    assert_int_equal(t->last.reason, POLICY_OPENVPN);
    talk_end(t);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quic),          cmocka_unit_test(test_not_quic),
        cmocka_unit_test(test_quic_mid_flow), cmocka_unit_test(test_ike_and_esp),
        cmocka_unit_test(test_wireguard),     cmocka_unit_test(test_openvpn),
        cmocka_unit_test(test_dtls_and_srtp), cmocka_unit_test(test_dtls_connection_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

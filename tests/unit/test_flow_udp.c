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

/* A packet with a short header; its connection ID is eight times that byte, or random for 0. */
static void put_short(uint8_t *p, size_t length, int id) {
    fill(p, length);
    p[0] = (uint8_t)(0x40 | (p[0] & 0x3f));
    if (id != 0) {
        memset(p + 1, id, 8);
    }
}

static unsigned count_cut(struct talk *t, bool from_server, int id, unsigned datagrams) {
    uint8_t d[1200];
    unsigned cut = 0;
    for (unsigned i = 0; i < datagrams; i++) {
        put_short(d, sizeof d, id);
        cut += udp(t, from_server, d, sizeof d) != ALL;
    }
    return cut;
}

/* A capture that begins in the middle of a QUIC connection. */
static void test_quic_mid_flow(void **state) {
    (void)state;
    uint8_t d[1200];
    struct talk *t = begin(443);
    assert_int_equal(count_cut(t, true, 0, 30), 0); /* one direction, and nothing in it that comes again */
    assert_in_range(count_cut(t, false, 0xa5, 30), 24, 27);
    assert_in_range(count_cut(t, true, 0, 30), 26, 27);
    put_short(d, sizeof d, 0xa5);
    memset(d + 9, 'a', sizeof d - 9);
    assert_int_equal(udp(t, false, d, sizeof d), ALL); /* not noise */
    assert_int_equal(udp(t, true, d, sizeof d), ALL);
    assert_int_equal(count_cut(t, true, 0, 16), 0); /* some of what is no noise passes for it */
    assert_in_range(count_cut(t, true, 0, 30), 26, 30);
    /* one that begins with what could be a reset of OpenVPN */
    t->host = 1;
    put_short(d, sizeof d, 0x77);
    d[0] = 0x40;
    assert_int_equal(udp(t, true, d, 60), ALL);
    assert_in_range(count_cut(t, true, 0x77, 12), 8, 10);
    t->host = 2; /* a first byte that never changes is none under header protection */
    for (int i = 0; i < 30; i++) {
        put_short(d, sizeof d, 0x33);
        d[0] = 0x47;
        assert_int_equal(udp(t, true, d, sizeof d), ALL);
    }
    t->server = 4433;
    assert_int_equal(count_cut(t, true, 0xa5, 30), 0); /* another port proves nothing */
    talk_end(t);
}

/* One side's long headers prove what has the connection ID that they announced, and nothing else. */
static void test_quic_one_side(void **state) {
    (void)state;
    uint8_t d[1200];
    struct talk *t = begin(8443);
    size_t length = put_long(d, 1, 0, 900);
    assert_int_equal(udp(t, false, d, length), ALL);
    assert_int_equal(count_cut(t, false, 0, 10) + count_cut(t, true, 0, 10), 0);
    put_short(d, sizeof d, 0);
    bytes_put_be32(d + 1, 0x01020304);
    assert_int_equal(udp(t, true, d, sizeof d), FLOOR);
    put_short(d, sizeof d, 0);
    bytes_put_be32(d + 1, 0x01020304);
    memset(d + 9, 0, sizeof d - 9);
    assert_int_equal(udp(t, true, d, sizeof d), ALL);
    length = put_long(d, 1, 0, 900);
    assert_int_equal(udp(t, true, d, length), ALL); /* and now both have shown theirs */
    assert_int_equal(count_cut(t, true, 0, 16), 0); /* but that side has sent what is none */
    assert_int_equal(count_cut(t, false, 0, 10) + count_cut(t, true, 0, 10), 20);
    uint8_t stun[100] = {0, 1, 0, 80, 0x21, 0x12, 0xa4, 0x42};
    assert_int_equal(udp(t, true, stun, sizeof stun), ALL);
    assert_int_equal(count_cut(t, false, 0, 10) + count_cut(t, true, 0, 10), 0);
    talk_end(t);
}

/* Sound in a channel of TURN, on the port of QUIC. */
static void test_channels(void **state) {
    (void)state;
    uint8_t stun[100] = {0, 1, 0, 80, 0x21, 0x12, 0xa4, 0x42};
    uint8_t d[204];
    struct talk *t = begin(443);
    assert_int_equal(udp(t, true, stun, sizeof stun), ALL);
    for (int i = 0; i < 30; i++) {
        put_short(d, sizeof d, 0xa5);
        bytes_put_be16(d + 2, sizeof d - 4);
        assert_int_equal(udp(t, i % 2, d, sizeof d), ALL);
        assert_int_equal(t->last.reason, POLICY_CLEARTEXT);
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
    for (uint32_t number = 7; number < 9; number++) {
        bytes_put_be32(d + 4, number);
        assert_int_equal(udp(t, false, d, 300), ALL); /* two packets prove nothing */
        assert_int_equal(udp(t, false, d, 300), ALL); /* no step */
    }
    bytes_put_be32(d + 4, 9);
    assert_int_equal(udp(t, false, d, 300), FLOOR);
    assert_int_equal(udp(t, false, d, 300), FLOOR); /* there twice, now that it is proven */
    bytes_put_be16(d + 2, 300);                     /* the datagram's length: IPFIX, with a time */
    for (uint32_t number = 50; number < 60; number++) {
        bytes_put_be32(d + 4, number);
        assert_int_equal(udp(t, false, d, 300), ALL);
    }
    bytes_put_be32(d, 0x12345678);
    for (uint32_t number = 100; number < 103; number++) {
        bytes_put_be32(d + 4, number); /* which jumps, and has to be proven again */
        assert_int_equal(udp(t, false, d, 300), number < 102 ? ALL : FLOOR);
    }
    uint8_t readable[64] = {0x12, 0x34, 0x56, 0x78, 0, 0, 0, 103, 0x45, 0, 0, 52, 0, 0, 0, 0, 64, 17};
    readable[61] = 2; /* padding of two bytes, and a packet of IPv4 inside */
    readable[60] = 2;
    readable[62] = 2;
    readable[63] = 4;
    bytes_put_be16(readable + 10, 52);
    readable[60] = 1;
    assert_int_equal(udp(t, false, readable, sizeof readable), ALL);
    assert_int_equal(t->last.reason, POLICY_CLEARTEXT);
    bytes_put_be32(d + 4, 104);
    assert_int_equal(udp(t, false, d, 300), ALL); /* and it begins again */
    bytes_put_be32(d + 4, 2000);                  /* a number that jumps does not go on */
    for (int i = 0; i < 8; i++) {
        bytes_put_be32(d + 4, 2000 + 900 * (uint32_t)i);
        assert_int_equal(udp(t, false, d, 300), ALL);
    }
    fill(d, 300); /* behind IKE an SPI need not be seen before */
    memset(d, 0, 4);
    d[4 + 16] = 41;
    d[4 + 17] = 0x20;
    bytes_put_be32(d + 4 + 24, 296);
    assert_int_equal(udp(t, false, d, 300), ALL);
    bytes_put_be32(d, 0x40123456); /* which a reset of OpenVPN might have */
    assert_int_equal(udp(t, true, d, 300), FLOOR);
    memset(d + 8, 'a', 290);
    assert_int_equal(udp(t, true, d, 300), ALL);
    talk_end(t);
}

/* A channel of TURN whose RTP has numbers that go on is no ESP, whatever it carries. */
static void test_channels_are_no_esp(void **state) {
    (void)state;
    uint8_t d[300];
    struct talk *t = begin(4500);
    for (uint32_t number = 0; number < 12; number++) {
        fill(d, sizeof d);
        bytes_put_be16(d, 0x4001);
        bytes_put_be16(d + 2, sizeof d - 4);
        bytes_put_be32(d + 4, 0x80000000 + number);
        assert_int_equal(udp(t, false, d, sizeof d), ALL);
    }
    talk_end(t);
}

/* A hello with one suite and these extensions, in an epoch of 0. Returns the record's length. */
static size_t put_hello_with(uint8_t *p, unsigned type, unsigned suite, const char *extensions, size_t length) {
    uint8_t *m = p + 13;
    size_t at = 12;
    bytes_put_be16(m + at, 0xfefd);
    fill(m + at + 2, 32);
    at += 34;
    m[at++] = 0; /* no session */
    if (type == 1) {
        m[at++] = 0; /* no cookie */
        bytes_put_be16(m + at, 2);
        at += 2;
    }
    bytes_put_be16(m + at, (uint16_t)suite);
    at += 2;
    if (type == 1) {
        m[at++] = 1;
    }
    m[at++] = 0;
    bytes_put_be16(m + at, (uint16_t)length);
    memcpy(m + at + 2, extensions, length);
    at += 2 + length;
    memset(m, 0, 12);
    m[0] = (uint8_t)type;
    m[3] = m[11] = (uint8_t)(at - 12);
    memcpy(p, "\x16\xfe\xfd\0\0\0\0\0\0\0\0", 11);
    bytes_put_be16(p + 11, (uint16_t)at);
    return 13 + at;
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

/* Likewise, with one profile of SRTP, or for 0 with none. */
static size_t put_hello(uint8_t *p, unsigned type, unsigned suite, unsigned profile) {
    const char use_srtp[] = {0, 14, 0, 5, 0, 2, 0, (char)profile, 0};
    return put_hello_with(p, type, suite, use_srtp, profile != 0 ? sizeof use_srtp : 0);
}

/* A record with a connection ID in its header, which fills the datagram. */
static void test_dtls_connection_id(void **state) {
    (void)state;
    uint8_t d[400];
    struct talk *t = begin(5684);
    assert_int_equal(udp(t, true, d, put_hello(d, 2, 0xc02b, 0)), ALL);
    for (size_t id = 1; id <= 20; id++) {
        (void)put_dtls(d, 25, 1, 300);
        bytes_put_be16(d + 11 + id, 300);
        assert_int_equal(udp(t, false, d, 13 + id + 300), 13 + (int)id > FLOOR ? 13 + (int)id : FLOOR);
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
    size_t length = put_hello(d, 2, 0xc02b, 1);
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

/* What of DTLS and SRTP does not encrypt, and what ends a proof. */
static void test_dtls_without_encryption(void **state) {
    (void)state;
    static const struct {
        unsigned type, suite;
        bool encrypts;
    } hellos[] = {{1, 0xc02b, true}, {1, 0x003b, false}, {2, 0xc02b, true}, {2, 0x003b, false},
                  {2, 0xc02b, true}, {1, 0xc006, false}, {2, 0x9999, false}};
    uint8_t d[400];
    uint8_t rtp[200];
    struct talk *t = begin(5684);
    for (size_t i = 0; i < COUNT_OF(hellos); i++) {
        assert_int_equal(udp(t, hellos[i].type == 2, d, put_hello(d, hellos[i].type, hellos[i].suite, 0)), ALL);
        for (int n = 0; n < 5; n++) {
            const size_t length = put_dtls(d, 23, 1, 300);
            assert_int_equal(udp(t, true, d, length), hellos[i].encrypts ? FLOOR : ALL);
        }
    }
    const size_t whole = put_hello(d, 2, 0xc02b, 0);
    t->there_bytes = 60; /* the choice was not captured */
    assert_int_equal(udp(t, true, d, whole), ALL);
    assert_int_equal(udp(t, true, d, put_dtls(d, 23, 1, 300)), ALL);
    fill(rtp, sizeof rtp);
    rtp[0] = 0x80;
    for (unsigned profile = 1; profile < 20; profile++) {
        rtp[1] = 96;
        const bool encrypts = profile <= 2 || (profile >= 7 && profile <= 16);
        assert_int_equal(udp(t, true, d, put_hello(d, 2, 0xc02b, profile)), ALL);
        assert_int_equal(udp(t, false, rtp, sizeof rtp), encrypts ? FLOOR : ALL);
        rtp[1] = 200;
        rtp[sizeof rtp - 4] = profile >= 7 ? 0x80 : 0;
        rtp[sizeof rtp - 14] = profile < 7 ? 0x80 : 0;
        const bool tells = profile <= 2 || profile == 7 || profile == 8;
        assert_int_equal(udp(t, false, rtp, sizeof rtp), tells ? FLOOR : ALL);
        rtp[sizeof rtp - 4] = rtp[sizeof rtp - 14] = 0; /* not encrypted, this one */
        assert_int_equal(udp(t, false, rtp, sizeof rtp), ALL);
    }
    /* In DTLS 1.3 nobody sees what is chosen: all that is offered must encrypt. */
    rtp[1] = 96;
    for (char second = 1; second < 9; second++) {
        const char offers[] = {0, 14, 0, 7, 0, 4, 0, 7, 0, second, 0};
        assert_int_equal(udp(t, false, d, put_hello_with(d, 1, 0x1301, offers, sizeof offers)), ALL);
        assert_int_equal(udp(t, true, d, put_hello_with(d, 2, 0x1301, "\0\x2b\0\2\xfe\xfc", 6)), ALL);
        assert_int_equal(udp(t, false, rtp, sizeof rtp), second <= 2 || second >= 7 ? FLOOR : ALL);
    }
    assert_int_equal(udp(t, true, d, put_hello(d, 2, 0xc02b, 1)), ALL);
    rtp[1] = 0;
    memset(rtp + 12, 0x55, sizeof rtp - 12);
    assert_int_equal(udp(t, false, rtp, sizeof rtp), ALL); /* sound, whatever was agreed on */
    talk_end(t);
}

/* Records whose handshake was not seen: numbers that go on, and noise. */
static void test_dtls_mid_flow(void **state) {
    (void)state;
    uint8_t d[400];
    struct talk *t = begin(5684);
    for (unsigned n = 0; n < 12; n++) {
        const size_t length = put_dtls(d, 23, 1, 300);
        d[10] = (uint8_t)n;
        assert_int_equal(udp(t, true, d, length), n < 2 ? ALL : FLOOR);
        d[10] = (uint8_t)(n * 40);
        assert_int_equal(udp(t, false, d, length), ALL);
    }
    const size_t length = put_dtls(d, 23, 1, 300);
    d[10] = 12;
    memset(d + 13, 'x', 300);
    assert_int_equal(udp(t, true, d, length), ALL);
    fill(d + 13, 300);
    d[10] = 13;
    assert_int_equal(udp(t, true, d, length), ALL);
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
    memcpy(d + 1024, "\x01\0\0\0", 4); /* merged with a handshake */
    assert_int_equal(udp(t, true, d, 1024 + 148), ALL);
    assert_int_equal(udp(t, true, d, 1024 + 149), FLOOR);
    memset(d + 16, 'w', 1008);
    assert_int_equal(udp(t, true, d, 1024), ALL);
    d[1] = 1;
    assert_int_equal(udp(t, true, d, 1024), ALL);
    talk_end(t);
}

/* ENCR_NULL: what stands in an encrypted payload are payloads, behind an initialisation vector or not. */
static void test_ike_without_encryption(void **state) {
    (void)state;
    for (unsigned vector_bytes = 0; vector_bytes <= 8; vector_bytes += 8) {
        uint8_t d[400];
        struct talk *t = begin(500);
        fill(d, sizeof d);
        uint8_t *inside = d + 32 + vector_bytes;
        d[16] = 46;
        d[17] = 0x20;
        bytes_put_be32(d + 24, sizeof d);
        d[28] = 39;
        bytes_put_be16(d + 30, sizeof d - 28);
        inside[0] = 40;
        inside[1] = 0;
        bytes_put_be16(inside + 2, 200);
        inside[200] = 0;
        inside[201] = 0x80; /* critical */
        bytes_put_be16(inside + 202, 100);
        assert_int_equal(udp(t, false, d, sizeof d), ALL);
        inside[201] = 1;
        assert_int_equal(udp(t, false, d, sizeof d), 32);
        inside[201] = 0;
        inside[0] = 4; /* no payload of IKEv2 */
        assert_int_equal(udp(t, false, d, sizeof d), 32);
        talk_end(t);
    }
}

/* A proven session that carries packets as they are: behind an HMAC, a number, and what says how they are compressed.
 */
static void test_openvpn_without_a_cipher(void **state) {
    (void)state;
    static const struct {
        unsigned opcode;
        size_t packet_at;
        const char *head;
        size_t head_bytes;
        size_t length_at; /* in the packet */
        uint16_t less_bytes;
    } messages[] = {{6, 5, "\x45", 1, 2, 0},
                    {9, 4 + 20 + 4, "\x46", 1, 2, 0},
                    {9, 4 + 64 + 5, "\x60", 1, 4, 40},
                    {6, 1 + 32 + 5, "\xfb", 1, 2, 1},
                    {6, 1 + 16 + 4 + 14, "\x45", 1, 2, 0}};
    for (size_t i = 0; i < COUNT_OF(messages); i++) {
        uint8_t d[400];
        struct talk *t = begin(1194);
        fill(d, sizeof d);
        memcpy(d + 1, "session!", 8);
        d[0] = 7 << 3;
        assert_int_equal(udp(t, false, d, 54), ALL);
        fill(d, sizeof d);
        d[0] = 8 << 3;
        memcpy(d + 14, "session!", 8);
        assert_int_equal(udp(t, true, d, 54), ALL);
        fill(d, sizeof d);
        d[0] = (uint8_t)(messages[i].opcode << 3);
        assert_int_equal(udp(t, true, d, sizeof d), FLOOR);
        const size_t at = messages[i].packet_at;
        memcpy(d + at - 2, "\x08\0", 2);
        memcpy(d + at, messages[i].head, messages[i].head_bytes);
        d[sizeof d - 1] = 0x45; /* the first byte, where it is the last */
        bytes_put_be16(d + at + messages[i].length_at, (uint16_t)(sizeof d - at - messages[i].less_bytes));
        assert_int_equal(udp(t, true, d, sizeof d), ALL);
        fill(d, sizeof d);
        d[0] = (uint8_t)(messages[i].opcode << 3);
        assert_int_equal(udp(t, true, d, sizeof d), ALL); /* and casts doubt */
        talk_end(t);
    }
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
    assert_int_equal(udp(t, false, d, 300), ALL); /* its own session again, which a length and a name would be, too */
    d[0] = 9 << 3;
    assert_int_equal(udp(t, false, d, 400), ALL);
    fill(d, sizeof d);
    d[0] = 5 << 3;
    memcpy(d + 124, "session!", 8);
    assert_int_equal(udp(t, true, d, 300), ALL);
    d[0] = 9 << 3;
    assert_int_equal(udp(t, true, d, 400), ALL); /* too far behind to be an acknowledgement */
    d[0] = 8 << 3;
    memcpy(d + 14, "session!", 8);
    assert_int_equal(udp(t, true, d, 50), ALL);
    d[0] = 9 << 3;
    assert_int_equal(udp(t, true, d, 400), FLOOR);
    assert_int_equal(t->last.reason, POLICY_OPENVPN);
    assert_int_equal(udp(t, false, d, 400), FLOOR);
    memset(d + 8, 'v', 392);
    assert_int_equal(udp(t, false, d, 400), ALL);
    fill(d, sizeof d);
    d[0] = 7 << 3;
    assert_int_equal(udp(t, false, d, 54), ALL); /* a new session */
    d[0] = 9 << 3;
    assert_int_equal(udp(t, false, d, 400), ALL);
    t->host++;
    memset(d + 1, 0, 8); /* a session of zeros is echoed by anything */
    d[0] = 7 << 3;
    assert_int_equal(udp(t, false, d, 54), ALL);
    memset(d + 14, 0, 8);
    d[0] = 8 << 3;
    d[1] = 1;
    assert_int_equal(udp(t, true, d, 54), ALL);
    fill(d, sizeof d);
    d[0] = 9 << 3;
    assert_int_equal(udp(t, true, d, 400), ALL);
    talk_end(t);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quic),
        cmocka_unit_test(test_not_quic),
        cmocka_unit_test(test_quic_mid_flow),
        cmocka_unit_test(test_ike_and_esp),
        cmocka_unit_test(test_wireguard),
        cmocka_unit_test(test_openvpn),
        cmocka_unit_test(test_openvpn_without_a_cipher),
        cmocka_unit_test(test_ike_without_encryption),
        cmocka_unit_test(test_channels_are_no_esp),
        cmocka_unit_test(test_dtls_and_srtp),
        cmocka_unit_test(test_dtls_connection_id),
        cmocka_unit_test(test_quic_one_side),
        cmocka_unit_test(test_channels),
        cmocka_unit_test(test_dtls_without_encryption),
        cmocka_unit_test(test_dtls_mid_flow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * What is told cheaply is what following the flow would have said: both are asked about the same segments and
 * datagrams, of streams that lose, repeat, exchange and mangle some.
 */
#include "bytes.h"
#include "flow_expected.h"
#include "flow_tcp.h"
#include "flow_udp.h"
#include "noise.h"
#include "support.h"

enum { STREAM_BYTES = 60000, STREAMS = 400 };

static size_t put_record(uint8_t *at, uint8_t type, uint32_t length, uint64_t *seed) {
    at[0] = type;
    at[1] = 3;
    at[2] = (uint8_t)(next_random(seed) % 64 ? next_random(seed) % 5 : 5);
    bytes_put_be16(at + 3, (uint16_t)length);
    for (uint32_t i = 0; i < length; i++) {
        at[5 + i] = (uint8_t)next_random(seed);
    }
    return 5 + (size_t)length;
}

/* A hello, perhaps what follows it, then data of many sizes and now and then something else. */
static void make_tls(uint8_t *stream, uint64_t *seed) {
    size_t end = put_record(stream, 0x16, 200, seed);
    memcpy(stream, "\x16\x03\x01\x00\xc8\x02\x00\x00\xc4\x03\x03", 11);
    memcpy(stream + 43, next_random(seed) % 8 == 0 ? "\0\0\x3b" : "\0\x13\x01", 3); /* one in eight does not encrypt */
    if (next_random(seed) % 2) {
        end += put_record(stream + end, 0x14, 1, seed);
        end += put_record(stream + end, 0x16, 40, seed);
    }
    while (end + 17000 < STREAM_BYTES) {
        const uint32_t kind = next_random(seed) % 20;
        const uint8_t type = kind == 0 ? 0x15 : kind == 1 ? 0x16 : kind == 2 ? (uint8_t)next_random(seed) : 0x17;
        end += put_record(stream + end, type, 1 + next_random(seed) % (kind < 10 ? 300 : 16000), seed);
    }
}

static void make_stream(uint8_t *stream, uint64_t *seed) {
    static const char banner[] = "SSH-2.0-x\r\n"
                                 "\0\0\0\x2e\x0a\x14"
                                 "0123456789abcdef\0\0\0\1k\0\0\0\1h\0\0\0\1c\0\0\0\1c01234567"
                                 "\0\0\0\x0c\x0a\x15\0\0\0\0\0\0\0\0\0";
    for (size_t i = 0; i < STREAM_BYTES; i++) {
        stream[i] = (uint8_t)next_random(seed);
    }
    switch (next_random(seed) % 4) {
    case 0:
        memcpy(stream, "GET / HTTP/1.1\r\n", 16);
        stream[16 + next_random(seed) % 3000] = 0x16;
        break;
    case 1: /* a banner, KEXINIT without lists to speak of, NEWKEYS in a packet of its own, then what is encrypted */
        memcpy(stream, banner, sizeof banner);
        break;
    default:
        make_tls(stream, seed);
        break;
    }
}

/* Ask both about one segment. Returns what the cheap way said. */
static enum policy_reason ask_both(struct flow_state *f, const struct flow_segment *in) {
    struct flow_state cheap = *f;
    const enum policy_reason reason = flow_expected_tcp(&cheap, 0, in->seq, in->payload, in->payload_bytes);
    if (reason == POLICY_UNPROVEN) {
        assert_memory_equal(&cheap, f, sizeof cheap);
    }
    const struct flow_verdict v = flow_tcp_segment(f, 0, in);
    const bool is_looked_at = v.reason == POLICY_UNPROVEN && !noise_is(in->payload, in->payload_bytes);
    if (reason != POLICY_UNPROVEN && (cheap.flags & FLOW_CUT_BEFORE) == 0 && !is_looked_at) {
        assert_int_equal(v.reason, reason);
        assert_int_equal(v.cut, reason < POLICY_CUT_REASONS);
        assert_int_equal(v.clear_bytes, 0);
        assert_int_equal(v.least_bytes, 0);
        assert_memory_equal(&cheap, f, sizeof cheap);
    }
    return reason;
}

static struct flow_segment pick(const uint8_t *stream, uint32_t *at, uint32_t start, uint64_t *seed) {
    const uint32_t what = next_random(seed) % 40;
    uint32_t from = *at;
    uint32_t length = next_random(seed) % 4 ? 1448 : 1 + next_random(seed) % 1448;
    if (what == 0) {
        from = from > 4000 ? from - next_random(seed) % 4000 : 0; /* again */
    } else if (what == 1) {
        from += next_random(seed) % 3000; /* a hole */
    } else if (what == 2) {
        from += length; /* behind the next one */
    }
    from = from < STREAM_BYTES - 1500 ? from : STREAM_BYTES - 1500;
    if (what != 0 && what != 2) {
        *at = from + length;
    }
    uint8_t *payload = exact_copy(stream + from, length);
    if (what == 4 && length > 40) { /* something else begins */
        memcpy(payload,
               next_random(seed) % 2 ? "SSH-2.0-again\r\n" : "\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03xxxx", 15);
    }
    const struct flow_segment in = {.seq = start + from + (what == 3 ? next_random(seed) : 0),
                                    .payload = payload,
                                    .there_bytes = length,
                                    .payload_bytes = length};
    return in;
}

static void test_tcp(void **state) {
    (void)state;
    static uint8_t stream[STREAM_BYTES];
    unsigned said[POLICY_REASONS] = {0};
    uint64_t seed = 1;
    for (unsigned n = 0; n < STREAMS; n++) {
        const uint32_t start = n % 3 ? next_random(&seed) * 2 : UINT32_MAX - 20000; /* sequence numbers wrap */
        struct flow_state f;
        uint32_t at = 0;
        memset(&f, 0, sizeof f);
        make_stream(stream, &seed);
        if (n % 5) {
            flow_tcp_syn(&f, 0, start, false);
        }
        if (n % 11 == 0) {
            f.of.stream[1].mode = FLOW_PLAIN;
        }
        while (at < STREAM_BYTES - 1500) {
            const struct flow_segment in = pick(stream, &at, start, &seed);
            said[ask_both(&f, &in)]++;
            free((void *)(uintptr_t)in.payload);
        }
    }
    /* Each of them was met, and often. */
    assert_true(said[POLICY_TLS] > 2000);
    assert_true(said[POLICY_SSH] > 1000);
    assert_true(said[POLICY_CLEARTEXT] > 1000);
    assert_true(said[POLICY_UNPROVEN] > 1000);
}

/* kinds: of so many, from those that begin a flow of QUIC to those that begin something else. */
static void make_datagram(uint8_t *p, uint32_t length, unsigned kinds, uint64_t *seed) {
    static const uint32_t versions[] = {1, 0x6b3343cf, 0xff00001d, 0x51303433, 0x51303436, 0};
    for (uint32_t i = 0; i < length; i++) {
        p[i] = (uint8_t)next_random(seed);
    }
    memcpy(p + 1, "\x11\x22\x33\x44\x55\x66\x77\x88", 8); /* a connection ID, in a short header or an old one */
    switch (next_random(seed) % kinds) {
    case 0:
        p[0] |= 0xc0;
        bytes_put_be32(p + 1, versions[next_random(seed) % COUNT_OF(versions)]);
        memcpy(p + 5, "\x04\x11\x22\x33\x44\x04\x11\x22\x33\x44", 10);
        break;
    case 1:
    case 2:
        p[0] = (uint8_t)(0x40 | (p[0] & 0x3f));
        break;
    case 3:
        bytes_put_be32(p + 9, versions[next_random(seed) % COUNT_OF(versions)]);
        break;
    case 4: /* WireGuard, DTLS, STUN, OpenVPN by their first bytes */
        memcpy(p, "\x01\0\0\0", 4);
        p[0] = (uint8_t)(next_random(seed) % 5);
        break;
    case 5:
        memcpy(p, "\x16\xfe\xfd\0\0\0\0\0\0\0\0", 11);
        bytes_put_be16(p + 11, (uint16_t)(length - 13));
        break;
    case 6:
        p[0] = (uint8_t)(next_random(seed) % 12 << 3);
        break;
    default:
        break;
    }
}

static void test_udp(void **state) {
    (void)state;
    struct flow_state f;
    unsigned quic = 0;
    unsigned nothing = 0;
    uint64_t seed = 2;
    memset(&f, 0, sizeof f);
    for (unsigned n = 0; n < 200000; n++) {
        uint8_t made[160];
        const uint32_t length = 20 + next_random(&seed) % (sizeof made - 20);
        const uint32_t there = next_random(&seed) % 8 ? length : next_random(&seed) % length;
        make_datagram(made, length, n % 100 < 50 ? 3 : 8, &seed);
        uint8_t *payload = exact_copy(made, there);
        /* Mostly none of the ports that protocols speak of. */
        const unsigned ports = next_random(&seed) % 4 ? 0 : next_random(&seed) % (2 * POLICY_PORT_IPSEC);
        struct flow_datagram in = {
            .payload = payload, .there_bytes = there, .payload_bytes = length, .port_flags = ports};
        bool remember = false;
        if (flow_expected_udp(NULL, n % 2, ports, payload, there) == POLICY_CLEARTEXT) {
            struct flow_state fresh;
            memset(&fresh, 0, sizeof fresh);
            const struct flow_verdict v = flow_udp_datagram(&fresh, n % 2, &in, &remember);
            assert_int_equal(v.reason, POLICY_CLEARTEXT);
            assert_false(v.cut || remember);
            nothing++;
        }
        const struct flow_state before = f;
        const bool is_quic = flow_expected_udp(&f, n % 2, ports, payload, there) == POLICY_QUIC;
        const struct flow_verdict v = flow_udp_datagram(&f, n % 2, &in, &remember);
        if (is_quic) {
            assert_int_equal(v.reason, POLICY_QUIC);
            assert_true(v.cut && v.clear_bytes == 0 && v.least_bytes == 0);
            assert_memory_equal(&before, &f, sizeof f);
            quic++;
        }
        if (n % 50 == 0) {
            memset(&f, 0, sizeof f);
        }
        free(payload);
    }
    assert_true(quic > 1000);
    assert_true(nothing > 10000);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tcp), cmocka_unit_test(test_udp)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

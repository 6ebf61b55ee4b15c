/* The decision table of docs/ALGORITHM.md section 2: every row, its boundaries and its neighbours. */
#include "bytes.h"
#include "policy.h"
#include "support.h"

enum { TCP = LOCATED_TCP, UDP = LOCATED_UDP, TRANSPORT_OFFSET = 34, PAYLOAD_OFFSET = 54 };

static const unsigned TLS_PORTS[] = {443, 853, 465, 993, 995, 8443, 5061};

static int make_policy(void **state) {
    struct policy *p = malloc(sizeof *p);
    if (p == NULL) {
        return -1;
    }
    memset(p, 0xff, sizeof *p);
    if (policy_init(p, NULL, NULL) != 0) {
        return -1;
    }
    *state = p;
    return 0;
}

static int drop_policy(void **state) {
    policy_free(*state);
    free(*state);
    return 0;
}

/* Decide on payload in a frame of exactly the right size. */
static struct decision decide(void **state, int as, unsigned from, unsigned to, const void *payload, size_t length) {
    uint8_t *frame = malloc(PAYLOAD_OFFSET + length);
    assert_non_null(frame);
    memset(frame, 0x17, PAYLOAD_OFFSET);
    bytes_put_be16(frame + TRANSPORT_OFFSET, (uint16_t)from);
    bytes_put_be16(frame + TRANSPORT_OFFSET + 2, (uint16_t)to);
    if (length > 0) {
        memcpy(frame + PAYLOAD_OFFSET, payload, length);
    }
    struct located l = {
        .as = (enum located_as)as,
        .ip_version = 4,
        .network_offset = 14,
        .transport_offset = TRANSPORT_OFFSET,
        .payload_offset = PAYLOAD_OFFSET,
        .payload_bytes = (uint32_t)length,
    };
    struct decision d = policy_packet_decide(*state, &l, frame);
    free(frame);
    return d;
}

static void expect(void **state, int as, unsigned from, unsigned to, unsigned first, size_t length,
                   enum policy_reason reason) {
    uint8_t payload[1500];
    memset(payload, 0x17, sizeof payload);
    payload[0] = (uint8_t)first;
    struct decision d = decide(state, as, from, to, payload, length);
    bool cut = reason == POLICY_TLS || reason == POLICY_SSH || reason == POLICY_QUIC || reason == POLICY_IPSEC;
    if (d.reason != reason || d.cut != cut || d.keep_payload_bytes != (cut ? 24U : 0U)) {
        fail_msg("%d %u > %u, %zu bytes from %02x: %s, cut %d, keep %u, not %s", as, from, to, length, first,
                 policy_reason_name(d.reason), d.cut, d.keep_payload_bytes, policy_reason_name(reason));
    }
}

/* Either way round. */
static void expect_both(void **state, int as, unsigned port, unsigned first, size_t length, enum policy_reason reason) {
    expect(state, as, port, 50000, first, length, reason);
    expect(state, as, 50000, port, first, length, reason);
    expect(state, as, port, port, first, length, reason);
}

static void test_boundary_of_24_bytes(void **state) {
    static const struct {
        int as;
        unsigned port;
        enum policy_reason reason;
    } rows[] = {{TCP, 443, POLICY_TLS},     {TCP, 50001, POLICY_TLS}, {TCP, 22, POLICY_TLS},
                {UDP, 443, POLICY_QUIC},    {UDP, 500, POLICY_IPSEC}, {UDP, 4500, POLICY_IPSEC},
                {UDP, 53, POLICY_CLEARTEXT}};
    static const size_t short_lengths[] = {0, 1, 3, 4, 23, 24};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t n = 0; n < COUNT_OF(short_lengths); n++) {
            expect_both(state, rows[i].as, rows[i].port, 0x17, short_lengths[n], POLICY_SHORT);
        }
        expect_both(state, rows[i].as, rows[i].port, 0x17, 25, rows[i].reason);
        expect_both(state, rows[i].as, rows[i].port, 0x17, 1460, rows[i].reason);
    }
}

static void test_first_bytes_on_tls_ports(void **state) {
    for (size_t i = 0; i < COUNT_OF(TLS_PORTS); i++) {
        for (unsigned first = 0; first <= 0xff; first++) {
            bool kept = first == 0x14 || first == 0x15 || first == 0x16 || first == 0x18;
            expect_both(state, TCP, TLS_PORTS[i], first, 25, kept ? POLICY_CLEARTEXT : POLICY_TLS);
        }
    }
}

static void test_first_bytes_elsewhere(void **state) {
    /* The neighbours of every TLS port, and ports of UDP rules, which say nothing of TCP. */
    static const unsigned ports[] = {0,   1,   80,   441,  442,  444,  464, 466,  852,  854,   992,
                                     994, 996, 5060, 5062, 8442, 8444, 500, 4500, 4433, 65535, 21,
                                     23,  499, 501,  4499, 4501, 636,  989, 990,  3389, 9443};
    for (size_t i = 0; i < COUNT_OF(ports); i++) {
        for (unsigned first = 0; first <= 0xff; first++) {
            expect_both(state, TCP, ports[i], first, 25, first == 0x17 ? POLICY_TLS : POLICY_CLEARTEXT);
        }
    }
}

/* Every port there is. */
static void test_all_ports(void **state) {
    unsigned long tls = 0, ssh = 0, quic = 0, ipsec = 0, tunnels = 0;
    for (unsigned port = 0; port <= 65535; port++) {
        static const uint8_t text[25] = "GET / HTTP/1.1\r\nHost: x\r\n";
        struct decision tcp = decide(state, TCP, port, 50000, text, 25);
        struct decision udp = decide(state, UDP, 50000, port, text, 25);
        tls += tcp.reason == POLICY_TLS;
        ssh += tcp.reason == POLICY_SSH;
        quic += udp.reason == POLICY_QUIC;
        ipsec += udp.reason == POLICY_IPSEC;
        assert_int_equal(tcp.cut, tcp.reason != POLICY_CLEARTEXT);
        tunnels += udp.reason == POLICY_TUNNEL;
        assert_int_equal(udp.cut, udp.reason != POLICY_CLEARTEXT && udp.reason != POLICY_TUNNEL);
    }
    assert_int_equal(tunnels, 7);
    assert_int_equal(tls, 7);
    assert_int_equal(ssh, 1);
    assert_int_equal(quic, 1);
    assert_int_equal(ipsec, 2);
}

static void test_ssh(void **state) {
    static const struct {
        const char *payload;
        enum policy_reason reason;
    } rows[] = {
        {"SSH-2.0-OpenSSH_9.6 and more", POLICY_CLEARTEXT}, {"SSH-                        ", POLICY_CLEARTEXT},
        {"SSG-2.0-OpenSSH_9.6 and more", POLICY_SSH},       {"SSH_2.0-OpenSSH_9.6 and more", POLICY_SSH},
        {"SSH.2.0-OpenSSH_9.6 and more", POLICY_SSH},       {"ssh-2.0-OpenSSH_9.6 and more", POLICY_SSH},
        {" SSH-2.0-OpenSSH_9.6 and mor", POLICY_SSH},       {"TSH-2.0-OpenSSH_9.6 and more", POLICY_SSH},
        {"STH-2.0-OpenSSH_9.6 and more", POLICY_SSH},       {"SSH                         ", POLICY_SSH},
        {"\x16\x03\x01 a handshake, but here", POLICY_SSH}, {"\x17\x03\x03 TLS that has gone astray", POLICY_TLS},
        {"encrypted, all of it, really", POLICY_SSH},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (unsigned turn = 0; turn < 3; turn++) {
            size_t length = turn == 2 ? 25 : strlen(rows[i].payload);
            struct decision d =
                decide(state, TCP, turn != 0 ? 22 : 40000, turn != 1 ? 22 : 40000, rows[i].payload, length);
            if (d.reason != rows[i].reason || d.cut != (rows[i].reason != POLICY_CLEARTEXT)) {
                fail_msg("%s: %s", rows[i].payload, policy_reason_name(d.reason));
            }
        }
        struct decision off_port = decide(state, TCP, 21, 23, rows[i].payload, 25);
        assert_int_equal(off_port.reason, rows[i].reason == POLICY_TLS ? POLICY_TLS : POLICY_CLEARTEXT);
        struct decision by_udp = decide(state, UDP, 22, 22, rows[i].payload, 25);
        assert_int_equal(by_udp.reason, POLICY_CLEARTEXT);
    }
}

/* Port 22 with a TLS port at the other end: the rules are asked in the order of the table. */
static void test_ssh_to_tls(void **state) {
    for (size_t i = 0; i < COUNT_OF(TLS_PORTS); i++) {
        for (unsigned first = 0; first <= 0xff; first++) {
            bool kept_by_tls = first == 0x14 || first == 0x15 || first == 0x16 || first == 0x18;
            enum policy_reason reason = kept_by_tls ? POLICY_SSH : POLICY_TLS;
            expect(state, TCP, 22, TLS_PORTS[i], first, 25, reason);
            expect(state, TCP, TLS_PORTS[i], 22, first, 25, reason);
        }
        static const char banner[] = "SSH-2.0-OpenSSH_9.6 and more";
        assert_int_equal(decide(state, TCP, 22, TLS_PORTS[i], banner, 25).reason, POLICY_TLS);
    }
}

static void test_udp(void **state) {
    static const unsigned cleartext[] = {22,  53,   442,  444,  499,  501, 853, 465,  993,
                                         995, 8443, 5061, 4499, 4501, 80,  0,   65535};
    for (unsigned first = 0; first <= 0xff; first++) {
        expect_both(state, UDP, 443, first, 25, POLICY_QUIC);
        expect_both(state, UDP, 500, first, 25, POLICY_IPSEC);
        expect_both(state, UDP, 4500, first, 25, POLICY_IPSEC);
        for (size_t i = 0; i < COUNT_OF(cleartext); i++) {
            expect_both(state, UDP, cleartext[i], first, 25, POLICY_CLEARTEXT);
        }
    }
    expect(state, UDP, 443, 4500, 0x17, 25, POLICY_QUIC);
    expect(state, UDP, 500, 443, 0x17, 25, POLICY_QUIC);
}

static void test_anything_else_is_kept(void **state) {
    static const struct {
        enum located_as as;
        enum policy_reason reason;
    } rows[] = {
        {LOCATED_ESP, POLICY_OTHER_TRANSPORT}, {LOCATED_NOT_IP, POLICY_NOT_IP},
        {LOCATED_FRAGMENT, POLICY_FRAGMENT},   {LOCATED_OTHER_TRANSPORT, POLICY_OTHER_TRANSPORT},
        {LOCATED_OFFLOADED, POLICY_OFFLOADED}, {LOCATED_TRUNCATED, POLICY_TRUNCATED},
        {LOCATED_MALFORMED, POLICY_MALFORMED},
    };
    assert_int_equal(LOCATED_KINDS, 2 + COUNT_OF(rows));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct decision d = decide(state, (int)rows[i].as, 443, 443, "\x17\x03\x03 is not looked at for", 25);
        assert_int_equal(d.reason, rows[i].reason);
        assert_false(d.cut);
        /* Nothing but the kind is set in such a case: no byte of the frame may be asked for. */
        struct located l;
        memset(&l, 0xff, sizeof l);
        l.as = rows[i].as;
        d = policy_packet_decide(*state, &l, NULL);
        assert_int_equal(d.reason, rows[i].reason);
        assert_false(d.cut);
    }
}

static void test_names(void **state) {
    (void)state;
    static const char *const names[POLICY_REASONS] = {
        [POLICY_TLS] = "tls",
        [POLICY_SSH] = "ssh",
        [POLICY_QUIC] = "quic",
        [POLICY_IPSEC] = "ipsec",
        [POLICY_DTLS] = "dtls",
        [POLICY_SRTP] = "srtp",
        [POLICY_WIREGUARD] = "wireguard",
        [POLICY_OPENVPN] = "openvpn",
        [POLICY_SMB] = "smb",
        [POLICY_CLEARTEXT] = "cleartext",
        [POLICY_SHORT] = "short",
        [POLICY_NOT_IP] = "not_ip",
        [POLICY_FRAGMENT] = "fragment",
        [POLICY_OTHER_TRANSPORT] = "other_transport",
        [POLICY_OFFLOADED] = "offloaded",
        [POLICY_TRUNCATED] = "truncated_headers",
        [POLICY_MALFORMED] = "malformed",
        [POLICY_LINKTYPE] = "linktype",
        [POLICY_RULE_CUT] = "rule_cut",
        [POLICY_RULE_KEEP] = "rule_keep",
        [POLICY_FIRST_PACKETS] = "first_packets",
        [POLICY_HANDSHAKE] = "handshake",
        [POLICY_UNPROVEN] = "unproven",
        [POLICY_CUT_BEFORE] = "cut_before",
        [POLICY_TUNNEL] = "tunnel",
        [POLICY_SIMPLE_PACKET] = "simple_packet",
        [POLICY_SECRETS] = "secrets",
    };
    for (size_t r = 0; r < POLICY_REASONS; r++) {
        assert_string_equal(policy_reason_name((enum policy_reason)r), names[r]);
    }
    assert_string_equal(policy_reason_name(POLICY_REASONS), "unknown");
    assert_int_equal(POLICY_KEEP_BYTES, 24);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boundary_of_24_bytes),
        cmocka_unit_test(test_first_bytes_on_tls_ports),
        cmocka_unit_test(test_first_bytes_elsewhere),
        cmocka_unit_test(test_all_ports),
        cmocka_unit_test(test_ssh),
        cmocka_unit_test(test_ssh_to_tls),
        cmocka_unit_test(test_udp),
        cmocka_unit_test(test_anything_else_is_kept),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, make_policy, drop_policy);
}

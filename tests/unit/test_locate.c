/* Ethernet, tags, IPv4, TCP and UDP: every branch of docs/ALGORITHM.md section 1. */
#include "locating.h"

static void test_fields(void **state) {
    (void)state;
    static const struct {
        const char *headers;
        enum located_as as;
        unsigned version, network, transport, payload, destination;
    } rows[] = {
        {TCP4, LOCATED_TCP, 4, 14, 34, 54, 30},
        {UDP4, LOCATED_UDP, 4, 14, 34, 42, 30},
        {TCP6, LOCATED_TCP, 6, 14, 54, 74, 38},
        {UDP6, LOCATED_UDP, 6, 14, 54, 62, 38},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bytes b = with_payload(rows[i].headers, 32);
        struct located l = locate_exact(b.at, b.length);
        assert_int_equal(l.as, rows[i].as);
        assert_int_equal(l.ip_version, rows[i].version);
        assert_int_equal(l.network_offset, rows[i].network);
        assert_int_equal(l.transport_offset, rows[i].transport);
        assert_int_equal(l.payload_offset, rows[i].payload);
        assert_int_equal(l.payload_bytes, 32);
        assert_int_equal(l.final_destination_offset, rows[i].destination);
        assert_int_equal(located_source_port(&l, b.at), 50000);
        assert_int_equal(located_destination_port(&l, b.at), 443);
    }
}

static void test_tags(void **state) {
    (void)state;
    static const char tcp4[] = "0800 45000048 00010000 40060000" ADDRESSES4 TCP_HEADER;
    static const char tcp6[] = "86dd 60000000 0034 06 40" ADDRESSES6 TCP_HEADER;
    for (size_t tags = 0; tags <= 7; tags++) {
        for (unsigned version = 4; version <= 6; version += 2) {
            struct bytes b = hex(ETHERNET);
            for (size_t i = 0; i < tags; i++) {
                put_hex(&b, i % 2 == 0 ? "8100 0005" : "8100 ffff");
            }
            put_hex(&b, version == 4 ? tcp4 : tcp6);
            put_pattern(&b, 32);
            struct located l = locate_exact(b.at, b.length);
            assert_int_equal(l.as, LOCATED_TCP);
            assert_int_equal(l.ip_version, version);
            assert_int_equal(l.network_offset, 14 + 4 * tags);
            assert_int_equal(l.transport_offset, (version == 4 ? 34 : 54) + 4 * tags);
            assert_int_equal(l.final_destination_offset, (version == 4 ? 30 : 38) + 4 * tags);
            assert_int_equal(l.payload_bytes, 32);
            const size_t network = 14 + 4 * tags;
            const size_t payload = network + (version == 4 ? 40 : 60);
            for (size_t length = 0; length <= b.length; length++) {
                if (length < network) {
                    expect_as(&b, length, LOCATED_NOT_IP);
                } else if (length < payload) {
                    expect_as(&b, length, LOCATED_TRUNCATED);
                } else {
                    expect_payload(&b, length, LOCATED_TCP, length - payload);
                }
            }
        }
    }
}

static void test_not_ip(void **state) {
    (void)state;
    static const char *const types[] = {"0806", "88a8 0005 0800", "9100 0005 0800", "8101 0005 0800", "0026",
                                        "8864", "8100 0005 0806", "8847",           "0801",           "86dc",
                                        "0008", "dd86",           "8100 8100 88a8", "0000",           "ffff"};
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        struct bytes b = hex(ETHERNET);
        put_hex(&b, types[i]);
        put_hex(&b, "45000048 00010000 40060000" ADDRESSES4 TCP_HEADER);
        put_pattern(&b, 32);
        for (size_t length = 0; length <= b.length; length++) {
            expect_as(&b, length, LOCATED_NOT_IP);
        }
    }
    struct bytes nothing_but_tags = hex(ETHERNET);
    while (nothing_but_tags.length < 200) {
        put_hex(&nothing_but_tags, "8100");
    }
    for (size_t length = 0; length <= 200; length++) {
        expect_as(&nothing_but_tags, length, LOCATED_NOT_IP);
    }
}

/* The lengths 14 to 21 made the predecessor panic. */
static void test_short_frames(void **state) {
    (void)state;
    static const char *const headers[] = {TCP4, UDP4, TCP6, UDP6};
    for (size_t i = 0; i < COUNT_OF(headers); i++) {
        struct bytes b = with_payload(headers[i], 32);
        for (size_t length = 0; length <= 22; length++) {
            expect_as(&b, length, length < 14 ? LOCATED_NOT_IP : LOCATED_TRUNCATED);
        }
    }
}

static void test_cut_at_every_byte(void **state) {
    (void)state;
    static const struct {
        const char *headers;
        enum located_as as;
        size_t payload;
    } rows[] = {
        {TCP4, LOCATED_TCP, 54},
        {UDP4, LOCATED_UDP, 42},
        /* Options everywhere: 60 bytes of IPv4 header, 60 of TCP header. */
        {ETHERNET "0800 4f000098 00010000 40060000" ADDRESSES4
                  "01010101 01010101 01010101 01010101 01010101 01010101 01010101 01010101 01010101 01010101"
                  "c35001bb 00000001 00000002 f0182000 00000000"
                  "01010101 01010101 01010101 01010101 01010101 01010101 01010101 01010101 01010101 01010101",
         LOCATED_TCP, 134},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bytes b = with_payload(rows[i].headers, 32);
        for (size_t length = 14; length <= b.length; length++) {
            if (length < rows[i].payload) {
                expect_as(&b, length, LOCATED_TRUNCATED);
            } else {
                expect_payload(&b, length, rows[i].as, length - rows[i].payload);
            }
        }
        put_pattern(&b, 40); /* an Ethernet trailer is no payload */
        expect_payload(&b, b.length, rows[i].as, 32);
    }
}

static void test_first_byte_of_ipv4(void **state) {
    (void)state;
    for (unsigned first = 0; first <= 0xff; first++) {
        struct bytes b = with_payload(TCP4, 32);
        b.at[14] = (uint8_t)first;
        /* The TCP header now lies where nothing is known of it; its data offset is 5 wherever it begins. */
        for (size_t at = 34; at < b.length; at++) {
            b.at[at] = 0x50;
        }
        unsigned words = first & 0x0f;
        if (first >> 4 != 4 || words < 5) {
            expect_as(&b, b.length, LOCATED_MALFORMED);
        } else if (words * 4 + 20 <= 72) {
            expect_payload(&b, b.length, LOCATED_TCP, 52 - words * 4);
        } else {
            expect_as(&b, b.length, LOCATED_MALFORMED);
        }
    }
}

static void test_total_length(void **state) {
    (void)state;
    for (unsigned total = 0; total <= 0xffff; total += total < 200 ? 1 : 1117) {
        struct bytes tcp = with_payload(TCP4, 32);
        struct bytes udp = with_payload(UDP4, 32);
        tcp.at[16] = udp.at[16] = (uint8_t)(total >> 8);
        tcp.at[17] = udp.at[17] = (uint8_t)total;
        if (total == 0) {
            expect_as(&tcp, tcp.length, LOCATED_OFFLOADED);
            expect_as(&udp, udp.length, LOCATED_OFFLOADED);
            continue;
        }
        if (total < 40) {
            expect_as(&tcp, tcp.length, LOCATED_MALFORMED);
            expect_as(&tcp, 34, LOCATED_MALFORMED); /* whatever was captured of it */
        } else {
            expect_payload(&tcp, tcp.length, LOCATED_TCP, total < 72 ? total - 40 : 32);
            expect_payload(&tcp, tcp.length - 8, LOCATED_TCP, total < 64 ? total - 40 : 24);
        }
        if (total < 28) {
            expect_as(&udp, udp.length, LOCATED_MALFORMED);
        } else {
            expect_payload(&udp, udp.length, LOCATED_UDP, total < 60 ? total - 28 : 32);
        }
    }
}

static void test_data_offset(void **state) {
    (void)state;
    for (unsigned words = 0; words <= 15; words++) {
        for (unsigned low = 0; low <= 15; low += 15) { /* reserved bits next to it */
            struct bytes b = with_payload(TCP4, 32);
            b.at[46] = (uint8_t)(words << 4 | low);
            if (words < 5 || words > 13) {
                expect_as(&b, b.length, LOCATED_MALFORMED);
                continue;
            }
            expect_payload(&b, b.length, LOCATED_TCP, 52 - 4 * words);
            b.at[16] = 0x01; /* the packet was longer than what was captured */
            expect_payload(&b, b.length, LOCATED_TCP, 52 - 4 * words);
            expect_payload(&b, 34 + 4 * words, LOCATED_TCP, 0);
            expect_as(&b, 34 + 4 * words - 1, LOCATED_TRUNCATED);
        }
    }
    struct bytes b = with_payload(TCP4, 32);
    b.at[16] = 0x01;
    b.at[46] = 0xf0;
    expect_as(&b, b.length, LOCATED_TRUNCATED);
}

/* The payload ends where IP says, not where UDP says. */
static void test_udp_length_is_not_asked(void **state) {
    (void)state;
    static const unsigned lengths[] = {0, 7, 8, 9, 39, 40, 41, 0xffff};
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        struct bytes b4 = with_payload(UDP4, 32);
        struct bytes b6 = with_payload(UDP6, 32);
        b4.at[38] = b6.at[58] = (uint8_t)(lengths[i] >> 8);
        b4.at[39] = b6.at[59] = (uint8_t)lengths[i];
        expect_payload(&b4, b4.length, LOCATED_UDP, 32);
        expect_payload(&b6, b6.length, LOCATED_UDP, 32);
    }
}

static void test_fragments(void **state) {
    (void)state;
    static const struct {
        uint8_t high, low;
        enum located_as as;
    } rows[] = {
        {0x00, 0x00, LOCATED_TCP},      {0x40, 0x00, LOCATED_TCP},      {0x80, 0x00, LOCATED_TCP},
        {0xc0, 0x00, LOCATED_TCP},      {0x20, 0x00, LOCATED_FRAGMENT}, {0x60, 0x00, LOCATED_FRAGMENT},
        {0x00, 0x01, LOCATED_FRAGMENT}, {0x00, 0x80, LOCATED_FRAGMENT}, {0x01, 0x00, LOCATED_FRAGMENT},
        {0x10, 0x00, LOCATED_FRAGMENT}, {0x40, 0x01, LOCATED_FRAGMENT}, {0x1f, 0xff, LOCATED_FRAGMENT},
        {0x20, 0xb9, LOCATED_FRAGMENT}, {0xff, 0xff, LOCATED_FRAGMENT},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bytes b = with_payload(TCP4, 32);
        b.at[20] = rows[i].high;
        b.at[21] = rows[i].low;
        expect_as(&b, b.length, rows[i].as);
    }
}

/* Nothing is said of a header that is not all there. */
static void test_fragments_cut_short(void **state) {
    (void)state;
    struct bytes b = with_payload(TCP4, 32);
    b.at[20] = 0x20;
    for (size_t length = 14; length <= b.length; length++) {
        expect_as(&b, length, length < 34 ? LOCATED_TRUNCATED : LOCATED_FRAGMENT);
    }
}

static void test_every_protocol(void **state) {
    (void)state;
    for (unsigned protocol = 0; protocol <= 0xff; protocol++) {
        struct bytes b = with_payload(TCP4, 32);
        b.at[23] = (uint8_t)protocol;
        if (protocol == 6) {
            expect_payload(&b, b.length, LOCATED_TCP, 32);
        } else if (protocol == 17) {
            expect_payload(&b, b.length, LOCATED_UDP, 44);
        } else if (protocol == 50) {
            expect_payload(&b, b.length, LOCATED_ESP, 44);
            for (size_t length = 34; length < 42; length++) { /* less than SPI and sequence number */
                expect_as(&b, length, LOCATED_OTHER_TRANSPORT);
            }
            expect_payload(&b, 42, LOCATED_ESP, 0);
        } else {
            expect_as(&b, b.length, LOCATED_OTHER_TRANSPORT);
        }
    }
}

/* Options from offset 34 on; 30 is the destination in the header. */
static void test_source_routes(void **state) {
    (void)state;
    static const struct {
        const char *options;
        unsigned destination;
    } rows[] = {
        {"", 30},
        {"01010101", 30},
        {"00000000", 30},
        {"830704cb00710700", 37},
        {"890704cb00710700", 37},
        {"830b04cb007107cb00710800", 41},
        {"890f04cb007107cb007108cb00710900", 45},
        {"01830704cb007107", 38},
        {"010101830704cb0071070000", 40},
        {"07070400000000 830704cb0071070000", 44},
        {"94040000 890704cb00710700", 41},
        {"830708cb00710700", 37}, /* the last hop was passed */
        {"0002 830704cb007107 000000", 30},
        {"830904cb00710700", 30},                    /* a byte longer than the header */
        {"00830704cb007107", 30},                    /* behind the end of the list */
        {"830704cb007107 00 890704cb007107 00", 37}, /* likewise the second one */
        {"830704cb007107 890704cb007108 0000", 30},  /* two: nothing can be told */
        {"830704cb007107 01 830704cb007108 00", 30},
        {"830304 890704cb0071070000", 30},
        {"83000000", 30},
        {"83010000", 30},
        {"83020101", 30},
        {"83030401", 30},
        {"830604cb00710000", 30},
        {"830804cb0071070000000000", 37}, /* an address and a byte */
        {"830a04cb007107cb00710000", 37},
        {"830b04cb00710700", 30}, /* longer than the header */
        {"83ff04cb00710700", 30},
        {"830804cb00710700", 37}, /* just as long */
        {"01010183", 30},         /* no room for its length */
        {"4400 830704cb007107000000", 30},
        {"4401 830704cb007107000000", 30},
        {"44ff 830704cb007107000000", 30},
        {"4402 830704cb007107000000", 39},
        {"070b04 830704cb00710700 00", 30}, /* inside another option */
        {"030704cb00710700", 30},           /* as 131 and 137 without the copied flag */
        {"090704cb00710700", 30},
        {"820b04cb007107cb00710800", 30},
        {"0101010101010101010101010101010101010101010101010101010101010101 01 890704cb007107", 70},
        {"832704 00000001 00000002 00000003 00000004 00000005 00000006 00000007 00000008 00000009 01", 69},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bytes options = hex(rows[i].options);
        assert_int_equal(options.length % 4, 0);
        struct bytes b = hex(ETHERNET "0800");
        unsigned total = 20 + (unsigned)options.length + 20 + 32;
        char header[64];
        (void)snprintf(header, sizeof header, "%02x00 %04x 00010000 40060000" ADDRESSES4,
                       0x45 + (unsigned)options.length / 4, total);
        put_hex(&b, header);
        put_hex(&b, rows[i].options);
        put_hex(&b, TCP_HEADER);
        put_pattern(&b, 32);
        struct located l = locate_exact(b.at, b.length);
        assert_int_equal(l.as, LOCATED_TCP);
        assert_int_equal(l.transport_offset, 34 + options.length);
        if (l.final_destination_offset != rows[i].destination) {
            fail_msg("%s: %u, not %u", rows[i].options, l.final_destination_offset, rows[i].destination);
        }
        for (size_t length = 0; length < b.length; length++) {
            (void)locate_exact(b.at, length);
        }
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_not_ip),
        cmocka_unit_test(test_short_frames),
        cmocka_unit_test(test_cut_at_every_byte),
        cmocka_unit_test(test_first_byte_of_ipv4),
        cmocka_unit_test(test_total_length),
        cmocka_unit_test(test_data_offset),
        cmocka_unit_test(test_udp_length_is_not_asked),
        cmocka_unit_test(test_fragments),
        cmocka_unit_test(test_fragments_cut_short),
        cmocka_unit_test(test_every_protocol),
        cmocka_unit_test(test_source_routes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

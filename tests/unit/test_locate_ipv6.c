/* IPv6: its header, the extension headers that are walked and those that are not, routing headers. */
#include "locating.h"

/* A packet of a chain of extension headers (8n or 4n bytes, first of type first), TCP and 32 bytes. */
static struct bytes with_chain(unsigned first, const char *chain) {
    struct bytes extensions = hex(chain);
    struct bytes b = hex(ETHERNET "86dd");
    char header[32];
    (void)snprintf(header, sizeof header, "60000000 %04x %02x 40", (unsigned)extensions.length + 52, first);
    put_hex(&b, header);
    put_hex(&b, ADDRESSES6);
    put_hex(&b, chain);
    put_hex(&b, TCP_HEADER);
    put_pattern(&b, 32);
    return b;
}

static void put_payload_length(struct bytes *b, size_t length) {
    b->at[18] = (uint8_t)(length >> 8);
    b->at[19] = (uint8_t)length;
}

static void test_header(void **state) {
    (void)state;
    struct bytes b = with_payload(TCP6, 32);
    for (size_t length = 0; length <= b.length; length++) {
        if (length < 74) {
            expect_as(&b, length, length < 14 ? LOCATED_NOT_IP : LOCATED_TRUNCATED);
        } else {
            expect_payload(&b, length, LOCATED_TCP, length - 74);
        }
    }
    for (unsigned first = 0; first <= 0xff; first++) {
        b.at[14] = (uint8_t)first;
        expect_as(&b, b.length, first >> 4 == 6 ? LOCATED_TCP : LOCATED_MALFORMED);
    }
}

static void test_payload_length(void **state) {
    (void)state;
    for (unsigned length = 0; length <= 0xffff; length += length < 200 ? 1 : 1117) {
        struct bytes tcp = with_payload(TCP6, 32);
        struct bytes udp = with_payload(UDP6, 32);
        put_payload_length(&tcp, length);
        put_payload_length(&udp, length);
        if (length == 0) {
            expect_as(&tcp, tcp.length, LOCATED_OFFLOADED);
            expect_as(&udp, udp.length, LOCATED_OFFLOADED);
            continue;
        }
        if (length < 20) {
            expect_as(&tcp, tcp.length, LOCATED_MALFORMED);
        } else {
            expect_payload(&tcp, tcp.length, LOCATED_TCP, length < 52 ? length - 20 : 32);
            expect_payload(&tcp, tcp.length - 8, LOCATED_TCP, length < 44 ? length - 20 : 24);
        }
        if (length < 8) {
            expect_as(&udp, udp.length, LOCATED_MALFORMED);
        } else {
            expect_payload(&udp, udp.length, LOCATED_UDP, length < 40 ? length - 8 : 32);
        }
    }
}

/* Behind the header and behind an extension header. */
static void test_every_next_header(void **state) {
    (void)state;
    for (unsigned next = 0; next <= 0xff; next++) {
        if (next == 0 || next == 43 || next == 44 || next == 51 || next == 60) {
            continue; /* walked: below */
        }
        struct bytes direct = with_chain(next, "");
        struct bytes behind = with_chain(60, "0000010400000000");
        behind.at[54] = (uint8_t)next;
        if (next == 6) {
            expect_payload(&direct, direct.length, LOCATED_TCP, 32);
            expect_payload(&behind, behind.length, LOCATED_TCP, 32);
        } else if (next == 17) {
            expect_payload(&direct, direct.length, LOCATED_UDP, 44);
            expect_payload(&behind, behind.length, LOCATED_UDP, 44);
        } else if (next == 50) {
            expect_payload(&direct, direct.length, LOCATED_ESP, 44);
            expect_payload(&behind, behind.length, LOCATED_ESP, 44);
        } else {
            expect_as(&direct, direct.length, LOCATED_OTHER_TRANSPORT);
            expect_as(&behind, behind.length, LOCATED_OTHER_TRANSPORT);
        }
    }
}

#define EIGHT "0000000000000000"

static const struct {
    unsigned first;
    const char *chain;
} CHAINS[] = {
    {0, "0600010400000000"},  /* hop-by-hop */
    {60, "0600010400000000"}, /* destination options */
    {43, "0600030000000000"}, /* routing */
    {0, "0601"
        "010c000000000000000000000000"}, /* 16 bytes */
    {60, "0602"
         "010400000000" EIGHT EIGHT},                         /* 24 bytes */
    {44, "06000000deadbeef"},                                 /* atomic fragment */
    {44, "06ff0006deadbeef"},                                 /* its reserved fields mean nothing */
    {51, "0604000000000001000000020102030405060708090a0b0c"}, /* AH of 24 bytes */
    {51, "060100000000000100000002"},                         /* AH without a value: 12 bytes */
    {51, "060200000000000100000002 01020304"},                /* 16 bytes */
    {51, "0600000000000001"},                                 /* 8 bytes, shorter than an AH can be */
    {0, "3c00010400000000 2b00010400000000 2c00030000000000 3300000000000009"
        "3c040000000000010000000200000000000000000000000a 0600010400000000"},
    {0, "0000010400000000 0000010400000000 0600010400000000"}, /* thrice, against the order of RFC 8200 */
    {44, "2c00000000000001 0600000000000002"},
};

static void test_chains(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(CHAINS); i++) {
        struct bytes b = with_chain(CHAINS[i].first, CHAINS[i].chain);
        const size_t payload = b.length - 32;
        struct located l = locate_exact(b.at, b.length);
        assert_int_equal(l.as, LOCATED_TCP);
        assert_int_equal(l.ip_version, 6);
        assert_int_equal(l.network_offset, 14);
        assert_int_equal(l.transport_offset, payload - 20);
        assert_int_equal(l.payload_offset, payload);
        assert_int_equal(l.payload_bytes, 32);
        assert_int_equal(l.final_destination_offset, 38);
        assert_int_equal(located_source_port(&l, b.at), 50000);
        assert_int_equal(located_destination_port(&l, b.at), 443);
        for (size_t length = 14; length <= b.length; length++) {
            if (length < payload) {
                expect_as(&b, length, LOCATED_TRUNCATED);
            } else {
                expect_payload(&b, length, LOCATED_TCP, length - payload);
            }
        }
        for (size_t claimed = 1; claimed <= b.length - 54; claimed++) {
            put_payload_length(&b, claimed);
            if (54 + claimed < payload) {
                expect_as(&b, b.length, LOCATED_MALFORMED);
            } else {
                expect_payload(&b, b.length, LOCATED_TCP, 54 + claimed - payload);
            }
        }
    }
}

static void test_lengths_of_extensions(void **state) {
    (void)state;
    static const unsigned types[] = {0, 43, 60, 51};
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        for (unsigned length = 0; length <= 0xff; length++) {
            struct bytes b = with_chain(types[i], "0600030000000000");
            size_t header_bytes = types[i] == 51 ? (length + 2) * 4 : (length + 1) * 8;
            b.at[55] = (uint8_t)length;
            for (size_t at = 62; at < b.length; at++) {
                b.at[at] = 0x50; /* a data offset of 5 wherever TCP begins */
            }
            if (header_bytes + 20 <= 60) {
                expect_payload(&b, b.length, LOCATED_TCP, 60 - header_bytes - 20);
            } else {
                expect_as(&b, b.length, LOCATED_MALFORMED);
                put_payload_length(&b, 0xffff);
                expect_as(&b, b.length, LOCATED_TRUNCATED);
            }
        }
    }
}

static void test_fragments(void **state) {
    (void)state;
    for (unsigned bit = 0; bit < 16; bit++) {
        struct bytes b = with_chain(44, "0600000000000001");
        b.at[56] = (uint8_t)((1U << bit) >> 8);
        b.at[57] = (uint8_t)(1U << bit);
        /* bit 0 is M, bits 1 and 2 are reserved, the others are the offset */
        expect_as(&b, b.length, bit == 1 || bit == 2 ? LOCATED_TCP : LOCATED_FRAGMENT);
    }
    struct bytes behind_others = with_chain(0, "2c00010400000000 0600000100000001");
    expect_as(&behind_others, behind_others.length, LOCATED_FRAGMENT);
    struct bytes of_unknown = with_chain(44, "3200000100000001");
    expect_as(&of_unknown, of_unknown.length, LOCATED_FRAGMENT);
    struct bytes second = with_chain(44, "2c00000000000001 0600000800000001");
    expect_as(&second, second.length, LOCATED_FRAGMENT);
}

static void test_behind_extensions(void **state) {
    (void)state;
    static const struct {
        unsigned first;
        const char *chain;
    } rows[] = {
        {0, "3200010400000000"},  {60, "3b00010400000000"}, {43, "3200030000000000"},         {43, "3b00030000000000"},
        {44, "3200000000000001"}, {44, "3b00000000000001"}, {51, "320100000000000100000002"}, {0, "8700010400000000"},
        {60, "ff00010400000000"}, {44, "2900000000000001"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bytes b = with_chain(rows[i].first, rows[i].chain);
        expect_as(&b, b.length, strncmp(rows[i].chain, "32", 2) == 0 ? LOCATED_ESP : LOCATED_OTHER_TRANSPORT);
    }
}

#define ADDRESS7 "20010db8000000000000000000000007"
#define ADDRESS8 "20010db8000000000000000000000008"

/* The header's destination is at 38; the first routing header begins at 54, its addresses at 62. */
static void test_routing_headers(void **state) {
    (void)state;
    static const struct {
        unsigned first;
        const char *chain;
        unsigned destination;
    } rows[] = {
        {43, "0602000100000000" ADDRESS7, 62},
        {43, "0604000100000000" ADDRESS7 ADDRESS8, 78},
        {43, "0604000200000000" ADDRESS7 ADDRESS8, 78},
        {43, "0604000000000000" ADDRESS7 ADDRESS8, 38},
        {43, "060400ff00000000" ADDRESS7 ADDRESS8, 78},
        {43, "0602020100000000" ADDRESS7, 62},
        {43, "0602020000000000" ADDRESS7, 38},
        {43, "0602040100000000" ADDRESS7, 62},
        {43, "0604040101000000" ADDRESS7 ADDRESS8, 62},
        {43, "0604040201000000" ADDRESS7 ADDRESS8, 62},
        {43, "0604040001000000" ADDRESS7 ADDRESS8, 38},
        {43, "0605040101000000" ADDRESS7 ADDRESS8 "0406000000000000", 62}, /* a TLV behind the list */
        {43, "0604030100000000" ADDRESS7 ADDRESS8, 38},
        {43, "0604010100000000" ADDRESS7 ADDRESS8, 38},
        {43, "0604050100000000" ADDRESS7 ADDRESS8, 38},
        {43, "0604fe0100000000" ADDRESS7 ADDRESS8, 38},
        {43, "0600000100000000", 38}, /* no address at all */
        {43, "0600020100000000", 38},
        {43, "0600040100000000", 38},
        {43, "0601000100000000" EIGHT, 38}, /* half an address */
        {43, "0601040100000000" EIGHT, 38},
        {60, "2b00010400000000 0602000100000000" ADDRESS7, 70},
        {43, "3c02040100000000" ADDRESS7 "0600010400000000", 62},
        /* Of two, the last one that is not at its end. */
        {43, "2b02000100000000" ADDRESS7 "0602020100000000" ADDRESS8, 86},
        {43, "2b02000100000000" ADDRESS7 "0602020000000000" ADDRESS8, 62},
        {43, "2b02000000000000" ADDRESS7 "0602020100000000" ADDRESS8, 86},
        {43, "2b02000100000000" ADDRESS7 "0602030100000000" ADDRESS8, 38},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bytes b = with_chain(rows[i].first, rows[i].chain);
        struct located l = locate_exact(b.at, b.length);
        assert_int_equal(l.as, LOCATED_TCP);
        assert_int_equal(l.payload_bytes, 32);
        if (l.final_destination_offset != rows[i].destination) {
            fail_msg("%s: %u, not %u", rows[i].chain, l.final_destination_offset, rows[i].destination);
        }
        for (size_t length = 14; length < b.length - 32; length++) {
            expect_as(&b, length, LOCATED_TRUNCATED);
        }
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_payload_length),
        cmocka_unit_test(test_every_next_header),
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_lengths_of_extensions),
        cmocka_unit_test(test_fragments),
        cmocka_unit_test(test_behind_extensions),
        cmocka_unit_test(test_routing_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Frames shaken at random, in memory of exactly their size: whatever is located lies inside them, and the shorter way
 * to the usual packets comes to the same.
 */
#include "bytes.h"
#include "locate_usual.h"
#include "locating.h"

#define ROUTED "830b04cb007107cb00710801 c35001bb 00000001 00000002 80182000 00000000 0101080a0000000100000002"

static const char *const SEEDS[] = {
    TCP4,
    UDP4,
    TCP6,
    UDP6,
    ETHERNET "0800 4500003c 00010000 40320000" ADDRESSES4 "00000100 00000001",
    ETHERNET "8100 0005 8100 0006 0800 4500003c 00010000 40110000" ADDRESSES4 UDP_HEADER,
    ETHERNET "0800 48000060 00014000 40060000" ADDRESSES4 ROUTED,
    ETHERNET "86dd 60000000 0054 00 40" ADDRESSES6
             "2b00010400000000 0602020100000000 20010db8000000000000000000000007" TCP_HEADER,
    ETHERNET "86dd 60000000 0054 2b 40" ADDRESSES6
             "3302040101000000 20010db8000000000000000000000007 2c0100000000000100000002 1100000000000009" UDP_HEADER,
    ETHERNET "86dd 60000000 0038 2c 40" ADDRESSES6 "3c00000000000009 1100010400000000" UDP_HEADER,
};

static void mutate(struct bytes *b, uint64_t *random) {
    static const uint8_t telling[] = {0, 1, 4, 5, 6, 8, 17, 0x2b, 0x2c, 0x32, 0x33, 0x3c, 0x45, 0x60, 0x81, 0x83, 0xff};
    for (unsigned left = next_random(random) % 5; left > 0; left--) {
        size_t at = 12 + next_random(random) % (b->length - 12);
        switch (next_random(random) % 5) {
        case 0:
            b->at[at] ^= (uint8_t)(1U << next_random(random) % 8);
            break;
        case 1:
            b->at[at] = telling[next_random(random) % sizeof telling];
            break;
        case 2:
            b->at[at] = (uint8_t)next_random(random);
            break;
        case 3: /* the lengths, which matter most */
            b->at[14 + next_random(random) % 6] = (uint8_t)next_random(random);
            break;
        default:
            memset(b->at + 16 + next_random(random) % 2 * 2, 0, 2);
            break;
        }
    }
    if (next_random(random) % 3 == 0) {
        b->length = next_random(random) % (b->length + 1);
    }
}

static void expect_inside(const struct bytes *b, const struct located *l) {
    const size_t n = l->network_offset;
    const uint8_t *ip = b->at + n;
    assert_true(n >= 14 && (n - 14) % 4 == 0);
    size_t claimed_end;
    if (l->ip_version == 4) {
        size_t header_bytes = (size_t)(ip[0] & 15) * 4;
        assert_int_equal(ip[0] >> 4, 4);
        assert_true(header_bytes >= 20);
        assert_int_equal(l->transport_offset, n + header_bytes);
        assert_int_equal(ip[9], l->as == LOCATED_TCP ? 6 : l->as == LOCATED_UDP ? 17 : 50);
        assert_int_equal(bytes_get_be16(ip + 6) & 0x3fff, 0);
        claimed_end = n + bytes_get_be16(ip + 2);
        assert_true(l->final_destination_offset == n + 16 ||
                    (l->final_destination_offset >= n + 23 && l->final_destination_offset + 4 <= l->transport_offset));
    } else {
        assert_int_equal(l->ip_version, 6);
        assert_int_equal(ip[0] >> 4, 6);
        assert_true(l->transport_offset >= n + 40 && (l->transport_offset - n) % 4 == 0);
        claimed_end = n + 40 + bytes_get_be16(ip + 4);
        assert_true(l->final_destination_offset == n + 24 ||
                    (l->final_destination_offset >= n + 48 && l->final_destination_offset + 16 <= l->transport_offset));
    }
    if (l->as == LOCATED_TCP) {
        assert_int_equal(l->payload_offset, l->transport_offset + (b->at[l->transport_offset + 12] >> 4) * 4);
        assert_true(l->payload_offset >= l->transport_offset + 20);
    } else {
        assert_int_equal(l->payload_offset, l->transport_offset + 8);
    }
    const size_t end = (size_t)l->payload_offset + l->payload_bytes;
    assert_int_equal(end, claimed_end < b->length ? claimed_end : b->length);
}

/* What is located is usual, or not, by what it is; and as usual it is located alike. Returns of which kind it is. */
static enum usual expect_usual(const struct bytes *b, const struct located *l) {
    const uint8_t *frame = before_the_cliff(b->at, b->length);
    enum usual expected = USUAL_NONE;
    if ((l->as == LOCATED_TCP || l->as == LOCATED_UDP) && l->network_offset == 14 && b->length >= USUAL_MIN_BYTES) {
        if (l->ip_version == 4 && l->transport_offset == 34) {
            expected = l->as == LOCATED_TCP ? USUAL_TCP_IPV4 : USUAL_UDP_IPV4;
        } else if (l->ip_version == 6 && l->transport_offset == 54 && l->as == LOCATED_TCP) {
            expected = USUAL_TCP_IPV6;
        }
    }
    const enum usual kind = locate_usual_kind(frame, (uint32_t)b->length);
    struct located usual;
    const bool is_usual = kind != USUAL_NONE && locate_usual(frame, (uint32_t)b->length, kind, &usual);
    assert_int_equal(is_usual ? kind : USUAL_NONE, expected);
    if (is_usual) {
        assert_int_equal(usual.as, l->as);
        assert_int_equal(usual.ip_version, l->ip_version);
        assert_int_equal(usual.circuit, l->circuit);
        assert_int_equal(usual.network_offset, l->network_offset);
        assert_int_equal(usual.transport_offset, l->transport_offset);
        assert_int_equal(usual.payload_offset, l->payload_offset);
        assert_int_equal(usual.packet_end, l->packet_end);
        assert_int_equal(usual.payload_bytes, l->payload_bytes);
        assert_int_equal(usual.final_destination_offset, l->final_destination_offset);
    }
    return expected;
}

static void test_mutated_frames(void **state) {
    (void)state;
    uint64_t random = 20240229;
    unsigned long seen[LOCATED_KINDS] = {0};
    unsigned long usual[USUAL_TCP_IPV6 + 1] = {0};
    struct bytes seeds[COUNT_OF(SEEDS)];
    for (size_t i = 0; i < COUNT_OF(SEEDS); i++) {
        seeds[i] = with_payload(SEEDS[i], 32);
        enum located_as as = locate_exact(seeds[i].at, seeds[i].length).as;
        assert_true(as == LOCATED_TCP || as == LOCATED_UDP || as == LOCATED_ESP);
    }
    for (unsigned round = 0; round < 100000; round++) {
        struct bytes b;
        const struct bytes *seed = &seeds[round % COUNT_OF(SEEDS)];
        b.length = seed->length;
        memcpy(b.at, seed->at, seed->length);
        mutate(&b, &random);
        struct located l = locate_exact(b.at, b.length);
        assert_true((unsigned)l.as < LOCATED_KINDS);
        seen[l.as]++;
        if (l.as == LOCATED_TCP || l.as == LOCATED_UDP || l.as == LOCATED_ESP) {
            expect_inside(&b, &l);
        }
        usual[expect_usual(&b, &l)]++;
    }
    for (int kind = USUAL_NONE; kind <= USUAL_TCP_IPV6; kind++) {
        assert_true(usual[kind] > 1000);
    }
    for (size_t as = 0; as < LOCATED_KINDS; as++) {
        assert_true(seen[as] > 100); /* the shaking reaches every kind */
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mutated_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

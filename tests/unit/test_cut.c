/* Cut frames: what is left, the five fields that change, and every byte that does not. */
#include "cut.h"
#include "cut_pairs.h"
#include "linktype.h"
#include "locating.h"
#include "policy.h"
#include "witness_frame.h"

static uint16_t word_at(const uint8_t *p) {
    return (uint16_t)(p[0] << 8 | p[1]);
}

static struct bytes cut_to(const struct bytes *original, uint32_t keep_payload_bytes) {
    struct bytes b = *original;
    uint8_t *exact = exact_copy(original->at, original->length);
    struct located l = locate_exact(original->at, original->length);
    assert_true(l.as == LOCATED_TCP || l.as == LOCATED_UDP);
    b.length = cut_rewrite(exact, &l, keep_payload_bytes);
    assert_true(b.length <= original->length);
    /* Behind the end nothing is touched either. */
    assert_memory_equal(exact + b.length, original->at + b.length, original->length - b.length);
    memcpy(b.at, exact, b.length);
    free(exact);
    return b;
}

static void test_pairs(void **state) {
    (void)state;
    for (size_t i = 0; i < CUT_PAIR_COUNT; i++) {
        struct bytes original = hex(CUT_PAIRS[i].original);
        struct bytes want = hex(CUT_PAIRS[i].slim);
        struct bytes cut = cut_to(&original, 24);
        if (cut.length != want.length || memcmp(cut.at, want.at, want.length) != 0) {
            print_error("%s:\n", CUT_PAIRS[i].name);
            assert_int_equal(cut.length, want.length);
            assert_memory_equal(cut.at, want.at, want.length);
        }
        struct bytes again = cut_to(&cut, 24);
        assert_int_equal(again.length, want.length);
        assert_memory_equal(again.at, want.at, want.length);
    }
}

/* The sum over pseudo-header and segment, its checksum included: ffff when that is right. */
static uint32_t sum_of_segment(const struct bytes *b, const struct located *l) {
    const uint8_t *ip = b->at + l->network_offset;
    size_t address_bytes = l->ip_version == 4 ? 4 : 16;
    size_t segment_bytes = b->length - l->transport_offset;
    uint8_t lengths[4] = {0, l->as == LOCATED_TCP ? 6 : 17, (uint8_t)(segment_bytes >> 8), (uint8_t)segment_bytes};
    uint32_t sum = plain_sum(0, ip + (l->ip_version == 4 ? 12 : 8), address_bytes);
    sum = plain_sum(sum, b->at + l->final_destination_offset, address_bytes);
    sum = plain_sum(sum, lengths, 4);
    return plain_sum(sum, b->at + l->transport_offset, segment_bytes);
}

/* Whether two frames differ at other places than the fields that a cut may change. */
static void expect_else_untouched(const struct bytes *cut, const struct bytes *original, const struct located *l) {
    const size_t n = l->network_offset;
    const size_t t = l->transport_offset;
    for (size_t at = 0; at < cut->length; at++) {
        bool may_change = l->ip_version == 4 ? at - n == 2 || at - n == 3 || at - n == 10 || at - n == 11
                                             : at - n == 4 || at - n == 5;
        may_change |= l->as == LOCATED_TCP ? at - t == 16 || at - t == 17 : at - t >= 4 && at - t < 8;
        if (!may_change && cut->at[at] != original->at[at]) {
            fail_msg("byte %zu changed", at);
        }
    }
}

/* Every length a payload may be cut to, odd ones among them. */
static void test_every_length(void **state) {
    (void)state;
    for (size_t i = 0; i < CUT_PAIR_COUNT; i++) {
        struct bytes original = hex(CUT_PAIRS[i].original);
        struct located l = locate_exact(original.at, original.length);
        for (uint32_t keep = 0; keep <= l.payload_bytes; keep++) {
            struct bytes cut = cut_to(&original, keep);
            const uint8_t *ip = cut.at + l.network_offset;
            assert_int_equal(cut.length, l.payload_offset + keep);
            expect_else_untouched(&cut, &original, &l);
            if (l.ip_version == 4) {
                assert_int_equal(word_at(ip + 2), cut.length - l.network_offset);
                assert_int_equal(plain_sum(0, ip, (size_t)(ip[0] & 15) * 4), 0xffff);
            } else {
                assert_int_equal(word_at(ip + 4), cut.length - l.network_offset - 40);
            }
            if (l.as == LOCATED_UDP) {
                assert_int_equal(word_at(cut.at + l.transport_offset + 4), cut.length - l.transport_offset);
                assert_int_not_equal(word_at(cut.at + l.transport_offset + 6), 0);
            }
            assert_int_equal(sum_of_segment(&cut, &l), 0xffff);
            struct bytes again = cut_to(&cut, keep);
            assert_int_equal(again.length, cut.length);
            assert_memory_equal(again.at, cut.at, cut.length);
        }
    }
}

/* Checksums that were there, right or wrong, do not find their way into the new ones. */
static void test_old_checksums_do_not_matter(void **state) {
    (void)state;
    for (size_t i = 0; i < CUT_PAIR_COUNT; i++) {
        struct bytes original = hex(CUT_PAIRS[i].original);
        struct bytes want = hex(CUT_PAIRS[i].slim);
        struct located l = locate_exact(original.at, original.length);
        size_t field = l.transport_offset + (l.as == LOCATED_TCP ? 16 : 6);
        memset(original.at + field, 0x5a, 2);
        if (l.ip_version == 4) {
            memset(original.at + l.network_offset + 10, 0xa5, 2);
        }
        if (l.as == LOCATED_UDP) {
            memset(original.at + l.transport_offset + 4, 0xff, 2);
        }
        struct bytes cut = cut_to(&original, 24);
        assert_int_equal(cut.length, want.length);
        assert_memory_equal(cut.at, want.at, want.length);
    }
}

/* A segment whose words are all ffff, so that every carry there can be occurs; large, too. */
static void test_carries(void **state) {
    (void)state;
    struct bytes original = hex(ETHERNET "0800 45000fa0 ffff0000 ff110000 ffffffff ffffffff ffffffff ffffffff");
    memset(original.at + original.length, 0xff, 4014 - original.length);
    original.length = 4014;
    for (uint32_t keep = 0; keep <= 3972; keep += keep < 30 ? 1 : 657) {
        struct bytes cut = cut_to(&original, keep);
        struct located l = locate_exact(cut.at, cut.length);
        assert_int_equal(plain_sum(0, cut.at + 14, 20), 0xffff);
        assert_int_equal(sum_of_segment(&cut, &l), 0xffff);
    }
}

/* Whatever is cut of shaken frames, the witness, who works in its own way, finds right. */
static void test_the_witness_agrees(void **state) {
    (void)state;
    struct policy *policy = malloc(sizeof *policy);
    uint64_t random = 19700101;
    unsigned long cuts = 0;
    assert_non_null(policy);
    assert_int_equal(policy_init(policy, NULL, NULL), 0);
    const struct witness_terms terms = {.floor_bytes = 24};
    for (unsigned round = 0; round < 30000; round++) {
        struct bytes original = hex(CUT_PAIRS[round % CUT_PAIR_COUNT].original);
        for (unsigned left = next_random(&random) % 4; left > 0; left--) {
            size_t at = 12 + next_random(&random) % (original.length - 12);
            original.at[at] = (uint8_t)next_random(&random);
        }
        struct located l = locate_exact(original.at, original.length);
        struct decision d = policy_packet_decide(policy, &l, original.at);
        if (d.cut) {
            struct bytes cut = cut_to(&original, d.keep_payload_bytes);
            struct witness_frame slim = {.bytes = cut.at, .length = cut.length, .link_type = LINKTYPE_ETHERNET};
            struct witness_frame was = {
                .bytes = original.at, .length = original.length, .link_type = LINKTYPE_ETHERNET};
            struct failure f;
            if (witness_frame_check_cut(&slim, &was, &terms, &f) != 0) {
                fail_msg("round %u (%s): %s", round, CUT_PAIRS[round % CUT_PAIR_COUNT].name, f.text);
            }
            cuts++;
        }
    }
    assert_true(cuts > 10000);
    policy_free(policy);
    free(policy);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_every_length),
        cmocka_unit_test(test_old_checksums_do_not_matter),
        cmocka_unit_test(test_carries),
        cmocka_unit_test(test_the_witness_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The other ways to cut: snap, zero, and checksums that are changed by the difference. The witness judges each. */
#include "cut.h"
#include "cut_pairs.h"
#include "linktype.h"
#include "locating.h"
#include "witness_frame.h"

static const struct cut_terms WAYS[] = {
    {CUT_REWRITE, CUT_COMPUTE}, {CUT_REWRITE, CUT_INCREMENTAL}, {CUT_SNAP, CUT_COMPUTE},
    {CUT_ZERO, CUT_COMPUTE},    {CUT_ZERO, CUT_INCREMENTAL},    {CUT_ZERO, CUT_KEEP},
};

static size_t field_at(const struct located *l) {
    return l->transport_offset + (l->as == LOCATED_TCP ? 16 : 6);
}

static uint16_t word_at(const struct bytes *b, size_t at) {
    return (uint16_t)(b->at[at] << 8 | b->at[at + 1]);
}

static void put_word(struct bytes *b, size_t at, unsigned word) {
    b->at[at] = (uint8_t)(word >> 8);
    b->at[at + 1] = (uint8_t)word;
}

static struct bytes cut_to(const struct bytes *original, struct cut_terms way, uint32_t keep) {
    struct bytes b = *original;
    uint8_t *exact = exact_copy(original->at, original->length);
    struct located l = locate_exact(original->at, original->length);
    assert_true(l.as == LOCATED_TCP || l.as == LOCATED_UDP);
    struct envelope around = {.count = 0};
    b.length = cut_within(&around, exact, (uint32_t)original->length, &l, keep, way);
    memcpy(b.at, exact, b.length);
    free(exact);
    return b;
}

static int judge(const struct bytes *slim, const struct bytes *original, struct cut_terms way, uint32_t floor_bytes,
                 bool may_leave_more, struct failure *f) {
    const struct witness_terms terms = {.cut = way, .floor_bytes = floor_bytes, .may_leave_more = may_leave_more};
    uint8_t *slim_exact = exact_copy(slim->at, slim->length);
    uint8_t *original_exact = exact_copy(original->at, original->length);
    struct witness_frame s = {.bytes = slim_exact, .length = slim->length, .link_type = LINKTYPE_ETHERNET};
    struct witness_frame o = {.bytes = original_exact, .length = original->length, .link_type = LINKTYPE_ETHERNET};
    int status = witness_frame_check_cut(&s, &o, &terms, f);
    free(slim_exact);
    free(original_exact);
    return status;
}

static void expect_good(const struct bytes *slim, const struct bytes *original, struct cut_terms way, uint32_t keep,
                        const char *what) {
    struct failure f;
    if (judge(slim, original, way, keep, false, &f) != 0) {
        fail_msg("%s, %s %s, %u: %s", what, cut_mode_name(way.mode), cut_checksum_name(way.checksum), keep, f.text);
    }
}

/* Every pair, every length that a payload may be cut to: the witness agrees, and cutting again changes nothing. */
static void test_every_length_every_way(void **state) {
    (void)state;
    for (size_t i = 0; i < CUT_PAIR_COUNT * COUNT_OF(WAYS); i++) {
        const struct cut_terms way = WAYS[i % COUNT_OF(WAYS)];
        const struct cut_pair *pair = &CUT_PAIRS[i / COUNT_OF(WAYS)];
        struct bytes original = hex(pair->original);
        struct located l = locate_exact(original.at, original.length);
        for (uint32_t keep = 0; keep < l.payload_bytes; keep++) {
            struct bytes cut = cut_to(&original, way, keep);
            expect_good(&cut, &original, way, keep, pair->name);
            struct bytes again = cut_to(&cut, way, keep);
            assert_int_equal(again.length, cut.length);
            assert_memory_equal(again.at, cut.at, cut.length);
        }
    }
}

static void test_snap_changes_no_byte(void **state) {
    (void)state;
    for (size_t i = 0; i < CUT_PAIR_COUNT; i++) {
        struct bytes original = hex(CUT_PAIRS[i].original);
        struct bytes cut = cut_to(&original, WAYS[2], 24);
        assert_int_equal(cut.length, hex(CUT_PAIRS[i].slim).length);
        assert_memory_equal(cut.at, original.at, cut.length);
    }
}

/* Zeros from the 25th byte of payload to the end of the IP packet; what is behind that, and all lengths, as before. */
static void test_zero(void **state) {
    (void)state;
    for (size_t i = 0; i < CUT_PAIR_COUNT; i++) {
        struct bytes original = hex(CUT_PAIRS[i].original);
        struct bytes want = original;
        struct located l = locate_exact(original.at, original.length);
        memset(want.at + l.payload_offset + 24, 0, l.payload_bytes - 24);
        struct bytes cut = cut_to(&original, WAYS[5], 24);
        assert_int_equal(cut.length, want.length);
        assert_memory_equal(cut.at, want.at, want.length);
        cut = cut_to(&original, WAYS[3], 24);
        put_word(&want, field_at(&l), word_at(&cut, field_at(&l)));
        assert_memory_equal(cut.at, want.at, want.length);
    }
}

/* What was right comes out as if it had been computed; what was wrong is as wrong as before; none stays none. */
static void test_incremental(void **state) {
    (void)state;
    static const struct cut_terms ways[] = {{CUT_REWRITE, CUT_INCREMENTAL}, {CUT_ZERO, CUT_INCREMENTAL}};
    for (size_t i = 0; i < CUT_PAIR_COUNT * COUNT_OF(ways); i++) {
        const struct cut_terms way = ways[i % COUNT_OF(ways)];
        const struct cut_terms computed_way = {way.mode, CUT_COMPUTE};
        struct bytes original = hex(CUT_PAIRS[i / COUNT_OF(ways)].original);
        struct located l = locate_exact(original.at, original.length);
        const size_t at = field_at(&l);
        /* The pairs have checksums that are right only where the whole packet is there: make them so. */
        (void)cut_rewrite(original.at, &l, l.payload_bytes);
        struct bytes computed = cut_to(&original, computed_way, 24);
        struct bytes cut = cut_to(&original, way, 24);
        assert_memory_equal(cut.at, computed.at, computed.length);
        const unsigned right = word_at(&original, at);
        const unsigned right_now = word_at(&computed, at);
        for (unsigned error = 1; error < 0xffff; error += error < 3 ? 1 : 4099) {
            unsigned wrong = right + error;
            wrong = wrong > 0xffff ? wrong - 0xffff : wrong;
            if (l.as == LOCATED_UDP && wrong == 0) {
                continue;
            }
            put_word(&original, at, wrong);
            cut = cut_to(&original, way, 24);
            assert_int_equal(word_at(&cut, at) % 0xffff, (right_now + error) % 0xffff);
            put_word(&cut, at, right_now);
            assert_memory_equal(cut.at, computed.at, computed.length);
        }
        if (l.as == LOCATED_UDP) {
            put_word(&original, at, 0);
            cut = cut_to(&original, way, 24);
            assert_int_equal(word_at(&cut, at), 0);
        }
    }
}

static void test_incremental_ipv4_header(void **state) {
    (void)state;
    struct bytes original = hex(CUT_PAIRS[0].original);
    struct bytes want = hex(CUT_PAIRS[0].slim);
    put_word(&original, 24, word_at(&original, 24) + 0x101U);
    struct bytes cut = cut_to(&original, WAYS[1], 24);
    assert_int_equal(word_at(&cut, 24), word_at(&want, 24) + 0x101);
    put_word(&cut, 24, word_at(&want, 24));
    assert_memory_equal(cut.at, want.at, want.length);
}

/* A UDP length below the IP length: only that much is covered by the checksum (RFC 768), and it stays in mode zero. */
static void test_zero_udp_length(void **state) {
    (void)state;
    struct bytes original = with_payload(UDP4, 32);
    struct bytes cut;
    put_word(&original, 14 + 20 + 4, 8 + 28);
    cut = cut_to(&original, WAYS[3], 24);
    struct bytes covered = cut;
    covered.length -= 4; /* as if the packet ended with what is covered */
    put_word(&covered, 16, 20 + 36);
    struct located l = locate_exact(covered.at, covered.length);
    struct bytes rewritten = covered;
    (void)cut_rewrite(rewritten.at, &l, l.payload_bytes);
    assert_int_equal(word_at(&cut, field_at(&l)), word_at(&rewritten, field_at(&l)));
    expect_good(&cut, &original, WAYS[3], 24, "UDP length");
    for (unsigned lie = 0; lie < 0xffff; lie += lie < 9 || (lie > 35 && lie < 50) ? 1 : 23) {
        put_word(&original, 14 + 20 + 4, lie);
        for (size_t i = 0; i < COUNT_OF(WAYS); i++) {
            cut = cut_to(&original, WAYS[i], 24);
            expect_good(&cut, &original, WAYS[i], 24, "UDP length lies");
        }
    }
}

/* Frames of which the end was not captured. */
static void test_not_wholly_captured(void **state) {
    (void)state;
    for (size_t i = 0; i < CUT_PAIR_COUNT * COUNT_OF(WAYS); i++) {
        const struct cut_terms way = WAYS[i % COUNT_OF(WAYS)];
        struct bytes original = hex(CUT_PAIRS[i / COUNT_OF(WAYS)].original);
        struct located l = locate_exact(original.at, original.length);
        for (uint32_t there = 1; there <= l.payload_bytes; there++) {
            struct bytes sliced = original;
            sliced.length = l.payload_offset + there;
            struct bytes cut = cut_to(&sliced, way, there / 2);
            expect_good(&cut, &sliced, way, there / 2, CUT_PAIRS[i / COUNT_OF(WAYS)].name);
            struct bytes again = cut_to(&cut, way, there / 2);
            assert_int_equal(again.length, cut.length);
            assert_memory_equal(again.at, cut.at, cut.length);
        }
    }
}

/* No bit of a cut may be another, whatever the way; in mode zero trailers count, too. */
static void test_every_bit_matters(void **state) {
    (void)state;
    for (size_t i = 0; i < CUT_PAIR_COUNT * COUNT_OF(WAYS); i++) {
        const struct cut_terms way = WAYS[i % COUNT_OF(WAYS)];
        struct bytes original = hex(CUT_PAIRS[i / COUNT_OF(WAYS)].original);
        struct bytes cut = cut_to(&original, way, 24);
        for (size_t bit = 0; bit < cut.length * 8; bit++) {
            cut.at[bit / 8] ^= (uint8_t)(1U << bit % 8);
            if (judge(&cut, &original, way, 24, false, NULL) == 0) {
                fail_msg("%s, %s: bit %zu of byte %zu is not looked at", CUT_PAIRS[i / COUNT_OF(WAYS)].name,
                         cut_mode_name(way.mode), bit % 8, bit / 8);
            }
            cut.at[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
    }
}

/* Where more than the floor may be left: any length from there on, but nothing below it and never all. */
static void test_floor(void **state) {
    (void)state;
    for (size_t i = 0; i < CUT_PAIR_COUNT * COUNT_OF(WAYS); i++) {
        const struct cut_terms way = WAYS[i % COUNT_OF(WAYS)];
        struct bytes original = hex(CUT_PAIRS[i / COUNT_OF(WAYS)].original);
        struct located l = locate_exact(original.at, original.length);
        for (uint32_t keep = 0; keep < l.payload_bytes; keep++) {
            struct bytes cut = cut_to(&original, way, keep);
            assert_int_equal(judge(&cut, &original, way, 24, true, NULL), keep >= 24 ? 0 : -1);
            assert_int_equal(judge(&cut, &original, way, 24, false, NULL), keep == 24 ? 0 : -1);
        }
        if (way.mode == CUT_REWRITE) {
            struct bytes all = cut_to(&original, way, l.payload_bytes);
            assert_int_equal(judge(&all, &original, way, 24, true, NULL), -1);
        }
    }
}

/* Shaken frames: whatever is cut of them, the witness finds right. */
static void test_the_witness_agrees(void **state) {
    (void)state;
    uint64_t random = 19700101;
    unsigned long cuts = 0;
    for (unsigned round = 0; round < 60000; round++) {
        const struct cut_pair *pair = &CUT_PAIRS[round % CUT_PAIR_COUNT];
        struct bytes original = hex(pair->original);
        for (unsigned left = (unsigned)(next_random(&random) % 4); left > 0; left--) {
            size_t at = 12 + next_random(&random) % (original.length - 12);
            original.at[at] = (uint8_t)next_random(&random);
        }
        original.length -= next_random(&random) % 8 == 0 ? next_random(&random) % 16 : 0;
        struct located l = locate_exact(original.at, original.length);
        if ((l.as == LOCATED_TCP || l.as == LOCATED_UDP) && l.payload_bytes > 0) {
            const struct cut_terms way = WAYS[next_random(&random) % COUNT_OF(WAYS)];
            const uint32_t keep = (uint32_t)(next_random(&random) % l.payload_bytes);
            struct bytes cut = cut_to(&original, way, keep);
            expect_good(&cut, &original, way, keep, pair->name);
            struct bytes again = cut_to(&cut, way, keep);
            assert_memory_equal(again.at, cut.at, cut.length);
            cuts++;
        }
    }
    assert_true(cuts > 30000);
}

static void test_names(void **state) {
    (void)state;
    assert_string_equal(cut_mode_name(CUT_REWRITE), "rewrite");
    assert_string_equal(cut_mode_name(CUT_SNAP), "snap");
    assert_string_equal(cut_mode_name(CUT_ZERO), "zero");
    assert_string_equal(cut_mode_name(CUT_MODES), "unknown");
    assert_string_equal(cut_checksum_name(CUT_COMPUTE), "compute");
    assert_string_equal(cut_checksum_name(CUT_INCREMENTAL), "incremental");
    assert_string_equal(cut_checksum_name(CUT_KEEP), "keep");
    assert_string_equal(cut_checksum_name(CUT_CHECKSUMS), "unknown");
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_length_every_way),
        cmocka_unit_test(test_snap_changes_no_byte),
        cmocka_unit_test(test_zero),
        cmocka_unit_test(test_incremental),
        cmocka_unit_test(test_incremental_ipv4_header),
        cmocka_unit_test(test_zero_udp_length),
        cmocka_unit_test(test_not_wholly_captured),
        cmocka_unit_test(test_every_bit_matters),
        cmocka_unit_test(test_floor),
        cmocka_unit_test(test_the_witness_agrees),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Single frames: what a right cut looks like, and every way of being wrong that could be thought of. */
#include "bytes.h"
#include "cut.h"
#include "linktype.h"
#include "locate.h"
#include "witness_frame.h"
#include "witness_pairs.h"

#include "tunnel_pairs.h"

#include <stdlib.h>

static int check(const struct frame *slim, const struct frame *original, uint32_t floor_bytes, struct failure *f) {
    struct witness_frame s = {.bytes = slim->bytes, .length = slim->length, .link_type = LINKTYPE_ETHERNET};
    struct witness_frame o = {.bytes = original->bytes, .length = original->length, .link_type = LINKTYPE_ETHERNET};
    const struct witness_terms terms = {.floor_bytes = floor_bytes};
    return witness_frame_check_cut(&s, &o, &terms, f);
}

static void test_right_cuts(void **state) {
    (void)state;
    for (size_t i = 0; i < PAIR_COUNT; i++) {
        struct frame original = frame_of(PAIRS[i].original);
        struct frame slim = frame_of(PAIRS[i].slim);
        struct failure f;
        if (check(&slim, &original, FLOOR, &f) != 0) {
            fail_msg("%s: %s", PAIRS[i].name, f.text);
        }
    }
}

static void test_every_bit_of_a_cut(void **state) {
    (void)state;
    for (size_t i = 0; i < PAIR_COUNT; i++) {
        struct frame original = frame_of(PAIRS[i].original);
        struct frame slim = frame_of(PAIRS[i].slim);
        for (size_t bit = 0; bit < slim.length * 8; bit++) {
            slim.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
            if (check(&slim, &original, FLOOR, NULL) == 0) {
                fail_msg("%s: bit %zu of byte %zu is not looked at", PAIRS[i].name, bit % 8, bit / 8);
            }
            slim.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
    }
}

/* A copy of exactly the right size, so that a sanitizer sees a read behind it. */
static uint8_t *exact_copy(const struct frame *frame, size_t length) {
    uint8_t *copy = malloc(length > 0 ? length : 1);
    assert_non_null(copy);
    memcpy(copy, frame->bytes, length);
    return copy;
}

static void test_every_length(void **state) {
    (void)state;
    const struct witness_terms terms = {.floor_bytes = FLOOR};
    for (size_t i = 0; i < PAIR_COUNT; i++) {
        struct frame original = frame_of(PAIRS[i].original);
        struct frame slim = frame_of(PAIRS[i].slim);
        for (size_t length = 1; length <= original.length; length++) {
            uint8_t *copy = exact_copy(&original, length);
            struct witness_frame o = {.bytes = copy, .length = length, .link_type = LINKTYPE_ETHERNET};
            for (size_t left = 0; left < length; left++) {
                uint8_t *left_copy = exact_copy(left <= slim.length ? &slim : &original, left);
                struct witness_frame s = {.bytes = left_copy, .length = left, .link_type = LINKTYPE_ETHERNET};
                int right = left == slim.length ? 0 : -1;
                assert_int_equal(witness_frame_check_cut(&s, &o, &terms, NULL), right);
                free(left_copy);
            }
            free(copy);
        }
    }
}

/* A checksum of 0000 and one of ffff add up alike, but only one of them is right. */
static void test_zero_checksums(void **state) {
    (void)state;
    static const struct {
        size_t pair, at;
        uint16_t wrong;
        const char *words;
    } cases[] = {
        {TCP4_SUM_0, 14 + 20 + 16, 0xffff, "TCP checksum is ffff, not 0000"},
        {UDP6_SUM_0, 14 + 40 + 6, 0x0000, "UDP checksum is 0000, not ffff"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct frame original = frame_of(PAIRS[cases[i].pair].original);
        struct frame slim = frame_of(PAIRS[cases[i].pair].slim);
        struct failure f;
        bytes_put_be16(slim.bytes + cases[i].at, cases[i].wrong);
        assert_int_equal(check(&slim, &original, FLOOR, &f), -1);
        assert_string_equal(f.text, cases[i].words);
    }
}

static void test_wrong_floor(void **state) {
    (void)state;
    struct frame original = frame_of(PAIRS[TCP4].original);
    struct frame slim = frame_of(PAIRS[TCP4].slim);
    struct failure f;
    assert_int_equal(check(&slim, &original, 20, &f), -1);
    assert_string_equal(f.text, "the cut leaves 24 bytes of payload, not 20");
    assert_int_equal(check(&slim, &original, 32, &f), -1);
    assert_string_equal(f.text, "cut, though its payload is only 32 bytes");
    assert_int_equal(check(&slim, &original, UINT32_MAX, &f), -1);
    slim.length -= 4;
    assert_int_equal(check(&slim, &original, FLOOR, &f), -1);
    assert_string_equal(f.text, "the cut leaves 20 bytes of payload, not 24");
    slim.length = 30;
    assert_int_equal(check(&slim, &original, FLOOR, &f), -1);
    assert_string_equal(f.text, "the cut leaves 30 bytes of 66 bytes of headers");
}

/* Originals that must not be cut: one byte of both frames is changed. */
static void test_never_to_be_cut(void **state) {
    (void)state;
    static const struct {
        size_t pair, at;
        uint8_t value;
        const char *words;
    } cases[] = {
        {TCP4, 12, 0x88, "neither IPv4 nor IPv6"},
        {TCP4, 13, 0x06, "neither IPv4 nor IPv6"},
        {UDP4_TAGS, 16, 0x88, "neither IPv4 nor IPv6"}, /* 0x88a8 and its like are no 802.1Q tag */
        {TCP4, 14, 0x65, "IP version"},
        {TCP4, 14, 0x44, "IPv4 header is not whole"},
        {TCP4, 14, 0x4f, "payload is only 4 bytes"},
        {TCP4, 20, 0x20, "a fragment"}, /* MF */
        {TCP4, 20, 0x1f, "a fragment"}, /* the upper bits of the offset */
        {TCP4, 21, 0x01, "a fragment"}, /* the lowest bit of the offset */
        {TCP4_LSRR, 17, 0x1b, "IPv4 total length lies"},
        {TCP4, 17, 0x00, "IPv4 total length is 0"},
        {TCP4, 17, 0x27, "TCP header is not whole"},
        {TCP4, 17, 0x4c, "payload is only 24 bytes"},
        {TCP4, 23, 1, "neither TCP nor UDP"},
        {TCP4, 23, 51, "neither TCP nor UDP"}, /* AH is walked behind IPv6 only */
        {TCP4, 46, 0x40, "TCP header is not whole"},
        {TCP4_LSRR, 58, 0xf0, "TCP header is not whole"},
        {UDP4_TAGS, 25, 0x1b, "UDP header is not whole"},
        {UDP6_SUM_0, 14, 0x40, "IP version"},
        {UDP6_SUM_0, 19, 0x00, "UDP header is not whole"},
        {UDP6_SUM_0, 19, 0x20, "payload is only 24 bytes"},
        {UDP6_SUM_0, 20, 50, "neither TCP nor UDP"}, /* ESP */
        {UDP6_SUM_0, 20, 59, "neither TCP nor UDP"}, /* no next header */
        {TCP6_RH0, 55, 0xff, "extension header is not whole"},
        {TCP6_RH0, 19, 0x07, "extension header is not whole"},
        {TCP6_AH, 55, 0xff, "extension header is not whole"},
        {TCP6_AH, 80, 0x01, "a fragment"}, /* the offset */
        {TCP6_AH, 81, 0x01, "a fragment"}, /* M */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct frame original = frame_of(PAIRS[cases[i].pair].original);
        struct frame slim = frame_of(PAIRS[cases[i].pair].slim);
        struct failure f = {.text = ""};
        original.bytes[cases[i].at] = slim.bytes[cases[i].at] = cases[i].value;
        assert_int_equal(check(&slim, &original, FLOOR, &f), -1);
        if (strstr(f.text, cases[i].words) == NULL) {
            fail_msg("case %zu: '%s' does not say '%s'", i, f.text, cases[i].words);
        }
    }
}

/* Around the packet that was cut every length and checksum must be true, too; so no bit of a tunnel may be another. */
static void test_layers_around(void **state) {
    (void)state;
    const struct witness_terms terms = {.floor_bytes = FLOOR};
    for (size_t i = 0; i < sizeof TUNNEL_PAIRS / sizeof TUNNEL_PAIRS[0]; i++) {
        struct frame original = frame_of(TUNNEL_PAIRS[i].original);
        struct frame slim = frame_of(TUNNEL_PAIRS[i].slim);
        struct witness_frame s = {.bytes = slim.bytes, .length = slim.length, .link_type = LINKTYPE_ETHERNET};
        struct witness_frame o = {.bytes = original.bytes, .length = original.length, .link_type = LINKTYPE_ETHERNET};
        const struct witness_layout at = tunnel_laid_out(&o);
        struct failure f;
        if (witness_frame_check_laid_out(&s, &o, &at, &terms, &f) != 0) {
            fail_msg("%s: %s", TUNNEL_PAIRS[i].name, f.text);
        }
        for (size_t bit = 0; bit < slim.length * 8; bit++) {
            slim.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
            if (witness_frame_check_laid_out(&s, &o, &at, &terms, NULL) == 0) {
                fail_msg("%s: bit %zu of byte %zu is not looked at", TUNNEL_PAIRS[i].name, bit % 8, bit / 8);
            }
            slim.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
    }
}

/* Whether slim is taken for a right cut of original, where VXLAN is looked into or not. */
static int check_within(const struct frame *slim, const struct frame *original, const struct witness_tunnels *tunnels,
                        struct failure *f) {
    const struct witness_frame s = {slim->bytes, slim->length, LINKTYPE_ETHERNET, NULL};
    const struct witness_frame o = {original->bytes, original->length, LINKTYPE_ETHERNET, tunnels};
    const struct witness_terms terms = {.floor_bytes = FLOOR};
    return witness_frame_check_cut(&s, &o, &terms, f);
}

static void expect_refused(const struct frame *slim, const struct tunnel_pair *pair, const char *words) {
    const struct frame original = frame_of(pair->original);
    struct failure f = {.text = ""};
    assert_int_equal(check_within(slim, &original, &IN_VXLAN, &f), -1);
    if (strstr(f.text, words) == NULL) {
        fail_msg("%s: '%s' does not say '%s'", pair->name, f.text, words);
    }
}

/* The packet outside cut as one that is no tunnel: every length and checksum is right, and the cut is not. */
static void test_the_wrong_layer(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof TUNNEL_PAIRS / sizeof TUNNEL_PAIRS[0]; i++) {
        const struct frame original = frame_of(TUNNEL_PAIRS[i].original);
        struct frame slim = original;
        struct located outer;
        locate_ethernet(slim.bytes, (uint32_t)slim.length, &outer);
        slim.length = cut_rewrite(slim.bytes, &outer, FLOOR);
        assert_int_equal(check_within(&slim, &original, NULL, NULL), 0);
        expect_refused(&slim, &TUNNEL_PAIRS[i], "bytes of headers");
    }
}

/* A field that sums something up is right again where that has become so much more. */
static void sum_less(uint8_t *field, unsigned more) {
    bytes_put_be16(field, (uint16_t)((bytes_get_be16(field) + 2 * 0xffff - more) % 0xffff));
}

/* A length of the tunnel that is one off, though what sums it up knows of it. */
static void test_lengths_around(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof TUNNEL_PAIRS / sizeof TUNNEL_PAIRS[0]; i++) {
        const struct frame original = frame_of(TUNNEL_PAIRS[i].original);
        const struct witness_frame o = {original.bytes, original.length, LINKTYPE_ETHERNET, NULL};
        const struct witness_layout at = tunnel_laid_out(&o);
        assert_int_equal(at.layer_count, 4);
        for (size_t which = 0; which < 4; which++) {
            const struct witness_layer *layer = &at.layers[which / 2];
            const uint16_t off = which % 2 == 0 ? 1 : UINT16_MAX; /* one more, one less */
            struct frame slim = frame_of(TUNNEL_PAIRS[i].slim);
            uint8_t *length = slim.bytes + layer->length_at;
            bytes_put_be16(length, (uint16_t)(bytes_get_be16(length) + off));
            if (layer->sum != NULL && bytes_get_be16(slim.bytes + layer->sum_at) != 0) { /* of UDP it counts twice */
                sum_less(slim.bytes + layer->sum_at, (layer->header_only ? 1 : 2) * (which % 2 == 0 ? 1U : 0xfffeU));
            }
            expect_refused(&slim, &TUNNEL_PAIRS[i], layer->length);
        }
    }
}

/* A field of the tunnel that is still the original's. */
static void test_stale_layers(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof TUNNEL_PAIRS / sizeof TUNNEL_PAIRS[0]; i++) {
        const struct frame original = frame_of(TUNNEL_PAIRS[i].original);
        const struct witness_frame o = {original.bytes, original.length, LINKTYPE_ETHERNET, NULL};
        const struct witness_layout at = tunnel_laid_out(&o);
        for (size_t n = 0; n < 2; n++) {
            const struct witness_layer *layer = &at.layers[n];
            struct frame slim = frame_of(TUNNEL_PAIRS[i].slim);
            if (layer->length != NULL) {
                memcpy(slim.bytes + layer->length_at, original.bytes + layer->length_at, 2);
                expect_refused(&slim, &TUNNEL_PAIRS[i], layer->length);
                slim = frame_of(TUNNEL_PAIRS[i].slim);
            }
            if (layer->sum != NULL && bytes_get_be16(slim.bytes + layer->sum_at) != 0) {
                memcpy(slim.bytes + layer->sum_at, original.bytes + layer->sum_at, 2);
                expect_refused(&slim, &TUNNEL_PAIRS[i], layer->sum);
            }
        }
    }
}

/* What is inside is as it was, checksums and all, but for its end; outside every field is right for that. */
static void test_inner_kept(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof TUNNEL_PAIRS / sizeof TUNNEL_PAIRS[0]; i++) {
        const struct frame original = frame_of(TUNNEL_PAIRS[i].original);
        const struct frame right = frame_of(TUNNEL_PAIRS[i].slim);
        const struct witness_frame o = {original.bytes, original.length, LINKTYPE_ETHERNET, NULL};
        const struct witness_layout at = tunnel_laid_out(&o);
        const size_t inside_at = at.layers[1].begins_at + 8 + TUNNEL_VXLAN_BYTES;
        struct frame slim = right;
        memcpy(slim.bytes + inside_at, original.bytes + inside_at, slim.length - inside_at);
        uint8_t *sum = slim.bytes + at.layers[1].sum_at;
        if (bytes_get_be16(sum) != 0) {
            for (size_t from = inside_at; from < slim.length; from += 2) {
                sum_less(sum, bytes_get_be16(slim.bytes + from));
                sum_less(sum, 0xffffU - bytes_get_be16(right.bytes + from));
            }
        }
        expect_refused(&slim, &TUNNEL_PAIRS[i], "IPv4 total length is 100, not 64");
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right_cuts),     cmocka_unit_test(test_every_bit_of_a_cut),
        cmocka_unit_test(test_every_length),   cmocka_unit_test(test_zero_checksums),
        cmocka_unit_test(test_wrong_floor),    cmocka_unit_test(test_never_to_be_cut),
        cmocka_unit_test(test_layers_around),  cmocka_unit_test(test_the_wrong_layer),
        cmocka_unit_test(test_lengths_around), cmocka_unit_test(test_stale_layers),
        cmocka_unit_test(test_inner_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

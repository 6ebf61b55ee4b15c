/* Layers around the packet that is cut: each way to cut makes them true from the inside out. The witness judges. */
#include "cut.h"
#include "link.h"
#include "linktype.h"
#include "locating.h"
#include "witness_frame.h"

#include "tunnel_pairs.h"

static const struct cut_terms WAYS[] = {
    {CUT_REWRITE, CUT_COMPUTE}, {CUT_REWRITE, CUT_INCREMENTAL}, {CUT_SNAP, CUT_COMPUTE},
    {CUT_ZERO, CUT_COMPUTE},    {CUT_ZERO, CUT_INCREMENTAL},    {CUT_ZERO, CUT_KEEP},
};

/* What no function finds yet: the packet inside, and the layers of the one outside. */
static struct located located_within(const struct bytes *frame, struct envelope *around) {
    const struct located outer = locate_exact(frame->at, frame->length);
    const uint32_t in_at = outer.payload_offset + TUNNEL_VXLAN_BYTES;
    struct located l = locate_exact(frame->at + in_at, frame->length - in_at);
    *around =
        (struct envelope){.count = 2,
                          .layers = {{.kind = outer.ip_version == 4 ? LAYER_IPV4 : LAYER_IPV6,
                                      .offset = outer.network_offset,
                                      .end = outer.packet_end,
                                      .final_destination_offset = outer.final_destination_offset},
                                     {.kind = LAYER_UDP, .offset = outer.transport_offset, .end = outer.packet_end}}};
    l.network_offset += in_at;
    l.transport_offset += in_at;
    l.payload_offset += in_at;
    l.packet_end += in_at;
    l.final_destination_offset += in_at;
    return l;
}

static struct bytes cut_to(const struct bytes *original, uint32_t keep, struct cut_terms way) {
    struct envelope around;
    const struct located l = located_within(original, &around);
    struct bytes b = *original;
    b.length = cut_within(&around, b.at, (uint32_t)b.length, &l, keep, way);
    return b;
}

static void test_pairs(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(TUNNEL_PAIRS); i++) {
        const struct bytes original = hex(TUNNEL_PAIRS[i].original);
        const struct bytes slim = hex(TUNNEL_PAIRS[i].slim);
        for (size_t way = 0; way < 2; way++) { /* what was right comes out right, by the difference, too */
            const struct bytes cut = cut_to(&original, 24, WAYS[way]);
            assert_int_equal(cut.length, slim.length);
            assert_memory_equal(cut.at, slim.at, slim.length);
        }
    }
}

/* Every way, every length, sums that are right and wrong, frames that are not whole: as the witness says. */
static void test_the_witness_agrees(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(TUNNEL_PAIRS) * COUNT_OF(WAYS) * 4; i++) {
        const struct cut_terms way = WAYS[i % COUNT_OF(WAYS)];
        struct bytes original = hex(TUNNEL_PAIRS[i / COUNT_OF(WAYS) % COUNT_OF(TUNNEL_PAIRS)].original);
        struct envelope around;
        const size_t variant = i / COUNT_OF(WAYS) / COUNT_OF(TUNNEL_PAIRS);
        const struct located l = located_within(&original, &around);
        if (variant == 1) {
            original.at[around.layers[1].offset + 7] ^= 0x10;
        } else if (variant == 2) {
            original.at[l.transport_offset + 17] ^= 0x10;
        } else if (variant == 3) {
            original.length -= 7;
        }
        for (uint32_t keep = 0; keep < l.payload_bytes - 7; keep++) {
            const struct bytes cut = cut_to(&original, keep, way);
            const struct witness_terms terms = {.cut = way, .floor_bytes = keep};
            const struct witness_frame s = {.bytes = cut.at, .length = cut.length, .link_type = LINKTYPE_ETHERNET};
            const struct witness_frame o = {
                .bytes = original.at, .length = original.length, .link_type = LINKTYPE_ETHERNET};
            const struct witness_layout at = tunnel_laid_out(&o);
            struct failure f;
            if (witness_frame_check_laid_out(&s, &o, &at, &terms, &f) != 0) {
                fail_msg("%s, %s %s, variant %zu, %u: %s",
                         TUNNEL_PAIRS[i / COUNT_OF(WAYS) % COUNT_OF(TUNNEL_PAIRS)].name, cut_mode_name(way.mode),
                         cut_checksum_name(way.checksum), variant, keep, f.text);
            }
        }
    }
}

static void test_no_tunnels_yet(void **state) {
    (void)state;
    const struct bytes frame = hex(TUNNEL_PAIRS[0].original);
    struct located l;
    struct envelope around = {.count = 7};
    assert_null(link_type_find(257));
    link_locate(link_type_find(LINKTYPE_ETHERNET), frame.at, (uint32_t)frame.length, &l, &around);
    assert_int_equal(around.count, 0);
    assert_int_equal(located_destination_port(&l, frame.at), 4789);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_the_witness_agrees),
        cmocka_unit_test(test_no_tunnels_yet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

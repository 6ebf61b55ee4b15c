/* Link types besides Ethernet: the same packets behind their headers are located, followed, cut and judged alike. */
#include "cut.h"
#include "cut_pairs.h"
#include "flow_key.h"
#include "link.h"
#include "linktype.h"
#include "locating.h"
#include "witness_frame.h"

enum { ETHERNET_BYTES = 14, SLL2_BYTES = 20, MORE = SLL2_BYTES - ETHERNET_BYTES };

/* The frame, which was captured on Ethernet, as Linux cooked v2 has it. */
static struct bytes as_sll2(const struct bytes *ethernet, unsigned device) {
    struct bytes b = {.length = 0};
    put_hex(&b, "0000 0000 00000002 0001 04 06 020000000001 0000");
    memcpy(b.at, ethernet->at + 12, 2);
    b.at[8] = (uint8_t)(device >> 8);
    b.at[9] = (uint8_t)device;
    memcpy(b.at + SLL2_BYTES, ethernet->at + ETHERNET_BYTES, ethernet->length - ETHERNET_BYTES);
    b.length = ethernet->length + MORE;
    return b;
}

static struct located locate_sll2(const uint8_t *frame, size_t length) {
    struct located l;
    struct envelope around = {.count = 1};
    uint8_t *copy = exact_copy(frame, length);
    link_locate(link_type_find(LINKTYPE_LINUX_SLL2), copy, (uint32_t)length, &l, &around);
    free(copy);
    assert_int_equal(around.count, 0);
    return l;
}

static void test_table(void **state) {
    (void)state;
    const struct link_type *link;
    for (size_t i = 0; (link = link_type_at(i)) != NULL; i++) {
        assert_ptr_equal(link_type_find(link->number), link);
        assert_true(witness_link_type_is_known(link->number));
    }
    static const uint16_t others[] = {2, 8, 10, 13, 100, 147, 256, 257, 275, 277, 65535};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        assert_null(link_type_find(others[i]));
        assert_false(witness_link_type_is_known(others[i]));
    }
}

/* Of every captured length: as the packet is located behind Ethernet, six bytes further on. */
static void test_sll2_every_length(void **state) {
    (void)state;
    for (size_t i = 0; i < CUT_PAIR_COUNT; i++) {
        const struct bytes ethernet = hex(CUT_PAIRS[i].original);
        const struct bytes frame = as_sll2(&ethernet, 1);
        for (size_t length = 0; length <= frame.length; length++) {
            const struct located l = locate_sll2(frame.at, length);
            if (length < SLL2_BYTES) {
                assert_int_equal(l.as, LOCATED_NOT_IP);
                continue;
            }
            const struct located e = locate_exact(ethernet.at, length - MORE);
            assert_int_equal(l.as, e.as);
            if (l.as == LOCATED_TCP || l.as == LOCATED_UDP) {
                assert_int_equal(l.ip_version, e.ip_version);
                assert_int_equal(l.network_offset, e.network_offset + MORE);
                assert_int_equal(l.transport_offset, e.transport_offset + MORE);
                assert_int_equal(l.payload_offset, e.payload_offset + MORE);
                assert_int_equal(l.packet_end, e.packet_end + MORE);
                assert_int_equal(l.payload_bytes, e.payload_bytes);
                assert_int_equal(l.final_destination_offset, e.final_destination_offset + MORE);
                assert_int_equal(l.circuit, e.circuit);
            }
        }
    }
}

/* What is no ethertype there may be the number of one. */
static void test_sll2_devices(void **state) {
    (void)state;
    static const unsigned without[] = {770, 803, 824}, with[] = {0, 1, 512, 772, 778, 65534};
    const struct bytes ethernet = hex(CUT_PAIRS[0].original);
    for (size_t i = 0; i < COUNT_OF(without); i++) {
        const struct bytes frame = as_sll2(&ethernet, without[i]);
        assert_int_equal(locate_sll2(frame.at, frame.length).as, LOCATED_NOT_IP);
    }
    for (size_t i = 0; i < COUNT_OF(with); i++) {
        const struct bytes frame = as_sll2(&ethernet, with[i]);
        assert_int_equal(locate_sll2(frame.at, frame.length).as, LOCATED_TCP);
    }
}

/* One flow, whatever the link header says of the sender, and another one than that with tags. */
static void test_sll2_both_ways(void **state) {
    (void)state;
    const struct bytes there = hex(TCP4), back = hex(ETHERNET "0800 45000048 00010000 40060000 c6336402 c0000201"
                                                              "01bbc350 00000001 00000002 50182000 00000000");
    const struct bytes tagged = hex(ETHERNET "8100 0005 0800 45000048 00010000 40060000" ADDRESSES4 TCP_HEADER);
    struct bytes frames[] = {as_sll2(&there, 1), as_sll2(&back, 1), as_sll2(&tagged, 1)};
    struct flow_key keys[COUNT_OF(frames)];
    unsigned directions[COUNT_OF(frames)];
    memset(frames[1].at + 4, 0x77, 4); /* another interface */
    memset(frames[1].at + 10, 0x55, 10);
    for (size_t i = 0; i < COUNT_OF(frames); i++) {
        const struct located l = locate_sll2(frames[i].at, frames[i].length);
        assert_int_equal(l.as, LOCATED_TCP);
        directions[i] = flow_key_make(&keys[i], frames[i].at, &l);
    }
    assert_true(flow_key_same(&keys[0], &keys[1]));
    assert_int_equal(directions[0] + directions[1], 1);
    assert_false(flow_key_same(&keys[0], &keys[2]));
}

/* slim, of which the witness is told that it is of a link type, as a cut of original. */
static int judge(const struct bytes *slim, const struct bytes *original, uint16_t link_type, struct failure *f) {
    const struct witness_terms terms = {.floor_bytes = 24};
    const struct witness_frame s = {.bytes = slim->at, .length = slim->length, .link_type = link_type};
    const struct witness_frame o = {.bytes = original->at, .length = original->length, .link_type = link_type};
    return witness_frame_check_cut(&s, &o, &terms, f);
}

/* Cut as the pairs say, and the witness lets nothing else pass. */
static void test_sll2_cut(void **state) {
    (void)state;
    for (size_t i = 0; i < CUT_PAIR_COUNT; i++) {
        const struct bytes ethernet = hex(CUT_PAIRS[i].original), ethernet_slim = hex(CUT_PAIRS[i].slim);
        const struct bytes original = as_sll2(&ethernet, 1), slim = as_sll2(&ethernet_slim, 1);
        struct bytes cut = original;
        const struct located l = locate_sll2(original.at, original.length);
        struct failure f;
        cut.length = cut_rewrite(cut.at, &l, 24);
        assert_int_equal(cut.length, slim.length);
        assert_memory_equal(cut.at, slim.at, slim.length);
        if (judge(&cut, &original, LINKTYPE_LINUX_SLL2, &f) != 0) {
            fail_msg("%s: %s", CUT_PAIRS[i].name, f.text);
        }
        for (size_t bit = 0; bit < cut.length * 8; bit++) {
            cut.at[bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_int_equal(judge(&cut, &original, LINKTYPE_LINUX_SLL2, NULL), -1);
            cut.at[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        assert_int_equal(judge(&cut, &original, LINKTYPE_ETHERNET, NULL), -1);
        assert_int_equal(judge(&cut, &original, 147, NULL), -1);
        const struct bytes netlink = as_sll2(&ethernet, 824), netlink_slim = as_sll2(&ethernet_slim, 824);
        assert_int_equal(judge(&netlink_slim, &netlink, LINKTYPE_LINUX_SLL2, &f), -1);
        assert_string_equal(f.text, "cut, though it has no IP header");
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),        cmocka_unit_test(test_sll2_every_length),
        cmocka_unit_test(test_sll2_devices), cmocka_unit_test(test_sll2_both_ways),
        cmocka_unit_test(test_sll2_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

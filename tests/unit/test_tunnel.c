/* What tells the flows of tunnels apart: the number of a network does, that of one direction's endpoint does not. */
#include "link.h"
#include "linktype.h"
#include "locating.h"
#include "policy.h"
#include "tunnel.h"
#include "tunnel_plain.h"

#include "tunnel_pairs.h"

enum { OUTER_BYTES = 42, NUMBER_AT = OUTER_BYTES + 4, IN_AT = OUTER_BYTES + TUNNEL_VXLAN_BYTES };

static struct policy policy;

static int make_policy(void **state) {
    (void)state;
    struct policy_settings all;
    policy_settings_init(&all);
    all.tunnels = TUNNELS_ALL;
    return policy_init(&policy, &all, NULL);
}

static int drop_policy(void **state) {
    (void)state;
    policy_free(&policy);
    return 0;
}

static uint32_t circuit_of(const struct bytes *frame, enum tunnel_kind kind) {
    struct located l;
    struct envelope around;
    tunnel_locate(&policy.tunnels, link_type_find(LINKTYPE_ETHERNET), frame->at, (uint32_t)frame->length, &l, &around);
    assert_int_equal(l.as, LOCATED_TCP);
    assert_int_equal(around.tunnels, UINT32_C(1) << kind);
    return l.circuit;
}

/* That of the pair without a checksum, with another port and header. */
static struct bytes in_another(uint16_t port, const char *header) {
    struct bytes frame = hex(TUNNEL_PAIRS[2].original);
    const struct bytes other = hex(header);
    bytes_put_be16(frame.at + 36, port);
    memcpy(frame.at + OUTER_BYTES, other.at, TUNNEL_VXLAN_BYTES);
    return frame;
}

static void test_networks(void **state) {
    (void)state;
    static const struct {
        uint16_t port;
        const char *header;
        enum tunnel_kind kind;
    } rows[] = {{4789, "0800000000000700", TUNNEL_VXLAN}, {6081, "0000655800000700", TUNNEL_GENEVE}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bytes frame = in_another(rows[i].port, rows[i].header);
        const uint32_t circuit = circuit_of(&frame, rows[i].kind);
        assert_int_not_equal(circuit, 0);
        for (unsigned byte = 0; byte < 3; byte++) {
            frame.at[NUMBER_AT + byte] ^= 1;
            assert_int_not_equal(circuit_of(&frame, rows[i].kind), circuit);
            frame.at[NUMBER_AT + byte] ^= 1;
        }
        frame.at[NUMBER_AT + 3] ^= 1; /* reserved */
        assert_int_equal(circuit_of(&frame, rows[i].kind), circuit);
    }
}

/* The shorter way has the same circuit. */
static void test_the_shorter_way(void **state) {
    (void)state;
    struct bytes frame = hex(TUNNEL_PAIRS[2].original);
    for (unsigned number = 0; number < 3; number++) {
        struct located inner;
        frame.at[NUMBER_AT + 1] = (uint8_t)(77 * number);
        assert_true(tunnel_is_plain(policy.port_flags, frame.at, (uint32_t)frame.length));
        locate_ethernet(frame.at + PLAIN_INNER, (uint32_t)frame.length - PLAIN_INNER, &inner);
        assert_int_equal(tunnel_plain_circuit(frame.at, &inner), circuit_of(&frame, TUNNEL_VXLAN));
    }
}

/* GTP-U has an endpoint for each direction: whichever it is, the flow is one. */
static void test_endpoints(void **state) {
    (void)state;
    enum { LESS = 14 /* there is no Ethernet header in it */ };
    struct bytes frame = in_another(2152, "30ff006400000001");
    memmove(frame.at + IN_AT, frame.at + IN_AT + LESS, frame.length - IN_AT - LESS);
    frame.length -= LESS;
    bytes_put_be16(frame.at + 16, (uint16_t)(bytes_get_be16(frame.at + 16) - LESS));
    bytes_put_be16(frame.at + 38, (uint16_t)(bytes_get_be16(frame.at + 38) - LESS));
    const uint32_t circuit = circuit_of(&frame, TUNNEL_GTP);
    for (unsigned byte = 0; byte < 4; byte++) {
        frame.at[NUMBER_AT + byte] ^= 0x11;
        assert_int_equal(circuit_of(&frame, TUNNEL_GTP), circuit);
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_the_shorter_way),
        cmocka_unit_test(test_endpoints),
    };
    return cmocka_run_group_tests(tests, make_policy, drop_policy);
}

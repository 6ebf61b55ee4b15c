/* esp.c: what of ESP is readable. */
#include "esp.h"

#include "support.h"

#include <string.h>

enum { INNER_BYTES = 60 };

static void put_inner(uint8_t *p, unsigned protocol) {
    memset(p, 'a', INNER_BYTES);
    switch (protocol) {
    case 4: /* IPv4 */
        memcpy(p, "\x45\x00\x00\x3c", 4);
        break;
    case 41: /* IPv6 */
        memcpy(p, "\x60\x00\x00\x00\x00\x14", 6);
        break;
    case 6: /* TCP */
        memcpy(p + 12, "\x50\x18\x01\x00\x12\x34\x00\x00", 8);
        break;
    case 17: /* UDP */
        memcpy(p + 4, "\x00\x3c", 2);
        break;
    case 1: /* ICMP */
        memcpy(p, "\x08\x00", 2);
        break;
    case 47: /* GRE */
        memcpy(p, "\x20\x00\x08\x00", 4);
        break;
    case 51: /* AH */
        memcpy(p, "\x06\x04\x00\x00", 4);
        break;
    case 60: /* destination options */
        memcpy(p, "\x06\x01", 2);
        break;
    case 89: /* OSPF */
        memcpy(p, "\x02\x01\x00\x30", 4);
        break;
    case 97: /* Ethernet within IP */
        memcpy(p, "\x30\x00", 2);
        break;
    case 103: /* PIM */
        p[0] = 0x20;
        break;
    case 108: /* IPComp */
        p[1] = 0;
        break;
    case 112: /* VRRP */
        p[0] = 0x21;
        break;
    case 33: /* DCCP */
        p[4] = 4;
        break;
    case 136: /* UDP-Lite */
        memcpy(p + 4, "\x00\x08", 2);
        break;
    case 2:   /* IGMP */
    case 115: /* L2TP */
    case 137: /* MPLS */
        break;
    default:
        fail();
    }
}

/* Every protocol, initialisation vector, padding and check value: readable, whole and cut short behind the headers. */
static void test_null_encryption_is_readable(void **unused) {
    (void)unused;
    static const uint8_t protocols[] = {4, 41, 6, 17, 1, 47, 51, 60, 89, 97, 103, 108, 112, 33, 136, 2, 115, 137};
    static const uint8_t vectors[] = {0, 8, 16};
    static const uint8_t checks[] = {0, 12, 16, 20, 24, 28, 32};
    uint64_t seed = 7;
    for (size_t n = 0; n < sizeof protocols * sizeof vectors * sizeof checks; n++) {
        const unsigned protocol = protocols[n % sizeof protocols];
        const uint32_t vector = vectors[n / sizeof protocols % sizeof vectors];
        const uint32_t check = checks[n / sizeof protocols / sizeof vectors];
        const uint8_t padding = (uint8_t)(n % 5);
        uint8_t packet[256];
        for (size_t i = 0; i < sizeof packet; i++) {
            packet[i] = (uint8_t)(next_random(&seed) >> 8);
        }
        put_inner(packet + vector, protocol);
        uint32_t at = vector + INNER_BYTES;
        for (uint8_t i = 1; i <= padding; i++) {
            packet[at++] = i;
        }
        packet[at++] = padding;
        packet[at++] = (uint8_t)protocol;
        assert_true(esp_is_readable(packet, at + check, at + check));
        if (protocol == 4 || protocol == 41 || protocol == 6 || protocol == 17) {
            assert_true(esp_is_readable(packet, vector + 44, at + check));
        }
    }
}

/* RFC 4303 section 2.7: bytes behind the packet hide how long it is. */
static void test_a_hidden_length_is_readable(void **unused) {
    (void)unused;
    static const uint8_t protocols[] = {4, 41, 17};
    for (size_t n = 0; n < sizeof protocols; n++) {
        uint8_t packet[INNER_BYTES + 40 + 2 + 12] = {0};
        put_inner(packet, protocols[n]);
        packet[INNER_BYTES + 41] = protocols[n];
        assert_true(esp_is_readable(packet, sizeof packet, sizeof packet));
    }
}

static void test_ciphertext_is_not(void **unused) {
    (void)unused;
    uint64_t seed = 11;
    unsigned readable = 0;
    for (unsigned n = 0; n < 20000; n++) {
        uint8_t packet[128];
        for (size_t i = 0; i < sizeof packet; i++) {
            packet[i] = (uint8_t)(next_random(&seed) >> 8);
        }
        readable += esp_is_readable(packet, sizeof packet, sizeof packet);
    }
    assert_true(readable <= 30);
}

static void test_nothing_is_not(void **unused) {
    (void)unused;
    static const uint8_t packet[3] = {0, 0, 0};
    for (uint32_t length = 0; length <= sizeof packet; length++) {
        assert_false(esp_is_readable(packet, length, length));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_null_encryption_is_readable),
        cmocka_unit_test(test_a_hidden_length_is_readable),
        cmocka_unit_test(test_ciphertext_is_not),
        cmocka_unit_test(test_nothing_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

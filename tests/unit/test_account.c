/* Bytes by server port and host. */
#include "account.h"
#include "bytes.h"
#include "support.h"

/* A located packet in a frame whose addresses end in a and b. */
static void add(struct account *a, uint8_t version, bool udp, uint16_t from, uint16_t to, uint8_t one, uint8_t other,
                uint64_t bytes, uint64_t saved) {
    uint8_t frame[14 + 40 + 4] = {0};
    const struct located l = {.as = udp ? LOCATED_UDP : LOCATED_TCP,
                              .ip_version = version,
                              .network_offset = 14,
                              .transport_offset = 14 + 40};
    bytes_put_be16(frame + 14 + 40, from);
    bytes_put_be16(frame + 14 + 40 + 2, to);
    frame[14 + (version == 4 ? 15 : 23)] = one;
    frame[14 + (version == 4 ? 19 : 39)] = other;
    account_packet(a, &l, frame, bytes, saved);
}

static void test_ports(void **state) {
    (void)state;
    struct account_port ports[4];
    struct account *a = account_new(NULL);
    assert_non_null(a);
    assert_int_equal(account_ports(a, ports, 4), 0);
    add(a, 4, false, 443, 50000, 1, 2, 1000, 900);
    add(a, 4, false, 50000, 443, 2, 1, 100, 0);
    add(a, 4, true, 50000, 443, 2, 1, 500, 400);
    add(a, 6, false, 65535, 65535, 1, 2, 70, 0);
    add(a, 6, false, 0, 7, 1, 2, 60, 0);
    assert_int_equal(account_ports(a, ports, 4), 4);
    assert_int_equal(ports[0].port, 443);
    assert_int_equal(ports[0].transport, LOCATED_TCP);
    assert_int_equal(ports[0].bytes, 1100);
    assert_int_equal(ports[0].saved_bytes, 900);
    assert_int_equal(ports[1].transport, LOCATED_UDP);
    assert_int_equal(ports[2].port, 65535);
    assert_int_equal(ports[3].port, 0);
    assert_int_equal(account_ports(a, ports, 1), 1);
    assert_int_equal(ports[0].saved_bytes, 900);
    assert_int_equal(account_ports(a, ports, 0), 0);
    account_free(a);
    account_free(NULL);
}

static void test_hosts(void **state) {
    (void)state;
    struct account_host hosts[8];
    struct account *a = account_new(NULL);
    add(a, 4, false, 443, 50000, 1, 2, 1000, 900);
    add(a, 4, false, 443, 50000, 1, 3, 1000, 100);
    add(a, 4, false, 443, 50000, 9, 9, 1000, 0); /* nothing to save: no host */
    add(a, 6, false, 443, 50000, 1, 2, 1000, 50);
    const struct located fragment = {.as = LOCATED_FRAGMENT};
    account_packet(a, &fragment, NULL, 5000, 0);
    assert_int_equal(account_hosts(a, hosts, 8), 5);
    assert_int_equal(hosts[0].ip_version, 4);
    assert_int_equal(hosts[0].address[3], 1);
    assert_int_equal(hosts[0].saved_bytes, 1000);
    assert_int_equal(hosts[0].error_bytes, 0);
    assert_int_equal(hosts[1].address[3], 2);
    assert_int_equal(hosts[2].address[3], 3);
    assert_int_equal(hosts[3].ip_version, 6);
    assert_int_equal(hosts[3].address[15], 1);
    assert_int_equal(hosts[4].address[15], 2);
    assert_int_equal(account_hosts(a, hosts, 1), 1);
    account_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ports), cmocka_unit_test(test_hosts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

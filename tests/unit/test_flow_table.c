/* The table of flows: what is remembered, what goes, and that the same packets give the same table. */
#include "bytes.h"
#include "flow_table.h"
#include "support.h"

/* Every second host has an address of IPv6. */
static struct flow_key key_of(uint32_t host, bool back, unsigned *direction) {
    uint8_t frame[60] = {0};
    const bool is_ipv4 = host % 2 != 0;
    const struct located l = {
        .as = LOCATED_TCP, .ip_version = is_ipv4 ? 4 : 6, .network_offset = 14, .transport_offset = is_ipv4 ? 34 : 54};
    uint8_t *const source = frame + (is_ipv4 ? 26 : 34);
    uint8_t *const destination = source + (is_ipv4 ? 4 : 16);
    struct flow_key key;
    bytes_put_be16(frame + l.transport_offset, back ? 443 : 40000);
    bytes_put_be16(frame + l.transport_offset + 2, back ? 40000 : 443);
    bytes_put_be32(back ? destination : source, host);
    bytes_put_be32(back ? source : destination, 0xc6336402);
    *direction = flow_key_make(&key, frame, &l);
    return key;
}

static bool has(struct flow_table *t, uint32_t host) {
    unsigned direction;
    const struct flow_key key = key_of(host, false, &direction);
    return flow_table_find(t, &key) != NULL;
}

static void add(struct flow_table *t, uint32_t host, bool last_resort) {
    unsigned direction;
    const struct flow_key key = key_of(host, false, &direction);
    assert_non_null(flow_table_add(t, &key, last_resort));
}

static void test_both_ways(void **state) {
    (void)state;
    unsigned there, back;
    for (uint32_t host = 1; host < 0xff000000; host += 0x00fedcba) {
        const struct flow_key a = key_of(host, false, &there);
        const struct flow_key b = key_of(host, true, &back);
        assert_memory_equal(&a, &b, sizeof a);
        assert_int_equal(there + back, 1);
    }
}

/* Up to two tags tell flows apart whatever they are. */
static void test_tags(void **state) {
    (void)state;
    static const unsigned ids[] = {0, 1, 2, 15, 16, 17, 255, 256, 2047, 4086, 4093, 4094, 4095};
    uint64_t seen[1 + COUNT_OF(ids) * (1 + COUNT_OF(ids))];
    size_t count = 0;
    for (unsigned tags = 0; tags <= 2; tags++) {
        for (size_t a = 0; a < (tags > 0 ? COUNT_OF(ids) : 1); a++) {
            for (size_t b = 0; b < (tags > 1 ? COUNT_OF(ids) : 1); b++) {
                static const uint8_t ipv4[] = {8, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17};
                uint8_t frame[50] = {0};
                struct located l;
                struct flow_key key;
                bytes_put_be32(frame + 12, 0x8100e000 | ids[a]); /* priority bits do not count */
                bytes_put_be32(frame + 16, 0x81000000 | ids[b]);
                memcpy(frame + 12 + 4 * (size_t)tags, ipv4, sizeof ipv4);
                locate_ethernet(frame, sizeof frame, &l);
                assert_int_equal(l.as, LOCATED_UDP);
                (void)flow_key_make(&key, frame, &l);
                memcpy(&seen[count], &key.words[1], sizeof seen[count]);
                for (size_t i = 0; i < count; i++) {
                    assert_int_not_equal(seen[i], seen[count]);
                }
                count++;
            }
        }
    }
}

static void test_oldest_goes(void **state) {
    (void)state;
    static const uint32_t sizes[] = {1, 2, 3, 5, 100, 1000};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct flow_table t;
        assert_int_equal(flow_table_init(&t, sizes[i], NULL), 0);
        for (uint32_t round = 0; round < 2; round++) {
            for (uint32_t host = 1; host <= sizes[i]; host++) {
                add(&t, host, false);
            }
            for (uint32_t host = 1; host <= sizes[i]; host++) {
                assert_true(has(&t, host));
            }
            add(&t, 5000, false);
            assert_true(has(&t, 5000));
            assert_int_equal(has(&t, 1), 0);
            flow_table_reset(&t);
            assert_int_equal(has(&t, 5000), 0);
        }
        flow_table_free(&t);
    }
}

/* A flood of SYNs drives out nothing but SYNs. */
static void test_last_resort(void **state) {
    (void)state;
    struct flow_table t;
    assert_int_equal(flow_table_init(&t, 100, NULL), 0);
    for (uint32_t host = 1; host <= 99; host++) {
        add(&t, host, false);
    }
    for (uint32_t host = 1000; host < 20000; host++) {
        add(&t, host, true);
    }
    for (uint32_t host = 1; host <= 99; host++) {
        assert_true(has(&t, host));
    }
    flow_table_free(&t);
}

/* Random use against what a list would hold: never lost while it is among the newest seven eighths. */
static void test_random_use(void **state) {
    (void)state;
    enum { CAPACITY = 64, HOSTS = 200 };
    uint64_t random = 5;
    struct flow_table t;
    unsigned long last[HOSTS] = {0};
    assert_int_equal(flow_table_init(&t, CAPACITY, NULL), 0);
    for (unsigned long now = 1; now < 200000; now++) {
        const uint32_t host = (uint32_t)(next_random(&random) % HOSTS);
        unsigned newer = 0;
        for (uint32_t other = 0; other < HOSTS; other++) {
            newer += last[other] > last[host];
        }
        const bool there = has(&t, host + 1);
        if (last[host] != 0 && newer < CAPACITY * 3 / 4) {
            assert_true(there);
        }
        if (!there) {
            add(&t, host + 1, false);
        }
        last[host] = now;
        assert_true(t.used <= CAPACITY);
    }
    flow_table_free(&t);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ways),   cmocka_unit_test(test_tags),       cmocka_unit_test(test_oldest_goes),
        cmocka_unit_test(test_last_resort), cmocka_unit_test(test_random_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

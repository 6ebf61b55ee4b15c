/* The sketch of the heaviest keys: exact while there is room, within its bounds when there is none. */
#include "support.h"
#include "topk.h"

static void add(struct topk *t, uint32_t key, uint64_t weight) {
    uint8_t bytes[TOPK_KEY_BYTES] = {0};
    memcpy(bytes, &key, sizeof key);
    topk_add(t, bytes, weight);
}

static uint32_t key_of(const struct topk_entry *e) {
    uint32_t key;
    memcpy(&key, e->key, sizeof key);
    return key;
}

static void test_exact(void **state) {
    (void)state;
    struct topk_entry best[10];
    struct topk *t = topk_new(8, NULL);
    assert_non_null(t);
    assert_int_equal(topk_best(t, best, 10), 0);
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t key = 0; key < 8; key++) {
            add(t, key, key * 10);
        }
    }
    assert_int_equal(topk_best(t, best, 10), 8);
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(key_of(&best[i]), 7 - i);
        assert_int_equal(best[i].weight, (7 - i) * 30);
        assert_int_equal(best[i].error, 0);
    }
    assert_int_equal(topk_best(t, best, 3), 3);
    assert_int_equal(key_of(&best[2]), 5);
    topk_free(t);
}

static void test_one_counter(void **state) {
    (void)state;
    struct topk_entry best[2];
    struct topk *t = topk_new(1, NULL);
    add(t, 1, 5);
    add(t, 2, 3);
    assert_int_equal(topk_best(t, best, 2), 1);
    assert_int_equal(key_of(&best[0]), 2);
    assert_int_equal(best[0].weight, 8);
    assert_int_equal(best[0].error, 5);
    add(t, 2, UINT64_MAX); /* does not wrap */
    (void)topk_best(t, best, 2);
    assert_true(best[0].weight == UINT64_MAX);
    topk_free(t);
    topk_free(NULL);
}

/* Many more keys than counters, against exact figures. */
static void test_bounds(void **state) {
    (void)state;
    enum { KEYS = 5000, COUNTERS = 64, ADDITIONS = 200000 };
    static uint64_t exact[KEYS];
    struct topk_entry best[COUNTERS];
    struct topk *t = topk_new(COUNTERS, NULL);
    uint64_t seed = 4;
    uint64_t total = 0;
    for (int i = 0; i < ADDITIONS; i++) {
        const uint32_t spread = next_random(&seed) % KEYS;
        const uint32_t key = next_random(&seed) % 3 == 0 ? spread % 7 : spread;
        const uint32_t weight = next_random(&seed) % 1000;
        add(t, key, weight);
        exact[key] += weight;
        total += weight;
    }
    const size_t count = topk_best(t, best, COUNTERS);
    assert_int_equal(count, COUNTERS);
    bool seen[7] = {false};
    for (size_t i = 0; i < count; i++) {
        const uint64_t truth = exact[key_of(&best[i])];
        assert_true(best[i].weight >= truth);
        assert_true(best[i].weight - best[i].error <= truth);
        assert_true(best[i].error <= total / COUNTERS);
        assert_true(i == 0 || best[i].weight <= best[i - 1].weight);
        if (key_of(&best[i]) < 7) {
            seen[key_of(&best[i])] = true;
        }
    }
    for (uint32_t key = 0; key < 7; key++) {
        assert_true(exact[key] > total / COUNTERS);
        assert_true(seen[key]);
    }
    topk_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_one_counter),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

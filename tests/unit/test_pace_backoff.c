/*
 * The CPU target of a busy host: target x (1 - F x (busy - N) / (100 - N)). How busy a host is no test can
 * say, so this one looks at the room from inside.
 */
#include "pace.c"

#include "support.h"

static void test_targets(void **state) {
    (void)state;
    static const struct {
        unsigned cpu_percent;
        bool backoff;
        unsigned above;
        double strength;
        unsigned busy_permille;
        double target;
    } rows[] = {
        {40, false, 0, 1.0, 1000, 40.0},  {0, false, 0, 1.0, 1000, 100.0},
        {40, true, 60, 0.5, 0, 40.0},     {40, true, 60, 0.5, 600, 40.0},
        {40, true, 60, 0.5, 800, 30.0},  /* 40 x (1 - 0.5 x 20 / 40) */
        {40, true, 60, 0.5, 1000, 20.0}, /* 40 x (1 - 0.5) */
        {40, true, 60, 0.0, 1000, 40.0},  {40, true, 60, 1.0, 800, 20.0},
        {40, true, 60, 1.0, 1000, 1.0}, /* never nothing at all */
        {0, true, 50, 0.5, 750, 75.0},  /* of the whole machine */
        {100, true, 0, 0.25, 500, 87.5},  {1, true, 0, 1.0, 999, 1.0},
        {80, true, 100, 1.0, 1000, 80.0}, {80, true, 99, 1.0, 995, 40.0},
        {50, true, 20, 0.8, 605, 29.75}, /* 50 x (1 - 0.8 x 40.5 / 80) */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct pace_shared s = {
            .limits = {.cpu_percent = rows[i].cpu_percent,
                       .backoff = rows[i].backoff,
                       .backoff_above = rows[i].above,
                       .backoff_strength = rows[i].strength},
            .processors = 4,
            .load_due_ns = UINT64_MAX, /* no sample of this host */
            .busy_permille = rows[i].busy_permille,
        };
        struct pace p = {.shared = &s, .hostload_fd = -1};
        double target = cpu_target_percent(&p, 12345);
        if (target < rows[i].target - 1e-9 || target > rows[i].target + 1e-9) {
            fail_msg("row %zu: %f, not %f", i, target, rows[i].target);
        }
    }
}

/* The first sample says nothing, the next not before half a second is over. */
static void test_samples(void **state) {
    (void)state;
    struct pace_shared s = {.limits = {.backoff = true}, .processors = 1};
    struct pace p = {.shared = &s, .hostload_fd = hostload_open()};
    sample_host_load(&p, 1000);
    uint64_t first = s.load_total_ticks;
    assert_int_equal(s.load_due_ns, 500001000);
    assert_true(first > 0);
    assert_int_equal(s.busy_permille, 0);
    s.load_total_ticks = 1;
    sample_host_load(&p, 500000999);
    assert_int_equal(s.load_total_ticks, 1);
    s.load_busy_ticks = 0;
    sample_host_load(&p, 500001000);
    assert_int_equal(s.load_due_ns, 1000001000);
    assert_true(s.load_total_ticks >= first);
    /* Since boot, that is: */
    uint64_t permille = s.load_busy_ticks * 1000 / (s.load_total_ticks - 1);
    assert_int_equal(s.busy_permille, permille);
    /* A clock of ticks that ran backwards leaves the figure as it is. */
    s.load_total_ticks = UINT64_MAX;
    sample_host_load(&p, 2000000000);
    assert_int_equal(s.busy_permille, permille);
    (void)close(p.hostload_fd);
}

static void test_virtual_clock(void **state) {
    (void)state;
    _Atomic uint64_t clock = 0;
    const uint64_t now = 1000000000;
    assert_int_equal(clock_advance(&clock, now, 70000000), 1020000000); /* 50 ms were saved up */
    assert_int_equal(clock_advance(&clock, now, 10000000), 1030000000); /* behind the one before */
    assert_int_equal(clock_advance(&clock, now + 20000000, 5000000), 1035000000);
    assert_int_equal(clock_advance(&clock, now + 85000000, 1), 1035000001);  /* just 50 ms late: nothing is lost */
    assert_int_equal(clock_advance(&clock, now + 100000000, 0), 1050000000); /* later: the rest is */
    assert_int_equal(clock, 1050000000);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_virtual_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

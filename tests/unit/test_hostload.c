/* The first line of /proc/stat. */
#include "hostload.h"
#include "support.h"

static void test_good_lines(void **state) {
    (void)state;
    static const struct {
        const char *line;
        uint64_t busy, total;
    } rows[] = {
        /* user nice system idle iowait irq softirq steal guest guest_nice; guest time is part of user time */
        {"cpu  1 20 300 4000 50000 600000 7000000 80000000 900000000 1000000000", 87600321, 87654321},
        {"cpu  1 20 300 4000 50000 600000 7000000 80000000", 87600321, 87654321},
        {"cpu  1 20 300 4000 50000 600000 7000000", 7600321, 7654321},
        {"cpu  1 20 300 4000", 321, 4321},
        {"cpu  1 20 300 4000\ncpu0 5 6 7 8", 321, 4321},
        {"cpu 0 0 0 0", 0, 0},
        {"cpu  18446744073709551615 0 0 0", UINT64_MAX, UINT64_MAX},
        {"cpu  1 2 3 4 x", 6, 10},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hostload load;
        char *exact = (char *)exact_copy(rows[i].line, strlen(rows[i].line) + 1);
        assert_int_equal(hostload_parse(exact, &load), 0);
        assert_int_equal(load.busy_ticks, rows[i].busy);
        assert_int_equal(load.total_ticks, rows[i].total);
        free(exact);
    }
}

static void test_bad_lines(void **state) {
    (void)state;
    static const char *const lines[] = {"",
                                        "cpu",
                                        "cpu ",
                                        "cpu  1 2 3",
                                        "cpu0 1 2 3 4 5 6 7 8",
                                        "intr 1 2 3 4 5 6 7 8",
                                        "cpu  a b c d",
                                        "cpu  1 2 three 4",
                                        " cpu  1 2 3 4",
                                        "CPU  1 2 3 4",
                                        "cpu  1 2 99999999999999999999 4"};
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct hostload load = {7, 8};
        char *exact = (char *)exact_copy(lines[i], strlen(lines[i]) + 1);
        if (hostload_parse(exact, &load) != -1) {
            fail_msg("'%s' was taken", lines[i]);
        }
        assert_int_equal(load.busy_ticks, 7);
        assert_int_equal(load.total_ticks, 8);
        free(exact);
    }
}

static void test_this_host(void **state) {
    (void)state;
    struct hostload load, later;
    const int fd = hostload_open();
    assert_true(fd >= 0);
    assert_int_equal(hostload_read(fd, &load), 0);
    assert_true(load.busy_ticks > 0);
    assert_true(load.busy_ticks < load.total_ticks);
    (void)usleep(50000);
    assert_int_equal(hostload_read(fd, &later), 0); /* the same descriptor shows what is now */
    assert_true(later.total_ticks > load.total_ticks);
    (void)close(fd);
    assert_int_equal(hostload_read(-1, &later), -1);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_lines),
        cmocka_unit_test(test_bad_lines),
        cmocka_unit_test(test_this_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

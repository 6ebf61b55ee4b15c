/* The progress line at every width, and figures as a person reads them. */
#include "progress_line.h"
#include "quantity.h"
#include "support.h"

static const struct progress_view HALF = {
    .files_done = 12,
    .files_total = 100,
    .bytes_done = 1750000000,
    .bytes_total = 3500000000,
    .saved_bytes = 900000000,
    .seconds = 10,
};

static void expect_line(const struct progress_view *v, size_t columns, const char *text) {
    char line[PROGRESS_LINE_BYTES];
    size_t used = progress_line_fit(line, v, columns, false);
    assert_string_equal(line, text);
    assert_int_equal(used, strlen(text));
}

static void test_parts_by_width(void **state) {
    (void)state;
    expect_line(&HALF, 0, "");
    expect_line(&HALF, 3, "");
    expect_line(&HALF, 4, " 50%");
    expect_line(&HALF, 17, " 50%");
    expect_line(&HALF, 18, " 50%  12/100 files");
    expect_line(&HALF, 29, " 50%  12/100 files  0:10 left");
    expect_line(&HALF, 40, " 50%  12/100 files  0:10 left");
    expect_line(&HALF, 41, " 50%  12/100 files  1.8/3.5 GB  0:10 left");
    expect_line(&HALF, 57, " 50%  12/100 files  1.8/3.5 GB  0:10 left  saved 900.0 MB");
    struct progress_view v = HALF;
    v.bytes_done = 12000000;
    expect_line(&v, 57, "  0%  12/100 files  12.0 MB/3.5 GB  48:27 left");
}

static void test_whole_line(void **state) {
    (void)state;
    expect_line(&HALF, 69, " 50%  12/100 files  1.8/3.5 GB  175.0 MB/s  0:10 left  saved 900.0 MB");
    expect_line(&HALF, 78, " 50%  12/100 files  1.8/3.5 GB  175.0 MB/s  0:10 left  saved 900.0 MB");
    expect_line(&HALF, 79, " 50%  [###...]  12/100 files  1.8/3.5 GB  175.0 MB/s  0:10 left  saved 900.0 MB");
    expect_line(&HALF, 400,
                " 50%  [###############...............]  12/100 files  1.8/3.5 GB  175.0 MB/s  0:10 left  "
                "saved 900.0 MB");
}

/* At every width: no wider, and no part lost that was there at a lesser width. */
static void test_every_width(void **state) {
    (void)state;
    static const struct progress_view rows[] = {
        {0},
        {.files_total = 1, .bytes_total = 1},
        {.files_done = 99999999,
         .files_total = 99999999,
         .bytes_done = UINT64_MAX,
         .bytes_total = UINT64_MAX,
         .saved_bytes = UINT64_MAX,
         .seconds = 1e-9},
        {.files_total = 5, .bytes_done = 1, .bytes_total = UINT64_MAX, .seconds = 1e9, .would_save = true},
    };
    for (size_t row = 0; row < COUNT_OF(rows); row++) {
        size_t before = 0;
        for (size_t columns = 0; columns < 300; columns++) {
            char line[PROGRESS_LINE_BYTES];
            char colored[PROGRESS_LINE_BYTES];
            size_t used = progress_line_fit(line, &rows[row], columns, false);
            assert_true(used <= columns);
            assert_true(used >= before);
            assert_int_equal(used, strlen(line));
            assert_int_equal(progress_line_fit(colored, &rows[row], columns, true), used);
            assert_true((strchr(colored, '\033') != NULL) == (strchr(line, '[') != NULL));
            before = used;
        }
    }
}

static void test_colors(void **state) {
    (void)state;
    char line[PROGRESS_LINE_BYTES];
    (void)progress_line_fit(line, &HALF, 83, true);
    assert_non_null(strstr(line, " 50%  [\033[32m#####\033[0m.....]  12/100 files"));
}

static void test_in_full(void **state) {
    (void)state;
    char line[PROGRESS_LINE_BYTES];
    progress_line_full(line, &HALF);
    assert_string_equal(line, "progress: 12/100 files, 1.8/3.5 GB (50%), 175.0 MB/s, 0:10 left, saved 900.0 MB");
    const struct progress_view begun = {.files_total = 1, .bytes_total = 600, .seconds = 0.1, .would_save = true};
    progress_line_full(line, &begun);
    assert_string_equal(line, "progress: 0/1 files, 0/600 B (0%), 0 B/s, -:-- left, would save 0 B");
    const struct progress_view nothing = {.seconds = 3};
    progress_line_full(line, &nothing);
    assert_string_equal(line, "progress: 0/0 files, 0/0 B (100%), 0 B/s, -:-- left, saved 0 B");
}

static void test_quantities(void **state) {
    (void)state;
    static const struct {
        uint64_t n;
        const char *bytes, *seconds, *grouped;
    } rows[] = {
        {0, "0 B", "0:00", "0"},
        {7, "7 B", "0:07", "7"},
        {999, "999 B", "16:39", "999"},
        {1000, "1.0 kB", "16:40", "1,000"},
        {3599, "3.6 kB", "59:59", "3,599"},
        {3723, "3.7 kB", "1:02:03", "3,723"},
        {172799, "172.8 kB", "47:59:59", "172,799"},
        {172800, "172.8 kB", "2 d 0 h", "172,800"},
        {999949, "999.9 kB", "11 d 13 h", "999,949"},
        {999950, "1.0 MB", "11 d 13 h", "999,950"},
        {283732, "283.7 kB", "3 d 6 h", "283,732"},
        {UINT64_MAX, "18.4 EB", "213503982334601 d 7 h", "18,446,744,073,709,551,615"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[QUANTITY_TEXT_BYTES];
        assert_string_equal(quantity_bytes(text, rows[i].n), rows[i].bytes);
        assert_string_equal(quantity_seconds(text, rows[i].n), rows[i].seconds);
        assert_string_equal(quantity_grouped(text, rows[i].n), rows[i].grouped);
    }
    assert_true(quantity_percent(1, 0) <= 0.0);
    assert_true(quantity_percent(1, 4) > 24.9 && quantity_percent(1, 4) < 25.1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_by_width), cmocka_unit_test(test_whole_line), cmocka_unit_test(test_every_width),
        cmocka_unit_test(test_colors),         cmocka_unit_test(test_in_full),    cmocka_unit_test(test_quantities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

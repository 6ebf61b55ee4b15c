/* Which word was meant: distances, what is near enough, and what is not. */
#include "nearest.h"
#include "support.h"

#include <limits.h>

static const struct {
    const char *a;
    const char *b;
    unsigned distance;
} DISTANCES[] = {
    {"", "", 0},
    {"", "abc", 3},
    {"abc", "", 3},
    {"workers", "workers", 0},
    {"wokers", "workers", 1},   /* left out */
    {"workerss", "workers", 1}, /* put in */
    {"workors", "workers", 1},  /* changed */
    {"wrokers", "workers", 1},  /* swapped */
    {"rwokers", "workers", 2},
    {"ca", "abc", 3}, /* no part is edited twice */
    {"kitten", "sitting", 3},
    {"abcd", "badc", 2},
};

static void distances(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof DISTANCES / sizeof DISTANCES[0]; i++) {
        assert_int_equal(nearest_distance(DISTANCES[i].a, strlen(DISTANCES[i].a), DISTANCES[i].b),
                         DISTANCES[i].distance);
    }
}

static void only_the_first_bytes_count(void **state) {
    (void)state;
    assert_int_equal(nearest_distance("workers=3", 7, "workers"), 0);
}

static void long_words_are_near_nothing(void **state) {
    char longest[NEAREST_WORD_BYTES_MAX + 2];
    (void)state;
    memset(longest, 'x', sizeof longest);
    longest[NEAREST_WORD_BYTES_MAX + 1] = '\0';
    assert_int_equal(nearest_distance(longest, NEAREST_WORD_BYTES_MAX, "x"), NEAREST_WORD_BYTES_MAX - 1);
    assert_int_equal(nearest_distance(longest, NEAREST_WORD_BYTES_MAX + 1, "x"), UINT_MAX);
    assert_int_equal(nearest_distance("x", 1, longest), UINT_MAX);
}

static const char *nearest_of(const char *typed) {
    static const char *const WORDS[] = {"dir", "single", "workers", "age-minutes", "mmap", "no-mmap", "max-io-mbps"};
    struct nearest n;
    nearest_begin(&n, typed, strlen(typed));
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
        nearest_offer(&n, WORDS[i]);
    }
    return n.best;
}

static void what_was_meant(void **state) {
    (void)state;
    assert_string_equal(nearest_of("wokers"), "workers");
    assert_string_equal(nearest_of("worker"), "workers");
    assert_string_equal(nearest_of("age"), "age-minutes"); /* the beginning of it */
    assert_string_equal(nearest_of("directory"), "dir");   /* the other way round */
    assert_string_equal(nearest_of("dri"), "dir");         /* three letters, one edit */
    assert_string_equal(nearest_of("no-map"), "no-mmap");  /* nearer than mmap */
    assert_string_equal(nearest_of("max-io-mpbs"), "max-io-mbps");
}

static void what_nobody_can_know(void **state) {
    (void)state;
    assert_null(nearest_of(""));
    assert_null(nearest_of("d"));
    assert_null(nearest_of("di")); /* two letters are too few */
    assert_null(nearest_of("xyz"));
    assert_null(nearest_of("bogus"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances),
        cmocka_unit_test(only_the_first_bytes_count),
        cmocka_unit_test(long_words_are_near_nothing),
        cmocka_unit_test(what_was_meant),
        cmocka_unit_test(what_nobody_can_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

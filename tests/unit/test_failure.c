/* What went wrong, in words: never more of them than there is room for. */
#include "failure.h"
#include "support.h"

#include <errno.h>

static void test_set(void **state) {
    (void)state;
    struct failure f;
    assert_int_equal(failure_set(NULL, "nobody cares"), -1);
    assert_int_equal(failure_errno(NULL, ENOENT, "nobody cares"), -1);
    assert_int_equal(failure_set(&f, "offset %d: %s", 7, "bad"), -1);
    assert_string_equal(f.text, "offset 7: bad");
    assert_int_equal(failure_errno(&f, ENOENT, "cannot open %s", "it"), -1);
    assert_string_equal(f.text, "cannot open it: No such file or directory");
    assert_int_equal(failure_errno(&f, 99999, "x"), -1);
    assert_string_equal(f.text, "x: unknown error");
}

static void test_long_texts(void **state) {
    (void)state;
    char longer[2000];
    struct failure *f = malloc(sizeof *f);
    assert_non_null(f);
    memset(longer, 'x', sizeof longer);
    for (size_t length = 480; length < 520; length++) {
        longer[length] = '\0';
        assert_int_equal(failure_set(f, "%s", longer), -1);
        assert_int_equal(strlen(f->text), length < 511 ? length : 511);
        assert_int_equal(failure_errno(f, ENOENT, "%s", longer), -1);
        assert_int_equal(strlen(f->text), length + 27 < 511 ? length + 27 : 511);
        longer[length] = 'x';
    }
    free(f);
}

static void test_kinds(void **state) {
    (void)state;
    struct failure f;
    assert_int_equal(failure_of(FAILURE_CONTENTS, &f, "offset %d", 7), -1);
    assert_int_equal(f.kind, FAILURE_CONTENTS);
    assert_int_equal(failure_before(&f, "packet %d: ", 1), -1);
    assert_int_equal(f.kind, FAILURE_CONTENTS);
    assert_string_equal(f.text, "packet 1: offset 7");
    assert_int_equal(failure_set(&f, "no"), -1);
    assert_int_equal(f.kind, FAILURE_OTHER);
    assert_int_equal(failure_errno(&f, ENOENT, "no"), -1);
    assert_int_equal(f.kind, FAILURE_SYSTEM);
    assert_int_equal(failure_memory(&f), -1);
    assert_int_equal(f.kind, FAILURE_SYSTEM);
    assert_string_equal(f.text, "out of memory");
    assert_int_equal(failure_before(NULL, "nobody cares"), -1);
    assert_string_equal(failure_kind_name(FAILURE_CONTENTS), "contents");
    assert_string_equal(failure_kind_name(FAILURE_KINDS), "other");
}

/* Words before a long text push its end out. */
static void test_before_a_long_text(void **state) {
    (void)state;
    char longer[FAILURE_TEXT_BYTES];
    struct failure f;
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    (void)failure_set(&f, "%s", longer);
    (void)failure_before(&f, "before: ");
    assert_int_equal(strlen(f.text), FAILURE_TEXT_BYTES - 1);
    assert_memory_equal(f.text, "before: xx", 10);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_long_texts),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_before_a_long_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

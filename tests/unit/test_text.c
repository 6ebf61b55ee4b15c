/* Text that grows: whatever its pieces are, and what is left of it when one is lost. */
#include "support.h"
#include "text.h"

static void test_pieces(void **state) {
    (void)state;
    struct text t = {.at = NULL};
    char want[5 * 300 + 8] = "";
    for (int i = 0; i < 300; i++) {
        assert_int_equal(text_add(&t, "%d,%s", i % 10, i % 2 == 0 ? "ab" : ""), 0);
        (void)snprintf(want + strlen(want), 8, "%d,%s", i % 10, i % 2 == 0 ? "ab" : "");
        assert_int_equal(t.length_bytes, strlen(want));
        assert_string_equal(t.at, want);
    }
    char *taken = text_take(&t);
    assert_string_equal(taken, want);
    assert_null(t.at);
    free(taken);
}

/* A piece of exactly what room there is, and of one byte more. */
static void test_room(void **state) {
    (void)state;
    for (int more = 0; more < 3; more++) {
        struct text t = {.at = NULL};
        char piece[64];
        assert_int_equal(text_add(&t, "%s", "0123456789"), 0);
        const size_t free_bytes = t.room_bytes - t.length_bytes - 1 + (size_t)more;
        assert_true(free_bytes < sizeof piece);
        memset(piece, 'x', free_bytes);
        piece[free_bytes] = '\0';
        assert_int_equal(text_add(&t, "%s", piece), 0);
        assert_int_equal(strlen(t.at), 10 + free_bytes);
        assert_true(t.length_bytes < t.room_bytes);
        text_free(&t);
    }
}

static void test_nothing(void **state) {
    (void)state;
    struct text t = {.at = NULL};
    assert_null(text_take(&t));
    assert_int_equal(text_add(&t, "%s", ""), 0);
    char *taken = text_take(&t);
    assert_string_equal(taken, "");
    free(taken);
    text_free(&t);
}

/* A piece that is lost: whatever is added behind it, there is no text any more. */
static void test_lost(void **state) {
    (void)state;
    struct text t = {.at = NULL};
    static const wchar_t no_character[] = {0x110000, 0};
    assert_int_equal(text_add(&t, "begin "), 0);
    assert_int_equal(text_add(&t, "%ls", no_character), -1);
    assert_int_equal(text_add(&t, "end"), -1);
    assert_null(text_take(&t));
    assert_int_equal(text_add(&t, "again"), 0);
    assert_string_equal(t.at, "again");
    text_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Pieces of streams: empty, long, without an end, a byte at a time. */
#include "support.h"
#include "tokens.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

enum { MAX = 64 * 1024 };

static void expect_piece(struct tokens *t, const char *text) {
    char *piece = NULL;
    assert_int_equal(tokens_next(t, &piece, NULL), 1);
    assert_string_equal(piece, text);
}

static void expect_end(struct tokens *t) {
    char *piece = NULL;
    assert_int_equal(tokens_next(t, &piece, NULL), 0);
    assert_int_equal(tokens_next(t, &piece, NULL), 0);
}

static void test_pieces(void **state) {
    (void)state;
    static const struct {
        const char *stream;
        size_t length;
        char end_byte;
        const char *pieces[4];
    } rows[] = {
        {"", 0, '\0', {NULL}},
        {"a\0bc\0", 5, '\0', {"a", "bc", NULL}},
        {"a\0bc", 4, '\0', {"a", "bc", NULL}},
        {"\0", 1, '\0', {"", NULL}},
        {"\0\0a\0", 4, '\0', {"", "", "a", NULL}},
        {"a\nb\0", 4, '\0', {"a\nb", NULL}},
        {"a\nb\n", 4, '\n', {"a", "b", NULL}},
        {"\n\nlast", 6, '\n', {"", "", "last", NULL}},
        {"x", 1, '\n', {"x", NULL}},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tokens t;
        int fd = memory_file(rows[i].stream, rows[i].length);
        assert_int_equal(tokens_open(&t, fd, rows[i].end_byte, NULL), 0);
        for (size_t n = 0; rows[i].pieces[n] != NULL; n++) {
            expect_piece(&t, rows[i].pieces[n]);
        }
        expect_end(&t);
        tokens_close(&t);
        tokens_close(&t);
        (void)close(fd);
    }
}

/* A piece that was put back comes once more, whatever it ends with. */
static void test_put_back(void **state) {
    (void)state;
    struct tokens t;
    int fd = memory_file("a\n\nlast", 7);
    assert_int_equal(tokens_open(&t, fd, '\n', NULL), 0);
    static const char *const pieces[] = {"a", "", "last"};
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        expect_piece(&t, pieces[i]);
        tokens_put_back(&t);
        assert_true(tokens_at_hand(&t));
        expect_piece(&t, pieces[i]);
    }
    expect_end(&t);
    tokens_close(&t);
    (void)close(fd);
}

static int dribble(void *with) {
    static const char stream[] = "one\0two\0\0four\0last";
    int fd = *(int *)with;
    for (size_t i = 0; i < sizeof stream - 1; i++) {
        if (write(fd, stream + i, 1) != 1) {
            return 1;
        }
    }
    return 0;
}

static void test_a_byte_at_a_time(void **state) {
    (void)state;
    int ends[2];
    struct tokens t;
    assert_int_equal(pipe(ends), 0);
    pid_t child = start_child(dribble, &ends[1]);
    (void)close(ends[1]);
    assert_int_equal(tokens_open(&t, ends[0], '\0', NULL), 0);
    expect_piece(&t, "one");
    expect_piece(&t, "two");
    expect_piece(&t, "");
    expect_piece(&t, "four");
    expect_piece(&t, "last");
    expect_end(&t);
    tokens_close(&t);
    (void)close(ends[0]);
    assert_int_equal(end_of_child(child), 0);
}

/* More than the buffer holds, so that pieces lie across its end. */
static void test_many(void **state) {
    (void)state;
    struct capture stream = {.at = NULL};
    for (unsigned i = 0; i < 30000; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "capture-%u.pcap", i);
        capture_put(&stream, name, strlen(name) + 1);
    }
    struct tokens t;
    int fd = memory_file(stream.at, stream.length);
    assert_int_equal(tokens_open(&t, fd, '\0', NULL), 0);
    for (unsigned i = 0; i < 30000; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "capture-%u.pcap", i);
        expect_piece(&t, name);
    }
    expect_end(&t);
    tokens_close(&t);
    (void)close(fd);
    capture_free(&stream);
}

/* A stream of one piece of so many bytes between two of one byte. */
static void expect_long(size_t length, bool ended, bool fits) {
    struct capture stream = {.at = NULL};
    struct failure f = {.text = ""};
    char *piece = NULL;
    capture_put(&stream, "a", 2);
    char *wanted = malloc(length + 1);
    assert_non_null(wanted);
    memset(wanted, 'x', length);
    wanted[length] = '\0';
    capture_put(&stream, wanted, length + (ended ? 1 : 0));
    if (ended) {
        capture_put(&stream, "b", 2);
    }
    struct tokens t;
    int fd = memory_file(stream.at, stream.length);
    assert_int_equal(tokens_open(&t, fd, '\0', NULL), 0);
    expect_piece(&t, "a");
    int status = tokens_next(&t, &piece, &f);
    if (status != (fits ? 1 : -1)) {
        fail_msg("%zu bytes: %d '%s'", length, status, f.text);
    }
    if (fits) {
        assert_string_equal(piece, wanted);
        if (ended) {
            expect_piece(&t, "b");
        }
        expect_end(&t);
    } else {
        assert_non_null(strstr(f.text, "longer than 65536 bytes"));
    }
    tokens_close(&t);
    (void)close(fd);
    free(wanted);
    capture_free(&stream);
}

static void test_long(void **state) {
    (void)state;
    assert_int_equal(TOKENS_MAX_BYTES, MAX);
    expect_long(MAX - 2, true, true);
    expect_long(MAX - 1, true, true);
    expect_long(MAX - 1, false, true);
    expect_long(MAX + 1, true, false);
    expect_long(MAX + 1, false, false);
    expect_long(3 * MAX, true, false);
}

static void test_just_as_long_as_allowed(void **state) {
    (void)state;
    expect_long(MAX, true, true);
    expect_long(MAX, false, true);
}

static void do_nothing(int number) {
    (void)number;
}

static int write_late(void *with) {
    (void)kill(getppid(), SIGUSR1);
    (void)usleep(20000);
    (void)kill(getppid(), SIGUSR1);
    (void)usleep(20000);
    return write(*(int *)with, "late", 4) == 4 ? 0 : 1;
}

static void test_errors(void **state) {
    (void)state;
    struct tokens t;
    struct failure f = {.text = ""};
    char *piece;
    int directory_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(tokens_open(&t, directory_fd, '\0', NULL), 0);
    assert_int_equal(tokens_next(&t, &piece, &f), -1);
    assert_string_equal(f.text, "cannot read the list: Is a directory");
    tokens_close(&t);
    (void)close(directory_fd);

    struct sigaction action = {.sa_handler = do_nothing};
    int ends[2];
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    assert_int_equal(pipe(ends), 0);
    pid_t child = start_child(write_late, &ends[1]);
    (void)close(ends[1]);
    assert_int_equal(tokens_open(&t, ends[0], '\0', NULL), 0);
    expect_piece(&t, "late");
    tokens_close(&t);
    (void)close(ends[0]);
    assert_int_equal(end_of_child(child), 0);

    struct tokens nothing = {.fd = -1};
    tokens_close(&nothing);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces), cmocka_unit_test(test_put_back), cmocka_unit_test(test_a_byte_at_a_time),
        cmocka_unit_test(test_many),   cmocka_unit_test(test_long),     cmocka_unit_test(test_just_as_long_as_allowed),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

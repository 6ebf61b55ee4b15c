/* Counters of a run: who may attach, what several processes add, what is taken back. */
#include "progress.h"
#include "support.h"

#include <fcntl.h>

static int create(void) {
    struct failure f = {.text = ""};
    int fd = progress_create(&f);
    assert_true(fd >= 0);
    return fd;
}

static void attach(struct progress *p, int fd, enum progress_pass pass) {
    struct failure f = {.text = ""};
    assert_int_equal(progress_attach(p, fd, pass, &f), 0);
}

static void test_nobody_watches(void **state) {
    (void)state;
    struct progress none = {0};
    progress_begin_file(NULL);
    progress_add(NULL, 5);
    progress_take_back(NULL);
    progress_add(&none, 5);
    progress_take_back(&none);
    progress_take_part(&none);
    progress_set_reporter(&none, 7);
    assert_int_equal(progress_passed_bytes(&none, PROGRESS_CUT), 0);
    assert_false(progress_takes_part(&none, PROGRESS_CUT));
    assert_int_equal(progress_reporter(&none), 0);
    progress_detach(&none);
}

static void expect_no_attach(int fd, const char *words) {
    struct progress p;
    struct failure f = {.text = ""};
    assert_int_equal(progress_attach(&p, fd, PROGRESS_CUT, &f), -1);
    assert_non_null(strstr(f.text, words));
    assert_null(p.shared);
}

static void test_wrong_descriptors(void **state) {
    (void)state;
    static const uint8_t zeros[64];
    expect_no_attach(-1, "Bad file descriptor");
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    expect_no_attach(fd, "is not the progress of a run");
    (void)close(fd);
    for (size_t length = 0; length <= sizeof zeros; length++) { /* one of them has the right length, without the mark */
        fd = memory_file(zeros, length);
        expect_no_attach(fd, "is not the progress of a run");
        (void)close(fd);
    }
}

static int add_in_child(void *with) {
    struct progress p;
    if (progress_attach(&p, *(int *)with, PROGRESS_CHECKED, NULL) != 0) {
        return 1;
    }
    progress_take_part(&p);
    for (int i = 0; i < 1000; i++) {
        progress_add(&p, 3);
    }
    progress_detach(&p);
    return 0;
}

static void test_processes_share(void **state) {
    (void)state;
    struct progress p;
    int fd = create();
    attach(&p, fd, PROGRESS_CUT);
    assert_false(progress_takes_part(&p, PROGRESS_CUT));
    progress_take_part(&p);
    assert_true(progress_takes_part(&p, PROGRESS_CUT));
    assert_false(progress_takes_part(&p, PROGRESS_CHECKED));
    pid_t one = start_child(add_in_child, &fd);
    pid_t two = start_child(add_in_child, &fd);
    progress_add(&p, 10);
    assert_int_equal(end_of_child(one), 0);
    assert_int_equal(end_of_child(two), 0);
    assert_true(progress_takes_part(&p, PROGRESS_CHECKED));
    assert_int_equal(progress_passed_bytes(&p, PROGRESS_CUT), 10);
    assert_int_equal(progress_passed_bytes(&p, PROGRESS_CHECKED), 6000);
    progress_set_reporter(&p, 4711);
    assert_int_equal(progress_reporter(&p), 4711);
    progress_detach(&p);
    (void)close(fd);
}

static void test_take_back(void **state) {
    (void)state;
    struct progress p;
    int fd = create();
    attach(&p, fd, PROGRESS_CUT);
    progress_begin_file(&p);
    progress_add(&p, 100);
    progress_begin_file(&p);
    progress_add(&p, 30);
    progress_add(&p, 4);
    progress_take_back(&p); /* the second file only */
    assert_int_equal(progress_passed_bytes(&p, PROGRESS_CUT), 100);
    progress_take_back(&p);
    assert_int_equal(progress_passed_bytes(&p, PROGRESS_CUT), 100);
    progress_detach(&p);
    (void)close(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_watches),
        cmocka_unit_test(test_wrong_descriptors),
        cmocka_unit_test(test_processes_share),
        cmocka_unit_test(test_take_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

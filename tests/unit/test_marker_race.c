/* A marker directory that is exchanged between making and opening it: the room is looked at from inside. */
#include <sys/stat.h>

static int mkdirat_then_exchange(int directory_fd, const char *name, mode_t mode);
#define mkdirat mkdirat_then_exchange
#include "marker.c"
#undef mkdirat

#include "folders.h"

#include <stdlib.h>

/* Somebody else's move right after mkdir(2). */
static int mkdirat_then_exchange(int directory_fd, const char *name, mode_t mode) {
    int status = mkdirat(directory_fd, name, mode);
    if (status == 0) {
        assert_int_equal(renameat(directory_fd, name, directory_fd, "away"), 0);
        assert_int_equal(renameat(directory_fd, "private", directory_fd, name), 0);
    }
    return status;
}

static void test_exchanged(void **state) {
    struct folder *f = *state;
    struct stat st;
    struct timespec long_ago[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    struct marker_owner owner = {.known = true, .user = NOBODY, .group = NOBODY};
    assert_int_equal(mkdirat(f->fd, "private", 0700), 0);
    assert_int_equal(utimensat(f->fd, "private", long_ago, 0), 0);
    int fd = marker_directory_open(f->fd, true, &owner, NULL);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(st.st_uid, geteuid());
    (void)close(fd);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_exchanged, make_folder, drop_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

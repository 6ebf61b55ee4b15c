/* Leases: who is seen to have a file open for writing, and that nobody is kept waiting afterwards. */
#include "folders.h"
#include "lease.h"

static int open_it(const struct folder *f, int flags) {
    int fd = openat(f->fd, "a.pcap", flags | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void test_writers(void **state) {
    struct folder *f = *state;
    make_file(f, "a.pcap", "capture");
    int fd = open_it(f, O_RDONLY);
    static const struct {
        int flags;
        enum lease lease;
    } rows[] = {{O_RDONLY, LEASE_NO_WRITER},
                {O_WRONLY, LEASE_WRITER},
                {O_RDWR, LEASE_WRITER},
                {O_WRONLY | O_APPEND, LEASE_WRITER}};
    assert_int_equal(lease_probe(fd), LEASE_NO_WRITER);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct to_open other = {f->fd, "a.pcap", rows[i].flags};
        struct holder holder = start_holder(hold_open, &other);
        assert_int_equal(holder.taken, 0);
        assert_int_equal(lease_probe(fd), rows[i].lease);
        assert_int_equal(lease_take(fd), rows[i].lease);
        lease_give_back(fd);
        end_holder(&holder);
        assert_int_equal(lease_probe(fd), LEASE_NO_WRITER);
    }
    (void)close(fd);
}

/* Only a lease that is held stands in a writer's way. */
static void test_taken_and_given_back(void **state) {
    struct folder *f = *state;
    make_file(f, "a.pcap", "capture");
    int fd = open_it(f, O_RDONLY);
    assert_int_equal(lease_probe(fd), LEASE_NO_WRITER);
    int writer_fd = openat(f->fd, "a.pcap", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(writer_fd >= 0);
    (void)close(writer_fd);
    assert_int_equal(lease_take(fd), LEASE_NO_WRITER);
    assert_int_equal(openat(f->fd, "a.pcap", O_WRONLY | O_NONBLOCK | O_CLOEXEC), -1);
    assert_int_equal(errno, EWOULDBLOCK);
    lease_give_back(fd);
    writer_fd = openat(f->fd, "a.pcap", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(writer_fd >= 0);
    (void)close(writer_fd);
    (void)close(fd);
}

/* Who is kept waiting is seen. */
static void test_contested(void **state) {
    struct folder *f = *state;
    make_file(f, "a.pcap", "capture");
    int fd = open_it(f, O_RDONLY);
    assert_int_equal(lease_take(fd), LEASE_NO_WRITER);
    assert_false(lease_is_contested(fd));
    assert_int_equal(openat(f->fd, "a.pcap", O_RDONLY | O_NONBLOCK | O_CLOEXEC) >= 0, 1);
    assert_false(lease_is_contested(fd));
    assert_int_equal(openat(f->fd, "a.pcap", O_WRONLY | O_NONBLOCK | O_CLOEXEC), -1);
    assert_true(lease_is_contested(fd));
    lease_give_back(fd);
    (void)close(fd);
}

static void test_cannot_be_told(void **state) {
    struct folder *f = *state;
    assert_int_equal(lease_probe(-1), LEASE_UNKNOWN);
    assert_int_equal(lease_probe(f->fd), LEASE_UNKNOWN); /* a directory */
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(lease_probe(ends[0]), LEASE_UNKNOWN);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static int probe_as_nobody(void *with) {
    return become_nobody() == 0 ? (int)lease_probe(*(int *)with) : 100;
}

/* The kernel lets only an owner ask. */
static void test_file_of_another_user(void **state) {
    struct folder *f = *state;
    only_as_root();
    make_file(f, "a.pcap", "capture");
    int fd = open_it(f, O_RDONLY);
    assert_int_equal(run_in_child(probe_as_nobody, &fd), LEASE_UNKNOWN);
    assert_int_equal(fchown(fd, NOBODY, NOBODY), 0);
    assert_int_equal(run_in_child(probe_as_nobody, &fd), LEASE_NO_WRITER);
    (void)close(fd);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        IN_FOLDER(test_writers),        IN_FOLDER(test_taken_and_given_back), IN_FOLDER(test_contested),
        IN_FOLDER(test_cannot_be_told), IN_FOLDER(test_file_of_another_user),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

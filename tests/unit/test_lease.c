/* Leases: who is seen to have a file open for writing, and that nobody is kept waiting afterwards. */
#include "folders.h"
#include "lease.h"
#include "writers.h"

#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>

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
    enum lease lease = lease_probe(f->fd); /* a directory, which nobody can write to */
    assert_true(lease == LEASE_UNKNOWN || lease == LEASE_NONE_SEEN);
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(lease_probe(ends[0]), LEASE_WRITER); /* there is no lease, but the other end is in /proc */
    (void)close(ends[1]);
    lease = lease_probe(ends[0]);
    assert_true(lease == LEASE_UNKNOWN || lease == LEASE_NONE_SEEN);
    (void)close(ends[0]);
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

/* ---- root without CAP_LEASE, as in a container ---- */

struct capabilities {
    struct __user_cap_header_struct header;
    struct __user_cap_data_struct data[2];
};

static void get_capabilities(struct capabilities *c) {
    memset(c, 0, sizeof *c);
    c->header.version = _LINUX_CAPABILITY_VERSION_3;
    assert_int_equal(syscall(SYS_capget, &c->header, c->data), 0);
}

static void drop_capability(unsigned capability) {
    struct capabilities c;
    get_capabilities(&c);
    c.data[capability / 32].effective &= ~(1U << capability % 32);
    c.data[capability / 32].permitted &= ~(1U << capability % 32);
    assert_int_equal(syscall(SYS_capset, &c.header, c.data), 0);
}

static int probe_in_container(void *with) {
    struct capabilities before, after;
    drop_capability(CAP_LEASE);
    get_capabilities(&before);
    const int answer = (int)lease_probe(*(int *)with);
    get_capabilities(&after);
    const bool same = setfsuid((uid_t)-1) == 0 && memcmp(&before, &after, sizeof before) == 0;
    return same ? answer : 100;
}

/* It asks as the owner, and is root with all its rights again. */
static void test_without_the_capability(void **state) {
    struct folder *f = *state;
    only_as_root();
    make_file(f, "a.pcap", "capture");
    int fd = open_it(f, O_RDONLY);
    assert_int_equal(fchown(fd, NOBODY, NOBODY), 0);
    assert_int_equal(run_in_child(probe_in_container, &fd), LEASE_NO_WRITER);
    struct to_open other = {f->fd, "a.pcap", O_WRONLY};
    struct holder holder = start_holder(hold_open, &other);
    assert_int_equal(run_in_child(probe_in_container, &fd), LEASE_WRITER);
    end_holder(&holder);
    (void)close(fd);
}

/* ---- descriptors of all processes ---- */

static void test_looking_at_real_processes(void **state) {
    struct folder *f = *state;
    make_file(f, "a.pcap", "capture");
    int fd = open_it(f, O_RDONLY);
    assert_int_not_equal(writers_look("/proc", fd), WRITERS_SEEN);
    assert_int_equal(writers_look("/nonexistent", fd), WRITERS_UNKNOWN);
    assert_int_equal(writers_look("/proc", -1), WRITERS_UNKNOWN);
    struct to_open other = {f->fd, "a.pcap", O_WRONLY};
    struct holder holder = start_holder(hold_open, &other);
    assert_int_equal(writers_look("/proc", fd), WRITERS_SEEN);
    end_holder(&holder);
    assert_int_not_equal(writers_look("/proc", fd), WRITERS_SEEN);
    (void)close(fd);
}

/* A folder that looks like /proc; links in folders are writable for their owner, as those of descriptors to write are.
 */
static void add_process(const struct folder *f, const char *pid, const char *fd_name, const char *to) {
    char path[80];
    assert_int_equal(mkdirat(f->fd, pid, 0755), 0);
    (void)snprintf(path, sizeof path, "%s/fd", pid);
    assert_int_equal(mkdirat(f->fd, path, 0755), 0);
    (void)snprintf(path, sizeof path, "%s/fd/%s", pid, fd_name);
    assert_int_equal(symlinkat(to, f->fd, path), 0);
}

struct look {
    const char *proc;
    int fd;
};

static int look_as_nobody(void *with) {
    const struct look *l = with;
    return become_nobody() == 0 ? (int)writers_look(l->proc, l->fd) : 100;
}

/* Only from all processes of the first namespace it follows that there is no writer. */
static void test_whether_all_were_seen(void **state) {
    struct folder *f = *state;
    char capture[96];
    make_file(f, "a.pcap", "capture");
    (void)snprintf(capture, sizeof capture, "%s/a.pcap", f->path);
    int fd = open_it(f, O_RDONLY);
    struct look l = {f->path, fd};
    add_process(f, "1", "0", "/dev/null");
    assert_int_equal(writers_look(f->path, fd), WRITERS_UNKNOWN);
    assert_int_equal(mkdirat(f->fd, "self", 0755), 0);
    assert_int_equal(mkdirat(f->fd, "self/ns", 0755), 0);
    assert_int_equal(symlinkat("pid:[4026532836]", f->fd, "self/ns/pid"), 0);
    assert_int_equal(writers_look(f->path, fd), WRITERS_UNKNOWN);
    assert_int_equal(unlinkat(f->fd, "self/ns/pid", 0), 0);
    assert_int_equal(symlinkat("pid:[4026531836]", f->fd, "self/ns/pid"), 0);
    assert_int_equal(writers_look(f->path, fd), WRITERS_NONE);
    add_process(f, "22", "3", "/nonexistent"); /* went away meanwhile */
    assert_int_equal(mkdirat(f->fd, "23", 0755), 0);
    assert_int_equal(writers_look(f->path, fd), WRITERS_NONE);
    add_process(f, "24", "x", capture); /* no descriptor */
    assert_int_equal(writers_look(f->path, fd), WRITERS_NONE);
    if (geteuid() == 0) {
        assert_int_equal(fchmodat(f->fd, "22/fd", 0700, 0), 0);
        assert_int_equal(fchmod(f->fd, 0755), 0);
        assert_int_equal(run_in_child(look_as_nobody, &l), WRITERS_UNKNOWN);
    }
    assert_int_equal(symlinkat(capture, f->fd, "24/fd/4"), 0);
    assert_int_equal(writers_look(f->path, fd), WRITERS_SEEN);
    assert_int_equal(renameat(f->fd, "1", f->fd, "25"), 0); /* hidden from us, and so may others be */
    assert_int_equal(unlinkat(f->fd, "24/fd/4", 0), 0);
    assert_int_equal(writers_look(f->path, fd), WRITERS_UNKNOWN);
    (void)close(fd);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        IN_FOLDER(test_writers),
        IN_FOLDER(test_taken_and_given_back),
        IN_FOLDER(test_contested),
        IN_FOLDER(test_cannot_be_told),
        IN_FOLDER(test_file_of_another_user),
        IN_FOLDER(test_without_the_capability),
        IN_FOLDER(test_looking_at_real_processes),
        IN_FOLDER(test_whether_all_were_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a file is besides its bytes goes over to another one: mode, owner, times, attributes, ACLs. */
#include "folders.h"
#include "preserve.h"

#include <sys/xattr.h>

#define ACCESS_ACL "system.posix_acl_access"
#define DEFAULT_ACL "system.posix_acl_default"

/* rw- for the owner, r-- for user 65534, r-- for the group, mask r--, nothing for others: <linux/posix_acl_xattr.h> */
#define ACL_OF_ONE_MORE_USER                                                                                           \
    "02000000 01000600ffffffff 02000400feff0000 04000400ffffffff 10000400ffffffff 20000000ffffffff"

struct two_files {
    int from_fd, to_fd;
};

static struct two_files make_two(const struct folder *f) {
    make_file(f, "from", "from");
    make_file(f, "to", "to");
    struct two_files t = {.from_fd = openat(f->fd, "from", O_RDONLY | O_CLOEXEC),
                          .to_fd = openat(f->fd, "to", O_RDWR | O_CLOEXEC)};
    assert_true(t.from_fd >= 0 && t.to_fd >= 0);
    return t;
}

static void close_two(struct two_files *t) {
    (void)close(t->from_fd);
    (void)close(t->to_fd);
}

static void test_modes(void **state) {
    struct folder *f = *state;
    struct two_files t = make_two(f);
    static const mode_t modes[] = {0644, 0600, 0400, 0000, 0777, 0640, 0060, 01644, 02755, 04755, 06711};
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        assert_int_equal(fchmod(t.from_fd, modes[i]), 0);
        assert_int_equal(preserve_attributes(t.from_fd, t.to_fd, NULL), 0);
        assert_int_equal(stat_of(f, "to").st_mode & 07777, modes[i]);
    }
    expect_text(f, "to", "to");
    close_two(&t);
}

static void test_times(void **state) {
    struct folder *f = *state;
    struct two_files t = make_two(f);
    static const struct timespec times[][2] = {
        {{1700000000, 123456789}, {1600000000, 987654321}},
        {{0, 0}, {0, 1}},
        {{-1000, 999999999}, {4000000000, 1}},
    };
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        assert_int_equal(futimens(t.from_fd, times[i]), 0);
        assert_int_equal(preserve_attributes(t.from_fd, t.to_fd, NULL), 0);
        struct stat st = stat_of(f, "to");
        assert_int_equal(st.st_atim.tv_sec, times[i][0].tv_sec);
        assert_int_equal(st.st_atim.tv_nsec, times[i][0].tv_nsec);
        assert_int_equal(st.st_mtim.tv_sec, times[i][1].tv_sec);
        assert_int_equal(st.st_mtim.tv_nsec, times[i][1].tv_nsec);
    }
    close_two(&t);
}

static void test_owner_and_set_id_bits(void **state) {
    struct folder *f = *state;
    only_as_root();
    struct two_files t = make_two(f);
    static const struct {
        uid_t user;
        gid_t group;
    } owners[] = {{NOBODY, 0}, {0, 54321}, {12345, 54321}, {0, 0}};
    for (size_t i = 0; i < COUNT_OF(owners); i++) {
        assert_int_equal(fchown(t.from_fd, owners[i].user, owners[i].group), 0);
        assert_int_equal(fchmod(t.from_fd, 06755), 0); /* a change of owner clears these */
        assert_int_equal(preserve_attributes(t.from_fd, t.to_fd, NULL), 0);
        struct stat st = stat_of(f, "to");
        assert_int_equal(st.st_uid, owners[i].user);
        assert_int_equal(st.st_gid, owners[i].group);
        assert_int_equal(st.st_mode & 07777, 06755);
    }
    close_two(&t);
}

static void expect_attribute(int fd, const char *name, const void *value, size_t length) {
    uint8_t found[4096];
    ssize_t got = fgetxattr(fd, name, found, sizeof found);
    if (got != (ssize_t)length) {
        fail_msg("%s: %zd bytes, not %zu", name, got, length);
    }
    assert_memory_equal(found, value, length);
}

static void test_extended_attributes(void **state) {
    struct folder *f = *state;
    struct two_files t = make_two(f);
    if (fsetxattr(t.from_fd, "user.origin", "sensor 7", 8, 0) != 0 && errno == ENOTSUP) {
        close_two(&t);
        skip();
    }
    uint8_t large[2000];
    memset(large, 0xa5, sizeof large);
    large[7] = 0;
    assert_int_equal(fsetxattr(t.from_fd, "user.empty", "", 0, 0), 0);
    assert_int_equal(fsetxattr(t.from_fd, "user.large", large, sizeof large, 0), 0);
    assert_int_equal(fsetxattr(t.to_fd, "user.origin", "something longer", 16, 0), 0);
    assert_int_equal(preserve_attributes(t.from_fd, t.to_fd, NULL), 0);
    expect_attribute(t.to_fd, "user.origin", "sensor 7", 8);
    expect_attribute(t.to_fd, "user.empty", "", 0);
    expect_attribute(t.to_fd, "user.large", large, sizeof large);
    expect_attribute(t.from_fd, "user.origin", "sensor 7", 8);
    close_two(&t);
}

static void test_access_control_list(void **state) {
    struct folder *f = *state;
    struct two_files t = make_two(f);
    struct bytes acl = hex(ACL_OF_ONE_MORE_USER);
    if (fsetxattr(t.from_fd, ACCESS_ACL, acl.at, acl.length, 0) != 0 && errno == ENOTSUP) {
        close_two(&t);
        skip();
    }
    assert_int_equal(stat_of(f, "from").st_mode & 07777, 0640); /* the mask shows as the group's bits */
    assert_int_equal(preserve_attributes(t.from_fd, t.to_fd, NULL), 0);
    expect_attribute(t.to_fd, ACCESS_ACL, acl.at, acl.length);
    assert_int_equal(stat_of(f, "to").st_mode & 07777, 0640);
    close_two(&t);
}

/*
 * A folder's default ACL goes to every file made in it, and so to the temporary one. The capture was there
 * before, without it: nobody may read the replacement who could not read the capture.
 */
static void test_no_access_that_was_not_there(void **state) {
    struct folder *f = *state;
    struct bytes acl = hex(ACL_OF_ONE_MORE_USER);
    make_file(f, "from", "from");
    assert_int_equal(fchmodat(f->fd, "from", 0640, 0), 0);
    if (fsetxattr(f->fd, DEFAULT_ACL, acl.at, acl.length, 0) != 0 && errno == ENOTSUP) {
        skip();
    }
    struct two_files t = make_two(f);
    assert_true(fgetxattr(t.from_fd, ACCESS_ACL, NULL, 0) < 0);
    assert_true(fgetxattr(t.to_fd, ACCESS_ACL, NULL, 0) > 0);
    assert_int_equal(preserve_attributes(t.from_fd, t.to_fd, NULL), 0);
    ssize_t left = fgetxattr(t.to_fd, ACCESS_ACL, NULL, 0);
    close_two(&t);
    assert_int_equal(left, -1);
}

static int preserve_as_nobody(void *with) {
    const struct two_files *t = with;
    return become_nobody() == 0 && preserve_attributes(t->from_fd, t->to_fd, NULL) == 0 ? 0 : 1;
}

/* One who may not give the file away keeps what can be kept; the set-id bits would be another's. */
static void test_without_rights(void **state) {
    struct folder *f = *state;
    only_as_root();
    struct two_files t = make_two(f);
    static const struct {
        gid_t group; /* nobody may give its own group */
        mode_t mode, kept;
    } rows[] = {{0, 06755, 00755}, {0, 01640, 01640}, {NOBODY, 04711, 00711}, {NOBODY, 02770, 00770}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct timespec times[2] = {{1000, 1}, {2000, 2}};
        assert_int_equal(fchown(t.to_fd, NOBODY, 54321), 0);
        assert_int_equal(fchown(t.from_fd, 0, rows[i].group), 0);
        assert_int_equal(fchmod(t.from_fd, rows[i].mode), 0);
        assert_int_equal(futimens(t.from_fd, times), 0);
        assert_int_equal(run_in_child(preserve_as_nobody, &t), 0);
        struct stat st = stat_of(f, "to");
        assert_int_equal(st.st_uid, NOBODY);
        assert_int_equal(st.st_gid, rows[i].group == NOBODY ? NOBODY : 54321);
        assert_int_equal(st.st_mode & 07777, rows[i].kept);
        assert_int_equal(st.st_mtim.tv_sec, 2000);
    }
    close_two(&t);
}

static void test_wrong_descriptors(void **state) {
    struct folder *f = *state;
    struct two_files t = make_two(f);
    struct failure why = {.text = ""};
    assert_int_equal(preserve_attributes(-1, t.to_fd, &why), -1);
    assert_string_equal(why.text, "cannot read its attributes: Bad file descriptor");
    assert_int_equal(preserve_attributes(t.from_fd, -1, &why), -1);
    close_two(&t);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        IN_FOLDER(test_modes),
        IN_FOLDER(test_times),
        IN_FOLDER(test_owner_and_set_id_bits),
        IN_FOLDER(test_extended_attributes),
        IN_FOLDER(test_access_control_list),
        IN_FOLDER(test_no_access_that_was_not_there),
        IN_FOLDER(test_without_rights),
        IN_FOLDER(test_wrong_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

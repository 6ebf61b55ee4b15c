/* Replacing a capture: what may be replaced, the temporary file, and every reason not to commit. */
#include "folders.h"
#include "replace.h"

#include <sys/xattr.h>

/* A place in a test's folder. */
struct here {
    struct place place;
    char path[400];
};

static void go(struct here *h, const struct folder *f, const char *name) {
    (void)snprintf(h->path, sizeof h->path, "%s/%s", f->path, name);
    place_init(&h->place);
    assert_int_equal(place_go(&h->place, h->path, NULL), 1);
}

/* ---- what stands there ---- */

static void test_inspect(void **state) {
    struct folder *f = *state;
    struct identity i;
    struct failure why = {.text = ""};
    struct here h;
    go(&h, f, "a.pcap");
    assert_int_equal(replace_inspect(&h.place, &i, &why), REPLACE_ERROR);
    assert_string_equal(why.text, "cannot open: No such file or directory");
    make_file(f, "a.pcap", "capture");
    struct timespec times[2] = {{5, 6}, {7, 8}};
    assert_int_equal(utimensat(f->fd, "a.pcap", times, 0), 0);
    assert_int_equal(replace_inspect(&h.place, &i, &why), REPLACE_OK);
    struct stat st = stat_of(f, "a.pcap");
    assert_int_equal(i.inode, st.st_ino);
    assert_int_equal(i.device, st.st_dev);
    assert_int_equal(i.size_bytes, 7);
    assert_int_equal(i.mtime_sec, 7);
    assert_int_equal(i.mtime_ns, 8);
    assert_int_equal(linkat(f->fd, "a.pcap", f->fd, "b.pcap", 0), 0);
    memset(&i, 0, sizeof i);
    assert_int_equal(replace_inspect(&h.place, &i, &why), REPLACE_HARDLINKED);
    assert_int_equal(i.inode, st.st_ino);
    assert_int_equal(unlinkat(f->fd, "a.pcap", 0), 0);
    assert_int_equal(symlinkat("b.pcap", f->fd, "a.pcap"), 0);
    assert_int_equal(replace_inspect(&h.place, &i, &why), REPLACE_SYMLINK);
    assert_int_equal(unlinkat(f->fd, "a.pcap", 0), 0);
    assert_int_equal(mkfifoat(f->fd, "a.pcap", 0644), 0);
    assert_int_equal(replace_inspect(&h.place, &i, &why), REPLACE_NOT_REGULAR);
    assert_int_equal(unlinkat(f->fd, "a.pcap", 0), 0);
    assert_int_equal(mkdirat(f->fd, "a.pcap", 0755), 0);
    assert_int_equal(replace_inspect(&h.place, &i, &why), REPLACE_NOT_REGULAR);
    place_leave(&h.place);
}

static void test_identity(void **state) {
    (void)state;
    const struct identity i = {1, 2, 3, 4, 5};
    const struct identity others[] = {
        {9, 2, 3, 4, 5}, {1, 9, 3, 4, 5}, {1, 2, 9, 4, 5}, {1, 2, 3, 9, 5}, {1, 2, 3, 4, 9}};
    struct identity same = i;
    assert_true(identity_same(&i, &same));
    for (size_t n = 0; n < COUNT_OF(others); n++) {
        assert_false(identity_same(&i, &others[n]));
    }
}

static void test_identity_of_a_name(void **state) {
    struct folder *f = *state;
    make_file(f, "a.pcap", "same");
    make_file(f, "b.pcap", "same");
    int fd = openat(f->fd, "a.pcap", O_RDONLY | O_CLOEXEC);
    assert_true(identity_is_named(fd, f->fd, "a.pcap"));
    assert_false(identity_is_named(fd, f->fd, "b.pcap"));
    assert_false(identity_is_named(fd, f->fd, "c.pcap"));
    assert_int_equal(symlinkat("a.pcap", f->fd, "c.pcap"), 0);
    assert_false(identity_is_named(fd, f->fd, "c.pcap"));
    assert_int_equal(linkat(f->fd, "a.pcap", f->fd, "d.pcap", 0), 0);
    assert_true(identity_is_named(fd, f->fd, "d.pcap"));
    (void)close(fd);
    assert_false(identity_is_named(-1, f->fd, "a.pcap"));
}

static void expect_no_original(const struct here *h, const char *words) {
    struct identity i;
    struct failure why = {.text = ""};
    assert_int_equal(replace_open_original(&h->place, &i, &why), -1);
    if (strstr(why.text, words) == NULL) {
        fail_msg("'%s' does not say '%s'", why.text, words);
    }
}

static void test_open_original(void **state) {
    struct folder *f = *state;
    struct here h;
    struct identity i;
    go(&h, f, "a.pcap");
    expect_no_original(&h, "cannot open: No such file or directory");
    make_file(f, "a.pcap", "capture");
    int reader_fd = openat(f->fd, "a.pcap", O_RDONLY | O_CLOEXEC); /* readers do not matter */
    int fd = replace_open_original(&h.place, &i, NULL);
    assert_true(fd >= 0);
    char text[8] = "";
    assert_int_equal(read(fd, text, sizeof text), 7);
    assert_string_equal(text, "capture");
    assert_int_equal(i.inode, stat_of(f, "a.pcap").st_ino);
    assert_int_equal(i.size_bytes, 7);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    /* No lease is left: somebody who wants to write is not kept waiting. */
    int writer_fd = openat(f->fd, "a.pcap", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(writer_fd >= 0);
    (void)close(writer_fd);
    (void)close(reader_fd);
    (void)close(fd);

    struct to_open writing[] = {{f->fd, "a.pcap", O_WRONLY}, {f->fd, "a.pcap", O_RDWR | O_APPEND}};
    for (size_t n = 0; n < COUNT_OF(writing); n++) {
        struct holder writer = start_holder(hold_open, &writing[n]);
        assert_int_equal(writer.taken, 0);
        expect_no_original(&h, "still being written: a process has it open for writing");
        end_holder(&writer);
        fd = replace_open_original(&h.place, &i, NULL);
        assert_true(fd >= 0);
        (void)close(fd);
    }

    assert_int_equal(renameat(f->fd, "a.pcap", f->fd, "b.pcap"), 0);
    assert_int_equal(symlinkat("b.pcap", f->fd, "a.pcap"), 0);
    expect_no_original(&h, "cannot open: Too many levels of symbolic links");
    assert_int_equal(unlinkat(f->fd, "a.pcap", 0), 0);
    assert_int_equal(mkfifoat(f->fd, "a.pcap", 0644), 0);
    expect_no_original(&h, "no longer a regular file"); /* and it does not wait for a writer */
    assert_int_equal(unlinkat(f->fd, "a.pcap", 0), 0);
    assert_int_equal(mkdirat(f->fd, "a.pcap", 0755), 0);
    expect_no_original(&h, "no longer a regular file");
    place_leave(&h.place);
}

/* ---- committing ---- */

struct replacement {
    struct here here;
    struct identity original, tmp;
    int original_fd, tmp_fd;
};

static void prepare(struct replacement *r, const struct folder *f) {
    struct stat st;
    make_file(f, "a.pcap", "the capture as it was");
    make_old(f, "a.pcap", 1000);
    go(&r->here, f, "a.pcap");
    r->original_fd = replace_open_original(&r->here.place, &r->original, NULL);
    struct identity made;
    r->tmp_fd = replace_create_tmp(&r->here.place, &made, NULL);
    assert_true(r->original_fd >= 0 && r->tmp_fd >= 0);
    assert_int_equal(write(r->tmp_fd, "slim", 4), 4);
    assert_int_equal(fstat(r->tmp_fd, &st), 0);
    r->tmp = identity_of(&st);
}

static void finish(struct replacement *r) {
    (void)close(r->original_fd);
    (void)close(r->tmp_fd);
    place_leave(&r->here.place);
}

static void test_commit(void **state) {
    struct folder *f = *state;
    struct replacement r;
    bool replaced = false;
    make_file(f, "a.pcap", "x");
    int fd = openat(f->fd, "a.pcap", O_RDONLY | O_CLOEXEC);
    struct bytes acl = hex("02000000 01000600ffffffff 02000400feff0000 04000400ffffffff 10000400ffffffff "
                           "20000000ffffffff");
    assert_int_equal(fchmod(fd, 0640), 0);
    bool attributes = fsetxattr(fd, "user.origin", "sensor", 6, 0) == 0;
    bool acls = fsetxattr(fd, "system.posix_acl_access", acl.at, acl.length, 0) == 0;
    if (geteuid() == 0) {
        assert_int_equal(fchown(fd, NOBODY, 54321), 0);
    }
    (void)close(fd);
    prepare(&r, f);
    struct stat before = stat_of(f, "a.pcap");
    assert_int_equal(replace_commit(&r.here.place, r.original_fd, &r.original, r.tmp_fd, &replaced, NULL), 0);
    assert_true(replaced);
    struct stat after = stat_of(f, "a.pcap"); /* before anybody reads it */
    expect_text(f, "a.pcap", "slim");
    assert_false(is_there(f, "a.pcap.tmp"));
    assert_int_equal(after.st_ino, r.tmp.inode);
    assert_int_equal(after.st_mode, before.st_mode);
    assert_int_equal(after.st_mode & 07777, 0640);
    assert_int_equal(after.st_uid, before.st_uid);
    assert_int_equal(after.st_gid, before.st_gid);
    assert_int_equal(after.st_mtim.tv_sec, before.st_mtim.tv_sec);
    assert_int_equal(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
    assert_int_equal(after.st_atim.tv_sec, before.st_atim.tv_sec);
    assert_int_equal(after.st_atim.tv_nsec, before.st_atim.tv_nsec);
    char value[64];
    if (attributes) {
        assert_int_equal(fgetxattr(r.tmp_fd, "user.origin", value, sizeof value), 6);
        assert_memory_equal(value, "sensor", 6);
    }
    if (acls) {
        assert_int_equal(fgetxattr(r.tmp_fd, "system.posix_acl_access", value, sizeof value), acl.length);
        assert_memory_equal(value, acl.at, acl.length);
    }
    finish(&r);
}

/* Nothing is replaced; the temporary file stays for the caller to remove. */
static void expect_no_commit(struct replacement *r, const struct folder *f, const char *words) {
    bool replaced = true;
    struct failure why = {.text = ""};
    assert_int_equal(replace_commit(&r->here.place, r->original_fd, &r->original, r->tmp_fd, &replaced, &why), -1);
    assert_false(replaced);
    if (strstr(why.text, words) == NULL) {
        fail_msg("'%s' does not say '%s'", why.text, words);
    }
    if (is_there(f, "a.pcap.tmp")) {
        expect_text(f, "a.pcap.tmp", "slim");
    }
}

static void test_it_grew(void **state) {
    struct folder *f = *state;
    struct replacement r;
    prepare(&r, f);
    int fd = openat(f->fd, "a.pcap", O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(fd, "+", 1), 1);
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {(time_t)r.original.mtime_sec, (long)r.original.mtime_ns}};
    assert_int_equal(futimens(fd, times), 0); /* its size alone tells */
    (void)close(fd);
    expect_no_commit(&r, f, "still being written: it changed");
    expect_text(f, "a.pcap", "the capture as it was+");
    finish(&r);
}

static void test_its_time_changed(void **state) {
    struct folder *f = *state;
    for (unsigned i = 0; i < 2; i++) {
        struct replacement r;
        prepare(&r, f);
        struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                    {(time_t)r.original.mtime_sec + i, (long)(r.original.mtime_ns ^ (1 - i))}};
        assert_int_equal(utimensat(f->fd, "a.pcap", times, 0), 0);
        expect_no_commit(&r, f, "still being written: it changed");
        expect_text(f, "a.pcap", "the capture as it was");
        replace_remove_tmp(&r.here.place, &r.tmp);
        finish(&r);
    }
}

static void test_another_took_its_name(void **state) {
    struct folder *f = *state;
    struct replacement r;
    prepare(&r, f);
    make_file(f, "b.pcap", "the capture as it IS!"); /* as long, and as old */
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {(time_t)r.original.mtime_sec, (long)r.original.mtime_ns}};
    assert_int_equal(utimensat(f->fd, "b.pcap", times, 0), 0);
    assert_int_equal(renameat(f->fd, "b.pcap", f->fd, "a.pcap"), 0);
    expect_no_commit(&r, f, "still being written: another file has taken its name");
    expect_text(f, "a.pcap", "the capture as it IS!");
    assert_int_equal(stat_of(f, "a.pcap.tmp").st_mode & 07777, 0600); /* asked before any attribute went over */
    assert_int_equal(unlinkat(f->fd, "a.pcap", 0), 0);
    make_file(f, "b.pcap", "precious");
    assert_int_equal(symlinkat("b.pcap", f->fd, "a.pcap"), 0);
    expect_no_commit(&r, f, "still being written: another file has taken its name");
    expect_text(f, "b.pcap", "precious");
    assert_int_equal(unlinkat(f->fd, "a.pcap", 0), 0);
    expect_no_commit(&r, f, "still being written: it went away");
    assert_false(is_there(f, "a.pcap"));
    finish(&r);
}

static void test_a_second_link(void **state) {
    struct folder *f = *state;
    struct replacement r;
    prepare(&r, f);
    assert_int_equal(linkat(f->fd, "a.pcap", f->fd, "b.pcap", 0), 0);
    expect_no_commit(&r, f, "second hard link");
    expect_text(f, "a.pcap", "the capture as it was");
    finish(&r);
}

static int hold_mapping(void *with) {
    const struct to_open *o = with;
    int fd = openat(o->directory_fd, o->name, O_RDWR);
    void *at = fd >= 0 ? mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    return at != MAP_FAILED && close(fd) == 0 ? 0 : 1;
}

/* A capture tool that has written nothing yet shows in nothing else. */
static void test_open_for_writing(void **state) {
    struct folder *f = *state;
    struct replacement r;
    prepare(&r, f);
    static int (*const takes[])(void *) = {hold_open, hold_mapping};
    for (size_t i = 0; i < COUNT_OF(takes); i++) {
        struct to_open writing = {f->fd, "a.pcap", O_WRONLY | O_APPEND};
        struct holder writer = start_holder(takes[i], &writing);
        assert_int_equal(writer.taken, 0);
        expect_no_commit(&r, f, "still being written: a process has it open for writing");
        expect_text(f, "a.pcap", "the capture as it was");
        end_holder(&writer);
    }
    struct to_open reading = {f->fd, "a.pcap", O_RDONLY};
    struct holder reader = start_holder(hold_open, &reading);
    bool replaced = false;
    assert_int_equal(replace_commit(&r.here.place, r.original_fd, &r.original, r.tmp_fd, &replaced, NULL), 0);
    assert_true(replaced);
    end_holder(&reader);
    expect_text(f, "a.pcap", "slim");
    finish(&r);
}

static void test_tmp_went_away(void **state) {
    struct folder *f = *state;
    struct replacement r;
    prepare(&r, f);
    assert_int_equal(unlinkat(f->fd, "a.pcap.tmp", 0), 0);
    expect_no_commit(&r, f, "cannot replace it");
    expect_text(f, "a.pcap", "the capture as it was");
    finish(&r);
}

/* What is renamed is what tmp_fd is open on, or nothing: never another program's half of a file. */
static void test_tmp_was_exchanged(void **state) {
    struct folder *f = *state;
    struct replacement r;
    prepare(&r, f);
    make_file(f, "half", "half");
    assert_int_equal(renameat(f->fd, "half", f->fd, "a.pcap.tmp"), 0);
    bool replaced = false;
    int status = replace_commit(&r.here.place, r.original_fd, &r.original, r.tmp_fd, &replaced, NULL);
    finish(&r);
    expect_text(f, "a.pcap", "the capture as it was");
    assert_int_equal(status, -1);
    assert_false(replaced);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        IN_FOLDER(test_identity_of_a_name), IN_FOLDER(test_inspect),       IN_FOLDER(test_identity),
        IN_FOLDER(test_open_original),      IN_FOLDER(test_commit),        IN_FOLDER(test_it_grew),
        IN_FOLDER(test_its_time_changed),   IN_FOLDER(test_a_second_link), IN_FOLDER(test_another_took_its_name),
        IN_FOLDER(test_open_for_writing),   IN_FOLDER(test_tmp_went_away), IN_FOLDER(test_tmp_was_exchanged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

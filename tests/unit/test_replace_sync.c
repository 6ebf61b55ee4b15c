/*
 * The order in which a replacement is made durable, and what happens to the capture while that takes its time. This
 * program has an fsync() of its own, which the room is linked with.
 */
#include "folders.h"
#include "replace.h"

#include <sys/syscall.h>

/* What fsync() does, and what it saw. */
static struct {
    const struct folder *folder;
    int fail_call; /* from 1; 0: none */
    int error;
    void (*meanwhile)(const struct folder *f);
    int calls;
    ino_t inodes[8];
    bool was_replaced[8]; /* whether the temporary file's name was gone */
} syncing;

int fsync(int fd) {
    struct stat st;
    if (syncing.calls < 8 && fstat(fd, &st) == 0) {
        syncing.inodes[syncing.calls] = st.st_ino;
        syncing.was_replaced[syncing.calls] = !is_there(syncing.folder, "a.pcap.tmp");
    }
    syncing.calls++;
    if (syncing.calls == syncing.fail_call) {
        errno = syncing.error;
        return -1;
    }
    if (syncing.calls == 1 && syncing.meanwhile != NULL) {
        syncing.meanwhile(syncing.folder);
    }
    return (int)syscall(SYS_fsync, fd);
}

static int prepare_sync(void **state) {
    int status = make_folder(state);
    memset(&syncing, 0, sizeof syncing);
    syncing.folder = *state;
    return status;
}

struct outcome {
    int status;
    bool replaced;
    struct failure why;
    ino_t tmp_inode;
};

static struct outcome commit(const struct folder *f) {
    struct outcome o = {.replaced = false, .why = {.text = ""}};
    struct place place;
    struct identity original;
    struct stat st;
    char path[128];
    make_file(f, "a.pcap", "the capture as it was");
    make_old(f, "a.pcap", 1000);
    (void)snprintf(path, sizeof path, "%s/a.pcap", f->path);
    place_init(&place);
    assert_int_equal(place_go(&place, path, NULL), 1);
    int original_fd = replace_open_original(&place, &original, NULL);
    struct identity made;
    int tmp_fd = replace_create_tmp(&place, &made, NULL);
    assert_true(original_fd >= 0 && tmp_fd >= 0);
    assert_int_equal(write(tmp_fd, "slim", 4), 4);
    assert_int_equal(fstat(tmp_fd, &st), 0);
    o.tmp_inode = st.st_ino;
    o.status = replace_commit(&place, original_fd, &original, tmp_fd, &o.replaced, &o.why);
    (void)close(original_fd);
    (void)close(tmp_fd);
    place_leave(&place);
    return o;
}

/* The file before the rename, its directory behind it; an interrupted call is made again. */
static void test_order(void **state) {
    struct folder *f = *state;
    for (int interrupted = 0; interrupted <= 1; interrupted++) {
        memset(&syncing, 0, sizeof syncing);
        syncing.folder = f;
        syncing.fail_call = interrupted;
        syncing.error = EINTR;
        struct outcome o = commit(f);
        assert_int_equal(o.status, 0);
        assert_true(o.replaced);
        assert_int_equal(syncing.calls, 2 + interrupted);
        const int last = syncing.calls - 1;
        assert_int_equal(syncing.inodes[0], o.tmp_inode);
        assert_int_equal(syncing.inodes[last - 1], o.tmp_inode);
        assert_false(syncing.was_replaced[last - 1]);
        assert_int_equal(syncing.inodes[last], stat_of(f, ".").st_ino);
        assert_true(syncing.was_replaced[last]);
        expect_text(f, "a.pcap", "slim");
    }
}

static void test_not_durable(void **state) {
    struct folder *f = *state;
    syncing.fail_call = 1;
    syncing.error = EIO;
    struct outcome o = commit(f);
    assert_int_equal(o.status, -1);
    assert_false(o.replaced);
    assert_string_equal(o.why.text, "cannot make the slim capture durable: Input/output error");
    expect_text(f, "a.pcap", "the capture as it was");
    expect_text(f, "a.pcap.tmp", "slim");
}

static void test_directory_not_durable(void **state) {
    struct folder *f = *state;
    syncing.fail_call = 2;
    syncing.error = EIO;
    struct outcome o = commit(f);
    assert_int_equal(o.status, -1);
    assert_true(o.replaced);
    assert_non_null(strstr(o.why.text, "replaced, but its directory cannot be synced"));
    expect_text(f, "a.pcap", "slim");
}

static void grow(const struct folder *f) {
    int fd = openat(f->fd, "a.pcap", O_WRONLY | O_APPEND | O_CLOEXEC);
    (void)!write(fd, "+", 1);
    (void)close(fd);
}

static void touch(const struct folder *f) {
    make_old(f, "a.pcap", 999);
}

static void exchange(const struct folder *f) {
    make_file(f, "b.pcap", "the capture as it IS!");
    (void)renameat(f->fd, "b.pcap", f->fd, "a.pcap");
}

static void add_link(const struct folder *f) {
    (void)!linkat(f->fd, "a.pcap", f->fd, "b.pcap", 0);
}

static void take_away(const struct folder *f) {
    (void)unlinkat(f->fd, "a.pcap", 0);
}

static int writer_fd;

static void open_for_writing(const struct folder *f) {
    writer_fd = openat(f->fd, "a.pcap", O_WRONLY | O_CLOEXEC);
}

static void exchange_tmp(const struct folder *f) {
    make_file(f, "half", "half");
    (void)renameat(f->fd, "half", f->fd, "a.pcap.tmp");
}

/* Writing a large file to the disk takes long; whatever happens in that time is seen. */
static void test_meanwhile(void **state) {
    struct folder *f = *state;
    static const struct {
        void (*what)(const struct folder *f);
        const char *words, *left;
    } rows[] = {
        {grow, "still being written: it changed", "the capture as it was+"},
        {touch, "still being written: it changed", "the capture as it was"},
        {exchange, "still being written: another file has taken its name", "the capture as it IS!"},
        {add_link, "second hard link", "the capture as it was"},
        {take_away, "still being written: it went away", NULL},
        {open_for_writing, "still being written: a process has it open for writing", "the capture as it was"},
        {exchange_tmp, "cannot replace it", "the capture as it was"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        memset(&syncing, 0, sizeof syncing);
        syncing.folder = f;
        syncing.meanwhile = rows[i].what;
        writer_fd = -1;
        struct outcome o = commit(f);
        if (o.status != -1 || o.replaced || strstr(o.why.text, rows[i].words) == NULL) {
            fail_msg("row %zu: %d '%s'", i, o.status, o.why.text);
        }
        assert_int_equal(syncing.calls, 1);
        if (rows[i].left != NULL) {
            expect_text(f, "a.pcap", rows[i].left);
        } else {
            assert_false(is_there(f, "a.pcap"));
        }
        (void)unlinkat(f->fd, "a.pcap", 0);
        (void)unlinkat(f->fd, "b.pcap", 0);
        (void)unlinkat(f->fd, "a.pcap.tmp", 0);
        if (writer_fd >= 0) {
            (void)close(writer_fd);
        }
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order, prepare_sync, drop_folder),
        cmocka_unit_test_setup_teardown(test_not_durable, prepare_sync, drop_folder),
        cmocka_unit_test_setup_teardown(test_directory_not_durable, prepare_sync, drop_folder),
        cmocka_unit_test_setup_teardown(test_meanwhile, prepare_sync, drop_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Notes of failures: replaced as a whole, never through a link, and gone with the last of them. */
#include "folders.h"
#include "note.h"

#include <sys/resource.h>

static const struct marker_owner NOBODY_IN_PARTICULAR = {.known = false};

static int put(const struct folder *f, const char *name, const char *text, struct failure *why) {
    return note_put(f->fd, name, text, &NOBODY_IN_PARTICULAR, why);
}

static void test_put_and_remove(void **state) {
    struct folder *f = *state;
    struct failure why = {.text = ""};
    assert_int_equal(note_directory_open(f->fd, &why), -2);
    assert_int_equal(note_directory_open(-2, &why), -2);
    note_remove(f->fd, "a.pcap");
    (void)umask(077);
    assert_int_equal(put(f, "a.pcap", "first", &why), 0);
    (void)umask(022);
    assert_int_equal(stat_of(f, ".failed").st_mode, S_IFDIR | 0755); /* whatever the umask */
    assert_int_equal(stat_of(f, ".failed/a.pcap").st_mode, S_IFREG | 0644);
    assert_int_equal(put(f, "a.pcap", "second", &why), 0);
    assert_int_equal(put(f, "b.pcap", "", &why), 0);
    expect_text(f, ".failed/a.pcap", "second");
    char name[256];
    memset(name, 'x', 255);
    name[255] = '\0';
    assert_int_equal(put(f, name, "long", &why), 0);

    int fd = note_directory_open(f->fd, &why);
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    (void)close(fd);
    note_remove(f->fd, "a.pcap");
    note_remove(f->fd, "c.pcap");
    note_remove(f->fd, name);
    assert_false(is_there(f, ".failed/a.pcap"));
    assert_true(is_there(f, ".failed/b.pcap"));
    note_remove(f->fd, "b.pcap");
    assert_false(is_there(f, ".failed"));
}

/* Whatever stands at the names: it is replaced itself or it is in the way, and what it points to is left alone. */
static void test_traps(void **state) {
    struct folder *f = *state;
    struct failure why = {.text = ""};
    make_file(f, "precious", "precious");
    assert_int_equal(mkdirat(f->fd, "elsewhere", 0755), 0);
    make_file(f, "elsewhere/a.pcap", "elsewhere");
    assert_int_equal(symlinkat("elsewhere", f->fd, ".failed"), 0);
    assert_int_equal(put(f, "a.pcap", "text", &why), -1);
    assert_string_equal(why.text, ".failed is not a directory of its own (a symbolic link?); remove it");
    assert_int_equal(note_directory_open(f->fd, &why), -1);
    note_remove(f->fd, "a.pcap");
    expect_text(f, "elsewhere/a.pcap", "elsewhere");
    assert_int_equal(unlinkat(f->fd, ".failed", 0), 0);
    make_file(f, ".failed", "file");
    assert_int_equal(put(f, "a.pcap", "text", &why), -1);
    note_remove(f->fd, "a.pcap");
    expect_text(f, ".failed", "file");
    assert_int_equal(unlinkat(f->fd, ".failed", 0), 0);

    char temporary[64];
    (void)snprintf(temporary, sizeof temporary, ".failed/.new-%ld", (long)getpid());
    assert_int_equal(mkdirat(f->fd, ".failed", 0700), 0);
    assert_int_equal(symlinkat("../precious", f->fd, ".failed/a.pcap"), 0);
    assert_int_equal(symlinkat("../precious", f->fd, temporary), 0);
    assert_int_equal(put(f, "a.pcap", "text", &why), 0);
    expect_text(f, ".failed/a.pcap", "text");
    expect_text(f, "precious", "precious");
    assert_false(is_there(f, temporary));
    assert_int_equal(stat_of(f, ".failed").st_mode & 07777, 0700); /* one that was there stays as it is */

    assert_int_equal(mkdirat(f->fd, ".failed/d.pcap", 0755), 0);
    assert_int_equal(put(f, "d.pcap", "text", &why), -1);
    assert_string_equal(why.text, "cannot put a note in its place: Is a directory");
    assert_false(is_there(f, temporary));
    assert_int_equal(mkdirat(f->fd, temporary, 0755), 0);
    assert_int_equal(put(f, "e.pcap", "text", &why), -1);
    assert_string_equal(why.text, "cannot create the marker: File exists");
}

static void test_temporary_names(void **state) {
    (void)state;
    assert_true(note_is_temporary(".new-1"));
    assert_false(note_is_temporary(".new"));
    assert_false(note_is_temporary("a.new-1"));
    assert_false(note_is_temporary(""));
}

/* Where the text cannot be written the last note stays. */
static int put_without_room(void *with) {
    struct failure why = {.text = ""};
    struct rlimit little = {2, 2};
    (void)signal(SIGXFSZ, SIG_IGN);
    return setrlimit(RLIMIT_FSIZE, &little) == 0 && put(with, "a.pcap", "other", &why) == -1 ? 0 : 1;
}

static void test_no_room(void **state) {
    struct folder *f = *state;
    assert_int_equal(put(f, "a.pcap", "text", NULL), 0);
    assert_int_equal(run_in_child(put_without_room, f), 0);
    expect_text(f, ".failed/a.pcap", "text");
    note_remove(f->fd, "a.pcap");
    assert_false(is_there(f, ".failed")); /* nothing else was left in it */
}

static void test_owner(void **state) {
    struct folder *f = *state;
    only_as_root();
    const struct marker_owner owner = {.known = true, .user = NOBODY, .group = 54321};
    assert_int_equal(note_put(f->fd, "a.pcap", "text", &owner, NULL), 0);
    static const char *const names[] = {".failed", ".failed/a.pcap"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        assert_int_equal(stat_of(f, names[i]).st_uid, NOBODY);
        assert_int_equal(stat_of(f, names[i]).st_gid, 54321);
    }
}

/* One removes the directory again and again while another needs it. */
static int remove_often(void *with) {
    const struct folder *f = with;
    for (int i = 0; i < 3000; i++) {
        (void)unlinkat(f->fd, ".failed", AT_REMOVEDIR);
    }
    return 0;
}

static void test_directory_comes_and_goes(void **state) {
    struct folder *f = *state;
    struct failure why = {.text = ""};
    const pid_t child = fork();
    if (child == 0) {
        _exit(remove_often(f));
    }
    for (int i = 0; i < 300; i++) {
        if (put(f, "a.pcap", "text", &why) != 0) {
            assert_string_equal(why.text, "the directory of notes comes and goes; is somebody removing it?");
        }
        note_remove(f->fd, "a.pcap");
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    (void)unlinkat(f->fd, ".failed", AT_REMOVEDIR);
    assert_false(is_there(f, ".failed"));
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        IN_FOLDER(test_put_and_remove), IN_FOLDER(test_traps), cmocka_unit_test(test_temporary_names),
        IN_FOLDER(test_no_room),        IN_FOLDER(test_owner), IN_FOLDER(test_directory_comes_and_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

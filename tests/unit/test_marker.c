/* Markers: made once, never through a link, and never half. */
#include "folders.h"
#include "marker.h"

#include <sys/resource.h>

static const struct marker_owner NOBODY_IN_PARTICULAR = {.known = false};

static void test_directory(void **state) {
    struct folder *f = *state;
    struct failure why = {.text = ""};
    assert_int_equal(marker_directory_open(f->fd, false, &NOBODY_IN_PARTICULAR, &why), -2);
    assert_false(is_there(f, ".slim_markers"));
    (void)umask(077);
    int fd = marker_directory_open(f->fd, true, &NOBODY_IN_PARTICULAR, &why);
    (void)umask(022);
    assert_true(fd >= 0);
    struct stat st = stat_of(f, ".slim_markers");
    assert_true(S_ISDIR(st.st_mode));
    assert_int_equal(st.st_mode & 07777, 0755); /* whatever the umask */
    assert_int_equal(st.st_uid, geteuid());
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    (void)close(fd);

    /* One that is there is taken as it is. */
    assert_int_equal(fchmodat(f->fd, ".slim_markers", 0700, 0), 0);
    for (unsigned create = 0; create < 2; create++) {
        fd = marker_directory_open(f->fd, create != 0, &NOBODY_IN_PARTICULAR, &why);
        assert_true(fd >= 0);
        (void)close(fd);
        assert_int_equal(stat_of(f, ".slim_markers").st_mode & 07777, 0700);
    }
}

static void expect_no_directory(const struct folder *f, const char *words) {
    for (unsigned create = 0; create < 2; create++) {
        struct failure why = {.text = ""};
        assert_int_equal(marker_directory_open(f->fd, create != 0, &NOBODY_IN_PARTICULAR, &why), -1);
        if (strstr(why.text, words) == NULL) {
            fail_msg("'%s' does not say '%s'", why.text, words);
        }
    }
}

static void test_not_a_directory(void **state) {
    struct folder *f = *state;
    assert_int_equal(mkdirat(f->fd, "elsewhere", 0755), 0);
    assert_int_equal(symlinkat("elsewhere", f->fd, ".slim_markers"), 0);
    expect_no_directory(f, "symbolic link");
    assert_int_equal(unlinkat(f->fd, ".slim_markers", 0), 0);
    assert_int_equal(symlinkat("nowhere", f->fd, ".slim_markers"), 0);
    expect_no_directory(f, "symbolic link");
    assert_false(is_there(f, "nowhere"));
    assert_int_equal(unlinkat(f->fd, ".slim_markers", 0), 0);
    make_file(f, ".slim_markers", "text");
    expect_no_directory(f, "not a directory");
    expect_text(f, ".slim_markers", "text");
    assert_int_equal(unlinkat(f->fd, ".slim_markers", 0), 0);
    assert_int_equal(mkfifoat(f->fd, ".slim_markers", 0644), 0);
    expect_no_directory(f, "not a directory");
}

static void test_create(void **state) {
    struct folder *f = *state;
    struct failure why = {.text = ""};
    assert_false(marker_exists(f->fd, "a.pcap"));
    (void)umask(077);
    assert_int_equal(marker_create(f->fd, "a.pcap", "{\"file\":\"a.pcap\"}\n", &NOBODY_IN_PARTICULAR, &why), 0);
    (void)umask(022);
    assert_true(marker_exists(f->fd, "a.pcap"));
    assert_false(marker_exists(f->fd, "a.pca"));
    assert_false(marker_exists(f->fd, "A.pcap"));
    assert_false(marker_exists(-1, "a.pcap"));
    assert_false(marker_exists(-2, "a.pcap"));
    expect_text(f, "a.pcap", "{\"file\":\"a.pcap\"}\n");
    struct stat st = stat_of(f, "a.pcap");
    assert_int_equal(st.st_mode, S_IFREG | 0644);
    assert_int_equal(st.st_uid, geteuid());

    /* One that exists speaks of another file, and goes. */
    assert_int_equal(marker_create(f->fd, "a.pcap", "other", &NOBODY_IN_PARTICULAR, &why), 0);
    assert_string_equal(why.text, "");
    expect_text(f, "a.pcap", "other");
    assert_int_equal(mkdirat(f->fd, "directory", 0755), 0);
    assert_int_equal(marker_create(f->fd, "directory", "text", &NOBODY_IN_PARTICULAR, &why), -1);
    assert_string_equal(why.text, "cannot remove the marker of a file that had this name before: Is a directory");
    assert_int_equal(marker_create(f->fd, "empty", "", &NOBODY_IN_PARTICULAR, &why), 0);
    assert_true(marker_exists(f->fd, "empty"));
}

static void test_never_through_a_link(void **state) {
    struct folder *f = *state;
    make_file(f, "precious", "precious");
    assert_int_equal(symlinkat("precious", f->fd, "a.pcap"), 0);
    assert_int_equal(symlinkat("nowhere", f->fd, "b.pcap"), 0);
    assert_true(marker_exists(f->fd, "a.pcap"));
    assert_true(marker_exists(f->fd, "b.pcap"));
    assert_int_equal(marker_create(f->fd, "a.pcap", "text", &NOBODY_IN_PARTICULAR, NULL), 0);
    assert_int_equal(marker_create(f->fd, "b.pcap", "text", &NOBODY_IN_PARTICULAR, NULL), 0);
    expect_text(f, "a.pcap", "text"); /* in the place of the link */
    expect_text(f, "precious", "precious");
    assert_false(is_there(f, "nowhere"));
}

static void test_cannot_be_made(void **state) {
    struct folder *f = *state;
    struct failure why = {.text = ""};
    char name[300];
    memset(name, 'x', sizeof name);
    name[256] = '\0';
    assert_int_equal(marker_create(f->fd, name, "text", &NOBODY_IN_PARTICULAR, &why), -1);
    assert_string_equal(why.text, "cannot create the marker: File name too long");
    assert_false(marker_exists(f->fd, name));
    name[255] = '\0';
    assert_int_equal(marker_create(f->fd, name, "text", &NOBODY_IN_PARTICULAR, &why), 0);
    assert_true(marker_exists(f->fd, name));
}

/* Where the text cannot be written there is no marker. */
static int create_without_room(void *with) {
    struct failure why = {.text = ""};
    struct rlimit little = {2, 2};
    (void)signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &little) != 0) {
        return 1;
    }
    if (marker_create(*(int *)with, "a.pcap", "text", &NOBODY_IN_PARTICULAR, &why) != -1) {
        return 2;
    }
    return strcmp(why.text, "cannot write the marker: File too large") == 0 ? 0 : 3;
}

static void test_no_room(void **state) {
    struct folder *f = *state;
    assert_int_equal(run_in_child(create_without_room, &f->fd), 0);
    assert_false(is_there(f, "a.pcap"));
}

static void test_owner(void **state) {
    struct folder *f = *state;
    only_as_root();
    struct marker_owner owner = {.known = true, .user = NOBODY, .group = 54321};
    int fd = marker_directory_open(f->fd, true, &owner, NULL);
    assert_true(fd >= 0);
    assert_int_equal(marker_create(fd, "a.pcap", "text", &owner, NULL), 0);
    (void)close(fd);
    static const char *const names[] = {".slim_markers", ".slim_markers/a.pcap"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct stat st = stat_of(f, names[i]);
        assert_int_equal(st.st_uid, NOBODY);
        assert_int_equal(st.st_gid, 54321);
    }
    assert_int_equal(stat_of(f, ".slim_markers/a.pcap").st_mode & 07777, 0644);

    /* A directory that was there keeps its owner. */
    assert_int_equal(fchownat(f->fd, ".slim_markers", 12, 13, 0), 0);
    fd = marker_directory_open(f->fd, true, &owner, NULL);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(stat_of(f, ".slim_markers").st_uid, 12);
}

/* One who may not give files away owns them. */
static int mark_as_nobody(void *with) {
    struct marker_owner root = {.known = true, .user = 0, .group = 0};
    int directory_fd = *(int *)with;
    int fd = become_nobody() == 0 ? marker_directory_open(directory_fd, true, &root, NULL) : -1;
    return fd >= 0 && marker_create(fd, "a.pcap", "text", &root, NULL) == 0 ? 0 : 1;
}

static void test_without_rights(void **state) {
    struct folder *f = *state;
    only_as_root();
    assert_int_equal(fchmod(f->fd, 0777), 0);
    assert_int_equal(run_in_child(mark_as_nobody, &f->fd), 0);
    assert_int_equal(stat_of(f, ".slim_markers").st_uid, NOBODY);
    assert_int_equal(stat_of(f, ".slim_markers").st_mode & 07777, 0755);
    assert_int_equal(stat_of(f, ".slim_markers/a.pcap").st_uid, NOBODY);
    expect_text(f, ".slim_markers/a.pcap", "text");
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        IN_FOLDER(test_directory),      IN_FOLDER(test_not_a_directory),
        IN_FOLDER(test_create),         IN_FOLDER(test_never_through_a_link),
        IN_FOLDER(test_cannot_be_made), IN_FOLDER(test_no_room),
        IN_FOLDER(test_owner),          IN_FOLDER(test_without_rights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

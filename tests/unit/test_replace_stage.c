/* Temporary files in a stage directory: their names, what is put in place from there, and what is cleaned up there. */
#include "folders.h"
#include "replace.h"

static const char *const USUAL[] = {"*.pcap", NULL};
static const struct marker_owner NOBODY_IN_PARTICULAR = {.known = false};

/* In a test's folder: two directories of captures and a stage directory for both. */
struct staged {
    struct folder one, two, stage;
    char path[400];
    struct place place;
};

static struct folder sub_folder(const struct folder *f, const char *name) {
    struct folder sub;
    (void)snprintf(sub.path, sizeof sub.path, "%.50s/%s", f->path, name);
    assert_int_equal(mkdir(sub.path, 0755), 0);
    sub.fd = open(sub.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(sub.fd >= 0);
    return sub;
}

static void make_staged(struct staged *s, const struct folder *f) {
    s->one = sub_folder(f, "one");
    s->two = sub_folder(f, "two");
    s->stage = sub_folder(f, "stage");
    place_init(&s->place);
    s->place.stage_fd = s->stage.fd;
}

static void go(struct staged *s, const struct folder *to) {
    (void)snprintf(s->path, sizeof s->path, "%s/a.pcap", to->path);
    assert_int_equal(place_go(&s->place, s->path, NULL), 1);
}

static void leave(struct staged *s) {
    place_leave(&s->place);
    assert_int_equal(s->place.stage_fd, s->stage.fd);
    (void)close(s->one.fd);
    (void)close(s->two.fd);
    (void)close(s->stage.fd);
}

static void name_in(const struct folder *of, char *out) {
    struct stat st;
    assert_int_equal(fstat(of->fd, &st), 0);
    (void)snprintf(out, REPLACE_NAME_BYTES, "a.pcap.%jx.tmp", (uintmax_t)st.st_ino);
}

/* The same name in two directories: two temporary files that know nothing of each other. */
static void test_names_do_not_collide(void **state) {
    struct identity made;
    struct staged s;
    char one[REPLACE_NAME_BYTES], two[REPLACE_NAME_BYTES], found[REPLACE_NAME_BYTES];
    make_staged(&s, *state);
    name_in(&s.one, one);
    name_in(&s.two, two);
    assert_string_not_equal(one, two);
    go(&s, &s.one);
    assert_int_equal(replace_tmp_name(&s.place, found, NULL), 0);
    assert_string_equal(found, one);
    int first_fd = replace_create_tmp(&s.place, &made, NULL);
    go(&s, &s.two);
    int second_fd = replace_create_tmp(&s.place, &made, NULL);
    assert_true(first_fd >= 0 && second_fd >= 0);
    assert_true(is_there(&s.stage, one) && is_there(&s.stage, two));
    assert_false(is_there(&s.one, "a.pcap.tmp") || is_there(&s.two, "a.pcap.tmp"));
    assert_int_equal(stat_of(&s.stage, one).st_mode, S_IFREG | 0600);
    (void)close(first_fd);
    (void)close(second_fd);
    leave(&s);
}

static void test_long_name(void **state) {
    struct staged s;
    char path[600], name[300], out[REPLACE_NAME_BYTES];
    struct failure why = {.text = ""};
    make_staged(&s, *state);
    memset(name, 'x', sizeof name);
    name[251] = '\0'; /* enough for .tmp alone */
    (void)snprintf(path, sizeof path, "%s/%s", s.one.path, name);
    assert_int_equal(place_go(&s.place, path, NULL), 1);
    assert_int_equal(replace_tmp_name(&s.place, out, &why), -1);
    assert_non_null(strstr(why.text, "251 bytes leaves no room"));
    leave(&s);
}

static void test_symlink_in_the_way(void **state) {
    struct identity made;
    struct staged s;
    char name[REPLACE_NAME_BYTES];
    struct failure why = {.text = ""};
    make_staged(&s, *state);
    make_file(&s.two, "precious", "untouched");
    name_in(&s.one, name);
    assert_int_equal(symlinkat("../two/precious", s.stage.fd, name), 0);
    go(&s, &s.one);
    assert_int_equal(replace_create_tmp(&s.place, &made, &why), -1);
    assert_non_null(strstr(why.text, "symbolic link"));
    expect_text(&s.two, "precious", "untouched");
    leave(&s);
}

static void test_commit(void **state) {
    struct identity made;
    struct staged s;
    char name[REPLACE_NAME_BYTES];
    struct identity original, tmp;
    struct failure why = {.text = ""};
    struct stat st;
    bool replaced = false;
    make_staged(&s, *state);
    make_file(&s.one, "a.pcap", "the original");
    make_file(&s.one, "a.pcap.tmp", "somebody else's");
    go(&s, &s.one);
    name_in(&s.one, name);
    int tmp_fd = replace_create_tmp(&s.place, &made, &why);
    assert_int_equal(write(tmp_fd, "slim", 4), 4);
    assert_int_equal(fstat(tmp_fd, &st), 0);
    tmp = identity_of(&st);
    int again_fd = replace_open_tmp(&s.place, &tmp, &why);
    assert_true(again_fd >= 0);
    (void)close(again_fd);
    int original_fd = replace_open_original(&s.place, &original, &why);
    assert_int_equal(replace_commit(&s.place, original_fd, &original, tmp_fd, &replaced, &why), 0);
    assert_true(replaced);
    expect_text(&s.one, "a.pcap", "slim");
    expect_text(&s.one, "a.pcap.tmp", "somebody else's");
    assert_false(is_there(&s.stage, name));
    assert_int_equal(replace_open_tmp(&s.place, &tmp, &why), -1);
    (void)close(original_fd);
    (void)close(tmp_fd);
    leave(&s);
}

static void test_exchanged(void **state) {
    struct identity made;
    struct staged s;
    char name[REPLACE_NAME_BYTES];
    struct identity original, tmp;
    struct failure why = {.text = ""};
    struct stat st;
    bool replaced = true;
    make_staged(&s, *state);
    make_file(&s.one, "a.pcap", "the original");
    go(&s, &s.one);
    name_in(&s.one, name);
    int tmp_fd = replace_create_tmp(&s.place, &made, &why);
    assert_int_equal(fstat(tmp_fd, &st), 0);
    tmp = identity_of(&st);
    assert_int_equal(unlinkat(s.stage.fd, name, 0), 0);
    make_file(&s.stage, name, "another");
    assert_int_equal(replace_open_tmp(&s.place, &tmp, &why), -1);
    int original_fd = replace_open_original(&s.place, &original, &why);
    assert_int_equal(replace_commit(&s.place, original_fd, &original, tmp_fd, &replaced, &why), -1);
    assert_false(replaced);
    assert_non_null(strstr(why.text, "exchanged by another process"));
    expect_text(&s.one, "a.pcap", "the original");
    replace_remove_tmp(&s.place, &tmp);
    replace_remove_unchanged_tmp(&s.place, &tmp);
    expect_text(&s.stage, name, "another");
    (void)close(original_fd);
    (void)close(tmp_fd);
    leave(&s);
}

/* A dead run's leftover goes; one that somebody else may have made does not. */
static void test_leftover(void **state) {
    struct identity made;
    struct staged s;
    char name[REPLACE_NAME_BYTES];
    struct failure why = {.text = ""};
    make_staged(&s, *state);
    make_file(&s.one, "a.pcap", "0123456789012345678901234567");
    go(&s, &s.one);
    name_in(&s.one, name);
    make_file(&s.stage, name, "other");
    assert_int_equal(replace_create_tmp(&s.place, &made, &why), -1);
    expect_text(&s.stage, name, "other");
    make_file(&s.stage, name, "01234");
    int fd = replace_create_tmp(&s.place, &made, &why);
    assert_true(fd >= 0);
    expect_text(&s.stage, name, "");
    (void)close(fd);
    leave(&s);
}

/* Beside the captures as ever; in the stage directory only what belongs to this directory. */
static void test_clean(void **state) {
    struct staged s;
    char one[REPLACE_NAME_BYTES], two[REPLACE_NAME_BYTES], other[REPLACE_NAME_BYTES + 8];
    unsigned long removed = 0;
    make_staged(&s, *state);
    name_in(&s.one, one);
    name_in(&s.two, two);
    (void)snprintf(other, sizeof other, "x%s", one + 1); /* x.pcap.INODE.tmp */
    other[2] = 'q';                                      /* x.qcap.INODE.tmp: of no capture */
    make_file(&s.one, "b.pcap.tmp", "old");
    make_file(&s.stage, "b.pcap.tmp", "old, and not ours");
    make_file(&s.stage, one, "old");
    make_file(&s.stage, two, "old");
    make_file(&s.stage, other, "old");
    make_old(&s.one, "b.pcap.tmp", 1000);
    make_old(&s.stage, "b.pcap.tmp", 1000);
    make_old(&s.stage, two, 1000);
    make_old(&s.stage, other, 1000);
    assert_int_equal(replace_clean_stale(s.one.fd, s.stage.fd, USUAL, &NOBODY_IN_PARTICULAR, &removed, NULL), 0);
    assert_int_equal(removed, 1); /* the young one stays */
    assert_true(is_there(&s.stage, one) && !is_there(&s.one, "b.pcap.tmp"));
    make_old(&s.stage, one, 1000);
    assert_int_equal(replace_clean_stale(s.one.fd, -1, USUAL, &NOBODY_IN_PARTICULAR, &removed, NULL), 0);
    assert_int_equal(removed, 0);
    struct to_open writer = {s.stage.fd, one, O_WRONLY};
    struct holder h = start_holder(hold_open, &writer);
    assert_int_equal(h.taken, 0);
    assert_int_equal(replace_clean_stale(s.one.fd, s.stage.fd, USUAL, &NOBODY_IN_PARTICULAR, &removed, NULL), 0);
    assert_int_equal(removed, 0);
    end_holder(&h);
    assert_int_equal(replace_clean_stale(s.one.fd, s.stage.fd, USUAL, &NOBODY_IN_PARTICULAR, &removed, NULL), 0);
    assert_int_equal(removed, 1);
    assert_false(is_there(&s.stage, one));
    assert_true(is_there(&s.stage, two) && is_there(&s.stage, other) && is_there(&s.stage, "b.pcap.tmp"));
    leave(&s);
}

static void test_another_filesystem(void **state) {
    struct staged s;
    struct failure why = {.text = ""};
    unsigned long removed = 0;
    make_staged(&s, *state);
    int far_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(far_fd >= 0);
    s.place.stage_fd = far_fd;
    (void)snprintf(s.path, sizeof s.path, "%s/a.pcap", s.one.path);
    assert_int_equal(place_go(&s.place, s.path, &why), -1);
    assert_string_equal(why.text, "the stage directory is not on its filesystem; name one that is, or none");
    assert_int_equal(s.place.directory_fd, -1);
    assert_int_equal(replace_clean_stale(s.one.fd, far_fd, USUAL, &NOBODY_IN_PARTICULAR, &removed, &why), -1);
    (void)close(far_fd);
    s.place.stage_fd = s.stage.fd;
    leave(&s);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        IN_FOLDER(test_names_do_not_collide),
        IN_FOLDER(test_long_name),
        IN_FOLDER(test_symlink_in_the_way),
        IN_FOLDER(test_commit),
        IN_FOLDER(test_exchanged),
        IN_FOLDER(test_leftover),
        IN_FOLDER(test_clean),
        IN_FOLDER(test_another_filesystem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

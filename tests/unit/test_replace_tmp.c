/* The temporary file beside a capture: made exclusively, reclaimed from the dead, cleaned up when stale. */
#include "folders.h"
#include "replace.h"

static const char *const USUAL[] = {"*.pcap", NULL};
static const struct marker_owner NOBODY_IN_PARTICULAR = {.known = false};

struct here {
    struct place place;
    char path[400];
};

static void go(struct here *h, const struct folder *f, const char *name) {
    (void)snprintf(h->path, sizeof h->path, "%s/%s", f->path, name);
    place_init(&h->place);
    assert_int_equal(place_go(&h->place, h->path, NULL), 1);
}

static void test_name(void **state) {
    (void)state;
    char out[REPLACE_NAME_BYTES];
    char name[300];
    struct failure why = {.text = ""};
    struct place p;
    place_init(&p);
    p.name = "a.pcap";
    assert_int_equal(replace_tmp_name(&p, out, &why), 0);
    assert_string_equal(out, "a.pcap.tmp");
    memset(name, 'x', sizeof name);
    name[251] = '\0';
    p.name = name;
    assert_int_equal(replace_tmp_name(&p, out, &why), 0);
    assert_int_equal(strlen(out), 255);
    assert_string_equal(out + 251, ".tmp");
    name[251] = 'x';
    name[252] = '\0';
    assert_int_equal(replace_tmp_name(&p, out, &why), -1);
    assert_non_null(strstr(why.text, "252 bytes"));
    name[252] = 'x';
    name[299] = '\0';
    assert_int_equal(replace_tmp_name(&p, out, &why), -1);
}

static void test_create(void **state) {
    struct identity made;
    struct folder *f = *state;
    struct here h;
    char text[8] = "";
    go(&h, f, "a.pcap");
    (void)umask(0);
    int fd = replace_create_tmp(&h.place, &made, NULL);
    (void)umask(022);
    assert_true(fd >= 0);
    struct stat st = stat_of(f, "a.pcap.tmp");
    assert_int_equal(st.st_mode, S_IFREG | 0600); /* nobody's business until it has the capture's mode */
    assert_int_equal(st.st_size, 0);
    assert_int_equal(write(fd, "slim", 4), 4);
    assert_int_equal(pread(fd, text, sizeof text, 0), 4);
    assert_string_equal(text, "slim");
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    (void)close(fd);
    place_leave(&h.place);

    char name[300];
    struct failure why = {.text = ""};
    memset(name, 'x', sizeof name);
    name[252] = '\0';
    go(&h, f, name);
    assert_int_equal(replace_create_tmp(&h.place, &made, &why), -1);
    assert_non_null(strstr(why.text, "leaves no room for .tmp"));
    place_leave(&h.place);
}

static void expect_no_tmp(const struct folder *f, const char *words) {
    struct identity made;
    struct here h;
    struct failure why = {.text = ""};
    go(&h, f, "a.pcap");
    assert_int_equal(replace_create_tmp(&h.place, &made, &why), -1);
    place_leave(&h.place);
    if (strstr(why.text, words) == NULL || strstr(why.text, "a.pcap.tmp") == NULL) {
        fail_msg("'%s' does not say '%s'", why.text, words);
    }
}

/* Never through a link, however old it is. */
static void test_links_in_the_way(void **state) {
    struct folder *f = *state;
    for (time_t age = 0; age <= 10000; age += 10000) {
        make_file(f, "precious", "precious");
        assert_int_equal(symlinkat("precious", f->fd, "a.pcap.tmp"), 0);
        make_old(f, "a.pcap.tmp", age);
        expect_no_tmp(f, "not a plain file");
        assert_int_equal(unlinkat(f->fd, "a.pcap.tmp", 0), 0);

        assert_int_equal(symlinkat("nowhere", f->fd, "a.pcap.tmp"), 0);
        make_old(f, "a.pcap.tmp", age);
        expect_no_tmp(f, "not a plain file");
        assert_false(is_there(f, "nowhere"));
        assert_int_equal(unlinkat(f->fd, "a.pcap.tmp", 0), 0);

        assert_int_equal(linkat(f->fd, "precious", f->fd, "a.pcap.tmp", 0), 0);
        make_old(f, "a.pcap.tmp", age);
        expect_no_tmp(f, "not a plain file");
        expect_text(f, "precious", "precious");
        expect_text(f, "a.pcap.tmp", "precious");
        assert_int_equal(unlinkat(f->fd, "a.pcap.tmp", 0), 0);
    }
}

static void test_others_in_the_way(void **state) {
    struct folder *f = *state;
    for (time_t age = 0; age <= 10000; age += 10000) {
        assert_int_equal(mkfifoat(f->fd, "a.pcap.tmp", 0644), 0);
        make_old(f, "a.pcap.tmp", age);
        expect_no_tmp(f, "not a plain file");
        assert_true(S_ISFIFO(stat_of(f, "a.pcap.tmp").st_mode));
        assert_int_equal(unlinkat(f->fd, "a.pcap.tmp", 0), 0);

        assert_int_equal(mkdirat(f->fd, "a.pcap.tmp", 0755), 0);
        make_old(f, "a.pcap.tmp", age);
        expect_no_tmp(f, "not a plain file");
        assert_true(S_ISDIR(stat_of(f, "a.pcap.tmp").st_mode));
        assert_int_equal(unlinkat(f->fd, "a.pcap.tmp", AT_REMOVEDIR), 0);
    }
}

static void expect_reclaimed(const struct folder *f) {
    struct identity made;
    struct here h;
    struct failure why = {.text = ""};
    go(&h, f, "a.pcap");
    int fd = replace_create_tmp(&h.place, &made, &why);
    if (fd < 0) {
        fail_msg("%s", why.text);
    }
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, 0);
    assert_int_equal(st.st_ino, stat_of(f, "a.pcap.tmp").st_ino);
    (void)close(fd);
    place_leave(&h.place);
}

/* One that nobody has open for writing is a dead run's; one that is open, or another's, is somebody's. */
static void test_leftovers(void **state) {
    struct folder *f = *state;
    static const time_t ages[] = {0, 299, 301, 10000};
    make_file(f, "a.pcap", "half of a slim capture, and the other half");
    for (size_t i = 0; i < COUNT_OF(ages); i++) {
        make_file(f, "a.pcap.tmp", "half of a slim capture");
        make_old(f, "a.pcap.tmp", ages[i]);
        struct to_open reading = {f->fd, "a.pcap.tmp", O_RDONLY};
        struct holder reader = start_holder(hold_open, &reading);
        expect_reclaimed(f);
        end_holder(&reader);

        make_file(f, "a.pcap.tmp", "half of a slim capture");
        struct to_open writing = {f->fd, "a.pcap.tmp", O_RDWR};
        struct holder writer = start_holder(hold_open, &writing);
        make_old(f, "a.pcap.tmp", ages[i]);
        expect_no_tmp(f, "in use");
        expect_text(f, "a.pcap.tmp", "half of a slim capture");
        end_holder(&writer);
        expect_reclaimed(f);
    }
}

static void test_leftover_of_another_user(void **state) {
    struct folder *f = *state;
    only_as_root();
    make_file(f, "a.pcap.tmp", "another's");
    assert_int_equal(fchownat(f->fd, "a.pcap.tmp", NOBODY, NOBODY, 0), 0);
    for (time_t age = 0; age <= 299; age += 299) {
        make_old(f, "a.pcap.tmp", age);
        expect_no_tmp(f, "not a dead run's");
        expect_text(f, "a.pcap.tmp", "another's");
    }
}

/* What has the name by chance: it begins otherwise than the capture, or is longer. Only age makes it rubbish. */
static void test_a_strangers_file(void **state) {
    struct folder *f = *state;
    make_file(f, "a.pcap", "a capture, of more bytes than a file header has");
    static const char *const strangers[] = {"precious", "a capture, but another one",
                                            "a capture, of more bytes than a file header has, and then some"};
    for (size_t i = 0; i < COUNT_OF(strangers); i++) {
        make_file(f, "a.pcap.tmp", strangers[i]);
        make_old(f, "a.pcap.tmp", 299);
        expect_no_tmp(f, "not a dead run's");
        expect_text(f, "a.pcap.tmp", strangers[i]);
        make_old(f, "a.pcap.tmp", 301);
        expect_reclaimed(f);
    }
}

/* A run that died when the capture had been replaced, and what it was not yet removed. */
static void test_leftover_is_the_capture_as_it_was(void **state) {
    struct folder *f = *state;
    make_file(f, "a.pcap", "a capture, of more bytes than a file header has");
    make_file(f, "a.pcap.tmp", "a capture, of more bytes than a file header has, and then some");
    make_old(f, "a.pcap", 100);
    make_old(f, "a.pcap.tmp", 100);
    const struct stat st = stat_of(f, "a.pcap");
    const struct timespec same[2] = {st.st_mtim, st.st_mtim};
    assert_int_equal(utimensat(f->fd, "a.pcap.tmp", same, 0), 0);
    expect_reclaimed(f);
}

/* The bytes of a dead run's, but neither ours nor the capture's owner's. */
static void test_leftover_of_a_third_user(void **state) {
    struct folder *f = *state;
    only_as_root();
    make_file(f, "a.pcap", "a capture");
    make_file(f, "a.pcap.tmp", "a capt");
    assert_int_equal(fchownat(f->fd, "a.pcap.tmp", NOBODY, NOBODY, 0), 0);
    expect_no_tmp(f, "not a dead run's");
    assert_int_equal(fchownat(f->fd, "a.pcap", 54321, 0, 0), 0);
    expect_no_tmp(f, "not a dead run's");
    expect_text(f, "a.pcap.tmp", "a capt");
}

/* A run that died after it had given the temporary file to the capture's owner. */
static void test_leftover_of_the_captures_owner(void **state) {
    struct folder *f = *state;
    only_as_root();
    make_file(f, "a.pcap", "a capture");
    make_file(f, "a.pcap.tmp", "a capt");
    assert_int_equal(fchownat(f->fd, "a.pcap", NOBODY, NOBODY, 0), 0);
    assert_int_equal(fchownat(f->fd, "a.pcap.tmp", NOBODY, NOBODY, 0), 0);
    expect_reclaimed(f);
}

/* One that is locked because it is about to be put in place. */
static void test_leftover_that_is_locked(void **state) {
    struct folder *f = *state;
    make_file(f, "a.pcap", "a capture");
    make_file(f, "a.pcap.tmp", "a capt");
    int fd = openat(f->fd, "a.pcap.tmp", O_RDONLY | O_CLOEXEC);
    assert_true(replace_lock_tmp(fd));
    expect_no_tmp(f, "in use");
    (void)close(fd);
    expect_reclaimed(f);
}

static int lock_it(void *with) {
    const struct to_open *o = with;
    int fd = openat(o->directory_fd, o->name, o->flags);
    return fd >= 0 && replace_lock_tmp(fd) ? 0 : 1;
}

/* One process at a time; whoever makes the file has it locked already. */
static void test_lock(void **state) {
    struct identity made;
    struct folder *f = *state;
    struct here h;
    go(&h, f, "a.pcap");
    int fd = replace_create_tmp(&h.place, &made, NULL);
    struct to_open reading = {f->fd, "a.pcap.tmp", O_RDONLY | O_CLOEXEC};
    assert_int_equal(run_in_child(lock_it, &reading), 1);
    assert_true(replace_lock_tmp(fd));
    (void)close(fd);
    struct holder committer = start_holder(lock_it, &reading);
    assert_int_equal(committer.taken, 0);
    assert_int_equal(run_in_child(lock_it, &reading), 1);
    make_old(f, "a.pcap.tmp", 10000);
    unsigned long removed = 99;
    assert_int_equal(replace_clean_stale(f->fd, -1, USUAL, &NOBODY_IN_PARTICULAR, &removed, NULL), 0);
    assert_int_equal(removed, 0);
    assert_true(is_there(f, "a.pcap.tmp"));
    end_holder(&committer);
    assert_int_equal(run_in_child(lock_it, &reading), 0);
    place_leave(&h.place);
}

static int create_as_nobody(void *with) {
    struct identity made;
    struct here *h = with;
    return become_nobody() == 0 && replace_create_tmp(&h->place, &made, NULL) == -1 ? 0 : 1;
}

static void test_leftover_of_root(void **state) {
    struct folder *f = *state;
    only_as_root();
    struct here h;
    go(&h, f, "a.pcap");
    assert_int_equal(fchmod(f->fd, 0777), 0);
    make_file(f, "a.pcap.tmp", "root's");
    assert_int_equal(fchmodat(f->fd, "a.pcap.tmp", 0600, 0), 0);
    for (time_t age = 0; age <= 301; age += 301) {
        make_old(f, "a.pcap.tmp", age);
        assert_int_equal(run_in_child(create_as_nobody, &h), 0);
        expect_text(f, "a.pcap.tmp", "root's");
    }
    place_leave(&h.place);
}

static void test_remove(void **state) {
    struct identity made;
    struct folder *f = *state;
    struct here h;
    go(&h, f, "a.pcap");
    struct stat st;
    int fd = replace_create_tmp(&h.place, &made, NULL);
    assert_int_equal(fstat(fd, &st), 0);
    struct identity tmp = identity_of(&st);
    struct identity other = tmp;
    other.inode++;
    replace_remove_tmp(&h.place, &other);
    assert_true(is_there(f, "a.pcap.tmp"));
    other = tmp;
    other.device++;
    replace_remove_tmp(&h.place, &other);
    assert_true(is_there(f, "a.pcap.tmp"));
    /* Without the claim another file may have got the inode's number: the size and time count, too. */
    assert_int_equal(write(fd, "more", 4), 4);
    replace_remove_unchanged_tmp(&h.place, &tmp);
    assert_true(is_there(f, "a.pcap.tmp"));
    replace_remove_tmp(&h.place, &tmp);
    assert_false(is_there(f, "a.pcap.tmp"));
    replace_remove_tmp(&h.place, &tmp);
    assert_int_equal(symlinkat("nowhere", f->fd, "a.pcap.tmp"), 0);
    replace_remove_tmp(&h.place, &tmp);
    assert_true(is_there(f, "a.pcap.tmp"));
    (void)close(fd);
    place_leave(&h.place);
}

/* ---- cleaning up ---- */

static unsigned long clean(const struct folder *f) {
    unsigned long removed = 99;
    struct failure why = {.text = ""};
    if (replace_clean_stale(f->fd, -1, USUAL, &NOBODY_IN_PARTICULAR, &removed, &why) != 0) {
        fail_msg("%s", why.text);
    }
    return removed;
}

static void make_aged(const struct folder *f, const char *name, time_t age_s) {
    make_file(f, name, "half");
    make_old(f, name, age_s);
}

static void test_clean_by_patterns(void **state) {
    struct folder *f = *state;
    static const char *const patterns[] = {"*.cap", "ring_[0-9]*", NULL};
    static const char *const stale[] = {"a.cap.tmp", ".cap.tmp", "ring_7.tmp"};
    static const char *const left[] = {"a.pcap.tmp", "ring_x.tmp", "a.cap", "ring_7", ".tmp"};
    unsigned long removed = 99;
    for (size_t i = 0; i < COUNT_OF(left); i++) {
        make_aged(f, left[i], 10000);
    }
    for (size_t i = 0; i < COUNT_OF(stale); i++) {
        make_aged(f, stale[i], 10000);
    }
    assert_int_equal(replace_clean_stale(f->fd, -1, patterns, &NOBODY_IN_PARTICULAR, &removed, NULL), 0);
    assert_int_equal(removed, COUNT_OF(stale));
    for (size_t i = 0; i < COUNT_OF(left); i++) {
        assert_true(is_there(f, left[i]));
    }
}

static void test_clean_by_age_and_name(void **state) {
    struct folder *f = *state;
    static const char *const left[] = {
        "young.pcap.tmp", "fresh.pcap.tmp", "future.pcap.tmp", "a.tmp", "a.pcapng.tmp", "a.pcap",
        "a.pcap.tmp.old", "a.PCAP.TMP",     "apcap.tmp",       "tmp",   "a.pcap.tmp2"};
    assert_int_equal(clean(f), 0);
    for (size_t i = 0; i < COUNT_OF(left); i++) {
        make_aged(f, left[i], i == 0 ? 299 : i == 1 ? 0 : i == 2 ? -10000 : 10000);
    }
    assert_int_equal(clean(f), 0);
    assert_false(is_there(f, ".slim_markers")); /* there was nothing to claim */
    make_aged(f, "old.pcap.tmp", 301);
    make_aged(f, "older.pcap.tmp", 1000000);
    make_aged(f, "older.pcap", 1000000);
    assert_int_equal(clean(f), 2);
    assert_false(is_there(f, "old.pcap.tmp"));
    assert_false(is_there(f, "older.pcap.tmp"));
    expect_text(f, "older.pcap", "half");
    for (size_t i = 0; i < COUNT_OF(left); i++) {
        expect_text(f, left[i], "half");
    }
    assert_false(is_there(f, ".slim_markers")); /* and nothing is left of the claims */
    assert_int_equal(clean(f), 0);
}

static void test_clean_regular_files_only(void **state) {
    struct folder *f = *state;
    make_aged(f, "precious", 10000);
    assert_int_equal(symlinkat("precious", f->fd, "link.pcap.tmp"), 0);
    assert_int_equal(mkfifoat(f->fd, "fifo.pcap.tmp", 0644), 0);
    assert_int_equal(mkdirat(f->fd, "directory.pcap.tmp", 0755), 0);
    make_old(f, "link.pcap.tmp", 10000);
    make_old(f, "fifo.pcap.tmp", 10000);
    make_old(f, "directory.pcap.tmp", 10000);
    assert_int_equal(clean(f), 0);
    assert_true(is_there(f, "link.pcap.tmp"));
    assert_true(is_there(f, "fifo.pcap.tmp"));
    assert_true(is_there(f, "directory.pcap.tmp"));
    expect_text(f, "precious", "half");
}

static int claim_it(void *with) {
    static struct claims c;
    const struct folder *f = with;
    return claims_open(&c, f->fd, -1, &NOBODY_IN_PARTICULAR, NULL) == 0 ? claims_take(&c, "a.pcap", NULL) : 2;
}

static void test_clean_not_what_is_claimed(void **state) {
    struct folder *f = *state;
    struct holder run = start_holder(claim_it, f);
    assert_int_equal(run.taken, 1);
    make_aged(f, "a.pcap.tmp", 10000); /* by a run that takes its time to verify */
    make_aged(f, "b.pcap.tmp", 10000);
    assert_int_equal(clean(f), 1);
    expect_text(f, "a.pcap.tmp", "half");
    assert_false(is_there(f, "b.pcap.tmp"));
    assert_true(is_there(f, ".slim_markers/.lock"));
    kill_holder(&run);
    assert_int_equal(clean(f), 1);
    assert_false(is_there(f, "a.pcap.tmp"));
    assert_false(is_there(f, ".slim_markers"));
}

static void test_clean_not_what_is_written(void **state) {
    struct folder *f = *state;
    make_file(f, "a.pcap.tmp", "half");
    struct to_open writing = {f->fd, "a.pcap.tmp", O_WRONLY};
    struct holder writer = start_holder(hold_open, &writing);
    assert_int_equal(writer.taken, 0);
    make_old(f, "a.pcap.tmp", 10000);
    assert_int_equal(clean(f), 0);
    expect_text(f, "a.pcap.tmp", "half");
    end_holder(&writer);
    assert_int_equal(clean(f), 1);
}

static void test_clean_fails(void **state) {
    struct folder *f = *state;
    unsigned long removed = 99;
    struct failure why = {.text = ""};
    assert_int_equal(replace_clean_stale(-1, -1, USUAL, &NOBODY_IN_PARTICULAR, &removed, &why), -1);
    assert_string_equal(why.text, "cannot list the directory: Bad file descriptor");
    assert_int_equal(removed, 0);
    make_aged(f, "a.pcap.tmp", 10000);
    assert_int_equal(symlinkat("elsewhere", f->fd, ".slim_markers"), 0);
    assert_int_equal(replace_clean_stale(f->fd, -1, USUAL, &NOBODY_IN_PARTICULAR, &removed, &why), -1);
    assert_non_null(strstr(why.text, "symbolic link"));
    assert_true(is_there(f, "a.pcap.tmp")); /* without claims nothing is known to be dead */
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        IN_FOLDER(test_name),
        IN_FOLDER(test_create),
        IN_FOLDER(test_links_in_the_way),
        IN_FOLDER(test_others_in_the_way),
        IN_FOLDER(test_leftovers),
        IN_FOLDER(test_a_strangers_file),
        IN_FOLDER(test_leftover_is_the_capture_as_it_was),
        IN_FOLDER(test_leftover_of_a_third_user),
        IN_FOLDER(test_leftover_of_the_captures_owner),
        IN_FOLDER(test_leftover_that_is_locked),
        IN_FOLDER(test_leftover_of_another_user),
        IN_FOLDER(test_leftover_of_root),
        IN_FOLDER(test_lock),
        IN_FOLDER(test_remove),
        IN_FOLDER(test_clean_by_age_and_name),
        IN_FOLDER(test_clean_by_patterns),
        IN_FOLDER(test_clean_regular_files_only),
        IN_FOLDER(test_clean_not_what_is_claimed),
        IN_FOLDER(test_clean_not_what_is_written),
        IN_FOLDER(test_clean_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

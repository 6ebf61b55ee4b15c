/* Claims: one run a file, given back by whoever ends the work and by death. */
#include "claim.h"
#include "folders.h"

#include <sched.h>

static const struct marker_owner NOBODY_IN_PARTICULAR = {.known = false};

static struct claims join(const struct folder *f) {
    struct claims c;
    struct failure why = {.text = ""};
    if (claims_open(&c, f->fd, -1, &NOBODY_IN_PARTICULAR, &why) != 0) {
        fail_msg("%s", why.text);
    }
    return c;
}

static void test_two_runs(void **state) {
    struct folder *f = *state;
    struct claims a = join(f);
    struct claims b = join(f);
    assert_int_not_equal(a.lock_fd, b.lock_fd);
    assert_false(a.inherited);
    assert_int_equal(claims_take(&a, "a.pcap", NULL), 1);
    assert_int_equal(claims_take(&a, "a.pcap", NULL), 1); /* ours before */
    assert_int_equal(claims_take(&b, "a.pcap", NULL), 0);
    assert_int_equal(claims_take(&b, "b.pcap", NULL), 1);
    assert_int_equal(claims_take(&a, "b.pcap", NULL), 0);
    claims_give_back(&b, "a.pcap"); /* was never its own */
    assert_int_equal(claims_take(&b, "a.pcap", NULL), 0);
    claims_give_back(&a, "a.pcap");
    assert_int_equal(claims_take(&b, "a.pcap", NULL), 1);
    assert_int_equal(claims_take(&a, "a.pcap", NULL), 0);
    claims_close(&b);
    assert_int_equal(claims_take(&a, "a.pcap", NULL), 1);
    assert_int_equal(claims_take(&a, "b.pcap", NULL), 1);
    claims_close(&a);
}

/* A thousand names do not get in each other's way. */
static void test_many_names(void **state) {
    struct folder *f = *state;
    struct claims a = join(f);
    struct claims b = join(f);
    for (unsigned i = 0; i < 1000; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "capture-%u.pcap", i);
        assert_int_equal(claims_take(i % 2 == 0 ? &a : &b, name, NULL), 1);
    }
    assert_int_equal(claims_take(&a, "capture-1.pcap", NULL), 0);
    claims_close(&a);
    assert_int_equal(claims_take(&b, "capture-0.pcap", NULL), 1);
    claims_close(&b);
}

static int join_and_take(void *with) {
    const struct folder *f = with;
    static struct claims c; /* kept until the child ends */
    if (claims_open(&c, f->fd, -1, &NOBODY_IN_PARTICULAR, NULL) != 0) {
        return 2;
    }
    return claims_take(&c, "a.pcap", NULL);
}

static void test_between_processes(void **state) {
    struct folder *f = *state;
    struct holder first = start_holder(join_and_take, f);
    assert_int_equal(first.taken, 1);
    assert_int_equal(run_in_child(join_and_take, f), 0);
    struct claims c = join(f);
    assert_int_equal(claims_take(&c, "a.pcap", NULL), 0);
    end_holder(&first);
    assert_int_equal(claims_take(&c, "a.pcap", NULL), 1);
    assert_int_equal(run_in_child(join_and_take, f), 0);
    claims_close(&c);
}

static void test_death_frees(void **state) {
    struct folder *f = *state;
    struct holder first = start_holder(join_and_take, f);
    assert_int_equal(first.taken, 1);
    kill_holder(&first);
    assert_true(is_there(f, ".slim_markers/.lock")); /* nobody tidied up */
    assert_int_equal(run_in_child(join_and_take, f), 1);
    struct claims c = join(f);
    assert_int_equal(claims_take(&c, "a.pcap", NULL), 1);
    claims_close(&c);
    assert_false(is_there(f, ".slim_markers"));
}

/* ---- the processes of one run ---- */

struct inheritance {
    const struct folder *folder;
    int fd;
    struct claims claims;
};

static int take_inherited(void *with) {
    struct inheritance *i = with;
    if (claims_open(&i->claims, i->folder->fd, i->fd, &NOBODY_IN_PARTICULAR, NULL) != 0 || !i->claims.inherited ||
        i->claims.lock_fd != i->fd) {
        return 2;
    }
    return claims_take(&i->claims, "a.pcap", NULL);
}

static int give_back_inherited(void *with) {
    struct inheritance *i = with;
    if (take_inherited(i) != 1) {
        return 1;
    }
    claims_give_back(&i->claims, "a.pcap");
    claims_close(&i->claims);
    return 0;
}

static void test_inherited(void **state) {
    struct folder *f = *state;
    struct claims run = join(f);
    struct claims other = join(f);
    struct inheritance i = {.folder = f, .fd = run.lock_fd};
    assert_int_equal(run_in_child(take_inherited, &i), 1); /* it ended, but its claim stays with the run */
    assert_int_equal(claims_take(&other, "a.pcap", NULL), 0);
    assert_int_equal(claims_take(&run, "a.pcap", NULL), 1);
    assert_int_equal(run_in_child(take_inherited, &i), 1);
    assert_int_equal(run_in_child(give_back_inherited, &i), 0); /* a stage behind ends the work */
    assert_int_equal(claims_take(&other, "a.pcap", NULL), 1);
    assert_int_equal(run_in_child(take_inherited, &i), 0);
    claims_close(&other);

    /* Closing what was inherited closes and tidies up nothing. */
    struct claims stage;
    assert_int_equal(claims_open(&stage, f->fd, run.lock_fd, &NOBODY_IN_PARTICULAR, NULL), 0);
    assert_true(stage.inherited);
    claims_close(&stage);
    assert_int_equal(stage.lock_fd, -1);
    assert_true(fcntl(run.lock_fd, F_GETFD) >= 0);
    assert_true(is_there(f, ".slim_markers/.lock"));
    assert_int_equal(claims_take(&run, "a.pcap", NULL), 1);
    claims_close(&run);
    assert_false(is_there(f, ".slim_markers"));
}

/* A descriptor of another directory's lock file, or of anything else, is not used. */
static void test_inherited_from_elsewhere(void **state) {
    struct folder *f = *state;
    assert_int_equal(mkdirat(f->fd, "sub", 0755), 0);
    int sub_fd = openat(f->fd, "sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct claims elsewhere;
    assert_int_equal(claims_open(&elsewhere, sub_fd, -1, &NOBODY_IN_PARTICULAR, NULL), 0);
    int wrong[] = {elsewhere.lock_fd, f->fd, 9999};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct claims c;
        assert_int_equal(claims_open(&c, f->fd, wrong[i], &NOBODY_IN_PARTICULAR, NULL), 0);
        assert_false(c.inherited);
        assert_int_not_equal(c.lock_fd, wrong[i]);
        assert_int_equal(claims_take(&c, "a.pcap", NULL), 1);
        claims_close(&c);
    }
    assert_int_equal(claims_take(&elsewhere, "a.pcap", NULL), 1);
    claims_close(&elsewhere);
    (void)close(sub_fd);
}

/* ---- leaving ---- */

static void test_last_one_out(void **state) {
    struct folder *f = *state;
    struct claims a = join(f);
    assert_true(is_there(f, ".slim_markers/.lock"));
    assert_int_equal(stat_of(f, ".slim_markers/.lock").st_mode & 07777, 0644);
    struct claims b = join(f);
    claims_close(&a);
    assert_int_equal(a.lock_fd, -1);
    assert_int_equal(a.markers_fd, -1);
    assert_true(is_there(f, ".slim_markers/.lock"));
    make_file(f, ".slim_markers/a.pcap", "marker");
    claims_close(&b);
    assert_false(is_there(f, ".slim_markers/.lock"));
    expect_text(f, ".slim_markers/a.pcap", "marker");
    struct claims c = join(f);
    assert_int_equal(unlinkat(f->fd, ".slim_markers/a.pcap", 0), 0);
    claims_close(&c);
    assert_false(is_there(f, ".slim_markers"));
    claims_close(&c); /* once more does no harm */
}

/* The lock file of a run is removed under it and another one made: the old run leaves that one alone. */
static void test_lock_file_taken_away(void **state) {
    struct folder *f = *state;
    struct claims a = join(f);
    assert_int_equal(unlinkat(f->fd, ".slim_markers/.lock", 0), 0);
    struct claims b = join(f);
    claims_close(&a);
    assert_true(is_there(f, ".slim_markers/.lock"));
    assert_int_equal(claims_take(&b, "a.pcap", NULL), 1);
    claims_close(&b);
    assert_false(is_there(f, ".slim_markers"));
}

/* Runs that come and go all the time never have the same claim: a counter that each adds to stays right. */
static int come_and_go(void *with) {
    const struct folder *f = with;
    for (unsigned i = 0; i < 150; i++) {
        struct claims c;
        if (claims_open(&c, f->fd, -1, &NOBODY_IN_PARTICULAR, NULL) != 0) {
            return 1;
        }
        int taken = claims_take(&c, "counter", NULL);
        if (taken == 1) {
            uint32_t count = 0;
            int fd = openat(f->fd, "counter", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
            if (fd < 0 || pread(fd, &count, sizeof count, 0) < 0) {
                return 2;
            }
            count++;
            (void)sched_yield();
            if (pwrite(fd, &count, sizeof count, 0) != (ssize_t)sizeof count) {
                return 3;
            }
            (void)close(fd);
        } else {
            i--;
        }
        claims_close(&c);
        if (taken < 0) {
            return 4;
        }
    }
    return 0;
}

static void test_coming_and_going(void **state) {
    struct folder *f = *state;
    pid_t children[3];
    uint32_t count = 0;
    for (size_t i = 0; i < COUNT_OF(children); i++) {
        children[i] = start_child(come_and_go, f);
    }
    for (size_t i = 0; i < COUNT_OF(children); i++) {
        assert_int_equal(end_of_child(children[i]), 0);
    }
    int fd = openat(f->fd, "counter", O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, &count, sizeof count), sizeof count);
    (void)close(fd);
    assert_int_equal(count, 450);
    /* Two that left at the same moment may both have left the lock file to the other. */
    struct claims c = join(f);
    claims_close(&c);
    assert_false(is_there(f, ".slim_markers"));
}

static void expect_no_claims(const struct folder *f, const char *words) {
    struct claims c;
    struct failure why = {.text = ""};
    assert_int_equal(claims_open(&c, f->fd, -1, &NOBODY_IN_PARTICULAR, &why), -1);
    if (strstr(why.text, words) == NULL) {
        fail_msg("'%s' does not say '%s'", why.text, words);
    }
    assert_true(c.lock_fd < 0);
    assert_true(c.markers_fd < 0);
    claims_close(&c);
}

static void test_in_the_way(void **state) {
    struct folder *f = *state;
    assert_int_equal(mkdirat(f->fd, "elsewhere", 0755), 0);
    assert_int_equal(symlinkat("elsewhere", f->fd, ".slim_markers"), 0);
    expect_no_claims(f, "symbolic link");
    assert_false(is_there(f, "elsewhere/.lock"));
    assert_int_equal(unlinkat(f->fd, ".slim_markers", 0), 0);

    assert_int_equal(mkdirat(f->fd, ".slim_markers", 0755), 0);
    make_file(f, "precious", "precious");
    assert_int_equal(symlinkat("../precious", f->fd, ".slim_markers/.lock"), 0);
    expect_no_claims(f, "cannot open .slim_markers/.lock");
    assert_int_equal(unlinkat(f->fd, ".slim_markers/.lock", 0), 0);
    assert_int_equal(symlinkat("../nowhere", f->fd, ".slim_markers/.lock"), 0);
    expect_no_claims(f, "cannot open .slim_markers/.lock");
    assert_false(is_there(f, "nowhere"));
    assert_int_equal(unlinkat(f->fd, ".slim_markers/.lock", 0), 0);
    assert_int_equal(mkfifoat(f->fd, ".slim_markers/.lock", 0644), 0);
    expect_no_claims(f, "not a regular file");
    assert_int_equal(unlinkat(f->fd, ".slim_markers/.lock", 0), 0);
    assert_int_equal(mkdirat(f->fd, ".slim_markers/.lock", 0755), 0);
    expect_no_claims(f, "cannot open .slim_markers/.lock");
    expect_text(f, "precious", "precious");
}

/* Who holds the whole lock file for long is no run of ours: we say so instead of waiting for ever. */
static int lock_it_all(void *with) {
    const struct folder *f = with;
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = openat(f->fd, ".slim_markers/.lock", O_RDWR | O_CREAT, 0644);
    return fd >= 0 && fcntl(fd, F_SETLK, &all) == 0 ? 0 : 1;
}

static void test_stranger_at_the_lock(void **state) {
    struct folder *f = *state;
    assert_int_equal(mkdirat(f->fd, ".slim_markers", 0755), 0);
    struct holder stranger = start_holder(lock_it_all, f);
    assert_int_equal(stranger.taken, 0);
    expect_no_claims(f, "cannot lock .slim_markers/.lock");
    kill_holder(&stranger);
    struct claims c = join(f);
    assert_int_equal(claims_take(&c, "a.pcap", NULL), 1);
    claims_close(&c);
}

static void test_descriptor_of_no_lock(void **state) {
    (void)state;
    struct claims c;
    struct failure why = {.text = ""};
    claims_init(&c);
    assert_int_equal(claims_take(&c, "a.pcap", &why), -1);
    assert_non_null(strstr(why.text, "cannot claim the file"));
    claims_close(&c);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        IN_FOLDER(test_two_runs),
        IN_FOLDER(test_many_names),
        IN_FOLDER(test_between_processes),
        IN_FOLDER(test_death_frees),
        IN_FOLDER(test_inherited),
        IN_FOLDER(test_inherited_from_elsewhere),
        IN_FOLDER(test_last_one_out),
        IN_FOLDER(test_lock_file_taken_away),
        IN_FOLDER(test_coming_and_going),
        IN_FOLDER(test_in_the_way),
        IN_FOLDER(test_stranger_at_the_lock),
        IN_FOLDER(test_descriptor_of_no_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Places and sites: where a file is, what stands there, whose it is. */
#include "folders.h"
#include "site.h"

/* ---- places ---- */

static void test_places(void **state) {
    struct folder *f = *state;
    struct place p;
    struct failure why = {.text = ""};
    char file[128], same[128], below[160], nowhere[128], slashed[128];
    (void)snprintf(file, sizeof file, "%s/a.pcap", f->path);
    (void)snprintf(same, sizeof same, "%s/b.pcap", f->path);
    (void)snprintf(below, sizeof below, "%s/sub/c.pcap", f->path);
    (void)snprintf(nowhere, sizeof nowhere, "%s/nowhere/d.pcap", f->path);
    (void)snprintf(slashed, sizeof slashed, "%s/", f->path);
    assert_int_equal(mkdirat(f->fd, "sub", 0755), 0);
    place_init(&p);
    assert_false(place_is_in(&p, file));
    assert_int_equal(place_go(&p, file, &why), 1);
    assert_string_equal(p.name, "a.pcap");
    assert_string_equal(p.directory, f->path);
    assert_int_equal(fcntl(p.directory_fd, F_GETFD), FD_CLOEXEC);
    assert_true(place_is_in(&p, file));
    assert_true(place_is_in(&p, same));
    assert_false(place_is_in(&p, below));
    assert_false(place_is_in(&p, "a.pcap"));
    int fd = p.directory_fd;
    assert_int_equal(place_go(&p, same, &why), 0);
    assert_int_equal(p.directory_fd, fd);
    assert_string_equal(p.name, "b.pcap");
    assert_int_equal(place_go(&p, below, &why), 1);
    assert_string_equal(p.name, "c.pcap");
    assert_int_equal(place_go(&p, nowhere, &why), -1);
    assert_string_equal(why.text, "cannot open its directory: No such file or directory");
    assert_int_equal(place_go(&p, "bare.pcap", &why), 1);
    assert_string_equal(p.directory, ".");
    assert_string_equal(p.name, "bare.pcap");
    assert_int_equal(place_go(&p, "/root.pcap", &why), 1);
    assert_string_equal(p.directory, "/");
    assert_string_equal(p.name, "root.pcap");
    const char *const no_files[] = {"", "/", ".", "..", slashed, "/tmp/.", "/tmp/.."};
    for (size_t i = 0; i < COUNT_OF(no_files); i++) {
        assert_int_equal(place_go(&p, no_files[i], &why), -1);
        assert_string_equal(why.text, "this is not the name of a file");
    }
    place_leave(&p);
    assert_int_equal(p.directory_fd, -1);
    assert_null(p.directory);
    place_leave(&p);
}

static void test_beneath(void **state) {
    struct folder *f = *state;
    static const struct {
        const char *directory;
        const char *why; /* NULL: it is opened */
    } CASES[] = {
        {".", NULL},
        {"sub", NULL},
        {"./sub//", NULL},
        {"sub/deep", NULL},
        {"nowhere", "cannot open: No such file or directory"},
        {"..", "cannot open: Invalid cross-device link"},
        {"sub/../sub", "cannot open: Invalid cross-device link"},
        {"link", "a symbolic link or something else that is no directory stands in its path"},
        {"link/deep", "a symbolic link or something else that is no directory stands in its path"},
        {"sub/up", "a symbolic link or something else that is no directory stands in its path"},
        {"sub/up/sub", "a symbolic link or something else that is no directory stands in its path"},
        {"sub/file", "a symbolic link or something else that is no directory stands in its path"},
        {"/", "it is not below the current directory"},
    };
    int back = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(mkdirat(f->fd, "sub", 0755), 0);
    assert_int_equal(mkdirat(f->fd, "sub/deep", 0755), 0);
    assert_int_equal(symlinkat("sub", f->fd, "link"), 0);
    assert_int_equal(symlinkat("..", f->fd, "sub/up"), 0);
    make_file(f, "sub/file", "");
    assert_int_equal(fchdir(f->fd), 0);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct failure why = {.text = ""};
        int fd = place_open_directory(CASES[i].directory, true, &why);
        assert_string_equal(why.text, CASES[i].why != NULL ? CASES[i].why : "");
        assert_int_equal(fd >= 0, CASES[i].why == NULL);
        if (fd >= 0) {
            (void)close(fd);
        }
    }
    /* A place hands it on, and remembers it when it leaves. */
    struct place p;
    struct failure why;
    place_init(&p);
    assert_int_equal(place_go(&p, "link/a.pcap", &why), 1);
    place_leave(&p);
    p.beneath = true;
    place_leave(&p);
    assert_int_equal(place_go(&p, "link/a.pcap", &why), -1);
    assert_int_equal(place_go(&p, "sub/a.pcap", &why), 1);
    place_leave(&p);
    assert_int_equal(fchdir(back), 0);
    (void)close(back);
}

static void test_opening_leaves_the_access_time(void **state) {
    struct folder *f = *state;
    struct place p;
    char path[128], byte;
    struct timespec times[2] = {{1000, 1}, {2000, 2}}; /* a read would move the first behind the second */
    (void)snprintf(path, sizeof path, "%s/a.pcap", f->path);
    make_file(f, "a.pcap", "capture");
    assert_int_equal(utimensat(f->fd, "a.pcap", times, 0), 0);
    place_init(&p);
    assert_int_equal(place_go(&p, path, NULL), 1);
    int fd = place_open_file(&p);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, &byte, 1), 1);
    (void)close(fd);
    assert_int_equal(stat_of(f, "a.pcap").st_atim.tv_sec, 1000);
    assert_int_equal(unlinkat(f->fd, "a.pcap", 0), 0);
    assert_int_equal(place_open_file(&p), -1);
    assert_int_equal(errno, ENOENT);
    place_leave(&p);
}

static int open_as_nobody(void *with) {
    return become_nobody() == 0 && place_open_file(with) >= 0 ? 0 : 1;
}

static void test_opening_anothers_file(void **state) {
    struct folder *f = *state;
    only_as_root();
    struct place p;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/a.pcap", f->path);
    make_file(f, "a.pcap", "capture");
    place_init(&p);
    assert_int_equal(place_go(&p, path, NULL), 1);
    assert_int_equal(fchmod(f->fd, 0755), 0);
    assert_int_equal(run_in_child(open_as_nobody, &p), 0);
    place_leave(&p);
}

/* ---- sites ---- */

/* A site, and a record of a file in the test's folder. */
struct visit {
    struct site site;
    struct record record;
    char path[128];
};

static void begin_visit(struct visit *v, const struct folder *f, const char *name) {
    (void)snprintf(v->path, sizeof v->path, "%s/%s", f->path, name);
    site_init(&v->site, -1, -1);
    assert_int_equal(record_init(&v->record, v->path), 0);
}

static void end_visit(struct visit *v) {
    record_free(&v->record);
    site_leave(&v->site);
}

static void expect_inspected(struct visit *v, enum record_status status, const char *error) {
    record_free(&v->record);
    assert_int_equal(record_init(&v->record, v->path), 0);
    site_inspect(&v->site, v->path, &v->record);
    if (v->record.status != status) {
        fail_msg("%s '%s', not %s", record_status_name(v->record.status), v->record.error.text,
                 record_status_name(status));
    }
    assert_string_equal(v->record.error.text, error);
    assert_int_equal(v->record.has_source, status == RECORD_WOULD_SLIM);
}

static void test_inspect(void **state) {
    struct folder *f = *state;
    struct visit v;
    begin_visit(&v, f, "a.pcap");
    expect_inspected(&v, RECORD_FAIL, "cannot open: No such file or directory");
    make_file(f, "a.pcap", "capture");
    expect_inspected(&v, RECORD_WOULD_SLIM, "");
    assert_int_equal(v.record.source.inode, stat_of(f, "a.pcap").st_ino);
    assert_int_equal(v.record.source.size_bytes, 7);
    assert_int_equal(linkat(f->fd, "a.pcap", f->fd, "b.pcap", 0), 0);
    expect_inspected(&v, RECORD_SKIPPED_HARDLINK, "");
    assert_int_equal(unlinkat(f->fd, "a.pcap", 0), 0);
    assert_int_equal(symlinkat("b.pcap", f->fd, "a.pcap"), 0);
    expect_inspected(&v, RECORD_SKIPPED_SYMLINK, "");
    assert_int_equal(unlinkat(f->fd, "a.pcap", 0), 0);
    assert_int_equal(mkdirat(f->fd, "a.pcap", 0755), 0);
    expect_inspected(&v, RECORD_SKIPPED_NOT_REGULAR, "");
    assert_int_equal(unlinkat(f->fd, "a.pcap", AT_REMOVEDIR), 0);
    assert_int_equal(mkfifoat(f->fd, "a.pcap", 0644), 0);
    expect_inspected(&v, RECORD_SKIPPED_NOT_REGULAR, "");
    assert_int_equal(unlinkat(f->fd, "a.pcap", 0), 0);
    make_file(f, "a.pcap", "capture");
    assert_false(is_there(f, ".slim_markers")); /* nothing was changed by looking */
    assert_int_equal(mkdirat(f->fd, ".slim_markers", 0755), 0);
    expect_inspected(&v, RECORD_WOULD_SLIM, "");
    make_file(f, ".slim_markers/b.pcap", "");
    expect_inspected(&v, RECORD_WOULD_SLIM, "");
    make_file(f, ".slim_markers/a.pcap", "");
    expect_inspected(&v, RECORD_SKIPPED_MARKER, "");
    assert_int_equal(unlinkat(f->fd, "a.pcap", 0), 0);
    expect_inspected(&v, RECORD_SKIPPED_MARKER, ""); /* existence of the marker is the signal */
    end_visit(&v);
}

static void test_inspect_fails(void **state) {
    struct folder *f = *state;
    struct visit v;
    begin_visit(&v, f, "a.pcap");
    make_file(f, "a.pcap", "capture");
    assert_int_equal(mkdirat(f->fd, "elsewhere", 0755), 0);
    make_file(f, "elsewhere/a.pcap", "");
    assert_int_equal(symlinkat("elsewhere", f->fd, ".slim_markers"), 0);
    expect_inspected(&v, RECORD_FAIL, ".slim_markers is not a directory of its own (a symbolic link?); remove it");
    end_visit(&v);
    begin_visit(&v, f, "nowhere/a.pcap");
    expect_inspected(&v, RECORD_FAIL, "cannot open its directory: No such file or directory");
    site_claim(&v.site, &v.record);
    assert_int_equal(v.record.status, RECORD_FAIL);
    end_visit(&v);
    begin_visit(&v, f, ".lock"); /* its marker would be the lock file */
    assert_int_equal(unlinkat(f->fd, ".slim_markers", 0), 0);
    make_file(f, ".lock", "capture");
    expect_inspected(&v, RECORD_FAIL, "a capture of this name cannot have a marker; rename it");
    end_visit(&v);
    begin_visit(&v, f, ".failed"); /* its marker would be the directory of notes */
    make_file(f, ".failed", "capture");
    expect_inspected(&v, RECORD_FAIL, "a capture of this name cannot have a marker; rename it");
    end_visit(&v);
    begin_visit(&v, f, "");
    expect_inspected(&v, RECORD_FAIL, "this is not the name of a file");
    end_visit(&v);
}

static void expect_claimed(struct visit *v, enum record_status status) {
    site_claim(&v->site, &v->record);
    assert_int_equal(v->record.status, status);
}

static void test_claims(void **state) {
    struct folder *f = *state;
    struct visit a, b;
    make_file(f, "a.pcap", "capture");
    begin_visit(&a, f, "a.pcap");
    begin_visit(&b, f, "a.pcap");
    expect_inspected(&a, RECORD_WOULD_SLIM, "");
    expect_inspected(&b, RECORD_WOULD_SLIM, "");
    expect_claimed(&a, RECORD_WOULD_SLIM);
    expect_claimed(&a, RECORD_WOULD_SLIM);
    expect_claimed(&b, RECORD_SKIPPED_BUSY);
    site_release(&b.site); /* was never its own */
    expect_claimed(&b, RECORD_SKIPPED_BUSY);
    site_release(&a.site);
    expect_claimed(&b, RECORD_WOULD_SLIM);
    expect_claimed(&a, RECORD_SKIPPED_BUSY);
    end_visit(&b); /* leaving gives it back */
    expect_claimed(&a, RECORD_WOULD_SLIM);
    end_visit(&a);
    assert_false(is_there(f, ".slim_markers"));
}

/* Another run finished the file between the look at it and the claim. */
static void test_marked_meanwhile(void **state) {
    struct folder *f = *state;
    struct visit a, b;
    make_file(f, "a.pcap", "capture");
    begin_visit(&a, f, "a.pcap");
    begin_visit(&b, f, "a.pcap");
    expect_inspected(&a, RECORD_WOULD_SLIM, "");
    assert_int_equal(mkdirat(f->fd, ".slim_markers", 0755), 0);
    make_file(f, ".slim_markers/a.pcap", "");
    expect_claimed(&a, RECORD_SKIPPED_MARKER);
    /* and the claim was given back */
    assert_int_equal(unlinkat(f->fd, ".slim_markers/a.pcap", 0), 0);
    expect_inspected(&b, RECORD_WOULD_SLIM, "");
    expect_claimed(&b, RECORD_WOULD_SLIM);
    end_visit(&a);
    end_visit(&b);
}

/* The marker of a file that had the name before; with the claim in hand both are looked at as they are then. */
static void test_a_name_used_again(void **state) {
    struct folder *f = *state;
    struct visit a;
    make_file(f, "a.pcap", "capture");
    assert_int_equal(mkdirat(f->fd, ".slim_markers", 0755), 0);
    make_file(f, ".slim_markers/a.pcap", "{\"file\":\"a.pcap\",\"status\":\"ok\",\"in_pkts\":1,\"out_bytes\":8}\n");
    begin_visit(&a, f, "a.pcap");
    expect_inspected(&a, RECORD_WOULD_SLIM, "");
    expect_claimed(&a, RECORD_WOULD_SLIM);
    site_release(&a.site);
    make_file(f, "a.pcap", "captures");
    expect_claimed(&a, RECORD_SKIPPED_MARKER);
    expect_inspected(&a, RECORD_SKIPPED_MARKER, "");
    assert_int_equal(linkat(f->fd, "a.pcap", f->fd, "b.pcap", 0), 0);
    expect_inspected(&a, RECORD_SKIPPED_MARKER, "");
    make_file(f, "a.pcap", "capture");
    expect_inspected(&a, RECORD_SKIPPED_HARDLINK, "");
    end_visit(&a);
}

static void test_from_one_directory_to_the_next(void **state) {
    struct folder *f = *state;
    struct visit a, b;
    make_file(f, "a.pcap", "capture");
    assert_int_equal(mkdirat(f->fd, "sub", 0755), 0);
    make_file(f, "sub/a.pcap", "capture");
    assert_int_equal(mkdirat(f->fd, "sub/.slim_markers", 0755), 0);
    make_file(f, "sub/.slim_markers/b.pcap", "");
    begin_visit(&a, f, "a.pcap");
    begin_visit(&b, f, "a.pcap");
    expect_inspected(&a, RECORD_WOULD_SLIM, "");
    expect_claimed(&a, RECORD_WOULD_SLIM);
    (void)snprintf(a.path, sizeof a.path, "%s/sub/a.pcap", f->path);
    expect_inspected(&a, RECORD_WOULD_SLIM, "");
    expect_inspected(&b, RECORD_WOULD_SLIM, "");
    expect_claimed(&b, RECORD_WOULD_SLIM); /* going elsewhere gave the first one back */
    expect_claimed(&a, RECORD_WOULD_SLIM);
    (void)snprintf(b.path, sizeof b.path, "%s/sub/a.pcap", f->path);
    expect_inspected(&b, RECORD_WOULD_SLIM, "");
    expect_claimed(&b, RECORD_SKIPPED_BUSY);
    (void)snprintf(b.path, sizeof b.path, "%s/sub/b.pcap", f->path);
    expect_inspected(&b, RECORD_SKIPPED_MARKER, "");
    (void)snprintf(b.path, sizeof b.path, "%s/b.pcap", f->path);
    expect_inspected(&b, RECORD_FAIL, "cannot open: No such file or directory"); /* no marker of the other directory */
    end_visit(&a);
    end_visit(&b);
    assert_false(is_there(f, ".slim_markers"));
    assert_false(is_there(f, "sub/.slim_markers/.lock"));
}

/* A stage behind the first one works under the claim of its run. */
static void test_enter(void **state) {
    struct folder *f = *state;
    struct visit scan, other;
    struct site stage;
    struct failure why = {.text = ""};
    make_file(f, "a.pcap", "capture");
    begin_visit(&scan, f, "a.pcap");
    expect_inspected(&scan, RECORD_WOULD_SLIM, "");
    expect_claimed(&scan, RECORD_WOULD_SLIM);
    site_init(&stage, scan.site.claims.lock_fd, -1);
    assert_int_equal(site_enter(&stage, scan.path, &why), 0);
    assert_true(stage.claims.inherited);
    assert_string_equal(stage.place.name, "a.pcap");
    begin_visit(&other, f, "a.pcap");
    expect_inspected(&other, RECORD_WOULD_SLIM, "");
    expect_claimed(&other, RECORD_SKIPPED_BUSY);
    site_release(&stage);
    expect_claimed(&other, RECORD_WOULD_SLIM);
    site_leave(&stage);
    end_visit(&other);
    end_visit(&scan);
    assert_false(is_there(f, ".slim_markers"));

    site_init(&stage, -1, -1);
    site_release(&stage); /* nothing is held */
    assert_int_equal(site_enter(&stage, "/nowhere/at/all", &why), -1);
    assert_string_equal(why.text, "cannot open its directory: No such file or directory");
    site_leave(&stage);
    site_leave(&stage);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        IN_FOLDER(test_places),
        IN_FOLDER(test_beneath),
        IN_FOLDER(test_opening_leaves_the_access_time),
        IN_FOLDER(test_opening_anothers_file),
        IN_FOLDER(test_inspect),
        IN_FOLDER(test_inspect_fails),
        IN_FOLDER(test_claims),
        IN_FOLDER(test_marked_meanwhile),
        IN_FOLDER(test_a_name_used_again),
        IN_FOLDER(test_from_one_directory_to_the_next),
        IN_FOLDER(test_enter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

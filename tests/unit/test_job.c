/* Jobs: the record of a capture that came through, and of one that did not, in every way a job is set up. */
#include "framing.h"
#include "hash.h"
#include "job.h"
#include "settings.h"
#include "support.h"

/* A TLS record of 100 bytes over TCP, to be cut to 24. */
static struct capture one_to_cut(void) {
    struct capture c = capture_begin(false, false, 262144, 1);
    uint8_t frame[154] = {[12] = 8, [14] = 0x45, [17] = 140, [22] = 64, [23] = 6, [36] = 1, [37] = 187, [46] = 0x50};
    frame[54] = 0x17;
    frame[55] = 3;
    frame[56] = 3;
    frame[58] = 95;
    capture_packet(&c, frame, sizeof frame);
    return c;
}

static int run(struct job *j, const struct capture *c, size_t length, int out_fd, struct record *r) {
    int fd = memory_file(c->at, length);
    assert_int_equal(record_init(r, "name"), 0);
    r->started_ns = 1;
    int status = job_run(j, fd, out_fd, r);
    (void)close(fd);
    return status;
}

static struct job *new_job(struct job_options *o, const struct settings *s) {
    static struct job j; /* large */
    o->settings = s;
    o->policy_digest = 77;
    o->policy_text = "text";
    assert_int_equal(job_init(&j, o, NULL), 0);
    return &j;
}

/* The digests and the length are those of what was written. */
static void test_writing(void **state) {
    (void)state;
    struct settings s;
    settings_init(&s);
    struct tap *before = hash_new(NULL);
    struct tap *after = hash_new(NULL);
    const struct sink_options sink = {.transfer.tap = after, .digest = true};
    struct job_options o = {.source.transfer.tap = before, .sink = &sink, .done = RECORD_CUT};
    struct job *j = new_job(&o, &s);
    struct capture c = one_to_cut();
    uint64_t digest = 0;
    for (int twice = 0; twice < 2; twice++) {
        struct record r;
        int out_fd = memory_file("", 0);
        assert_int_equal(run(j, &c, c.length, out_fd, &r), 0);
        assert_int_equal(r.status, RECORD_CUT);
        assert_true(r.has_tally && r.has_digest && r.has_policy && r.has_in_sha256 && r.has_out_sha256);
        assert_false(r.has_elapsed); /* it goes on to the next stage */
        assert_int_equal(r.tally.cut_packets, 1);
        assert_int_equal(r.tally.out_bytes, 24 + 16 + 54 + 24);
        assert_int_equal(lseek(out_fd, 0, SEEK_END), r.tally.out_bytes);
        assert_int_equal(r.policy_digest, 77);
        assert_string_equal(r.policy_text, "text");
        assert_memory_not_equal(r.in_sha256, r.out_sha256, sizeof r.in_sha256);
        assert_true(twice == 0 || r.digest == digest);
        digest = r.digest;
        record_free(&r);
        (void)close(out_fd);
    }
    job_free(j);
    hash_free(before);
    hash_free(after);
    settings_free(&s);
    capture_free(&c);
}

static void test_counting(void **state) {
    (void)state;
    struct settings s;
    settings_init(&s);
    struct job_options o = {.done = RECORD_OK};
    struct job *j = new_job(&o, &s);
    struct capture c = one_to_cut();
    struct record r;
    assert_int_equal(run(j, &c, c.length, SINK_NOWHERE, &r), 0);
    assert_int_equal(r.status, RECORD_OK);
    assert_true(r.has_tally && r.has_policy && r.has_elapsed);
    assert_false(r.has_digest || r.has_in_sha256 || r.has_out_sha256);
    assert_int_equal(r.tally.cut_packets, 1);
    record_free(&r);
    job_free(j);
    settings_free(&s);
    capture_free(&c);
}

/* Of a capture that is damaged the record says nothing but that, and the run's progress forgets it. */
static void test_damaged(void **state) {
    (void)state;
    struct settings s;
    settings_init(&s);
    struct progress progress = {0};
    int progress_fd = progress_create(NULL);
    assert_int_equal(progress_attach(&progress, progress_fd, PROGRESS_CUT, NULL), 0);
    struct job_options o = {.source.transfer.progress = &progress, .done = RECORD_OK};
    struct job *j = new_job(&o, &s);
    struct capture c = one_to_cut();
    struct record r;
    assert_int_equal(run(j, &c, c.length - 1, SINK_NOWHERE, &r), -1);
    assert_int_equal(r.status, RECORD_FAIL);
    assert_false(r.has_tally || r.has_digest || r.has_policy);
    assert_true(r.has_elapsed);
    assert_non_null(strstr(r.error.text, "packet 1: packet cut short"));
    assert_int_equal(r.error.kind, FAILURE_CONTENTS);
    assert_int_equal(progress_passed_bytes(&progress, PROGRESS_CUT), 0);
    record_free(&r);
    /* The next one counts. */
    assert_int_equal(run(j, &c, c.length, SINK_NOWHERE, &r), 0);
    assert_int_equal(progress_passed_bytes(&progress, PROGRESS_CUT), c.length);
    record_retract(&r);
    assert_int_equal(r.status, RECORD_FAIL);
    assert_false(r.has_tally || r.has_policy);
    record_free(&r);
    job_free(j);
    settings_free(&s);
    capture_free(&c);
    progress_detach(&progress);
    (void)close(progress_fd);
}

/* Rules stand in the terms where there are any; a job that holds nothing can be freed. */
static void test_not_ready(void **state) {
    (void)state;
    static struct job j;
    struct settings s;
    struct failure f = {.text = ""};
    settings_init(&s);
    s.min_packets = 2;
    struct job_options o = {.settings = &s};
    assert_int_equal(job_init(&j, &o, &f), 0);
    assert_ptr_equal(j.terms.rules, &j.rules);
    job_free(&j);
    memset(&j, 0, sizeof j);
    job_free(&j);
    settings_free(&s);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writing),
        cmocka_unit_test(test_counting),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_not_ready),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

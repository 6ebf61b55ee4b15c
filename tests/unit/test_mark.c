/* Marks: of which file a marker speaks. */
#include "folders.h"
#include "mark.h"

static const char RECORD[] =
    "{\"file\":\"a.pcap\",\"status\":\"ok\",\"in_pkts\":1,\"out_bytes\":7,\"mtime\":\"1000.000000005\"}\n";

static enum mark look(const struct folder *f) {
    const struct stat st = stat_of(f, "a.pcap");
    const struct identity file = identity_of(&st);
    return mark_look(f->fd, "marker", &file);
}

static void set_mtime(const struct folder *f, time_t sec, long ns) {
    const struct timespec times[2] = {{sec, ns}, {sec, ns}};
    assert_int_equal(utimensat(f->fd, "a.pcap", times, 0), 0);
}

static void test_the_file_of_a_record(void **state) {
    struct folder *f = *state;
    make_file(f, "a.pcap", "capture");
    set_mtime(f, 1000, 5);
    assert_int_equal(look(f), MARK_NONE);
    make_file(f, "marker", RECORD);
    assert_int_equal(look(f), MARK_SLIM);
    set_mtime(f, 1000, 6);
    assert_int_equal(look(f), MARK_OTHER);
    set_mtime(f, 1001, 5);
    assert_int_equal(look(f), MARK_OTHER);
    make_file(f, "a.pcap", "captures");
    set_mtime(f, 1000, 5);
    assert_int_equal(look(f), MARK_OTHER);
    make_file(f, "a.pcap", "another");
    set_mtime(f, 1000, 5);
    assert_int_equal(look(f), MARK_SLIM); /* bytes are not read */
    assert_int_equal(mark_look(f->fd, "marker", NULL), MARK_SLIM);
    assert_int_equal(mark_look(-1, "marker", NULL), MARK_NONE);
}

/* What the record does not say is not compared. */
static void test_records_that_say_less(void **state) {
    struct folder *f = *state;
    make_file(f, "a.pcap", "capture");
    make_file(f, "marker", "{\"file\":\"a.pcap\",\"status\":\"ok\"}\n");
    assert_int_equal(look(f), MARK_SLIM);
    make_file(f, "marker", "{\"file\":\"a.pcap\",\"status\":\"ok\",\"in_pkts\":1,\"out_bytes\":7}\n");
    assert_int_equal(look(f), MARK_SLIM);
    make_file(f, "marker", "{\"file\":\"a.pcap\",\"status\":\"ok\",\"in_pkts\":1,\"out_bytes\":8}\nmore");
    assert_int_equal(look(f), MARK_OTHER);
    make_file(f, "marker", "{\"file\":\"a.pcap\",\"status\":\"ok\",\"mtime\":\"1000.000000005\"}");
    assert_int_equal(look(f), MARK_OTHER);
}

/* Without a record it is a signal by its existence. */
static void test_what_holds_no_record(void **state) {
    struct folder *f = *state;
    static char much[MARK_MAX_BYTES + 2];
    make_file(f, "a.pcap", "capture");
    static const char *const TEXTS[] = {"", "\n", "text", "{}", "{\"file\":\"a.pcap\"", "[]"};
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        make_file(f, "marker", TEXTS[i]);
        assert_int_equal(look(f), MARK_SLIM);
    }
    memset(much, ' ', sizeof much - 1);
    memcpy(much, RECORD, sizeof RECORD - 2); /* a line that is too long, with the end far behind */
    make_file(f, "marker", much);
    assert_int_equal(look(f), MARK_SLIM);
    make_file(f, "second", RECORD);
    assert_int_equal(unlinkat(f->fd, "marker", 0), 0);
    assert_int_equal(linkat(f->fd, "second", f->fd, "marker", 0), 0);
    assert_int_equal(look(f), MARK_SLIM); /* a second name of somebody else's file */
    assert_int_equal(unlinkat(f->fd, "second", 0), 0);
    assert_int_equal(look(f), MARK_OTHER);
    assert_int_equal(renameat(f->fd, "marker", f->fd, "elsewhere"), 0);
    assert_int_equal(symlinkat("elsewhere", f->fd, "marker"), 0);
    assert_int_equal(look(f), MARK_SLIM);
    assert_int_equal(unlinkat(f->fd, "marker", 0), 0);
    assert_int_equal(mkfifoat(f->fd, "marker", 0644), 0);
    assert_int_equal(look(f), MARK_SLIM);
    assert_int_equal(unlinkat(f->fd, "marker", 0), 0);
    assert_int_equal(mkdirat(f->fd, "marker", 0755), 0);
    assert_int_equal(look(f), MARK_SLIM);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        IN_FOLDER(test_the_file_of_a_record),
        IN_FOLDER(test_records_that_say_less),
        IN_FOLDER(test_what_holds_no_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

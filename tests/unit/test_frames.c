/*
 * The table of frames, fixtures/frames.txt, row by row: a pass over a capture of that one packet leaves what the oracle
 * left of it, the witness takes that and nothing that differs from it, and of any beginning of the frame neither reads
 * on.
 */
#include "slim.h"
#include "support.h"
#include "witness.h"

enum { ROWS_MIN = 600, LINE_BYTES = 4096, FLOOR = 24 };

static const char TABLE[] = "fixtures/frames.txt"; /* from where tests are run */

struct row {
    unsigned link;
    bool in_tunnels; /* which are looked into, then */
    struct bytes in, out;
    bool kept;
    const char *why;
};

static struct tools {
    struct framing framing;
    struct policy policy, in_tunnels;
    struct slim_terms terms;
    struct sink *sink;
} tools;

static int make_tools(void **state) {
    (void)state;
    tools.terms.policy = &tools.policy;
    tools.sink = sink_open(SINK_NOWHERE, NULL, NULL);
    struct policy_settings all;
    policy_settings_init(&all);
    all.tunnels = TUNNELS_ALL;
    return tools.sink != NULL && policy_init(&tools.policy, NULL, NULL) == 0 &&
                   policy_init(&tools.in_tunnels, &all, NULL) == 0 && framing_init(&tools.framing, NULL) == FRAMING_OK
               ? 0
               : -1;
}

static int drop_tools(void **state) {
    (void)state;
    framing_free(&tools.framing);
    policy_free(&tools.policy);
    policy_free(&tools.in_tunnels);
    sink_free(tools.sink);
    return 0;
}

/* line: its fields are ended in place. */
static struct row row_of(char *line) {
    struct row row;
    char *rest;
    const char *link = strtok_r(line, " ", &rest);
    const char *in = strtok_r(NULL, " ", &rest);
    const char *out = strtok_r(NULL, " ", &rest);
    assert_non_null(out);
    row.link = (unsigned)strtoul(link, NULL, 10);
    row.in_tunnels = strchr(link, '+') != NULL;
    row.in = hex(strcmp(in, "-") == 0 ? "" : in);
    row.kept = strcmp(out, "kept") == 0;
    row.out = row.kept ? row.in : hex(out);
    row.why = rest;
    return row;
}

/* A capture of the first bytes of the row's frame, or of another one in its place. */
static struct capture capture_of(const struct row *row, const struct bytes *frame, size_t length) {
    struct capture c = capture_begin(false, false, 65535, row->link);
    capture_record(&c, 1700000000, 0, (uint32_t)length, (uint32_t)row->in.length);
    capture_put(&c, frame->at, length);
    return c;
}

/* Slim a capture into the file fd. */
static void slim(const struct row *row, const struct capture *c, int fd) {
    struct source source;
    struct tally tally;
    const int in_fd = memory_file(c->at, c->length);
    tools.terms.policy = row->in_tunnels ? &tools.in_tunnels : &tools.policy;
    source_open(&source, in_fd, NULL);
    sink_reset(tools.sink, fd);
    assert_int_equal(slim_pass(&tools.framing, &source, &tools.terms, tools.sink, &tally, NULL), FRAMING_END);
    source_close(&source);
    (void)close(in_fd);
}

/* Whether the witness takes what is in slim_fd for the slim form of a capture. */
static bool witness_takes_file(const struct row *row, int slim_fd, const struct capture *was, struct failure *f) {
    static const uint16_t vxlan[] = {4789, 4790, 8472}, geneve[] = {6081}, gtp[] = {2152};
    static const struct witness_tunnels all = {
        .kinds = TUNNELS_ALL, .vxlan = {vxlan, 3}, .geneve = {geneve, 1}, .gtp = {gtp, 1}};
    struct witness_options options = {.terms.floor_bytes = FLOOR};
    if (row->in_tunnels) {
        options.terms.tunnels = all;
    }
    struct witness_report report;
    const int was_fd = memory_file(was->at, was->length);
    const enum witness_verdict verdict = witness_compare(slim_fd, was_fd, &options, &report, f);
    (void)close(was_fd);
    return verdict == WITNESS_GOOD;
}

static bool witness_takes(const struct row *row, const struct bytes *slim_frame, struct failure *f) {
    struct capture was = capture_of(row, &row->in, row->in.length);
    struct capture is = capture_of(row, slim_frame, slim_frame->length);
    const int is_fd = memory_file(is.at, is.length);
    const bool taken = witness_takes_file(row, is_fd, &was, f);
    (void)close(is_fd);
    capture_free(&was);
    capture_free(&is);
    return taken;
}

/* What came out of slimming the frame. */
static struct bytes frame_in(int fd) {
    struct bytes b = {.length = 0};
    uint8_t whole[24 + 16 + sizeof b.at];
    const ssize_t got = pread(fd, whole, sizeof whole, 0);
    assert_true(got >= 24 + 16);
    b.length = (size_t)got - 24 - 16;
    memcpy(b.at, whole + 24 + 16, b.length);
    return b;
}

static void check_row(const struct row *row) {
    struct failure f = {.text = ""};
    struct capture c = capture_of(row, &row->in, row->in.length);
    const int fd = memory_file("", 0);
    slim(row, &c, fd);
    capture_free(&c);
    const struct bytes got = frame_in(fd);
    if (got.length != row->out.length || memcmp(got.at, row->out.at, got.length) != 0) {
        fail_msg("%s: %zu bytes are left, %zu were expected, or they differ", row->why, got.length, row->out.length);
    }
    if (!witness_takes(row, &row->out, &f)) {
        fail_msg("%s: the witness: %s", row->why, f.text);
    }
    (void)close(fd);
}

/* A bit that is wrong, and a byte too few. Where programs are slow, EVERY says how many bytes are passed over. */
static void check_witness(const struct row *row) {
    const char *every = getenv("EVERY");
    const size_t step = every != NULL && strtoul(every, NULL, 10) > 1 ? strtoul(every, NULL, 10) : 1;
    struct bytes wrong = row->out;
    for (size_t at = row->in.length % step; at < wrong.length; at += step) {
        wrong.at[at] ^= (uint8_t)(1U << at % 8);
        if (witness_takes(row, &wrong, NULL)) {
            fail_msg("%s: the witness takes another byte %zu", row->why, at);
        }
        wrong.at[at] ^= (uint8_t)(1U << at % 8);
    }
    if (wrong.length > 0) {
        wrong.length--;
        assert_false(witness_takes(row, &wrong, NULL));
    }
}

/* Every beginning of the frame, each a packet of one capture: whatever is left of it, the witness agrees. */
static void check_beginnings(const struct row *row) {
    struct failure f = {.text = ""};
    struct capture c = capture_begin(false, false, 65535, row->link);
    for (size_t length = 0; length < row->in.length; length++) {
        capture_record(&c, 1700000000, 0, (uint32_t)length, (uint32_t)row->in.length);
        capture_put(&c, row->in.at, length);
    }
    const int fd = memory_file("", 0);
    slim(row, &c, fd);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    if (!witness_takes_file(row, fd, &c, &f)) {
        fail_msg("%s: its beginnings, packet N of N - 1 bytes: the witness: %s", row->why, f.text);
    }
    (void)close(fd);
    capture_free(&c);
}

static void for_each_row(void (*check)(const struct row *)) {
    char line[LINE_BYTES];
    size_t rows = 0;
    FILE *table = fopen(TABLE, "r");
    if (table == NULL) {
        fail_msg("cannot open %s: tests are run from the top of the tree", TABLE);
    }
    while (fgets(line, sizeof line, table) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '#' && line[0] != '\0') {
            const struct row row = row_of(line);
            check(&row);
            rows++;
        }
    }
    assert_int_equal(fclose(table), 0);
    assert_true(rows >= ROWS_MIN);
}

static void test_rows(void **state) {
    (void)state;
    for_each_row(check_row);
}

static void test_witness(void **state) {
    (void)state;
    for_each_row(check_witness);
}

static void test_beginnings(void **state) {
    (void)state;
    for_each_row(check_beginnings);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_witness),
        cmocka_unit_test(test_beginnings),
    };
    return cmocka_run_group_tests(tests, make_tools, drop_tools);
}

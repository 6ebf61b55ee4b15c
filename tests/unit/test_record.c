/* Records: the keys that pcap-slim-record(5) promises, and that what is written is what is read. */
#include "record.h"
#include "support.h"

#include <jansson.h>

static void fill_numbers(struct record *r, uint64_t value) {
    struct tally *t = &r->tally;
    t->packets = value;
    t->cut_packets = value;
    for (size_t i = 0; i < POLICY_REASONS; i++) {
        t->packets_by_reason[i] = value;
    }
    for (size_t i = 0; i < POLICY_CUT_REASONS; i++) {
        t->saved_bytes_by_reason[i] = value;
    }
    for (size_t i = 0; i < ODDITIES; i++) {
        t->oddities[i] = value;
    }
    t->in_bytes = t->out_bytes = value;
    t->first_sec = t->first_frac = t->last_sec = t->last_frac = (uint32_t)value;
    t->savefile.snaplen_bytes = (uint32_t)value;
    t->savefile.linktype = t->savefile.linktype_high = (uint16_t)value;
    r->digest = r->checked_packets = r->elapsed_ms = r->started_ns = value;
    memset(r->in_sha256, (int)(value & 0xff), sizeof r->in_sha256);
    memset(r->out_sha256, (int)(~value & 0xff), sizeof r->out_sha256);
    r->mtime_sec = (int64_t)value;
    r->mtime_ns = (int64_t)(value % 1000000000);
    struct identity i = {value, value, value, (int64_t)value, (int64_t)value};
    r->source = r->tmp = i;
}

/* A number of its own for every field, so that none is mistaken for another. */
static void number_all(struct record *r) {
    struct tally *t = &r->tally;
    uint64_t n = 1000;
    t->policy = POLICY_FLOW;
    t->packets = n++;
    t->cut_packets = n++;
    for (size_t i = 0; i < POLICY_REASONS; i++) {
        t->packets_by_reason[i] = n++;
    }
    for (size_t i = 0; i < POLICY_CUT_REASONS; i++) {
        t->saved_bytes_by_reason[i] = n++;
    }
    for (size_t i = 0; i < TUNNEL_KINDS; i++) {
        t->packets_by_tunnel[i] = n++;
        t->cut_by_tunnel[i] = n++;
    }
    for (size_t i = 0; i < ODDITIES; i++) {
        t->oddities[i] = n++;
    }
    t->in_bytes = n++;
    t->out_bytes = n++;
    t->first_sec = (uint32_t)n++;
    t->first_frac = (uint32_t)n++;
    t->last_sec = (uint32_t)n++;
    t->last_frac = (uint32_t)n++;
    t->savefile.snaplen_bytes = (uint32_t)n++;
    t->savefile.linktype = (uint16_t)n++;
    t->savefile.linktype_high = (uint16_t)n++;
    r->digest = n++;
    r->checked_packets = n++;
    r->elapsed_ms = n++;
    r->started_ns = n++;
    r->mtime_sec = -(int64_t)n++;
    r->mtime_ns = (int64_t)n++;
    for (size_t i = 0; i < RECORD_SHA256_BYTES; i++) {
        r->in_sha256[i] = (uint8_t)(n + i);
        r->out_sha256[i] = (uint8_t)(0xf0 - i);
    }
    r->source = (struct identity){n, n + 1, n + 2, (int64_t)n + 3, (int64_t)n + 4};
    n += 5;
    r->tmp = (struct identity){n, n + 1, n + 2, (int64_t)n + 3, (int64_t)n + 4};
}

static void set_all(struct record *r, const char *file) {
    assert_int_equal(record_init(r, file), 0);
    r->has_tally = r->has_digest = r->has_elapsed = r->has_source = r->has_tmp = true;
    r->has_in_sha256 = r->has_out_sha256 = r->has_mtime = true;
    r->tally.has_times = true;
    r->status = RECORD_VERIFIED;
    r->check = RECORD_CHECK_FULL;
    r->verdict = RECORD_VERDICT_GOOD;
}

static void expect_same_identity(const struct identity *a, const struct identity *b) {
    assert_int_equal(a->device, b->device);
    assert_int_equal(a->inode, b->inode);
    assert_int_equal(a->size_bytes, b->size_bytes);
    assert_int_equal(a->mtime_sec, b->mtime_sec);
    assert_int_equal(a->mtime_ns, b->mtime_ns);
}

static void expect_same_tally(const struct tally *a, const struct tally *b) {
    assert_int_equal(a->packets, b->packets);
    assert_int_equal(a->cut_packets, b->cut_packets);
    assert_int_equal(a->policy, b->policy);
    assert_memory_equal(a->packets_by_reason, b->packets_by_reason, sizeof a->packets_by_reason);
    assert_memory_equal(a->saved_bytes_by_reason, b->saved_bytes_by_reason, sizeof a->saved_bytes_by_reason);
    assert_memory_equal(a->oddities, b->oddities, sizeof a->oddities);
    assert_int_equal(a->in_bytes, b->in_bytes);
    assert_int_equal(a->out_bytes, b->out_bytes);
    assert_int_equal(a->has_times, b->has_times);
    assert_int_equal(a->first_sec, b->first_sec);
    assert_int_equal(a->first_frac, b->first_frac);
    assert_int_equal(a->last_sec, b->last_sec);
    assert_int_equal(a->last_frac, b->last_frac);
    assert_int_equal(a->savefile.big_endian, b->savefile.big_endian);
    assert_int_equal(a->savefile.nanoseconds, b->savefile.nanoseconds);
    assert_int_equal(a->savefile.linktype, b->savefile.linktype);
    assert_int_equal(a->savefile.linktype_high, b->savefile.linktype_high);
    assert_int_equal(a->savefile.snaplen_bytes, b->savefile.snaplen_bytes);
}

static void expect_same(const struct record *a, const struct record *b) {
    assert_string_equal(a->file, b->file);
    assert_int_equal(a->status, b->status);
    assert_string_equal(a->error.text, b->error.text);
    assert_int_equal(a->has_tally, b->has_tally);
    if (a->has_tally) {
        expect_same_tally(&a->tally, &b->tally);
    }
    assert_int_equal(a->has_digest, b->has_digest);
    assert_int_equal(a->digest, b->digest);
    assert_int_equal(a->has_in_sha256, b->has_in_sha256);
    assert_memory_equal(a->in_sha256, b->in_sha256, sizeof a->in_sha256);
    assert_int_equal(a->has_out_sha256, b->has_out_sha256);
    assert_memory_equal(a->out_sha256, b->out_sha256, sizeof a->out_sha256);
    assert_int_equal(a->has_mtime, b->has_mtime);
    assert_int_equal(a->mtime_sec, b->mtime_sec);
    assert_int_equal(a->mtime_ns, b->mtime_ns);
    assert_int_equal(a->check, b->check);
    assert_int_equal(a->verdict, b->verdict);
    assert_int_equal(a->checked_packets, b->checked_packets);
    assert_int_equal(a->has_elapsed, b->has_elapsed);
    assert_int_equal(a->elapsed_ms, b->elapsed_ms);
    assert_int_equal(a->started_ns, b->started_ns);
    assert_int_equal(a->has_source, b->has_source);
    assert_int_equal(a->has_tmp, b->has_tmp);
    expect_same_identity(&a->source, &b->source);
    expect_same_identity(&a->tmp, &b->tmp);
}

static void expect_round_trip(const struct record *r) {
    char *line = record_format(r, true);
    assert_non_null(line);
    assert_null(strchr(line, '\n'));
    struct record back;
    struct failure f = {.text = ""};
    memset(&back, 0xee, sizeof back);
    if (record_parse(line, &back, &f) != 0) {
        fail_msg("%s: %s", line, f.text);
    }
    expect_same(r, &back);
    record_free(&back);
    free(line);
}

static void test_round_trip(void **state) {
    (void)state;
    static const uint64_t values[] = {
        0, 1, INT32_MAX, UINT32_MAX, UINT64_C(1) << 32, INT64_MAX, UINT64_C(1) << 63, UINT64_MAX, 0x8000};
    struct record r;
    set_all(&r, "/data/a.pcap");
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        for (unsigned dialect = 0; dialect < 4; dialect++) {
            fill_numbers(&r, values[i]);
            r.tally.savefile.big_endian = (dialect & 1) != 0;
            r.tally.savefile.nanoseconds = (dialect & 2) != 0;
            expect_round_trip(&r);
        }
    }
    number_all(&r);
    expect_round_trip(&r);
    r.source.mtime_sec = -1; /* before 1970 */
    expect_round_trip(&r);
    record_free(&r);
}

static void test_every_absence(void **state) {
    (void)state;
    for (unsigned there = 0; there < 512; there++) {
        struct record r;
        assert_int_equal(record_init(&r, "a.pcap"), 0);
        if ((there & 1) != 0) {
            r.has_tally = true;
            r.tally.packets = 3;
        }
        if ((there & 2) != 0) {
            r.has_digest = true;
            r.digest = 7;
        }
        if ((there & 4) != 0) {
            r.has_elapsed = true;
        }
        r.has_source = (there & 8) != 0;
        r.has_tmp = (there & 16) != 0;
        r.tally.has_times = (there & 33) == 33;
        r.has_in_sha256 = (there & 64) != 0;
        r.has_out_sha256 = (there & 128) != 0;
        r.has_mtime = (there & 256) != 0;
        expect_round_trip(&r);
        record_free(&r);
    }
}

static void test_names_of_files(void **state) {
    (void)state;
    static const struct {
        const char *file;
        const char *json; /* how the line begins */
    } rows[] = {
        {"a.pcap", "{\"file\":\"a.pcap\",\"status\":"},
        {"/data/with space.pcap", "{\"file\":\"/data/with space.pcap\",\"status\":"},
        {"new\nline\ttab\x1b", "{\"file\":\"new\\nline\\ttab\\u001B\",\"status\":"},
        {"quote\"back\\slash'", "{\"file\":\"quote\\\"back\\\\slash'\",\"status\":"},
        {"gr\xc3\xbc\xc3\x9f", "{\"file\":\"gr\xc3\xbc\xc3\x9f\",\"status\":"},
        {"\xff.pcap", "{\"file\":\"\xef\xbf\xbd.pcap\",\"file_hex\":\"ff2e70636170\",\"status\":"},
        {"a\xc3\n\x80\xed\xa0\x80", "{\"file\":\"a\xef\xbf\xbd\\n\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\","
                                    "\"file_hex\":\"61c30a80eda080\",\"status\":"},
        {"\xef\xbf\xbd",
         "{\"file\":\"\xef\xbf\xbd\",\"status\":"}, /* the replacement character itself is a fine name */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct record r;
        assert_int_equal(record_init(&r, rows[i].file), 0);
        char *line = record_format(&r, false);
        if (strncmp(line, rows[i].json, strlen(rows[i].json)) != 0) {
            fail_msg("%s", line);
        }
        json_t *o = json_loads(line, 0, NULL); /* a reader that insists on UTF-8 */
        assert_non_null(o);
        json_decref(o);
        free(line);
        expect_round_trip(&r);
        record_free(&r);
    }
    char all[256];
    for (unsigned i = 1; i < 256; i++) {
        all[i - 1] = (char)i;
    }
    all[255] = '\0';
    struct record r;
    assert_int_equal(record_init(&r, all), 0);
    expect_round_trip(&r);
    record_free(&r);
}

static const char *const STATUS_NAMES[RECORD_STATUSES] = {
    [RECORD_OK] = "ok",
    [RECORD_FAIL] = "fail",
    [RECORD_CUTTING] = "cutting",
    [RECORD_CUT] = "cut",
    [RECORD_VERIFIED] = "verified",
    [RECORD_WOULD_SLIM] = "would_slim",
    [RECORD_SKIPPED_MARKER] = "skipped_marker",
    [RECORD_SKIPPED_SYMLINK] = "skipped_symlink",
    [RECORD_SKIPPED_HARDLINK] = "skipped_hardlink",
    [RECORD_SKIPPED_NOT_REGULAR] = "skipped_not_regular",
    [RECORD_SKIPPED_BUSY] = "skipped_busy",
    [RECORD_SKIPPED_FAILED] = "skipped_failed",
    [RECORD_SKIPPED_YOUNG] = "skipped_young",
    [RECORD_SKIPPED_IS_MARKER] = "skipped_is_marker",
};

static void test_statuses(void **state) {
    (void)state;
    for (unsigned s = 0; s < RECORD_STATUSES; s++) {
        struct record r, back;
        char line[96];
        assert_string_equal(record_status_name((enum record_status)s), STATUS_NAMES[s]);
        (void)snprintf(line, sizeof line, "{\"file\":\"a\",\"status\":\"%s\"}", STATUS_NAMES[s]);
        assert_int_equal(record_parse(line, &back, NULL), 0);
        assert_int_equal(back.status, s);
        assert_int_equal(record_is_final(&back), s != RECORD_CUTTING && s != RECORD_CUT && s != RECORD_VERIFIED);
        bool skip = strncmp(STATUS_NAMES[s], "skipped_", 8) == 0;
        assert_int_equal(record_is_skip((enum record_status)s), skip);
        assert_int_equal(record_skip_reason((enum record_status)s) != NULL, skip);
        record_free(&back);
        assert_int_equal(record_init(&r, "a"), 0);
        r.status = (enum record_status)s;
        char *formatted = record_format(&r, false);
        assert_string_equal(formatted, line);
        free(formatted);
        expect_round_trip(&r);
        record_free(&r);
    }
    enum record_status unchanged = RECORD_CUT;
    assert_false(record_status_of_name(NULL, &unchanged));
    assert_false(record_status_of_name("", &unchanged));
    assert_false(record_status_of_name("unknown", &unchanged));
    assert_int_equal(unchanged, RECORD_CUT);
    assert_string_equal(record_skip_reason(RECORD_SKIPPED_MARKER), "marked");
    assert_string_equal(record_skip_reason(RECORD_SKIPPED_SYMLINK), "symbolic link");
    assert_false(record_is_skip(RECORD_STATUSES));
    assert_null(record_skip_reason(RECORD_STATUSES));
    assert_string_equal(record_status_name(RECORD_STATUSES), "unknown");
}

/* How far it is, in an announcement only. */
static void test_announcement(void **state) {
    (void)state;
    struct record r, back;
    assert_int_equal(record_init(&r, "a"), 0);
    r.status = RECORD_CUTTING;
    r.read_bytes = 5000000000;
    r.written_bytes = 7;
    char *line = record_format(&r, true);
    assert_int_equal(record_parse(line, &back, NULL), 0);
    assert_int_equal(back.read_bytes, r.read_bytes);
    assert_int_equal(back.written_bytes, r.written_bytes);
    record_free(&back);
    free(line);
    r.status = RECORD_CUT;
    line = record_format(&r, true);
    assert_null(strstr(line, "_bytes"));
    free(line);
    record_free(&r);
}

/* Hexadecimal digits, all of them and nothing else; a time with nine digits behind the point. */
static void test_digests_and_times_that_are_none(void **state) {
    (void)state;
    static const char *const bad[] = {
        "\"in_sha256\":\"\"",
        "\"in_sha256\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeef\"",
        "\"in_sha256\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0\"",
        "\"in_sha256\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeFF\"",
        "\"out_sha256\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeg0\"",
        "\"out_sha256\":5",
        "\"out_sha256\":null",
        "\"mtime\":\"5\"",
        "\"mtime\":\"5.\"",
        "\"mtime\":\"5.12345678\"",
        "\"mtime\":\"5.1234567890\"",
        "\"mtime\":\"5.-23456789\"",
        "\"mtime\":\".123456789\"",
        "\"mtime\":\"99999999999999999999.123456789\"",
        "\"mtime\":5.5",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct record r;
        char line[160];
        (void)snprintf(line, sizeof line, "{\"file\":\"a\",\"status\":\"ok\",%s}", bad[i]);
        assert_int_equal(record_parse(line, &r, NULL), 0);
        if (r.has_in_sha256 || r.has_out_sha256 || r.has_mtime) {
            fail_msg("%s", line);
        }
        record_free(&r);
    }
}

/* Its keys in their order, up to where more may join. */
static void test_keys_of_the_contract(void **state) {
    (void)state;
    struct record r;
    assert_int_equal(record_init(&r, "/data/a.pcap"), 0);
    r.has_tally = r.has_elapsed = true;
    r.tally.packets = r.tally.cut_packets = 5;
    r.tally.in_bytes = 599;
    r.tally.out_bytes = 494;
    r.elapsed_ms = 1;
    record_fail(&r, FAILURE_OTHER, "why");
    char *line = record_format(&r, false);
    static const char want[] =
        "{\"file\":\"/data/a.pcap\",\"status\":\"fail\",\"in_pkts\":5,\"truncated\":5,\"kept\":0,"
        "\"in_bytes\":599,\"out_bytes\":494,\"elapsed_ms\":1,\"error\":\"why\"";
    assert_int_equal(strncmp(line, want, strlen(want)), 0);
    assert_null(strstr(line, "\"stage\""));
    free(line);
    r.tally.cut_packets = 2;
    line = record_format(&r, false);
    assert_non_null(strstr(line, "\"truncated\":2,\"kept\":3,"));
    free(line);
    record_free(&r);
}

static void test_details(void **state) {
    (void)state;
    struct record r;
    set_all(&r, "a");
    r.tally.packets_by_reason[POLICY_SSH] = 2;
    r.tally.saved_bytes_by_reason[POLICY_SSH] = 99;
    r.tally.packets_by_reason[POLICY_NOT_IP] = 7;
    r.tally.oddities[ODDITY_SLICED] = 1;
    r.tally.savefile = (struct savefile_header){CONTAINER_PCAP, true, true, 1, 0xf400, 96};
    r.tally.first_sec = 4294967295;
    r.tally.first_frac = 5;
    r.tally.last_sec = 0;
    r.tally.last_frac = 4294967295;
    r.digest = 0xabc;
    r.in_sha256[31] = 0xa7;
    r.out_sha256[0] = 0x0f;
    r.out_sha256[1] = 0xb0;
    r.mtime_sec = -12;
    r.mtime_ns = 345;
    r.checked_packets = 9;
    char *line = record_format(&r, false);
    static const char *const parts[] = {
        "\"policy\":\"packet\"",
        "\"by_reason\":{\"ssh\":{\"packets\":2,\"bytes_saved\":99}}",
        "\"kept_by_reason\":{\"not_ip\":7}",
        "\"linktype\":1,\"linktype_high\":62464",
        "\"byte_order\":\"big\"",
        "\"resolution\":\"ns\"",
        "\"snaplen\":96",
        "\"first_timestamp\":\"4294967295.000000005\"",
        "\"last_timestamp\":\"0.4294967295\"",
        "\"oddities\":{\"sliced\":1}",
        "\"digest\":\"xxh3:0000000000000abc\"",
        "\"in_sha256\":\"00000000000000000000000000000000000000000000000000000000000000a7\"",
        "\"out_sha256\":\"0fb0000000000000000000000000000000000000000000000000000000000000\"",
        "\"mtime\":\"-12.000000345\"",
        "\"check\":\"full\"",
        "\"verdict\":\"good\",\"checked_pkts\":9",
    };
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        if (strstr(line, parts[i]) == NULL) {
            fail_msg("no %s in %s", parts[i], line);
        }
    }
    free(line);
    r.tally.savefile.big_endian = r.tally.savefile.nanoseconds = false;
    r.verdict = RECORD_VERDICT_BAD;
    r.check = RECORD_CHECK_COUNT;
    line = record_format(&r, false);
    assert_non_null(strstr(line, "\"byte_order\":\"little\",\"resolution\":\"us\""));
    assert_non_null(strstr(line, "\"first_timestamp\":\"4294967295.000005\""));
    assert_non_null(strstr(line, "\"check\":\"count\",\"verdict\":\"bad\""));
    free(line);
    expect_round_trip(&r);
    record_free(&r);
}

/* What is to be done hangs on the kind, so it comes through a pipe; a record without one has none in particular. */
static void test_error_kinds(void **state) {
    (void)state;
    for (int kind = 0; kind < FAILURE_KINDS; kind++) {
        struct record r;
        struct record back;
        assert_int_equal(record_init(&r, "a"), 0);
        record_fail(&r, (enum failure_kind)kind, "why");
        char *line = record_format(&r, false);
        assert_non_null(line);
        assert_true((strstr(line, "error_kind") == NULL) == (kind == FAILURE_OTHER));
        assert_int_equal(record_parse(line, &back, NULL), 0);
        assert_int_equal(back.error.kind, kind);
        assert_string_equal(back.error.text, "why");
        free(line);
        record_free(&r);
        record_free(&back);
    }
    struct record r;
    static const char line[] = "{\"file\":\"a\",\"status\":\"fail\",\"error\":\"x\",\"error_kind\":\"none of ours\"}";
    assert_int_equal(record_parse(line, &r, NULL), 0);
    assert_int_equal(r.error.kind, FAILURE_OTHER);
    record_free(&r);
}

static void test_errors(void **state) {
    (void)state;
    struct record r, back;
    char longer[3 * FAILURE_TEXT_BYTES];
    assert_int_equal(record_init(&r, "a"), 0);
    r.status = RECORD_OK;
    record_fail(&r, FAILURE_OTHER, "tab\tquote\" newline\n and gr\xc3\xbc\xc3\x9f");
    assert_int_equal(r.status, RECORD_FAIL);
    expect_round_trip(&r);

    record_fail(&r, FAILURE_OTHER, "bad \xff\xfe name"); /* as a message that quotes a name may be */
    char *line = record_format(&r, true);
    assert_int_equal(record_parse(line, &back, NULL), 0);
    assert_string_equal(back.error.text, "bad \xef\xbf\xbd\xef\xbf\xbd name");
    record_free(&back);
    free(line);

    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    longer[510] = (char)0xc3; /* two bytes, of which one is left */
    longer[511] = (char)0xbc;
    record_fail(&r, FAILURE_OTHER, longer);
    assert_int_equal(strlen(r.error.text), 511);
    line = record_format(&r, true);
    assert_int_equal(record_parse(line, &back, NULL), 0);
    assert_int_equal(strlen(back.error.text), 511);
    char *again = record_format(&back, true);
    assert_non_null(again);
    free(again);
    record_free(&back);
    free(line);
    record_free(&r);
}

static void test_garbage(void **state) {
    (void)state;
    static const struct {
        const char *line, *words;
    } rows[] = {
        {"", "not a record"},
        {"garbage", "not a record"},
        {"[]", "not a record: no JSON object"},
        {"[{\"file\":\"a\",\"status\":\"ok\"}]", "not a record: no JSON object"},
        {"{}", "no file"},
        {"{\"status\":\"ok\"}", "no file"},
        {"{\"file\":1,\"status\":\"ok\"}", "no file"},
        {"{\"file\":null,\"status\":\"ok\"}", "no file"},
        {"{\"file\":\"a\"}", "no status"},
        {"{\"file\":\"a\",\"status\":\"great\"}", "no status"},
        {"{\"file\":\"a\",\"status\":\"OK\"}", "no status"},
        {"{\"file\":\"a\",\"status\":0}", "no status"},
        {"{\"file\":\"a\",\"status\":\"\"}", "no status"},
        {"{\"file\":\"a\",\"file\":\"b\",\"status\":\"ok\"}", "not a record"},
        {"{\"file\":\"a\",\"status\":\"ok\",\"status\":\"fail\"}", "not a record"},
        {"{\"file\":\"a\",\"status\":\"ok\"", "not a record"},
        {"{\"file\":\"a\",\"status\":\"ok\"} more", "not a record"},
        {"{\"file\":\"a\",\"status\":\"ok\"}{\"file\":\"b\",\"status\":\"ok\"}", "not a record"},
        {"{\"file\":\"\xff\",\"status\":\"ok\"}", "not a record"},
        {"{\"file\":\"a\",\"file_hex\":\"6\",\"status\":\"ok\"}", "no file"},
        {"{\"file\":\"a\",\"file_hex\":\"6100\",\"status\":\"ok\"}", "no file"},
        {"{\"file\":\"a\",\"file_hex\":\"FF\",\"status\":\"ok\"}", "no file"},
        {"{\"file\":\"a\\u0000b\",\"status\":\"ok\"}", "not a record"},
        {"{\"file\":\"a\",\"status\":\"ok\",\"in_pkts\":99999999999999999999}", "not a record"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct record r;
        struct failure f = {.text = ""};
        char *exact = (char *)exact_copy(rows[i].line, strlen(rows[i].line) + 1);
        int status = record_parse(exact, &r, &f);
        free(exact);
        if (status != -1 || strstr(f.text, rows[i].words) == NULL) {
            fail_msg("%s: %d '%s'", rows[i].line, status, f.text);
        }
    }
}

/* What is missing, of another type or unknown is passed over where nobody needs it. */
static void test_tolerated(void **state) {
    (void)state;
    struct record r;
    assert_int_equal(
        record_parse(" { \"status\" : \"cut\" , \"file\" : \"a\" , \"unknown\" : [1,{\"file\":\"b\"}] , "
                     "\"in_pkts\":\"5\", \"elapsed_ms\":1.5, \"digest\":\"md5:00\", \"check\":7, \"verdict\":\"fine\","
                     "\"stage\":{\"source\":[], \"tmp\":null}, \"error\":3 } ",
                     &r, NULL),
        0);
    assert_string_equal(r.file, "a");
    assert_int_equal(r.status, RECORD_CUT);
    assert_false(r.has_tally);
    assert_false(r.has_elapsed);
    assert_false(r.has_digest);
    assert_false(r.has_source);
    assert_false(r.has_tmp);
    assert_int_equal(r.check, RECORD_CHECK_NONE);
    assert_int_equal(r.verdict, RECORD_VERDICT_NONE);
    assert_string_equal(r.error.text, "");
    record_free(&r);
    record_free(&r);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_every_absence),
        cmocka_unit_test(test_names_of_files),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_announcement),
        cmocka_unit_test(test_digests_and_times_that_are_none),
        cmocka_unit_test(test_keys_of_the_contract),
        cmocka_unit_test(test_details),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_error_kinds),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_tolerated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "accept.h"
#include "names.h"
#include "record.h"
#include "record_files.h"
#include "record_interfaces.h"
#include "record_members.h"
#include "record_tunnels.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const CHECK_NAMES[RECORD_CHECKS] = {
    [RECORD_CHECK_NONE] = "none",
    [RECORD_CHECK_COUNT] = "count",
    [RECORD_CHECK_FULL] = "full",
};

static const char *const VERDICT_NAMES[RECORD_VERDICTS] = {
    [RECORD_VERDICT_NONE] = "none",
    [RECORD_VERDICT_GOOD] = "good",
    [RECORD_VERDICT_BAD] = "bad",
    [RECORD_VERDICT_UNKNOWN] = "unknown",
};

#define DIGEST_PREFIX "xxh3:"
#define DIGEST_DIGITS 16
#define SHA256_DIGITS ((size_t)2 * RECORD_SHA256_BYTES)

/* ---- out ---- */

static int format_file(json_t *o, const char *file) {
    char *shown = names_utf8(file);
    int bad = json_object_set_new(o, "file", shown != NULL ? json_string(shown) : NULL);
    free(shown);
    if (bad == 0 && !names_is_utf8(file)) {
        char *hex = names_to_hex(file);
        bad = json_object_set_new(o, "file_hex", hex != NULL ? json_string(hex) : NULL);
        free(hex);
    }
    return bad;
}

static json_t *timestamp(const struct savefile_header *h, uint32_t sec, uint32_t frac) {
    return json_sprintf(h->nanoseconds ? "%" PRIu32 ".%09" PRIu32 : "%" PRIu32 ".%06" PRIu32, sec, frac);
}

static json_t *format_cut_reasons(const struct tally *t) {
    json_t *all = json_object();
    int bad = 0;
    for (int r = 0; r < POLICY_CUT_REASONS; r++) {
        if (t->packets_by_reason[r] > 0) {
            json_t *one = json_object();
            bad |= json_object_set_new(one, "packets", record_number(t->packets_by_reason[r]));
            bad |= json_object_set_new(one, "bytes_saved", record_number(t->saved_bytes_by_reason[r]));
            if (t->zeroed_bytes_by_reason[r] > 0) {
                bad |= json_object_set_new(one, "bytes_zeroed", record_number(t->zeroed_bytes_by_reason[r]));
            }
            bad |= json_object_set_new(all, policy_reason_name((enum policy_reason)r), one);
        }
    }
    return record_whole(all, bad);
}

static json_t *format_keep_reasons(const struct tally *t) {
    json_t *all = json_object();
    int bad = 0;
    for (int r = POLICY_CUT_REASONS; r < POLICY_REASONS; r++) {
        if (t->packets_by_reason[r] > 0) {
            bad |= json_object_set_new(all, policy_reason_name((enum policy_reason)r),
                                       record_number(t->packets_by_reason[r]));
        }
    }
    return record_whole(all, bad);
}

static json_t *format_oddities(const struct tally *t) {
    json_t *all = json_object();
    int bad = 0;
    for (int i = 0; i < ODDITIES; i++) {
        if (t->oddities[i] > 0) {
            bad |= json_object_set_new(all, oddity_name((enum oddity)i), record_number(t->oddities[i]));
        }
    }
    return record_whole(all, bad);
}

static int format_policy(json_t *o, const struct record *r) {
    int bad = json_object_set_new(o, "length_mode", json_string(cut_mode_name(r->cut.mode)));
    bad |= json_object_set_new(o, "checksum", json_string(cut_checksum_name(r->cut.checksum)));
    bad |= json_object_set_new(o, "policy_digest", json_sprintf(DIGEST_PREFIX "%016" PRIx64, r->policy_digest));
    if (r->policy_text != NULL) {
        char *shown = names_utf8(r->policy_text);
        bad |= json_object_set_new(o, "policy_text", shown != NULL ? json_string(shown) : NULL);
        free(shown);
    }
    return bad;
}

static int format_tally(json_t *o, const struct tally *t) {
    int bad = json_object_set_new(o, "in_pkts", record_number(t->packets));
    bad |= json_object_set_new(o, "truncated", record_number(t->cut_packets));
    bad |= json_object_set_new(o, "kept", record_number(t->packets - t->cut_packets));
    bad |= json_object_set_new(o, "in_bytes", record_number(t->in_bytes));
    bad |= json_object_set_new(o, "out_bytes", record_number(t->out_bytes));
    if (t->zeroed_bytes > 0) {
        bad |= json_object_set_new(o, "zeroed_bytes", record_number(t->zeroed_bytes));
    }
    if (t->tail_bytes > 0) {
        bad |= json_object_set_new(o, "tail_bytes", record_number(t->tail_bytes));
    }
    return bad;
}

static int format_details(json_t *o, const struct tally *t) {
    const struct savefile_header *h = &t->savefile;
    int bad = json_object_set_new(o, "policy", json_string(policy_kind_name(t->policy)));
    bad |= json_object_set_new(o, "by_reason", format_cut_reasons(t));
    bad |= json_object_set_new(o, "kept_by_reason", format_keep_reasons(t));
    bad |= record_tunnels_format(o, t);
    bad |= record_interfaces_format(o, t);
    bad |= json_object_set_new(o, "linktype", record_number(h->linktype));
    bad |= json_object_set_new(o, "linktype_high", record_number(h->linktype_high));
    bad |= json_object_set_new(o, "byte_order", json_string(h->big_endian ? "big" : "little"));
    bad |= json_object_set_new(o, "resolution", json_string(h->nanoseconds ? "ns" : "us"));
    bad |= json_object_set_new(o, "snaplen", record_number(h->snaplen_bytes));
    if (t->has_times) {
        bad |= json_object_set_new(o, "first_timestamp", timestamp(h, t->first_sec, t->first_frac));
        bad |= json_object_set_new(o, "last_timestamp", timestamp(h, t->last_sec, t->last_frac));
    }
    bad |= json_object_set_new(o, "oddities", format_oddities(t));
    return bad;
}

static int format_accepted(json_t *o, unsigned accepted) {
    int bad = 0;
    if ((accepted & ACCEPT_ALL) != ACCEPT_NONE) {
        char list[ACCEPT_LIST_BYTES];
        bad |= json_object_set_new(o, "accept", json_string(accept_words(accepted, list)));
    }
    if ((accepted & ACCEPT_CUT_TAIL) != 0) {
        bad |= json_object_set_new(o, "cut_tail", json_string("keep"));
    }
    return bad;
}

static json_t *format_identity(const struct identity *i) {
    return json_pack("{s:I,s:I,s:I,s:I,s:I}", "device", (json_int_t)i->device, "inode", (json_int_t)i->inode, "size",
                     (json_int_t)i->size_bytes, "mtime_sec", (json_int_t)i->mtime_sec, "mtime_ns",
                     (json_int_t)i->mtime_ns);
}

static int format_error(json_t *o, const struct record *r) {
    char *shown = names_utf8(r->error.text); /* it may quote a file name */
    int bad = json_object_set_new(o, "error", json_string(shown != NULL ? shown : "out of memory"));
    free(shown);
    if (r->error.kind != FAILURE_OTHER) {
        bad |= json_object_set_new(o, "error_kind", json_string(failure_kind_name(r->error.kind)));
    }
    return bad;
}

static int format_sha256(json_t *o, const char *key, const uint8_t *digest) {
    char text[SHA256_DIGITS + 1];
    for (size_t i = 0; i < RECORD_SHA256_BYTES; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", (unsigned)digest[i]);
    }
    return json_object_set_new(o, key, json_string(text));
}

static int format_check(json_t *o, const struct record *r) {
    int bad = 0;
    if (r->has_in_sha256) {
        bad |= format_sha256(o, "in_sha256", r->in_sha256);
    }
    if (r->has_out_sha256) {
        bad |= format_sha256(o, "out_sha256", r->out_sha256);
    }
    if (r->has_mtime) {
        bad |= json_object_set_new(o, "mtime",
                                   json_sprintf("%lld.%09lld", (long long)r->mtime_sec, (long long)r->mtime_ns));
    }
    if (r->has_digest) {
        bad |= json_object_set_new(o, "digest", json_sprintf(DIGEST_PREFIX "%016" PRIx64, r->digest));
    }
    if (r->check != RECORD_CHECK_NONE) {
        bad |= json_object_set_new(o, "check", json_string(CHECK_NAMES[r->check]));
    }
    if (r->verdict != RECORD_VERDICT_NONE) {
        bad |= json_object_set_new(o, "verdict", json_string(VERDICT_NAMES[r->verdict]));
        bad |= json_object_set_new(o, "checked_pkts", record_number(r->checked_packets));
    }
    return bad;
}

static int format_stage(json_t *o, const struct record *r) {
    json_t *stage = json_object();
    int bad = json_object_set_new(stage, "started_ns", record_number(r->started_ns));
    if (r->has_source) {
        bad |= json_object_set_new(stage, "source", format_identity(&r->source));
    }
    if (r->has_tmp) {
        bad |= json_object_set_new(stage, "tmp", format_identity(&r->tmp));
    }
    if (r->status == RECORD_CUTTING) {
        bad |= json_object_set_new(stage, "read_bytes", record_number(r->read_bytes));
        bad |= json_object_set_new(stage, "written_bytes", record_number(r->written_bytes));
    }
    bad |= json_object_set_new(o, "stage", stage);
    return bad;
}

/* Not json_dumps(), which leaves out a key when it lacks memory for it and says nothing. */
static char *dump(const json_t *o) {
    const size_t length_bytes = json_dumpb(o, NULL, 0, JSON_COMPACT);
    char *line = length_bytes > 0 ? malloc(length_bytes + 1) : NULL;
    if (line != NULL && json_dumpb(o, line, length_bytes, JSON_COMPACT) != length_bytes) {
        free(line);
        return NULL;
    }
    if (line != NULL) {
        line[length_bytes] = '\0';
    }
    return line;
}

char *record_format(const struct record *r, bool between_stages) {
    json_t *o = json_object();
    int bad = r->file != NULL ? format_file(o, r->file) : 0;
    bad |= json_object_set_new(o, "status", json_string(record_status_name(r->status)));
    if (r->has_tally) {
        bad |= format_tally(o, &r->tally) | record_files_format(o, r);
    }
    if (r->has_elapsed) {
        bad |= json_object_set_new(o, "elapsed_ms", record_number(r->elapsed_ms));
    }
    if (r->error.text[0] != '\0') {
        bad |= format_error(o, r);
    }
    if (r->has_tally) {
        bad |= format_details(o, &r->tally);
    }
    if (r->has_policy) {
        bad |= format_policy(o, r);
    }
    bad |= format_accepted(o, r->accepted);
    bad |= format_check(o, r);
    if (between_stages) {
        bad |= format_stage(o, r);
    }
    char *line = bad == 0 ? dump(o) : NULL;
    json_decref(o);
    return line;
}

char *record_format_line(const struct record *r, bool between_stages) {
    char *line = record_format(r, between_stages);
    char *text = line != NULL ? realloc(line, strlen(line) + 2) : NULL;
    if (text == NULL) {
        free(line);
        return NULL;
    }
    memcpy(text + strlen(text), "\n", 2);
    return text;
}

/* ---- in ---- */

static int parse_name(const json_t *o, const char *key, const char *const *names, int count, int *out) {
    const char *text = json_string_value(json_object_get(o, key));
    for (int i = 0; text != NULL && i < count; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = i;
            return 0;
        }
    }
    return -1;
}

static void parse_timestamp(const json_t *o, const char *key, uint32_t *sec, uint32_t *frac) {
    const char *text = json_string_value(json_object_get(o, key));
    if (text != NULL && isdigit((unsigned char)text[0])) {
        char *point;
        *sec = (uint32_t)strtoul(text, &point, 10);
        *frac = *point == '.' && isdigit((unsigned char)point[1]) ? (uint32_t)strtoul(point + 1, NULL, 10) : 0;
    }
}

static void parse_tally(const json_t *o, struct tally *t) {
    t->packets = record_get_number(o, "in_pkts");
    t->cut_packets = record_get_number(o, "truncated");
    t->in_bytes = record_get_number(o, "in_bytes");
    t->out_bytes = record_get_number(o, "out_bytes");
    t->zeroed_bytes = record_get_number(o, "zeroed_bytes");
    t->tail_bytes = record_get_number(o, "tail_bytes");
    if (!policy_kind_of_name(json_string_value(json_object_get(o, "policy")), &t->policy)) {
        t->policy = POLICY_PACKET; /* records were made before there were others */
    }
    const json_t *cut = json_object_get(o, "by_reason");
    const json_t *kept = json_object_get(o, "kept_by_reason");
    for (int r = 0; r < POLICY_REASONS; r++) {
        const char *name = policy_reason_name((enum policy_reason)r);
        if (r < POLICY_CUT_REASONS) {
            const json_t *one = json_object_get(cut, name);
            t->packets_by_reason[r] = record_get_number(one, "packets");
            t->saved_bytes_by_reason[r] = record_get_number(one, "bytes_saved");
            t->zeroed_bytes_by_reason[r] = record_get_number(one, "bytes_zeroed");
        } else {
            t->packets_by_reason[r] = record_get_number(kept, name);
        }
    }
    record_tunnels_parse(o, t);
    const json_t *oddities = json_object_get(o, "oddities");
    for (int i = 0; i < ODDITIES; i++) {
        t->oddities[i] = record_get_number(oddities, oddity_name((enum oddity)i));
    }
    const char *order = json_string_value(json_object_get(o, "byte_order"));
    const char *resolution = json_string_value(json_object_get(o, "resolution"));
    t->savefile.big_endian = order != NULL && strcmp(order, "big") == 0;
    t->savefile.nanoseconds = resolution != NULL && strcmp(resolution, "ns") == 0;
    t->savefile.linktype = (uint16_t)record_get_number(o, "linktype");
    t->savefile.linktype_high = (uint16_t)record_get_number(o, "linktype_high");
    t->savefile.snaplen_bytes = (uint32_t)record_get_number(o, "snaplen");
    record_interfaces_parse(o, t);
    t->has_times = json_object_get(o, "first_timestamp") != NULL;
    parse_timestamp(o, "first_timestamp", &t->first_sec, &t->first_frac);
    parse_timestamp(o, "last_timestamp", &t->last_sec, &t->last_frac);
}

static bool parse_identity(const json_t *o, struct identity *out) {
    if (!json_is_object(o)) {
        return false;
    }
    out->device = record_get_number(o, "device");
    out->inode = record_get_number(o, "inode");
    out->size_bytes = record_get_number(o, "size");
    out->mtime_sec = (int64_t)record_get_number(o, "mtime_sec");
    out->mtime_ns = (int64_t)record_get_number(o, "mtime_ns");
    return true;
}

static bool parse_digest(const json_t *o, const char *key, uint64_t *out) {
    const char *text = json_string_value(json_object_get(o, key));
    const size_t prefix_length = sizeof DIGEST_PREFIX - 1;
    if (text != NULL && strncmp(text, DIGEST_PREFIX, prefix_length) == 0 &&
        strlen(text) == prefix_length + DIGEST_DIGITS &&
        strspn(text + prefix_length, "0123456789abcdef") == DIGEST_DIGITS) {
        *out = strtoull(text + prefix_length, NULL, 16);
        return true;
    }
    return false;
}

static unsigned hex_value(char digit) {
    return digit <= '9' ? (unsigned)(digit - '0') : (unsigned)(digit - 'a') + 10;
}

static bool parse_sha256(const json_t *o, const char *key, uint8_t *out) {
    const char *text = json_string_value(json_object_get(o, key));
    if (text == NULL || strlen(text) != SHA256_DIGITS || strspn(text, "0123456789abcdef") != SHA256_DIGITS) {
        return false;
    }
    for (size_t i = 0; i < RECORD_SHA256_BYTES; i++) {
        out[i] = (uint8_t)(hex_value(text[2 * i]) << 4 | hex_value(text[2 * i + 1]));
    }
    return true;
}

/* Seconds, which may be below 0, and nine digits. */
static bool parse_mtime(const json_t *o, int64_t *sec, int64_t *ns) {
    const char *text = json_string_value(json_object_get(o, "mtime"));
    char *point = NULL;
    errno = 0;
    const long long seconds = text != NULL ? strtoll(text, &point, 10) : 0;
    if (text == NULL || errno != 0 || point == text || *point != '.' || strlen(point + 1) != 9 ||
        strspn(point + 1, "0123456789") != 9) {
        return false;
    }
    *sec = seconds;
    *ns = strtoll(point + 1, NULL, 10);
    return true;
}

/* Without all of it there is none: a record of another version. */
static int parse_policy(const json_t *o, struct record *out, struct failure *f) {
    const char *const modes[CUT_MODES] = {cut_mode_name(CUT_REWRITE), cut_mode_name(CUT_SNAP), cut_mode_name(CUT_ZERO)};
    const char *const checksums[CUT_CHECKSUMS] = {cut_checksum_name(CUT_COMPUTE), cut_checksum_name(CUT_INCREMENTAL),
                                                  cut_checksum_name(CUT_KEEP)};
    int mode = 0;
    int checksum = 0;
    uint64_t digest = 0;
    if (parse_name(o, "length_mode", modes, CUT_MODES, &mode) == 0 &&
        parse_name(o, "checksum", checksums, CUT_CHECKSUMS, &checksum) == 0 &&
        parse_digest(o, "policy_digest", &digest)) {
        const struct cut_terms cut = {(enum cut_mode)mode, (enum cut_checksum)checksum};
        const char *text = json_string_value(json_object_get(o, "policy_text"));
        return record_set_policy(out, cut, digest, text) == 0 ? 0 : failure_memory(f);
    }
    return 0;
}

static void parse_error(const json_t *o, struct failure *out) {
    const char *error = json_string_value(json_object_get(o, "error"));
    const char *names[FAILURE_KINDS];
    int kind = FAILURE_OTHER;
    for (int i = 0; i < FAILURE_KINDS; i++) {
        names[i] = failure_kind_name((enum failure_kind)i);
    }
    (void)parse_name(o, "error_kind", names, FAILURE_KINDS, &kind);
    if (error != NULL) {
        failure_of((enum failure_kind)kind, out, "%s", error);
    }
}

static void parse_accepted(const json_t *o, unsigned *accepted) {
    const char *words = json_string_value(json_object_get(o, "accept"));
    const char *cut_tail = json_string_value(json_object_get(o, "cut_tail"));
    if (words != NULL) {
        (void)accept_of_words(words, accepted);
    }
    if (cut_tail != NULL && strcmp(cut_tail, "keep") == 0) {
        *accepted |= ACCEPT_CUT_TAIL;
    }
}

static int parse_object(const json_t *o, struct record *out, struct failure *f) {
    const char *hex = json_string_value(json_object_get(o, "file_hex"));
    const char *file = json_string_value(json_object_get(o, "file"));
    if (hex != NULL) {
        out->file = names_from_hex(hex);
    } else if (file != NULL) {
        out->file = strdup(file);
    }
    if (out->file == NULL) {
        return failure_set(f, "not a record: no file in it");
    }
    if (!record_status_of_name(json_string_value(json_object_get(o, "status")), &out->status)) {
        return failure_set(f, "not a record: no status that is known");
    }
    parse_error(o, &out->error);
    out->has_tally = json_is_integer(json_object_get(o, "in_pkts"));
    if (out->has_tally) {
        parse_tally(o, &out->tally);
        record_files_parse(o, out);
    }
    parse_accepted(o, &out->accepted);
    out->has_digest = parse_digest(o, "digest", &out->digest);
    out->has_in_sha256 = parse_sha256(o, "in_sha256", out->in_sha256);
    out->has_out_sha256 = parse_sha256(o, "out_sha256", out->out_sha256);
    out->has_mtime = parse_mtime(o, &out->mtime_sec, &out->mtime_ns);
    if (parse_policy(o, out, f) != 0) {
        return -1;
    }
    int check = RECORD_CHECK_NONE;
    (void)parse_name(o, "check", CHECK_NAMES, RECORD_CHECKS, &check);
    out->check = (enum record_check)check;
    int verdict = RECORD_VERDICT_NONE;
    (void)parse_name(o, "verdict", VERDICT_NAMES, RECORD_VERDICTS, &verdict);
    out->verdict = (enum record_verdict)verdict;
    out->checked_packets = record_get_number(o, "checked_pkts");
    out->has_elapsed = json_is_integer(json_object_get(o, "elapsed_ms"));
    out->elapsed_ms = record_get_number(o, "elapsed_ms");
    const json_t *stage = json_object_get(o, "stage");
    out->started_ns = record_get_number(stage, "started_ns");
    out->has_source = parse_identity(json_object_get(stage, "source"), &out->source);
    out->has_tmp = parse_identity(json_object_get(stage, "tmp"), &out->tmp);
    out->read_bytes = record_get_number(stage, "read_bytes");
    out->written_bytes = record_get_number(stage, "written_bytes");
    return 0;
}

int record_parse(const char *line, struct record *out, struct failure *f) {
    (void)record_init(out, NULL);
    json_error_t error;
    json_t *o = json_loads(line, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(o)) {
        json_decref(o);
        return failure_set(f, "not a record: %s", o == NULL ? error.text : "no JSON object");
    }
    int status = parse_object(o, out, f);
    json_decref(o);
    if (status != 0) {
        record_free(out);
    }
    return status;
}

#include "record.h"

#include "clock.h"

#include <stdlib.h>
#include <string.h>

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

int record_init(struct record *r, const char *file) {
    memset(r, 0, sizeof *r);
    if (file != NULL) {
        r->file = strdup(file);
    }
    return file == NULL || r->file != NULL ? 0 : -1;
}

void record_fail(struct record *r, enum failure_kind kind, const char *error) {
    r->status = RECORD_FAIL;
    (void)failure_of(kind, &r->error, "%s", error);
}

void record_retract(struct record *r) {
    r->status = RECORD_FAIL;
    r->has_tally = r->has_policy = r->has_digest = r->has_in_sha256 = r->has_out_sha256 = false;
}

static bool is_compressed(const struct record *r) {
    return r->in_codec != CODEC_NONE || r->out_codec != CODEC_NONE;
}

uint64_t record_out_file_bytes(const struct record *r) {
    return is_compressed(r) ? r->out_file_bytes : r->tally.out_bytes;
}

uint64_t record_in_file_bytes(const struct record *r) {
    return is_compressed(r) ? r->in_file_bytes : r->tally.in_bytes;
}

void record_stop(struct record *r) {
    r->has_elapsed = true;
    r->elapsed_ms = (clock_ns(CLOCK_MONOTONIC) - r->started_ns) / 1000000;
}

bool record_is_skip(enum record_status s) {
    return s >= RECORD_SKIPPED_MARKER && s < RECORD_STATUSES;
}

bool record_is_final(const struct record *r) {
    return r->status != RECORD_CUTTING && r->status != RECORD_CUT && r->status != RECORD_VERIFIED;
}

const char *record_status_name(enum record_status s) {
    return (unsigned)s < RECORD_STATUSES ? STATUS_NAMES[s] : "unknown";
}

bool record_status_of_name(const char *name, enum record_status *out) {
    for (int i = 0; name != NULL && i < RECORD_STATUSES; i++) {
        if (strcmp(name, STATUS_NAMES[i]) == 0) {
            *out = (enum record_status)i;
            return true;
        }
    }
    return false;
}

const char *record_skip_reason(enum record_status s) {
    static const char *const reasons[RECORD_STATUSES] = {
        [RECORD_SKIPPED_MARKER] = "marked",
        [RECORD_SKIPPED_SYMLINK] = "symbolic link",
        [RECORD_SKIPPED_HARDLINK] = "several hard links",
        [RECORD_SKIPPED_NOT_REGULAR] = "not a regular file",
        [RECORD_SKIPPED_BUSY] = "another run is at work on it",
        [RECORD_SKIPPED_FAILED] = "failed before",
        [RECORD_SKIPPED_YOUNG] =
            "too young: changed less than 5 minutes ago, and whether a process writes to it cannot be told",
        [RECORD_SKIPPED_IS_MARKER] = "no capture: in a directory of markers",
    };
    return (unsigned)s < RECORD_STATUSES ? reasons[s] : NULL;
}

int record_set_policy(struct record *r, struct cut_terms cut, uint64_t digest, const char *text) {
    free(r->policy_text);
    r->policy_text = text != NULL ? strdup(text) : NULL;
    r->has_policy = text == NULL || r->policy_text != NULL;
    r->cut = cut;
    r->policy_digest = digest;
    return r->has_policy ? 0 : -1;
}

void record_free(struct record *r) {
    free(r->file);
    free(r->policy_text);
    r->file = r->policy_text = NULL;
}

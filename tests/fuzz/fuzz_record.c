/*
 * What stages read from a pipe: lines, and a record in each. A record that is read can be written, and reading what was
 * written gives the same record.
 */
#include "fuzz.h"
#include "record.h"
#include "tokens.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void must_be_sound(const struct record *r) {
    FUZZ_MUST(r->file != NULL && strlen(r->file) < TOKENS_MAX_BYTES);
    FUZZ_MUST((unsigned)r->status < RECORD_STATUSES);
    FUZZ_MUST((unsigned)r->check < RECORD_CHECKS && (unsigned)r->verdict < RECORD_VERDICTS);
    FUZZ_MUST(memchr(r->error.text, '\0', sizeof r->error.text) != NULL);
    FUZZ_MUST(record_status_name(r->status) != NULL);
}

static void must_be_same(const struct record *a, const struct record *b) {
    FUZZ_MUST(strcmp(a->file, b->file) == 0 && a->status == b->status);
    FUZZ_MUST(a->has_tally == b->has_tally && a->has_digest == b->has_digest && a->digest == b->digest);
    FUZZ_MUST(a->has_in_sha256 == b->has_in_sha256 && memcmp(a->in_sha256, b->in_sha256, sizeof a->in_sha256) == 0);
    FUZZ_MUST(a->has_out_sha256 == b->has_out_sha256 &&
              memcmp(a->out_sha256, b->out_sha256, sizeof a->out_sha256) == 0);
    FUZZ_MUST(a->has_mtime == b->has_mtime && a->mtime_sec == b->mtime_sec && a->mtime_ns == b->mtime_ns);
    FUZZ_MUST(a->check == b->check && a->verdict == b->verdict);
    FUZZ_MUST(a->has_source == b->has_source && a->has_tmp == b->has_tmp && a->started_ns == b->started_ns);
    FUZZ_MUST(a->tally.packets == b->tally.packets && a->tally.out_bytes == b->tally.out_bytes);
    FUZZ_MUST(!a->has_source || identity_same(&a->source, &b->source));
    FUZZ_MUST(!a->has_tmp || identity_same(&a->tmp, &b->tmp));
}

static void one_line(const char *line) {
    struct record r;
    struct record again;
    struct failure failure = {.text = ""};
    if (record_parse(line, &r, &failure) != 0) {
        FUZZ_MUST(failure.text[0] != '\0');
        return;
    }
    must_be_sound(&r);
    char *text = record_format(&r, true);
    FUZZ_MUST(text != NULL && strchr(text, '\n') == NULL);
    FUZZ_MUST(record_parse(text, &again, &failure) == 0);
    must_be_same(&r, &again);
    char *twice = record_format(&again, true);
    FUZZ_MUST(twice != NULL && strcmp(text, twice) == 0);
    free(twice);
    free(text);
    record_free(&again);
    record_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct tokens lines;
    struct failure failure = {.text = ""};
    char *line;
    int more;
    size_t bytes = 0;
    FUZZ_MUST(tokens_open(&lines, fuzz_file(0, data, size), '\n', &failure) == 0);
    while ((more = tokens_next(&lines, &line, &failure)) == 1) {
        bytes += strlen(line);
        one_line(line);
    }
    FUZZ_MUST(bytes <= size && (more < 0) == (failure.text[0] != '\0'));
    tokens_close(&lines);
    return 0;
}

/*
 * pcap-report: records in; a report for people or for machines, a summary, metrics and the exit status out. While it
 * waits for records it shows how far the run is.
 */
#include "cli.h"
#include "clock.h"
#include "failure.h"
#include "metrics.h"
#include "options.h"
#include "outcome.h"
#include "record.h"
#include "report_lines.h"
#include "stage.h"
#include "tokens.h"
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const struct face FACE = {
    IN_REPORT,
    .usage = "Usage: pcap-report [OPTION...] <RECORDS\n"
             "Turn records into a report and an exit status: 0 when no file failed. On a\n"
             "terminal, a line says how far the run is; on SIGUSR1 that is printed once.\n"
             "\n",
    .examples = "\n"
                "Example:\n"
                "  find . -name '*.pcap' -print0 | pcap-scan --files0-from=- |\n"
                "    pcap-report --check-only\n",
};

struct report {
    struct options options;
    uint64_t started_ns;
    struct outcome outcome;
    struct report_lines lines;
    struct watch watch;
    struct metrics metrics;
    bool bad_input;
    int taken_fd;     /* opened early: later nothing can be opened any more */
    int failed_fd;    /* likewise; -1: nobody wants them */
    json_t *expected; /* names without a record so far, of --expect or --foreseen: an object used as a set */
};

static int take_options(struct options *o, char **argv) {
    if (options_take_all(o, &FACE, argv) != 0 || options_check(o) != 0) {
        return CLI_MISUSE;
    }
    if (o->metrics_path != NULL && (o->check_only || o->dry_run)) {
        return cli_misuse("--metrics is for a run; it goes with neither --check-only nor --dry-run");
    }
    if (o->expect_path != NULL && o->foreseen_path != NULL) {
        return cli_misuse("--expect and --foreseen exclude each other");
    }
    return o->operand_count > 0 ? cli_misuse("records come on standard input; '%s' is too much", o->operands[0]) : 0;
}

static void count_pending(struct report *p, const char *name) {
    struct stat st;
    p->outcome.pending_files++;
    p->outcome.pending_bytes += lstat(name, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

static bool is_pending(enum record_status status) {
    return status == RECORD_FAIL || status == RECORD_SKIPPED_BUSY || status == RECORD_SKIPPED_YOUNG;
}

/* A record for one file, with its name as it is in the directory. */
static void report_record(struct report *p, struct record *r) {
    if (r->status == RECORD_CUTTING) { /* an announcement, which records follow */
        watch_note_at_work(&p->watch, r->read_bytes);
        return;
    }
    if (!record_is_final(r)) {
        record_fail(r, FAILURE_OTHER, "the run ended before it was replaced; it is as it was");
    }
    if (r->status == RECORD_FAIL && p->failed_fd >= 0 && stage_put(p->failed_fd, r, true) != CLI_DONE) {
        p->bad_input = true;
    }
    if (is_pending(r->status)) {
        count_pending(p, r->file);
    }
    watch_count(&p->watch, r);
    if (p->expected != NULL) {
        (void)json_object_del(p->expected, r->file);
    }
    char *path = malloc(strlen(p->options.prefix) + strlen(r->file) + 1);
    if (path != NULL) {
        (void)stpcpy(stpcpy(path, p->options.prefix), r->file);
        free(r->file);
        r->file = path;
    }
    outcome_count(&p->outcome, r);
    watch_clear(&p->watch);
    if (report_lines_put(&p->lines, r) != 0) {
        p->bad_input = true;
    }
}

/* ---- records that must arrive ---- */

static int expect_name(void *context, const char *name) {
    struct report *p = context;
    return json_object_set_new_nocheck(p->expected, name, json_true()) == 0 ? CLI_DONE
                                                                            : cli_fail(NULL, "out of memory");
}

static int name_taken(void *context, const char *name) {
    return json_object_set_new_nocheck(context, name, json_true()) == 0 ? CLI_DONE : cli_fail(NULL, "out of memory");
}

/* A run that stopped early has not taken up every name that it was given. */
static void expect_only_taken(struct report *p) {
    const char *name;
    void *next;
    json_t *value;
    json_t *taken = json_object();
    if (stage_each_name(p->taken_fd, p->options.taken_path, name_taken, taken) != CLI_DONE) {
        p->bad_input = true;
    }
    json_object_foreach_safe(p->expected, next, name, value) {
        if (json_object_get(taken, name) == NULL) {
            count_pending(p, name);
            (void)json_object_del(p->expected, name);
        }
    }
    json_decref(taken);
}

/*
 * Records are missing: something died, perhaps of a signal that came before this program could take it. pcap-run sends
 * it again soon.
 */
static void wait_for_signal(void) {
    const struct timespec a_while = {.tv_sec = 0, .tv_nsec = 300000000};
    if (cli_interrupted == 0) {
        (void)nanosleep(&a_while, NULL);
    }
}

static void count_not_begun(struct report *p) {
    const char *name;
    json_t *value;
    json_object_foreach(p->expected, name, value) {
        count_pending(p, name);
    }
    p->outcome.not_begun_files = json_object_size(p->expected);
    if (p->lines.format != REPORT_RECORDS) { /* or another one says it of all */
        (void)fprintf(stderr, "%sinterrupted: %" PRIu64 " file(s) not %s\n", cli_level(CLI_WARNING),
                      p->outcome.not_begun_files, p->options.check_only ? "done" : "begun");
    }
}

static void report_missing(struct report *p) {
    const char *name;
    void *next;
    json_t *value;
    if (p->options.taken_path != NULL) {
        expect_only_taken(p);
    }
    if (p->expected == NULL || json_object_size(p->expected) == 0) {
        return;
    }
    if (p->options.expect_path != NULL) {
        wait_for_signal();
    }
    if (cli_interrupted != 0) {
        count_not_begun(p);
        return;
    }
    if (p->options.expect_path == NULL) {
        return; /* they were foreseen, and are gone since or were not taken up */
    }
    json_object_foreach_safe(p->expected, next, name, value) {
        struct record r;
        if (record_init(&r, name) != 0) {
            p->bad_input = true;
            (void)cli_fail(name, "out of memory");
            continue;
        }
        record_fail(&r, FAILURE_OTHER, "no result arrived: a process of the run died; run again");
        report_record(p, &r);
        record_free(&r);
    }
}

/* ---- the whole ---- */

static int next_line(struct report *p, struct tokens *lines, char **line, struct failure *f) {
    if (!tokens_at_hand(lines)) {
        watch_until_input(&p->watch);
    }
    return tokens_next(lines, line, f);
}

static void report_records(struct report *p) {
    struct tokens lines;
    struct failure failure;
    char *line;
    int more = -1;
    if (tokens_open(&lines, STDIN_FILENO, '\n', &failure) == 0) {
        while ((more = next_line(p, &lines, &line, &failure)) == 1) {
            struct record r;
            if (line[0] == '\0') {
                continue;
            }
            if (record_parse(line, &r, &failure) != 0) {
                p->bad_input = true;
                watch_clear(&p->watch);
                (void)cli_fail("standard input", "%s", failure.text);
                continue;
            }
            report_record(p, &r);
            record_free(&r);
        }
    }
    watch_end(&p->watch);
    if (more < 0) {
        p->bad_input = true;
        (void)cli_fail("standard input", "%s", failure.text);
    }
    tokens_close(&lines);
}

/* Nothing to do, and why: what is slim already is known from records, the rest was said by --left-out. */
static void say_nothing_is_there(const struct report *p) {
    const uint64_t slim = p->outcome.files[RECORD_SKIPPED_MARKER];
    const char *left_out = p->options.left_out;
    (void)fprintf(stderr, "%sno pcaps to process", cli_level(CLI_INFO));
    if (slim > 0) {
        (void)fprintf(stderr, " (slim already: %" PRIu64 "%s%s)", slim, left_out != NULL ? ", " : "",
                      left_out != NULL ? left_out : "");
    } else if (left_out != NULL) {
        (void)fprintf(stderr, " (%s)", left_out);
    }
    (void)fputc('\n', stderr);
}

/* Returns the exit status. */
static int conclude(struct report *p) {
    const struct outcome *o = &p->outcome;
    const uint64_t elapsed_ms = (clock_ns(CLOCK_MONOTONIC) - p->started_ns) / 1000000;
    const uint64_t done = o->files[RECORD_OK] + o->files[RECORD_FAIL] + o->files[RECORD_WOULD_SLIM];
    const bool nothing = done == 0 && outcome_skipped(o) == o->files[RECORD_SKIPPED_MARKER];
    const bool good = o->files[RECORD_FAIL] == 0 && !p->bad_input;
    const bool is_last = p->lines.format != REPORT_RECORDS; /* or another one says it of all */
    if (nothing && is_last && !p->bad_input && cli_interrupted == 0 && !cli_is_quiet()) {
        say_nothing_is_there(p);
    }
    report_lines_summary(&p->lines, o, elapsed_ms, nothing);
    if (p->options.metrics_path != NULL &&
        metrics_write(&p->metrics, o, good && cli_interrupted == 0, elapsed_ms) != 0) {
        return CLI_FAILED;
    }
    return good ? CLI_DONE : CLI_FAILED;
}

/* Nothing is opened any more but what has to do with the metrics. */
static int confine(struct report *p) {
    const struct options *o = &p->options;
    if (o->metrics_path == NULL) {
        confine_to_streams(&o->confine);
        return CLI_DONE;
    }
    int fd = metrics_prepare(&p->metrics, o->metrics_path);
    if (fd < 0) {
        return CLI_MISUSE;
    }
    confine_to_directory(&o->confine, SANDBOX_CHANGE, fd, -1);
    (void)close(fd);
    return CLI_DONE;
}

static int prepare(struct report *p) {
    struct failure failure;
    p->lines.format = (enum report_format)p->options.output;
    p->lines.check_only = p->options.check_only;
    p->lines.dry_run = p->options.dry_run;
    p->lines.all = p->options.all;
    if (p->options.limits.progress_fd >= 0 &&
        progress_attach(&p->watch.progress, p->options.limits.progress_fd, PROGRESS_CUT, &failure) != 0) {
        return cli_fail(NULL, "%s", failure.text);
    }
    const char *names = p->options.expect_path != NULL ? p->options.expect_path : p->options.foreseen_path;
    if (names != NULL) {
        p->expected = json_object();
        int fd = stage_open_names(names);
        if (fd >= 0) {
            stage_list_await(fd);
        }
        int status = fd < 0 ? CLI_FAILED : stage_each_name(fd, names, expect_name, p);
        if (status != CLI_DONE) {
            return status;
        }
    }
    if (p->options.taken_path != NULL) {
        p->taken_fd = stage_open_names(p->options.taken_path);
        if (p->taken_fd < 0) {
            return CLI_FAILED;
        }
    }
    if (p->options.failed_path != NULL) {
        p->failed_fd = open(p->options.failed_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (p->failed_fd < 0) {
            return cli_fail(p->options.failed_path, "cannot open: %s", strerror(errno));
        }
    }
    p->watch.markers_path = p->options.marker_directory;
    p->watch.hands_on = p->lines.format == REPORT_RECORDS;
    watch_begin(&p->watch, p->expected, !p->options.no_progress && !p->options.dry_run, p->options.check_only,
                p->started_ns);
    return confine(p);
}

int main(int argc, char **argv) {
    (void)argc;
    struct report p;
    memset(&p, 0, sizeof p);
    p.failed_fd = -1;
    cli_start("pcap-report");
    p.started_ns = clock_ns(CLOCK_MONOTONIC);
    int status = take_options(&p.options, argv);
    if (status != 0) {
        return status;
    }
    if (isatty(STDIN_FILENO)) {
        return cli_misuse("standard input is a terminal; records are expected there");
    }
    cli_outlive_signals(); /* the records of an interrupted run are still to be reported */
    status = prepare(&p);
    if (status == CLI_DONE) {
        report_records(&p);
        report_missing(&p);
        status = conclude(&p);
    }
    report_lines_free(&p.lines);
    metrics_free(&p.metrics);
    json_decref(p.expected);
    return cli_status_if_interrupted(cli_end(status));
}

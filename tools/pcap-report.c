/*
 * pcap-report: records in; a report for people or for machines, a summary and the exit status out.
 */
#include "cli.h"
#include "confine.h"
#include "failure.h"
#include "names.h"
#include "options.h"
#include "record.h"
#include "savefile.h"
#include "stage.h"
#include "tokens.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char HELP[] =
    "Usage: pcap-report [OPTION...] <RECORDS\n"
    "Turn records into a report, a line a file on standard error or one JSON object on standard\n"
    "output, and an exit status: 0 when no file failed.\n"
    "\n"
    "  --output human|json       format (default human)\n"
    "  --expect F                names (NUL after each) that a record must arrive for\n"
    "  --taken F                 of those, the ones that were taken up; read at the end\n"
    "  --prefix P                what to put before each name\n"
    "  --check-only              say that nothing was written\n"
    "  --dry-run                 only list what would be slimmed, on standard output\n" CONFINE_HELP
    "  --help, --version\n"
    "\n"
    "Example:\n"
    "  find . -maxdepth 1 -name '*.pcap' -print0 | pcap-scan --files0-from=- |\n"
    "    pcap-report --check-only\n";

struct options {
    struct confine confine;
    bool json;
    bool check_only;
    bool dry_run;
    const char *expect_path;
    const char *taken_path;
    const char *prefix;
};

struct report {
    struct options options;
    uint64_t started_ns;
    unsigned long ok, skipped, marked, failed, would;
    bool bad_input;
    int taken_fd;     /* opened early: later nothing can be opened any more */
    json_t *expected; /* names without a record so far: an object used as a set */
    FILE *files;      /* JSON: the entries so far, in memory */
    char *files_text;
    size_t files_bytes;
};

static int parse_options(int argc, char **argv, struct options *o) {
    enum { OPT_OUTPUT = 1, OPT_EXPECT, OPT_TAKEN, OPT_PREFIX, OPT_CHECK_ONLY, OPT_DRY_RUN };
    static const struct option LONG[] = {
        {"output", required_argument, NULL, OPT_OUTPUT}, {"expect", required_argument, NULL, OPT_EXPECT},
        {"prefix", required_argument, NULL, OPT_PREFIX}, {"check-only", no_argument, NULL, OPT_CHECK_ONLY},
        {"dry-run", no_argument, NULL, OPT_DRY_RUN},     CONFINE_LONG_OPTION,
        {"taken", required_argument, NULL, OPT_TAKEN},   OPTIONS_BASIC,
    };
    int c;
    memset(o, 0, sizeof *o);
    o->prefix = "";
    opterr = 0;
    while ((c = getopt_long(argc, argv, "", LONG, NULL)) != -1) {
        switch (c) {
        case OPT_OUTPUT:
            if (strcmp(optarg, "human") != 0 && strcmp(optarg, "json") != 0) {
                return cli_misuse("--output takes human or json, not '%s'", optarg);
            }
            o->json = strcmp(optarg, "json") == 0;
            break;
        case OPT_EXPECT:
            o->expect_path = optarg;
            break;
        case OPT_TAKEN:
            o->taken_path = optarg;
            break;
        case OPT_PREFIX:
            o->prefix = optarg;
            break;
        case OPT_CHECK_ONLY:
            o->check_only = true;
            break;
        case OPT_DRY_RUN:
            o->dry_run = true;
            break;
        default:
            if (!confine_take(&o->confine, c, optarg) && options_take_common(c, argv, LONG, HELP, NULL) != 0) {
                return CLI_MISUSE;
            }
        }
    }
    if (o->taken_path != NULL && o->expect_path == NULL) {
        return cli_misuse("--taken goes with --expect");
    }
    return optind < argc ? cli_misuse("records come on standard input; '%s' is too much", argv[optind]) : 0;
}

/* ---- a line a file ---- */

static void print_human(const struct report *p, const struct record *r, const char *shown) {
    const struct tally *t = &r->tally;
    if (r->status == RECORD_WOULD_SLIM) {
        (void)printf("would slim: %s\n", shown);
    } else if (r->status == RECORD_OK) {
        (void)fprintf(stderr, "ok %s pkts=%llu truncated=%llu in=%llu out=%llu (%llums)", shown,
                      (unsigned long long)t->packets, (unsigned long long)t->cut_packets,
                      (unsigned long long)t->in_bytes, (unsigned long long)t->out_bytes,
                      (unsigned long long)r->elapsed_ms);
        if (r->has_tally && t->zeroed_bytes > 0) {
            (void)fprintf(stderr, " [%llu bytes of payload are zeros: the file is as long as before]",
                          (unsigned long long)t->zeroed_bytes);
        }
        if (r->has_tally && t->savefile.linktype != SAVEFILE_LINKTYPE_ETHERNET) {
            (void)fprintf(stderr, " [link type %u is not Ethernet: every packet kept]", t->savefile.linktype);
        }
        (void)fputc('\n', stderr);
    } else if (r->status == RECORD_FAIL) {
        char *error = names_printable(r->error.text); /* it may quote a name */
        (void)fprintf(stderr, "FAIL %s: %s\n", shown, error != NULL ? error : "out of memory");
        free(error);
    } else if (!(p->options.dry_run && r->status == RECORD_SKIPPED_MARKER)) {
        (void)fprintf(stderr, "skip (%s): %s\n", record_skip_reason(r->status), shown);
    }
}

static void print_json(struct report *p, const struct record *r) {
    char *line = record_format(r, false);
    if (line == NULL) {
        p->bad_input = true;
        (void)cli_fail(r->file, "out of memory");
    } else if (p->options.dry_run) {
        if (r->status == RECORD_WOULD_SLIM) {
            (void)printf("%s\n", line);
        }
    } else {
        (void)fprintf(p->files, "%s%s", ftell(p->files) > 0 ? "," : "", line);
    }
    free(line);
}

static void count(struct report *p, const struct record *r) {
    p->ok += r->status == RECORD_OK;
    p->failed += r->status == RECORD_FAIL;
    p->skipped += record_is_skip(r->status);
    p->marked += r->status == RECORD_SKIPPED_MARKER;
    p->would += r->status == RECORD_WOULD_SLIM;
}

/* A record for one file, with its name as it is in the directory. */
static void report_record(struct report *p, struct record *r) {
    if (p->expected != NULL) {
        (void)json_object_del(p->expected, r->file);
    }
    if (!record_is_final(r)) {
        record_fail(r, "the run ended before it was replaced; it is as it was");
    }
    char *path = malloc(strlen(p->options.prefix) + strlen(r->file) + 1);
    char *shown = NULL;
    if (path != NULL) {
        (void)stpcpy(stpcpy(path, p->options.prefix), r->file);
        free(r->file);
        r->file = path;
        shown = names_printable(path);
    }
    count(p, r);
    if (p->options.json) {
        print_json(p, r);
    }
    if (!p->options.json || (p->options.dry_run && r->status != RECORD_WOULD_SLIM)) {
        print_human(p, r, shown != NULL ? shown : r->file);
    }
    free(shown);
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
            (void)json_object_del(p->expected, name);
        }
    }
    json_decref(taken);
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
    if (cli_interrupted != 0) {
        (void)fprintf(stderr, "interrupted: %zu file(s) not done\n", json_object_size(p->expected));
        return;
    }
    json_object_foreach_safe(p->expected, next, name, value) {
        struct record r;
        if (record_init(&r, name) == 0) {
            record_fail(&r, "no result arrived: a process of the run died; run again");
            report_record(p, &r);
            record_free(&r);
        }
    }
}

/* ---- the whole ---- */

static void report_records(struct report *p) {
    struct tokens lines;
    struct failure failure;
    char *line;
    int more = -1;
    if (tokens_open(&lines, STDIN_FILENO, '\n', &failure) == 0) {
        while ((more = tokens_next(&lines, &line, &failure)) == 1) {
            struct record r;
            if (line[0] == '\0') {
                continue;
            }
            if (record_parse(line, &r, &failure) != 0) {
                p->bad_input = true;
                (void)cli_fail("standard input", "%s", failure.text);
                continue;
            }
            report_record(p, &r);
            record_free(&r);
        }
    }
    if (more < 0) {
        p->bad_input = true;
        (void)cli_fail("standard input", "%s", failure.text);
    }
    tokens_close(&lines);
}

static void print_summary(struct report *p) {
    uint64_t elapsed_ms = (stage_now_ns() - p->started_ns) / 1000000;
    const bool nothing_pending = p->ok + p->failed + p->would == 0 && p->skipped == p->marked;
    if (nothing_pending && !p->bad_input && cli_interrupted == 0) {
        (void)fputs("no pcaps to process\n", stderr);
    }
    if (p->options.json) {
        if (!p->options.dry_run || nothing_pending) {
            (void)fflush(p->files);
            (void)printf("{\"summary\":{\"ok\":%lu,\"skip\":%lu,\"fail\":%lu,\"elapsed_ms\":%llu,\"check_only\":%s},"
                         "\"files\":[%s]}\n",
                         p->ok, p->options.dry_run ? 0 : p->skipped, p->failed, (unsigned long long)elapsed_ms,
                         p->options.check_only ? "true" : "false", p->files_text);
        }
    } else if (!p->options.dry_run && p->ok + p->failed + p->skipped > 0) {
        (void)fprintf(stderr, "%s: ok=%lu skip=%lu fail=%lu elapsed=%llu.%llus\n",
                      p->options.check_only ? "check" : "done", p->ok, p->skipped, p->failed,
                      (unsigned long long)(elapsed_ms / 1000), (unsigned long long)(elapsed_ms % 1000 / 100));
    }
}

int main(int argc, char **argv) {
    struct report p;
    memset(&p, 0, sizeof p);
    cli_start("pcap-report");
    p.started_ns = stage_now_ns();
    int status = parse_options(argc, argv, &p.options);
    if (status != 0) {
        return status;
    }
    cli_catch_signals(); /* the records of an interrupted run are still to be reported */
    p.files = open_memstream(&p.files_text, &p.files_bytes);
    if (p.options.expect_path != NULL) {
        p.expected = json_object();
        int names_fd = stage_open_names(p.options.expect_path);
        status = names_fd < 0 ? CLI_FAILED : stage_each_name(names_fd, p.options.expect_path, expect_name, &p);
    }
    if (status == CLI_DONE && p.options.taken_path != NULL) {
        p.taken_fd = stage_open_names(p.options.taken_path);
        status = p.taken_fd < 0 ? CLI_FAILED : CLI_DONE;
    }
    if (p.files == NULL) {
        return cli_fail(NULL, "out of memory");
    }
    if (status == CLI_DONE) {
        confine_to_streams(&p.options.confine);
        report_records(&p);
        report_missing(&p);
        print_summary(&p);
        status = p.failed > 0 || p.bad_input ? CLI_FAILED : CLI_DONE;
    }
    (void)fclose(p.files);
    free(p.files_text);
    json_decref(p.expected);
    return cli_status_if_interrupted(cli_end(status));
}

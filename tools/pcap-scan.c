/*
 * pcap-scan: what slimming would do, as records. Writes nothing.
 */
#include "cli.h"
#include "clock.h"
#include "confine.h"
#include "failure.h"
#include "fault.h"
#include "job.h"
#include "limit_options.h"
#include "mover.h"
#include "options.h"
#include "options_in_common.h"
#include "overview.h"
#include "policy_options.h"
#include "record.h"
#include "site.h"
#include "stage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char HELP[] =
    "Usage: pcap-scan [OPTION...] [FILE...]\n"
    "Say what slimming would do to each capture (standard input where none is named),\n"
    "in a line of JSON: packets, what would be cut and why, bytes, oddities.\n"
    "\n"
    "  --report [text|html]      one overview of all: bytes by reason, port and host,\n"
    "                            projected size; FILE may be a directory\n"
    "  --files0-from=F           read names from F, NUL after each (- standard input)\n"
    "  --pending                 leave out what is marked, a link or no file\n"
    "  --dry-run                 with --pending: only list (--print0: names, NULs)\n"
    "  --mmap, --no-mmap         read through a mapping, or with read(2) (default)\n" POLICY_HELP CONFINE_WITHIN_HELP
        CONFINE_HELP LIMITS_HELP "  --help, --version\n"
    "\n"
    "Examples:\n"
    "  pcap-scan capture.pcap | jq .by_reason\n"
    "  find . -name '*.pcap' -print0 | pcap-scan --files0-from=- >records.json\n";

struct options {
    struct limits limits;
    struct policy_options policy;
    struct confine confine;
    const char *files0_from;
    bool pending;
    bool dry_run;
    bool beneath;
    bool print0;
    bool mapped;
    enum { REPORT_NONE, REPORT_TEXT, REPORT_HTML } report;
};

struct scanner {
    struct job job;
    struct mover mover;
    struct site site;
    const struct options *options;
    bool failed; /* some file did */
    struct overview overview;
};

/* The format may be a word of its own behind the option: then it is no FILE. */
static int take_report(int argc, char **argv, struct options *o) {
    const char *format = optarg;
    if (format == NULL && optind < argc && (strcmp(argv[optind], "text") == 0 || strcmp(argv[optind], "html") == 0)) {
        format = argv[optind++];
    }
    if (format == NULL || strcmp(format, "text") == 0) {
        o->report = REPORT_TEXT;
    } else if (strcmp(format, "html") == 0) {
        o->report = REPORT_HTML;
    } else {
        return cli_misuse("--report takes text or html, not '%s'", format);
    }
    return 0;
}

static int parse_options(int argc, char **argv, struct options *o) {
    enum { OPT_FILES0 = 1, OPT_PENDING, OPT_DRY_RUN, OPT_MMAP, OPT_NO_MMAP, OPT_BENEATH, OPT_PRINT0, OPT_REPORT };
    static const struct option LONG[] = {
        {"files0-from", required_argument, NULL, OPT_FILES0},
        {"pending", no_argument, NULL, OPT_PENDING},
        {"dry-run", no_argument, NULL, OPT_DRY_RUN},
        {"mmap", no_argument, NULL, OPT_MMAP},
        {"no-mmap", no_argument, NULL, OPT_NO_MMAP},
        {"beneath", no_argument, NULL, OPT_BENEATH},
        {"print0", no_argument, NULL, OPT_PRINT0},
        {"report", optional_argument, NULL, OPT_REPORT},
        POLICY_LONG_OPTIONS,
        CONFINE_LONG_OPTIONS,
        OPTIONS_COMMON,
    };
    int c;
    int at = 0;
    const struct options_in_common common = {&o->confine, &o->policy, &o->limits, NULL};
    memset(o, 0, sizeof *o);
    limits_init(&o->limits);
    opterr = 0;
    while ((c = getopt_long(argc, argv, "", LONG, &at)) != -1) {
        switch (c) {
        case OPT_FILES0:
            o->files0_from = optarg;
            break;
        case OPT_PENDING:
            o->pending = true;
            break;
        case OPT_DRY_RUN:
            o->dry_run = true;
            break;
        case OPT_PRINT0:
            o->print0 = true;
            break;
        case OPT_BENEATH:
            o->beneath = true;
            break;
        case OPT_MMAP:
            o->mapped = true;
            break;
        case OPT_NO_MMAP:
            o->mapped = false;
            break;
        case OPT_REPORT:
            if (take_report(argc, argv, o) != 0) {
                return CLI_MISUSE;
            }
            break;
        default:
            if (options_take_in_common(c, at, argv, LONG, HELP, &common) != 0) {
                return CLI_MISUSE;
            }
        }
    }
    if (o->files0_from != NULL && optind < argc) {
        return cli_misuse("--files0-from goes without FILE");
    }
    if (o->dry_run && o->report != REPORT_NONE) {
        return cli_misuse("--report needs what --dry-run does not read");
    }
    if (o->print0 && !o->dry_run) {
        return cli_misuse("--print0 goes with --dry-run");
    }
    if ((o->dry_run || o->beneath) && !o->pending) {
        return cli_misuse("%s goes with --pending", o->dry_run ? "--dry-run" : "--beneath");
    }
    return policy_options_finish(&o->policy);
}

/* What was inspected may have been exchanged since, for something that is not to be read. */
static int open_pending(const struct scanner *s, struct record *r) {
    struct stat st;
    int fd = place_open_file(&s->site.place);
    if (fd < 0) {
        return failure_errno(&r->error, errno, "cannot open");
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1) {
        (void)close(fd);
        return failure_of(FAILURE_CHANGED, &r->error, "it is no longer a regular file of one name");
    }
    return fd;
}

static int open_capture(const struct scanner *s, const char *path, struct record *r) {
    if (s->options->pending) {
        return open_pending(s, r);
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 ? fd : failure_errno(&r->error, errno, "cannot open");
}

static void scan_path(struct scanner *s, const char *path, struct record *r) {
    if (s->options->pending) {
        site_inspect(&s->site, path, r);
        if (r->status != RECORD_WOULD_SLIM || s->options->dry_run) {
            return;
        }
    }
    int fd = open_capture(s, path, r);
    if (fd < 0) {
        r->status = RECORD_FAIL;
        return;
    }
    (void)job_run(&s->job, fd, SINK_NOWHERE, r);
    (void)close(fd);
}

/* path: NULL for standard input. */
static int scan_one(struct scanner *s, const char *path) {
    struct record r;
    if (record_init(&r, path != NULL ? path : "-") != 0) {
        return cli_fail(path, "out of memory");
    }
    r.started_ns = clock_ns(CLOCK_MONOTONIC);
    if (path == NULL) {
        (void)job_run(&s->job, STDIN_FILENO, SINK_NOWHERE, &r);
    } else {
        scan_path(s, path, &r);
    }
    if (r.status == RECORD_FAIL) {
        s->failed = true;
        if (!s->options->pending) {
            (void)cli_fail(path != NULL ? path : "standard input", "%s", r.error.text);
        }
    }
    if (s->options->print0) {
        if (path != NULL && (r.status == RECORD_WOULD_SLIM || r.status == RECORD_FAIL)) { /* who takes it up says why */
            (void)fwrite(path, 1, strlen(path) + 1, stdout);
        }
        record_free(&r);
        return CLI_DONE;
    }
    pace_charge(&s->mover.pace, (size_t)2 * STAGE_RECORD_BYTES); /* and for the CPU time of small files */
    int status = CLI_DONE;
    if (s->options->report != REPORT_NONE) {
        overview_count(&s->overview, &r);
    } else {
        status = stage_put(STDOUT_FILENO, &r, false);
    }
    record_free(&r);
    return status;
}

static int scan_name(void *context, const char *path) {
    return scan_one(context, path);
}

/* ---- directories, for an overview ---- */

static int is_capture_name(const struct dirent *entry) {
    const size_t length = strlen(entry->d_name);
    return length >= 5 && strcmp(entry->d_name + length - 5, ".pcap") == 0;
}

static int scan_directory(struct scanner *s, const char *path) {
    struct dirent **names;
    int status = CLI_DONE;
    int count = scandir(path, &names, is_capture_name, alphasort);
    if (count < 0) {
        return cli_fail(path, "cannot list this directory: %s", strerror(errno));
    }
    for (int i = 0; i < count; i++) {
        char file[PATH_MAX];
        struct stat st;
        const int length = snprintf(file, sizeof file, "%s/%s", path, names[i]->d_name);
        if (status == CLI_DONE && length > 0 && (size_t)length < sizeof file && lstat(file, &st) == 0 &&
            S_ISREG(st.st_mode)) {
            status = scan_one(s, file);
        }
        free(names[i]);
    }
    free(names);
    return status;
}

static bool is_directory(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int scan_operands(struct scanner *s, char **paths) {
    int status = CLI_DONE;
    if (*paths == NULL) {
        return scan_one(s, NULL);
    }
    for (; *paths != NULL && status == CLI_DONE; paths++) {
        status =
            s->options->report != REPORT_NONE && is_directory(*paths) ? scan_directory(s, *paths) : scan_one(s, *paths);
    }
    return status;
}

/* Standard input alone needs no file to be opened. */
static int confine(const struct options *o, bool has_names) {
    if (!has_names) {
        confine_to_streams(&o->confine);
        return CLI_DONE;
    }
    return confine_to_within(&o->confine, SANDBOX_READ, -1);
}

static int scan_all(struct scanner *s, const struct options *o, char **paths) {
    int names_fd = -1;
    if (o->files0_from != NULL) {
        names_fd = stage_open_names(o->files0_from);
        if (names_fd < 0) {
            return CLI_FAILED;
        }
    }
    int status = confine(o, names_fd >= 0 || *paths != NULL);
    if (status != CLI_DONE) {
        return status;
    }
    return names_fd >= 0 ? stage_each_name(names_fd, o->files0_from, scan_name, s) : scan_operands(s, paths);
}

static void put_overview(struct scanner *s) {
    overview_finish(&s->overview, s->job.terms.account);
    if (s->options->report == REPORT_HTML) {
        overview_html(&s->overview, stdout);
    } else {
        overview_text(&s->overview, stdout);
    }
}

static int prepare(struct scanner *s, const struct options *o) {
    struct failure failure;
    s->options = o;
    site_init(&s->site, -1, -1);
    s->site.place.beneath = o->beneath;
    if (mover_begin(&s->mover, &o->limits, PROGRESS_CUT) != 0) {
        return CLI_FAILED;
    }
    progress_take_part(&s->mover.progress);
    const struct job_options job = {
        .settings = &o->policy.settings,
        .policy_text = o->policy.is_default ? NULL : o->policy.text,
        .policy_digest = o->policy.digest,
        .source = {.transfer = s->mover.transfer,
                   .mapped = o->mapped,
                   .once = true,
                   .fault = o->mapped ? fault_catch() : NULL},
        .done = RECORD_OK,
    };
    if (job_init(&s->job, &job, &failure) != 0 ||
        (o->report != REPORT_NONE && (s->job.terms.account = account_new(&failure)) == NULL)) {
        return cli_fail(NULL, "%s", failure.text);
    }
    return CLI_DONE;
}

int main(int argc, char **argv) {
    struct options o;
    static struct scanner s; /* 64 KiB of port flags: not for the stack */
    cli_start("pcap-scan");
    int status = parse_options(argc, argv, &o);
    if (status == 0) {
        status = prepare(&s, &o);
    }
    if (status != 0) {
        return status;
    }
    status = scan_all(&s, &o, argv + optind);
    if (o.report != REPORT_NONE && status == CLI_DONE) {
        put_overview(&s);
    }
    account_free(s.job.terms.account);
    site_leave(&s.site);
    job_free(&s.job);
    policy_options_free(&o.policy);
    mover_end(&s.mover);
    return cli_end(status == CLI_DONE && s.failed ? CLI_FAILED : status);
}

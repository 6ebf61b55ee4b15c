/*
 * pcap-scan: what slimming would do, as records. Writes nothing.
 */
#include "capture_names.h"
#include "cli.h"
#include "clock.h"
#include "failure.h"
#include "fault.h"
#include "job.h"
#include "mover.h"
#include "options.h"
#include "overview.h"
#include "packet_lines.h"
#include "packing.h"
#include "record.h"
#include "site.h"
#include "site_options.h"
#include "stage.h"
#include "worklist.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct face FACE = {
    IN_SCAN,
    .usage = "Usage: pcap-scan [OPTION...] [FILE...]\n"
             "Say what slimming would do to each capture (standard input where none is named),\n"
             "in a line of JSON: packets, what would be cut and why, bytes, oddities.\n"
             "\n",
    .examples = "\n"
                "Examples:\n"
                "  pcap-scan capture.pcap | jq .by_reason\n"
                "  find . -name '*.pcap' -print0 | pcap-scan --files0-from=- >records.json\n",
};

struct scanner {
    struct job job;
    struct mover mover;
    struct site site;
    struct packing packing;
    const struct options *options;
    bool failed; /* some file did */
    struct overview overview;
    struct account *account;
    struct packet_lines lines;
};

static int take_options(struct options *o, char **argv) {
    if (options_take_all(o, &FACE, argv) != 0) {
        return CLI_MISUSE;
    }
    if (o->list_path != NULL) {
        return o->operand_count > 0 || o->files0_from != NULL ? cli_misuse("--list goes without FILE and --files0-from")
                                                              : policy_options_finish(&o->policy);
    }
    if (o->files0_from != NULL && o->operand_count > 0) {
        return cli_misuse("--files0-from goes without FILE");
    }
    if (o->dry_run && o->report != REPORT_NONE) {
        return cli_misuse("--report needs what --dry-run does not read");
    }
    if (o->packets && (o->dry_run || o->report != REPORT_NONE)) {
        return cli_misuse("--packets goes without --dry-run and --report");
    }
    return options_check(o) == 0 ? policy_options_finish(&o->policy) : CLI_MISUSE;
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
    s->lines = (struct packet_lines){.out = stdout};
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
    pace_charge(&s->mover.pace, (size_t)2 * STAGE_RECORD_BYTES);           /* and for the CPU time of small files */
    if (s->lines.failed || (s->options->packets && fflush(stdout) != 0)) { /* records are written without its buffer */
        record_free(&r);
        return cli_fail(NULL, "cannot write the lines of packets");
    }
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

/* ---- directories ---- */

static int scan_directory(struct scanner *s, const char *path) {
    struct dirent **names;
    int status = CLI_DONE;
    int count = scandir(path, &names, NULL, alphasort);
    if (count < 0) {
        return cli_fail(path, "cannot list this directory: %s", strerror(errno));
    }
    for (int i = 0; i < count; i++) {
        char file[PATH_MAX];
        struct stat st;
        const int length = snprintf(file, sizeof file, "%s/%s", path, names[i]->d_name);
        if (status == CLI_DONE && capture_names_have(s->options->accept, names[i]->d_name) && length > 0 &&
            (size_t)length < sizeof file && lstat(file, &st) == 0 && S_ISREG(st.st_mode)) {
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
        status = !s->options->pending && is_directory(*paths) ? scan_directory(s, *paths) : scan_one(s, *paths);
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
    overview_finish(&s->overview, s->account);
    if (s->options->report == REPORT_HTML) {
        overview_html(&s->overview, stdout);
    } else {
        overview_text(&s->overview, stdout);
    }
}

static void count_packet(void *context, const struct slim_packet *p) {
    struct scanner *s = context;
    reach_packet(&s->overview.reach, p);
    if (p->located != NULL) {
        account_packet(s->account, p->located, p->frame, p->bytes, p->saved_bytes);
    }
}

/* Who is shown the packets. Returns 0, or -1 with f set. */
static int watch(struct scanner *s, const struct options *o, struct failure *f) {
    if (o->packets) {
        s->job.terms.watcher = (struct slim_watcher){.see = packet_lines_see, .context = &s->lines};
    } else if (o->report != REPORT_NONE) {
        s->account = account_new(f);
        s->job.terms.watcher = (struct slim_watcher){.see = count_packet, .context = s};
        return s->account != NULL ? 0 : -1;
    }
    return 0;
}

static int prepare(struct scanner *s, struct options *o) {
    struct failure failure;
    s->options = o;
    if (site_options_begin(&s->site, o, -1, -1) != 0) {
        return CLI_FAILED;
    }
    if (packing_begin(&s->packing, o->accept, &o->compress) != 0 ||
        mover_begin(&s->mover, &o->limits, PROGRESS_CUT) != 0) {
        return CLI_FAILED;
    }
    progress_take_part(&s->mover.progress);
    const struct job_options job = {
        .accepted = o->accept,
        .settings = &o->policy.settings,
        .policy_text = o->policy.is_default ? NULL : o->policy.text,
        .policy_digest = o->policy.digest,
        .source = {.transfer = s->mover.transfer,
                   .mapped = o->mapped,
                   .codecs = packing_codecs(&s->packing),
                   .once = true,
                   .fault = o->mapped ? fault_catch() : NULL},
        .done = RECORD_OK,
    };
    if ((o->report != REPORT_NONE &&
         overview_title_make(&s->overview.title, o->operands, o->files0_from, &o->policy.settings, &failure) != 0) ||
        job_init(&s->job, &job, &failure) != 0 || watch(s, o, &failure) != 0) {
        return cli_fail(NULL, "%s", failure.text);
    }
    return CLI_DONE;
}

int main(int argc, char **argv) {
    (void)argc;
    struct options o;
    static struct scanner s; /* 64 KiB of port flags: not for the stack */
    cli_start("pcap-scan");
    int status = take_options(&o, argv);
    if (status == 0 && o.list_path != NULL) {
        return cli_end(worklist_write(&o));
    }
    if (status == 0) {
        status = prepare(&s, &o);
    }
    if (status != 0) {
        return status;
    }
    status = scan_all(&s, &o, o.operands);
    if (o.report != REPORT_NONE && status == CLI_DONE) {
        put_overview(&s);
    }
    overview_title_free(&s.overview.title);
    account_free(s.account);
    site_leave(&s.site);
    job_free(&s.job);
    policy_options_free(&o.policy);
    mover_end(&s.mover);
    packing_end(&s.packing);
    return cli_end(status == CLI_DONE && s.failed ? CLI_FAILED : status);
}

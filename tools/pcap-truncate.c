/*
 * pcap-truncate: cut encrypted payload. As a filter from one capture to another, or as the first stage over
 * many files.
 */
#include "cli.h"
#include "clock.h"
#include "digests.h"
#include "failure.h"
#include "fault.h"
#include "job.h"
#include "mover.h"
#include "options.h"
#include "packing.h"
#include "record.h"
#include "replace.h"
#include "site.h"
#include "site_options.h"
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const struct face FACE = {
    IN_TRUNCATE,
    .usage = "Usage: pcap-truncate [OPTION...] [FILE] >SLIM\n"
             "       pcap-truncate [OPTION...] --files0-from=F >RECORDS\n"
             "Cut the encrypted payload of a capture (FILE or standard input) to 24 bytes.\n"
             "As a stage, slim each file named in F (NUL after each, - is standard input) to\n"
             "FILE.tmp beside it, and write a record a file for pcap-verify and pcap-commit.\n"
             "\n",
    .examples = "\n"
                "Example:\n"
                "  pcap-truncate --record a.json <a.pcap | pcap-commit a.pcap\n",
};

/* What serves all files of a process. */
struct truncater {
    struct job job;
    struct mover mover;
    struct digests digests; /* behind a stage pcap-verify makes the one of the slim capture */
    struct site site;
    struct packing packing;
    bool announces;             /* standard output leads to pcap-verify */
    bool is_alone;              /* that has ended, and it was said */
    struct record announcement; /* of the capture at hand */
};

static int take_options(struct options *o, char **argv) {
    if (options_take_all(o, &FACE, argv) != 0) {
        return CLI_MISUSE;
    }
    const bool is_stage = o->files0_from != NULL;
    if (o->operand_count > 1) {
        return cli_misuse("one FILE at most; for many use --files0-from");
    }
    if (is_stage && (o->operand_count > 0 || o->record_path != NULL)) {
        return cli_misuse("--files0-from goes with neither FILE nor --record");
    }
    if (o->hash == HASH_SHA256 && !is_stage && o->record_path == NULL) {
        return cli_misuse("--hash sha256 goes with --record or --files0-from");
    }
    return options_check(o) == 0 ? policy_options_finish(&o->policy) : CLI_MISUSE;
}

/* ---- a filter ---- */

/* Before the pass, because after it nothing can be opened. What is in the file stays until there is a record. */
static int open_record(const char *path) {
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) {
        (void)cli_fail(path, "cannot write the record: %s", strerror(errno));
    }
    return fd;
}

static int write_record(int fd, const char *path, const struct record *r) {
    (void)!ftruncate(fd, 0); /* a pipe has no length */
    int status = stage_put(fd, r, false);
    if (close(fd) != 0 && status == CLI_DONE) {
        status = cli_fail(path, "cannot write the record: %s", strerror(errno));
    }
    return status;
}

static int filter(struct truncater *t, const struct options *o, int in_fd, int record_fd) {
    struct record r;
    if (record_init(&r, o->operands[0] != NULL ? o->operands[0] : "-") != 0) {
        return cli_fail(o->operands[0], "out of memory");
    }
    r.started_ns = clock_ns(CLOCK_MONOTONIC);
    int status = CLI_DONE;
    if (job_run(&t->job, in_fd, STDOUT_FILENO, &r) != 0) {
        status = cli_fail(o->operands[0] != NULL ? o->operands[0] : "standard input", "%s", r.error.text);
    }
    if (o->record_path != NULL && write_record(record_fd, o->record_path, &r) != CLI_DONE) {
        status = CLI_FAILED;
    }
    record_free(&r);
    return status;
}

static bool is_one_file(const struct stat *a, const struct stat *b) {
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && S_ISREG(a->st_mode);
}

/* Whether writing the record would overwrite the capture. */
static bool is_the_same_file(const char *record_path, int in_fd) {
    struct stat record;
    struct stat in;
    return stat(record_path, &record) == 0 && fstat(in_fd, &in) == 0 && is_one_file(&in, &record);
}

/* Whether what is written comes in again at the end, or takes the place of what is still to be read: as cat(1). */
static bool is_output(int in_fd) {
    struct stat in;
    struct stat out;
    return fstat(in_fd, &in) == 0 && fstat(STDOUT_FILENO, &out) == 0 && is_one_file(&in, &out) &&
           lseek(in_fd, 0, SEEK_CUR) < in.st_size;
}

static int run_filter(struct truncater *t, const struct options *o) {
    int fd = STDIN_FILENO;
    if (o->operands[0] != NULL) {
        fd = cli_open(o->operands[0]);
        if (fd < 0) {
            return CLI_FAILED;
        }
    }
    if (o->record_path != NULL &&
        (is_the_same_file(o->record_path, fd) || is_the_same_file(o->record_path, STDOUT_FILENO))) {
        return cli_misuse("--record '%s' would overwrite the capture", o->record_path);
    }
    if (is_output(fd)) {
        return cli_misuse("the capture that is read is standard output, too; write to another file");
    }
    if (isatty(STDOUT_FILENO)) {
        return cli_misuse("refusing to write a capture to a terminal; redirect standard output");
    }
    int record_fd = o->record_path != NULL ? open_record(o->record_path) : -1;
    if (o->record_path != NULL && record_fd < 0) {
        return CLI_FAILED;
    }
    confine_to_streams(&o->confine);
    return cli_end(filter(t, o, fd, record_fd));
}

/* ---- the first stage ---- */

/* How much more must be free, where that may be what went wrong. The temporary file is gone already. */
static void say_room(const struct truncater *t, struct record *r) {
    const struct place *p = &t->site.place;
    struct statvfs is;
    const struct failure why = r->error;
    if (why.kind == FAILURE_SYSTEM && fstatvfs(p->stage_fd >= 0 ? p->stage_fd : p->directory_fd, &is) == 0 &&
        (uint64_t)is.f_bavail * is.f_frsize < r->source.size_bytes) {
        (void)failure_of(FAILURE_SYSTEM, &r->error, "%s; up to %" PRIu64 " bytes are needed, %" PRIu64 " are free",
                         why.text, r->source.size_bytes, (uint64_t)is.f_bavail * is.f_frsize);
    }
}

/* Below this a capture is cut before anybody could follow. */
#define ANNOUNCED_FROM_BYTES (UINT64_C(4) << 20)

/* How many announcements, of a megabyte each, or captures whoever cuts may be ahead of whoever verifies. */
#define AHEAD 8

/*
 * A pipe whose writes are packets (pipe(2), O_DIRECT) has a page for each, however short it is: so who cuts waits in
 * write(2) until who verifies has come nearer. Into anything else nothing is announced.
 */
static bool announce_through_packets(int fd) {
    struct stat st;
    const int flags = fcntl(fd, F_GETFL);
    if (fstat(fd, &st) != 0 || !S_ISFIFO(st.st_mode) || flags < 0 || fcntl(fd, F_SETFL, flags | O_DIRECT) != 0) {
        return false;
    }
    (void)fcntl(fd, F_SETPIPE_SZ, AHEAD * (int)sysconf(_SC_PAGESIZE)); /* else it has 16 pages, which does as well */
    return true;
}

/* The sink has only ever written behind what it had written: that much of the temporary file is final. */
static int announce(void *context, uint64_t read_bytes, struct failure *f) {
    struct truncater *t = context;
    struct record *a = &t->announcement;
    if (!a->has_tmp) {
        return 0;
    }
    a->read_bytes = read_bytes;
    a->written_bytes = sink_written_bytes(t->job.sink);
    t->is_alone = stage_put(STDOUT_FILENO, a, true) != CLI_DONE;
    return t->is_alone ? failure_set(f, "whoever verifies it has ended") : 0;
}

/* What announcements of the capture in r say, but for how far it is. Without has_tmp there are none. */
static void prepare_announcement(struct truncater *t, const struct record *r) {
    struct record *a = &t->announcement;
    const struct job_options *o = &t->job.options;
    const bool is_wanted = t->announces && r->source.size_bytes >= ANNOUNCED_FROM_BYTES;
    a->has_tmp = is_wanted && record_init(a, r->file) == 0 &&
                 record_set_policy(a, t->job.terms.cut, o->policy_digest, o->policy_text) == 0;
    a->status = RECORD_CUTTING;
    a->accepted = t->job.framing.accepted;
    a->started_ns = r->started_ns;
    a->has_source = true;
    a->source = r->source;
    a->tmp = r->tmp;
}

/* Fill the temporary file. On success the record says what it is; on failure it is gone again. */
static void slim_to_tmp(struct truncater *t, int original_fd, struct record *r) {
    int tmp_fd = replace_create_tmp(&t->site.place, &r->tmp, &r->error);
    if (tmp_fd < 0) {
        r->status = RECORD_FAIL;
        return;
    }
    prepare_announcement(t, r);
    r->has_tmp = job_run(&t->job, original_fd, tmp_fd, r) == 0 && replace_stat_tmp(tmp_fd, &r->tmp, &r->error) == 0;
    record_free(&t->announcement);
    if (close(tmp_fd) != 0 && r->has_tmp) {
        r->has_tmp = false;
        (void)failure_errno(&r->error, errno, "cannot write the slim capture");
    }
    if (!r->has_tmp) {
        record_retract(r);
        progress_take_back(&t->mover.progress);
        replace_remove_tmp(&t->site.place, &r->tmp);
        say_room(t, r);
    }
}

static void slim_file(struct truncater *t, const char *path, struct record *r) {
    r->started_ns = clock_ns(CLOCK_MONOTONIC);
    if (transfer_may_go_on(&t->mover.transfer, &r->error) != 0) {
        r->status = RECORD_FAIL;
        return;
    }
    site_inspect(&t->site, path, r);
    if (r->status != RECORD_WOULD_SLIM) {
        return;
    }
    site_claim(&t->site, r);
    if (r->status != RECORD_WOULD_SLIM) {
        return;
    }
    int original_fd = replace_open_original(&t->site.place, &r->source, &r->error);
    if (original_fd < 0) {
        r->status = original_fd == REPLACE_TOO_YOUNG ? RECORD_SKIPPED_YOUNG : RECORD_FAIL;
    } else {
        slim_to_tmp(t, original_fd, r);
        (void)close(original_fd);
    }
    /*
     * The claim stays for the stages behind this one if they share it. By hand, without pcap-run, they take their own:
     * what comes between is noticed then, by the temporary file's identity.
     */
    if (r->status != RECORD_CUT || !site_claims_are_shared(&t->site)) {
        site_release(&t->site);
    }
}

static int slim_one_of_many(void *context, const char *path) {
    struct truncater *t = context;
    struct record r;
    if (cli_interrupted != 0) {
        return CLI_FAILED; /* not begun: without a record, as what is not even listed for this process */
    }
    if (record_init(&r, path) != 0) {
        return cli_fail(path, "out of memory");
    }
    slim_file(t, path, &r);
    pace_charge(&t->mover.pace, STAGE_RECORD_BYTES); /* and for the CPU time of small files */
    int status = t->is_alone ? CLI_FAILED : stage_put(STDOUT_FILENO, &r, true);
    if (status != CLI_DONE && r.has_tmp) {
        replace_remove_tmp(&t->site.place, &r.tmp);
    }
    record_free(&r);
    return status;
}

static int run_stage(struct truncater *t, struct options *o) {
    int stage_fd;
    if (options_open_stage(o->stage_directory, &stage_fd) != 0) {
        return CLI_FAILED;
    }
    cli_catch_signals();
    t->announces = o->announce && announce_through_packets(STDOUT_FILENO);
    if (site_options_begin(&t->site, o, o->claim_fd, stage_fd) != 0) {
        return CLI_FAILED;
    }
    int names_fd = stage_open_names(o->files0_from);
    int status = names_fd >= 0 ? confine_to_within(&o->confine, SANDBOX_CHANGE, stage_fd) : CLI_FAILED;
    if (status == CLI_DONE) {
        status =
            (o->share_names ? stage_each_shared_name : stage_each_name)(names_fd, o->files0_from, slim_one_of_many, t);
    }
    site_leave(&t->site);
    return cli_status_if_interrupted(cli_end(status));
}

static int prepare(struct truncater *t, const struct options *o) {
    const bool is_stage = o->files0_from != NULL;
    struct failure failure;
    if (packing_begin(&t->packing, o->accept, &o->compress) != 0 ||
        mover_begin(&t->mover, &o->limits, PROGRESS_CUT) != 0) {
        return CLI_FAILED;
    }
    progress_take_part(&t->mover.progress);
    if (digests_init(&t->digests, o->hash == HASH_SHA256, o->hash == HASH_SHA256 && !is_stage, &failure) != 0) {
        return cli_fail(NULL, "%s", failure.text);
    }
    const struct sink_options sink = {
        .transfer = mover_tapped(&t->mover, t->digests.after),
        .digest = is_stage || o->record_path != NULL,
        .writeback = is_stage,
    };
    const struct job_options job = {
        .accepted = o->accept,
        .settings = &o->policy.settings,
        .policy_text = o->policy.is_default ? NULL : o->policy.text,
        .policy_digest = o->policy.digest,
        .source = {.transfer = mover_tapped(&t->mover, t->digests.before),
                   .mapped = o->mapped,
                   .codecs = packing_codecs(&t->packing),
                   .fault = o->mapped ? fault_catch() : NULL,
                   .reached = is_stage ? announce : NULL,
                   .context = t},
        .sink = &sink,
        .compress = o->compress,
        .done = is_stage ? RECORD_CUT : RECORD_OK,
    };
    return job_init(&t->job, &job, &failure) == 0 ? 0 : cli_fail(NULL, "%s", failure.text);
}

int main(int argc, char **argv) {
    (void)argc;
    struct options o;
    static struct truncater t; /* 64 KiB of port flags: not for the stack */
    cli_start("pcap-truncate");
    int status = take_options(&o, argv);
    if (status == 0) {
        status = prepare(&t, &o);
    }
    if (status == 0) {
        status = o.files0_from != NULL ? run_stage(&t, &o) : run_filter(&t, &o);
    }
    job_free(&t.job);
    policy_options_free(&o.policy);
    digests_free(&t.digests);
    mover_end(&t.mover);
    packing_end(&t.packing);
    return status;
}

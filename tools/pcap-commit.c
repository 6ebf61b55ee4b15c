/*
 * pcap-commit: put a slim capture in the place of its original, or leave the original as it was.
 */
#include "capture_names.h"
#include "cli.h"
#include "clock.h"
#include "compare.h"
#include "digests.h"
#include "failure.h"
#include "job.h"
#include "mover.h"
#include "options.h"
#include "packing.h"
#include "placing.h"
#include "record.h"
#include "replace.h"
#include "site.h"
#include "stage.h"
#include "tidy.h"

#include <errno.h>
#include <unistd.h>

static const struct face FACE = {
    IN_COMMIT,
    .usage = "Usage: pcap-commit [OPTION...] TARGET <SLIM\n"
             "       pcap-commit --records [OPTION...] <RECORDS >RECORDS\n"
             "       pcap-commit --clean-stale DIR | --clean-after LIST\n"
             "Replace the capture TARGET by the slim one on standard input, after having\n"
             "checked every packet; or leave it as it was. A record goes out.\n"
             "\n",
    .examples = "\n"
                "Example:\n"
                "  pcap-truncate <a.pcap | pcap-commit a.pcap\n",
};

struct committer {
    const struct policy_options *policy;
    bool sha256;            /* the record is to have both digests */
    struct digests digests; /* by hand */
    struct job job;         /* likewise: what the policy makes of the original */
    struct mover mover;
    struct packing packing;
    struct site site;
    struct placing placing; /* at that site */
};

static int take_options(struct options *o, char **argv) {
    if (options_take_all(o, &FACE, argv) != 0) {
        return CLI_MISUSE;
    }
    const size_t without_target = (size_t)o->records + (o->clean_directory != NULL) + (o->clean_list != NULL);
    if (without_target + o->operand_count != 1) {
        return cli_misuse("one of TARGET, --records, --clean-stale DIR and --clean-after LIST is needed");
    }
    if (o->globs.count == 0) {
        (void)capture_names(o->accept, o->globs.at);
    }
    return options_check(o) == 0 ? policy_options_finish(&o->policy) : CLI_MISUSE;
}

/* ---- the last stage ---- */

static bool is_for_commit(const struct record *r) {
    return r->status != RECORD_CUTTING && (!record_is_final(r) || r->has_tmp);
}

static int open_tmp(const struct committer *c, const struct record *r, struct failure *f) {
    int fd = replace_open_tmp(&c->site.place, &r->tmp, f);
    if (fd >= 0 && !replace_lock_tmp(fd)) {
        (void)close(fd);
        return failure_of(FAILURE_CHANGED, f, "its temporary file is in use by another process");
    }
    return fd;
}

/*
 * Takes what the record holds and the claim where it waits to be put in place. Returns whether it does; if not, r has
 * its outcome and its temporary file is gone.
 */
static bool commit_verified(struct committer *c, struct record *r) {
    struct identity now;
    int tmp_fd = open_tmp(c, r, &r->error);
    int original_fd = tmp_fd >= 0 ? replace_open_original(&c->site.place, &now, &r->error) : -1;
    bool waits = false;
    if (original_fd >= 0) {
        waits = placing_add(&c->placing, r, original_fd, tmp_fd);
    } else {
        r->status = RECORD_FAIL;
        replace_remove_tmp(&c->site.place, &r->tmp);
    }
    if (!waits && tmp_fd >= 0) {
        (void)close(tmp_fd);
    }
    return waits;
}

/* The claim on it is ours. Returns as commit_verified(). */
static bool commit_claimed(struct committer *c, struct record *r) {
    if (r->status == RECORD_VERIFIED && c->sha256 && !(r->has_in_sha256 && r->has_out_sha256)) {
        record_fail(r, FAILURE_OTHER,
                    "its record lacks SHA-256 digests; give the stages before pcap-commit --hash sha256, too");
    } else if (r->status == RECORD_VERIFIED && r->verdict == RECORD_VERDICT_GOOD && r->has_source && r->has_tmp) {
        return commit_verified(c, r);
    } else if (r->status != RECORD_FAIL) {
        record_fail(r, FAILURE_OTHER, "the record lacks a good verdict, or what says which files are meant");
    }
    if (r->has_tmp) {
        replace_remove_tmp(&c->site.place, &r->tmp);
    }
    return false;
}

static int settle(void *context) {
    return placing_settle(&((struct committer *)context)->placing);
}

static enum stage_outcome commit_record(void *context, struct record *r) {
    struct committer *c = context;
    struct failure failure;
    if (!place_is_in(&c->site.place, r->file)) { /* those that wait are of the directory before */
        (void)settle(c);
    }
    if (site_enter(&c->site, r->file, &failure) != 0) {
        record_fail(r, failure.kind, failure.text);
        if (r->has_tmp && c->site.place.directory_fd >= 0) { /* it was the claims that could not be joined */
            replace_remove_unchanged_tmp(&c->site.place, &r->tmp);
        }
        r->has_tmp = false;
        return STAGE_HAND_ON;
    }
    if (r->status == RECORD_VERIFIED && transfer_may_go_on(&c->mover.transfer, &r->error) != 0) {
        r->status = RECORD_FAIL;
    } else if (r->status == RECORD_CUT) {
        record_fail(r, FAILURE_OTHER, "its slim capture was not verified; put pcap-verify before pcap-commit");
    }
    bool waits = false;
    int taken = claims_take(&c->site.claims, c->site.place.name, &failure);
    if (taken != 1) { /* only without the run's descriptor: another run has come between */
        taken == 0 ? record_fail(r, FAILURE_CHANGED, "another run has taken it up")
                   : record_fail(r, failure.kind, failure.text);
        replace_remove_unchanged_tmp(&c->site.place, &r->tmp);
    } else {
        waits = commit_claimed(c, r);
    }
    pace_charge(&c->mover.pace, (size_t)4 * STAGE_RECORD_BYTES); /* read, written, read by the report, the marker */
    if (waits) {
        *r = (struct record){.file = NULL};
        if (placing_is_full(&c->placing)) {
            (void)settle(c);
        }
        return STAGE_HOLD;
    }
    if (taken == 1) {
        site_release(&c->site);
    }
    r->has_tmp = false;
    return STAGE_HAND_ON;
}

static int run_stage(struct committer *c, const struct confine *confine) {
    cli_catch_signals();
    struct stage s = {.accept = is_for_commit, .work = commit_record, .settle = settle, .context = c};
    int status = confine_to_within(confine, SANDBOX_CHANGE, c->site.place.stage_fd);
    return cli_status_if_interrupted(cli_end(status == CLI_DONE ? stage_run(&s) : status));
}

/* ---- by hand ---- */

static int copy(struct committer *c, struct source *from, struct failure *f) {
    static uint8_t buffer[(size_t)256 << 10];
    ptrdiff_t got;
    int status = 0;
    while (status == 0 && (got = source_read(from, buffer, sizeof buffer, f)) != 0) {
        status = got < 0 ? -1 : sink_write(c->job.sink, buffer, (size_t)got, f);
    }
    return status;
}

/* digest: of what arrived. */
static int copy_to_tmp(struct committer *c, int tmp_fd, struct record *r, uint64_t *digest) {
    const struct source_options options = {.transfer = c->mover.transfer};
    struct source source;
    source_open(&source, STDIN_FILENO, &options);
    sink_reset(c->job.sink, tmp_fd);
    const int status = copy(c, &source, &r->error);
    *digest = sink_digest(c->job.sink);
    return status;
}

static int verify_tmp(struct committer *c, struct record *r, int original_fd, int tmp_fd) {
    const struct digests after = {.after = c->digests.after};
    if (lseek(original_fd, 0, SEEK_SET) != 0) {
        return failure_errno(&r->error, errno, "cannot read");
    }
    if (lseek(tmp_fd, 0, SEEK_SET) != 0) {
        return failure_errno(&r->error, errno, "cannot read the temporary file");
    }
    const struct compared files = {.slim_fd = tmp_fd, .original_fd = original_fd};
    if (compare_captures(&c->mover, &after, &c->packing, &c->policy->settings, &files, r) != 0) {
        return failure_before(&r->error, "left as it was, for what arrived %s: ",
                              r->verdict == RECORD_VERDICT_BAD ? "is not a slim of it" : "cannot be checked");
    }
    return 0;
}

/* Of the capture in what arrived, however it is compressed: whoever did that need not have done it as we do. */
static int digest_capture(struct committer *c, int tmp_fd, uint64_t *digest, struct failure *f) {
    const struct source_options options = {.transfer = c->mover.transfer, .codecs = packing_codecs(&c->packing)};
    struct source source;
    if (lseek(tmp_fd, 0, SEEK_SET) != 0) {
        return failure_errno(f, errno, "cannot read the temporary file");
    }
    source_open(&source, tmp_fd, &options);
    sink_reset(c->job.sink, SINK_NOWHERE);
    const int status = copy(c, &source, f);
    source_close(&source);
    *digest = sink_digest(c->job.sink);
    return status;
}

/*
 * What arrived, into the temporary file and before the witness; r has what the policy makes of the original, and the
 * digest that a slim of it must have: a capture that passes the witness may still be one that nobody slimmed, or one
 * that lost cleartext.
 */
static int take_input(struct committer *c, struct record *r, int original_fd, int tmp_fd) {
    const uint64_t wanted_digest = r->digest;
    uint64_t its_digest;
    if (copy_to_tmp(c, tmp_fd, r, &r->digest) != 0) {
        return -1;
    }
    r->has_digest = true;
    if (verify_tmp(c, r, original_fd, tmp_fd) != 0) {
        return -1;
    }
    its_digest = r->digest;
    if (c->packing.any && digest_capture(c, tmp_fd, &its_digest, &r->error) != 0) {
        return -1;
    }
    if (its_digest != wanted_digest) {
        return failure_set(&r->error,
                           "left as it was, for what arrived is not what the policy makes of it: cleartext is "
                           "missing or encrypted payload is still there");
    }
    if (replace_stat_tmp(tmp_fd, &r->tmp, &r->error) != 0) {
        return -1;
    }
    r->out_file_bytes = r->tmp.size_bytes;
    return 0;
}

/* original_fd: set to -1 where it was closed. */
static void commit_input(struct committer *c, struct record *r, int *original_fd) {
    if (job_run(&c->job, *original_fd, SINK_NOWHERE, r) != 0) {
        return;
    }
    r->has_digest = false; /* not yet that of what arrived */
    r->out_codec = r->in_codec;
    int tmp_fd = replace_create_tmp(&c->site.place, &r->tmp, &r->error);
    r->has_tmp = tmp_fd >= 0;
    if (r->has_tmp && take_input(c, r, *original_fd, tmp_fd) == 0) {
        placing_put(&c->placing, r, *original_fd, tmp_fd);
        *original_fd = -1;
    } else {
        r->status = RECORD_FAIL;
        r->has_tally = r->has_policy = false; /* they are of no file */
    }
    if (r->has_tmp) {
        replace_remove_tmp(&c->site.place, &r->tmp);
    }
    if (tmp_fd >= 0) {
        (void)close(tmp_fd);
    }
}

static void commit_by_hand(struct committer *c, const struct options *o, struct record *r) {
    site_inspect(&c->site, o->operands[0], r);
    if (r->status != RECORD_WOULD_SLIM) {
        return;
    }
    confine_to_directory(&o->confine, SANDBOX_CHANGE, c->site.place.directory_fd, c->site.place.stage_fd);
    site_claim(&c->site, r);
    if (r->status != RECORD_WOULD_SLIM) {
        return;
    }
    int original_fd = replace_open_original(&c->site.place, &r->source, &r->error);
    if (original_fd < 0) {
        r->status = original_fd == REPLACE_TOO_YOUNG ? RECORD_SKIPPED_YOUNG : RECORD_FAIL;
    } else {
        commit_input(c, r, &original_fd);
    }
    if (original_fd >= 0) {
        (void)close(original_fd);
    }
    site_release(&c->site);
}

/* As pcap-truncate does it, but for the file. */
static int prepare(struct committer *c, const struct options *o, struct failure *f) {
    const struct sink_options sink = {.transfer = c->mover.transfer, .digest = true};
    const struct job_options job = {
        .accepted = o->accept,
        .settings = &o->policy.settings,
        .policy_text = o->policy.is_default ? NULL : o->policy.text,
        .policy_digest = o->policy.digest,
        .source = {.transfer = mover_tapped(&c->mover, c->digests.before), .codecs = packing_codecs(&c->packing)},
        .sink = &sink,
        .compress = {.given = true}, /* for a digest of the capture */
        .done = RECORD_CUT,
    };
    return job_init(&c->job, &job, f);
}

static int run_by_hand(struct committer *c, const struct options *o) {
    const char *target = o->operands[0];
    struct record r;
    struct failure failure;
    if (isatty(STDIN_FILENO)) {
        return cli_misuse("standard input is a terminal; a slim capture is expected there");
    }
    if (packing_begin(&c->packing, o->accept, &o->compress) != 0 ||
        packing_begin_witness(&c->packing, o->accept, &o->compress) != 0) {
        return CLI_FAILED;
    }
    if (record_init(&r, target) != 0) {
        return cli_fail(target, "out of memory");
    }
    cli_catch_signals();
    r.started_ns = clock_ns(CLOCK_MONOTONIC);
    if (digests_init(&c->digests, o->hash == HASH_SHA256, o->hash == HASH_SHA256, &failure) == 0 &&
        prepare(c, o, &failure) == 0) {
        commit_by_hand(c, o, &r);
    } else {
        record_fail(&r, failure.kind, failure.text);
    }
    job_free(&c->job);
    digests_free(&c->digests);
    int status = CLI_DONE;
    if (r.status == RECORD_FAIL) {
        status = cli_fail(target, "%s", r.error.text);
    } else if (r.status == RECORD_SKIPPED_MARKER) {
        (void)cli_fail(target, "left alone, it is marked as slim already");
    } else if (r.status != RECORD_OK) {
        status = cli_fail(target, "left alone: %s", record_skip_reason(r.status));
    }
    if (stage_put(STDOUT_FILENO, &r, false) != CLI_DONE) {
        status = CLI_FAILED;
    }
    record_free(&r);
    return cli_status_if_interrupted(cli_end(status));
}

int main(int argc, char **argv) {
    (void)argc;
    struct options o;
    static struct committer c; /* 64 KiB of port flags: not for the stack */
    cli_start("pcap-commit");
    int status = take_options(&o, argv);
    if (status != 0) {
        return status;
    }
    c.policy = &o.policy;
    c.sha256 = o.hash == HASH_SHA256;
    int stage_fd;
    if (options_open_stage(o.stage_directory, &stage_fd) != 0) {
        return CLI_FAILED;
    }
    site_init(&c.site, o.claim_fd, stage_fd);
    if (options_open_markers(&o, &c.site.owner) != 0) {
        return CLI_FAILED;
    }
    c.placing.site = &c.site;
    c.placing.transfer = &c.mover.transfer;
    c.site.place.beneath = o.beneath;
    if (mover_begin(&c.mover, &o.limits, PROGRESS_PASSES) != 0) {
        return CLI_FAILED;
    }
    if (o.clean_directory != NULL) {
        status = tidy_stale(&c.site, &o.confine, o.clean_directory, o.globs.at);
    } else if (o.clean_list != NULL) {
        status = tidy_after_run(&c.site, o.clean_list, o.failed_path, &o.policy);
    } else {
        status = o.records ? run_stage(&c, &o.confine) : run_by_hand(&c, &o);
    }
    site_leave(&c.site);
    policy_options_free(&o.policy);
    mover_end(&c.mover);
    packing_end(&c.packing);
    return status;
}

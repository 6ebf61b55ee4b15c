/*
 * pcap-verify: is this a good slim capture? Against a record of what was written, or against the original.
 */
#include "accept.h"
#include "cli.h"
#include "compare.h"
#include "digests.h"
#include "failure.h"
#include "framing.h"
#include "identity.h"
#include "mover.h"
#include "options.h"
#include "packing.h"
#include "place.h"
#include "record.h"
#include "recount.h"
#include "replace.h"
#include "source.h"
#include "stage.h"
#include "tokens.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct face FACE = {
    IN_VERIFY,
    .usage = "Usage: pcap-verify --original FILE [OPTION...] [SLIM]\n"
             "       pcap-verify --record FILE [OPTION...] [SLIM]\n"
             "       pcap-verify --records [--check full|count] <RECORDS >RECORDS\n"
             "Say whether SLIM (standard input where not named) is a good slim capture.\n"
             "\n",
    .examples = "\n"
                "Examples:\n"
                "  pcap-truncate <a.pcap | pcap-verify --original a.pcap\n"
                "  pcap-verify --record a.json a.slim.pcap | jq -r .verdict\n",
};

/* A capture that is verified while it is being cut. */
struct following {
    const struct record *announced;
    struct follow slim, original;
    struct record cut; /* the record behind the announcements, once it has come */
    bool is_cut;       /* that has come */
};

struct verifier {
    struct stage stage;
    struct following following;
    struct framing framing;
    struct mover mover;
    struct packing packing;
    struct place place;
    const struct policy_options *policy;
    enum record_check check;
    struct digests digests; /* of the original by hand only */
};

static int take_options(struct options *o, char **argv) {
    if (options_take_all(o, &FACE, argv) != 0) {
        return CLI_MISUSE;
    }
    if ((o->original_path != NULL) + (o->record_path != NULL) + o->records != 1) {
        return cli_misuse("one of --original FILE, --record FILE and --records is needed");
    }
    if (o->operand_count > (o->records ? 0 : 1)) {
        return cli_misuse(o->records ? "--records goes without SLIM" : "one SLIM at most");
    }
    return options_check(o) == 0 ? policy_options_finish(&o->policy) : CLI_MISUSE;
}

/* ---- the two strengths ---- */

/* expected: looked at when all has been read. follow: as in struct compared. */
static void check_against_record(struct verifier *v, int slim_fd, struct follow *follow, const struct record *expected,
                                 struct record *r) {
    struct source_options options = {.transfer = mover_tapped(&v->mover, v->digests.after),
                                     .codecs = packing_codecs(&v->packing)};
    options.transfer.follow = follow;
    struct source source;
    struct recount found = {0};
    options.transfer.progress = NULL; /* only the original's bytes are counted */
    /* An announcement does not say yet whether there is such an end; what was written is compared all the same. */
    v->framing.accepted |= follow != NULL                   ? r->accepted & ACCEPT_CUT_TAIL
                           : expected->tally.tail_bytes > 0 ? ACCEPT_CUT_TAIL
                                                            : 0;
    source_open(&source, slim_fd, &options);
    enum framing_status end = recount_read(&v->framing, &source, &found, &r->error);
    source_close(&source);
    r->check = RECORD_CHECK_COUNT;
    r->verdict = end == FRAMING_FAILED ? RECORD_VERDICT_UNKNOWN : RECORD_VERDICT_BAD;
    r->checked_packets = found.packets;
    v->framing.accepted &= ~(unsigned)ACCEPT_CUT_TAIL;
    if (end != FRAMING_END) {
        return;
    }
    r->has_out_sha256 = tap_end(v->digests.after, r->out_sha256);
    const bool has_its_sha256 = !expected->has_out_sha256 || !r->has_out_sha256 ||
                                memcmp(r->out_sha256, expected->out_sha256, RECORD_SHA256_BYTES) == 0;
    if (found.packets != expected->tally.packets) {
        (void)failure_set(&r->error, "%llu packets, the record says %llu", (unsigned long long)found.packets,
                          (unsigned long long)expected->tally.packets);
    } else if (found.bytes != expected->tally.out_bytes || found.file_bytes != record_out_file_bytes(expected) ||
               found.digest != expected->digest) {
        (void)failure_set(&r->error,
                          "its bytes are not those that were written: digest %016llx, the record says %016llx",
                          (unsigned long long)found.digest, (unsigned long long)expected->digest);
    } else if (!has_its_sha256) {
        (void)failure_set(&r->error, "its SHA-256 digest is not that of the record");
    } else {
        r->verdict = RECORD_VERDICT_GOOD;
        return;
    }
    r->has_out_sha256 = false;
}

/* ---- by hand ---- */

static int load_record(const char *path, struct record *out) {
    struct tokens lines;
    struct failure failure;
    char *line;
    int fd = cli_open(path);
    if (fd < 0) {
        return CLI_FAILED;
    }
    int status = tokens_open(&lines, fd, '\n', &failure);
    if (status == 0) {
        int got = tokens_next(&lines, &line, &failure);
        status = got == 1 ? record_parse(line, out, &failure) : got;
        if (got == 0) {
            status = failure_set(&failure, "no record in it");
        }
    }
    tokens_close(&lines);
    (void)close(fd);
    if (status != 0) {
        return cli_fail(path, "%s", failure.text);
    }
    if (out->status == RECORD_FAIL || !out->has_tally || !out->has_digest) {
        record_free(out);
        return cli_fail(path, "this record has no packet count and digest of a capture that was written");
    }
    return 0;
}

static int check_by_hand(struct verifier *v, const struct options *o, int slim_fd, struct record *r) {
    if (o->original_path != NULL) {
        int original_fd = cli_open(o->original_path);
        if (original_fd < 0) {
            return CLI_FAILED;
        }
        confine_to_streams(&o->confine);
        const struct compared files = {.slim_fd = slim_fd, .original_fd = original_fd};
        r->accepted = o->accept & ACCEPT_CUT_TAIL;
        (void)compare_captures(&v->mover, &v->digests, &v->packing, &o->policy.settings, &files, r);
        (void)close(original_fd);
        return CLI_DONE;
    }
    struct record expected = {0};
    if (load_record(o->record_path, &expected) != 0) {
        return CLI_FAILED;
    }
    struct failure failure;
    if (expected.has_out_sha256 && v->digests.after == NULL && digests_init(&v->digests, false, true, &failure) != 0) {
        record_free(&expected);
        return cli_fail(NULL, "%s", failure.text);
    }
    confine_to_streams(&o->confine);
    check_against_record(v, slim_fd, NULL, &expected, r);
    record_free(&expected);
    return CLI_DONE;
}

static int run_by_hand(struct verifier *v, const struct options *o) {
    struct record r;
    int slim_fd = o->operands[0] != NULL ? cli_open(o->operands[0]) : STDIN_FILENO;
    if (slim_fd < 0) {
        return CLI_FAILED;
    }
    if (record_init(&r, o->operands[0] != NULL ? o->operands[0] : "-") != 0) {
        return cli_fail(NULL, "out of memory");
    }
    int status = check_by_hand(v, o, slim_fd, &r);
    if (status == CLI_DONE) {
        r.status = r.verdict == RECORD_VERDICT_GOOD ? RECORD_OK : RECORD_FAIL;
        if (r.status == RECORD_FAIL) {
            status = cli_fail(o->operands[0] != NULL ? o->operands[0] : "standard input", "%s", r.error.text);
        }
        if (stage_put(STDOUT_FILENO, &r, false) != CLI_DONE) {
            status = CLI_FAILED;
        }
    }
    record_free(&r);
    return cli_end(status);
}

/* ---- a stage ---- */

static bool is_on_the_disk(const struct record *r) {
    return (r->status == RECORD_CUTTING || r->status == RECORD_CUT) && r->has_tmp && r->has_source;
}

static bool is_still(int fd, const struct identity *known) {
    struct stat st;
    struct identity now;
    return fstat(fd, &st) == 0 && (now = identity_of(&st), identity_same(&now, known));
}

/* Open the capture and see that it is the one the record speaks of. */
static int open_original(const struct place *p, const struct identity *known, struct failure *f) {
    int fd = place_open_file(p);
    if (fd < 0) {
        return failure_errno(f, errno, "cannot open");
    }
    if (!is_still(fd, known)) {
        (void)close(fd);
        return failure_of(FAILURE_CHANGED, f, "it changed while it was being slimmed");
    }
    return fd;
}

/*
 * By what settings a capture on its way was slimmed: those that this stage was given, and then the record must name the
 * same ones; or else those of the record. out: to be freed.
 */
static int settings_of_record(const struct verifier *v, const struct record *r, struct settings *out,
                              struct failure *f) {
    settings_init(out);
    if (v->policy->given && r->has_policy && r->policy_digest != v->policy->digest) {
        return failure_set(f, "it was slimmed by another policy than this stage was given");
    }
    const char *from = v->policy->given ? v->policy->text : r->policy_text;
    char *text = from != NULL ? strdup(from) : NULL;
    int status = 0;
    if (from != NULL) {
        status = text != NULL ? settings_parse(out, text, f) : failure_memory(f);
    }
    free(text);
    return status;
}

static void check_by_record(struct verifier *v, struct record *r, const struct compared *files) {
    struct settings settings;
    if (settings_of_record(v, r, &settings, &r->error) == 0) {
        (void)compare_captures(&v->mover, &v->digests, &v->packing, &settings, files, r);
    } else {
        r->verdict = RECORD_VERDICT_UNKNOWN;
    }
    settings_free(&settings);
}

static void verify_files(struct verifier *v, const struct compared *files, struct record *r) {
    if (v->check == RECORD_CHECK_FULL) {
        check_by_record(v, r, files);
    } else {
        check_against_record(v, files->slim_fd, files->slim_follow, files->expected, r);
    }
    r->status = r->verdict == RECORD_VERDICT_GOOD ? RECORD_VERIFIED : RECORD_FAIL;
    if (r->status == RECORD_FAIL && cli_interrupted == 0 && !is_still(files->original_fd, &r->source)) {
        record_fail(r, FAILURE_CHANGED, "still being written: it changed while it was being slimmed");
    } else if (r->status == RECORD_FAIL && cli_interrupted == 0) {
        (void)failure_before(&r->error, "the slim capture %s: ",
                             r->verdict == RECORD_VERDICT_BAD ? "is not good" : "cannot be verified");
    }
}

/* Word of the capture that is followed: how much of it is final by now, or its record. */
static int hear_more(struct follow *slim) {
    struct verifier *v = slim->context;
    struct following *following = &v->following;
    struct record next;
    if (!stage_next(&v->stage, &next)) {
        return failure_set(&slim->failure, "whoever cut it has died");
    }
    if (!is_on_the_disk(&next) || strcmp(next.file, following->announced->file) != 0 ||
        next.tmp.inode != following->announced->tmp.inode) {
        stage_put_back(&v->stage); /* it failed, or several wrote into this pipe */
        record_free(&next);
        return failure_set(&slim->failure, "whoever cut it has given up");
    }
    if (next.status == RECORD_CUT) {
        following->cut = next;
        following->is_cut = slim->is_whole = true;
        return 0;
    }
    if (next.written_bytes > slim->final_bytes) {
        slim->final_bytes = next.written_bytes;
    }
    if (v->check == RECORD_CHECK_COUNT) { /* nobody else reads the original */
        (void)follow_has_read(&following->original, next.read_bytes);
    }
    record_free(&next);
    return 0;
}

/* The verdict that was come to over the announced capture, into the record that followed the announcements. */
static void conclude(struct verifier *v, const struct compared *files, struct record *r) {
    struct record *cut = &v->following.cut;
    const bool is_same_policy =
        r->has_policy == cut->has_policy && r->policy_digest == cut->policy_digest && r->accepted == cut->accepted;
    cut->status = r->status;
    cut->error = r->error;
    cut->check = r->check;
    cut->verdict = r->verdict;
    cut->checked_packets = r->checked_packets;
    cut->has_out_sha256 = r->has_out_sha256;
    memcpy(cut->out_sha256, r->out_sha256, sizeof cut->out_sha256);
    record_free(r);
    *r = *cut;
    if (r->status == RECORD_VERIFIED && !is_still(files->slim_fd, &r->tmp)) {
        record_fail(r, FAILURE_CHANGED, "its temporary file was taken away or changed by another process");
    } else if (r->status == RECORD_VERIFIED && !is_same_policy) {
        record_fail(r, FAILURE_OTHER, "it was announced with another policy than it was slimmed by");
    }
}

/*
 * Verify what is in both files while the slim capture is still being written, as far as that is final. r: the
 * announcement; becomes the capture's record. Returns false where there is none to hand on: it failed, or will be
 * verified when its record has come.
 */
static bool verify_growing(struct verifier *v, struct record *r) {
    const int original_fd = open_original(&v->place, &r->source, NULL);
    const int tmp_fd = original_fd >= 0 ? replace_open_growing_tmp(&v->place, &r->tmp, NULL) : -1;
    if (tmp_fd >= 0) {
        v->following = (struct following){
            .announced = r,
            .slim =
                {.fd = tmp_fd, .is_written = true, .more = hear_more, .context = v, .final_bytes = r->written_bytes},
            .original = {.fd = original_fd, .is_whole = true},
        };
        const struct compared files = {tmp_fd, original_fd, &v->following.slim, &v->following.original,
                                       &v->following.cut};
        verify_files(v, &files, r);
        while (!v->following.is_cut && hear_more(&v->following.slim) == 0) {
        }
        if (v->following.is_cut) {
            conclude(v, &files, r);
        }
        (void)close(tmp_fd);
    }
    if (original_fd >= 0) {
        (void)close(original_fd);
    }
    return tmp_fd >= 0 && v->following.is_cut;
}

static void verify_whole(struct verifier *v, struct record *r) {
    int original_fd = open_original(&v->place, &r->source, &r->error);
    if (original_fd < 0) {
        (void)failure_before(&r->error, "still being written: ");
        return;
    }
    int tmp_fd = replace_open_tmp(&v->place, &r->tmp, &r->error);
    if (tmp_fd < 0) {
        record_fail(r, FAILURE_CHANGED, "its temporary file was taken away or changed by another process");
    } else {
        const struct record expected = *r;
        const struct compared files = {.slim_fd = tmp_fd, .original_fd = original_fd, .expected = &expected};
        verify_files(v, &files, r);
        (void)close(tmp_fd);
    }
    (void)close(original_fd);
}

static enum stage_outcome verify_record(void *context, struct record *r) {
    struct verifier *v = context;
    const bool is_growing = r->status == RECORD_CUTTING;
    bool hand_on = !is_growing;
    r->status = RECORD_FAIL;
    if (transfer_may_go_on(&v->mover.transfer, &r->error) == 0 && place_go(&v->place, r->file, &r->error) >= 0) {
        if (is_growing) {
            hand_on = verify_growing(v, r);
        } else {
            verify_whole(v, r);
        }
    }
    pace_charge(&v->mover.pace, (size_t)2 * STAGE_RECORD_BYTES); /* and for the CPU time of small files */
    return hand_on ? STAGE_HAND_ON : STAGE_DROP;
}

static int run_stage(struct verifier *v, const struct options *o) {
    v->check = o->check == CHECK_FULL ? RECORD_CHECK_FULL : RECORD_CHECK_COUNT;
    if (v->check == RECORD_CHECK_FULL) {
        progress_take_part(&v->mover.progress);
    }
    if (options_open_stage(o->stage_directory, &v->place.stage_fd) != 0) {
        return CLI_FAILED;
    }
    cli_catch_signals();
    v->stage = (struct stage){.accept = is_on_the_disk, .work = verify_record, .context = v, .between_stages = true};
    int status = confine_to_within(&o->confine, SANDBOX_READ, v->place.stage_fd);
    return cli_status_if_interrupted(cli_end(status == CLI_DONE ? stage_run(&v->stage) : status));
}

/* For the strength that is asked for. What --compress has written is read without --accept, too. */
static int begin_unpacking(struct verifier *v, const struct options *o) {
    const bool is_full = o->records ? o->check == CHECK_FULL : o->original_path != NULL;
    const unsigned written = o->compress.id != CODEC_NONE ? 1u << o->compress.id : 0;
    return is_full ? packing_begin_witness(&v->packing, o->accept, &o->compress)
                   : packing_begin(&v->packing, o->accept | written, &o->compress);
}

int main(int argc, char **argv) {
    (void)argc;
    struct options o;
    struct verifier v;
    struct failure failure;
    cli_start("pcap-verify");
    int status = take_options(&o, argv);
    if (status != 0) {
        return status;
    }
    memset(&v, 0, sizeof v);
    v.policy = &o.policy;
    place_init(&v.place);
    v.place.beneath = o.beneath;
    if (begin_unpacking(&v, &o) != 0 || mover_begin(&v.mover, &o.limits, PROGRESS_CHECKED) != 0) {
        return CLI_FAILED;
    }
    if (framing_init(&v.framing, &failure) != FRAMING_OK ||
        digests_init(&v.digests, o.hash == HASH_SHA256 && o.original_path != NULL, o.hash == HASH_SHA256, &failure) !=
            0) {
        return cli_fail(NULL, "%s", failure.text);
    }
    v.framing.accepted = o.accept;
    status = o.records ? run_stage(&v, &o) : run_by_hand(&v, &o);
    digests_free(&v.digests);
    place_leave(&v.place);
    framing_free(&v.framing);
    policy_options_free(&o.policy);
    mover_end(&v.mover);
    packing_end(&v.packing);
    return status;
}

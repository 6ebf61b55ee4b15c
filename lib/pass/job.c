#include "job.h"

#include "indexed.h"

#include <string.h>
#include <time.h>

int job_init(struct job *j, const struct job_options *o, struct failure *f) {
    memset(j, 0, sizeof *j);
    j->options = *o;
    if (policy_init(&j->policy, &o->settings->policy, f) != 0 || framing_init(&j->framing, f) != FRAMING_OK) {
        return -1;
    }
    j->framing.accepted = o->accepted;
    j->terms = (struct slim_terms){.policy = &j->policy, .cut = o->settings->cut};
    if (rules_are_set(o->settings)) {
        j->terms.rules = &j->rules;
        if (rules_init(&j->rules, o->settings, f) != 0) {
            return -1;
        }
    }
    if (o->sink != NULL && o->settings->cut.mode == CUT_ZERO && !o->compress.given) {
        j->frames = frames_new(indexed_check, &j->framing);
        j->options.source.frames = j->frames;
        if (j->frames == NULL) {
            return failure_memory(f);
        }
    }
    j->options.sink = NULL; /* that need not live on */
    if (o->sink != NULL) {
        j->written = o->sink->transfer.tap;
        j->sink = sink_open(SINK_NOWHERE, o->sink, f);
    }
    return o->sink == NULL || j->sink != NULL ? 0 : -1;
}

static void note_done(const struct job *j, struct record *r) {
    r->has_tally = true;
    r->has_digest = j->sink != NULL;
    r->digest = j->sink != NULL ? sink_digest(j->sink) : 0;
    r->has_in_sha256 = tap_end(j->options.source.transfer.tap, r->in_sha256);
    r->has_out_sha256 = tap_end(j->written, r->out_sha256);
    (void)record_set_policy(r, j->terms.cut, j->options.policy_digest, j->options.policy_text);
    r->status = j->options.done;
}

/* Into what to compress, if into anything, what came in as `came` says. */
static int begin_packing(struct job *j, const struct codec *came, int its_level, struct record *r) {
    const struct codec_wish *wish = &j->options.compress;
    const struct codec *codec = wish->given ? codec_row(wish->id) : came;
    struct codec_level level = wish->level;
    if (codec == NULL) {
        return 0;
    }
    if (codec->pack == NULL) {
        return failure_of(FAILURE_OTHER, &r->error, "%s is only read; say with --compress what is to be written",
                          codec_name(codec->id));
    }
    if (codec == came && !level.asked) {
        level.level = its_level;
    }
    r->out_codec = codec->id;
    if (j->frames != NULL && codec->id == CODEC_ZSTD) {
        sink_keep_frames(j->sink, j->frames, codec, j->options.source.codecs->library[codec->id], level.level);
        return 0;
    }
    return sink_pack(j->sink, codec, j->options.source.codecs->library[codec->id], level, &r->error);
}

/* The way from one file to another. Returns 0, or -1 with the record's error set. */
static int pass(struct job *j, struct source *source, struct record *r) {
    const struct codec *came;
    int level;
    r->in_codec = r->out_codec = CODEC_NONE;
    if (source_look(source, &came, &level, &r->error) != 0) {
        return -1;
    }
    r->in_codec = came != NULL ? came->id : CODEC_NONE;
    if (j->sink != NULL && begin_packing(j, came, level, r) != 0) {
        return -1;
    }
    const enum framing_status end = slim_pass(&j->framing, source, &j->terms, j->sink, &r->tally, &r->error);
    if (end != FRAMING_END || (j->sink != NULL && sink_end(j->sink, &r->error) != 0)) {
        return -1;
    }
    if (j->frames != NULL) {
        r->frames = frames_count(j->frames).frames;
        r->left_frames = frames_count(j->frames).left_frames;
    }
    r->in_file_bytes = source->file_bytes;
    r->out_file_bytes = j->sink != NULL ? sink_written_bytes(j->sink) : 0;
    return 0;
}

int job_run(struct job *j, int in_fd, int out_fd, struct record *r) {
    struct source source;
    source_open(&source, in_fd, &j->options.source);
    if (j->sink != NULL) {
        sink_reset(j->sink, out_fd);
    }
    r->accepted = j->framing.accepted;
    const int status = pass(j, &source, r);
    source_close(&source);
    if (status == 0) {
        note_done(j, r);
    } else {
        r->status = RECORD_FAIL;
        progress_take_back(j->options.source.transfer.progress);
    }
    if (j->options.done == RECORD_OK) {
        record_stop(r);
    }
    return status;
}

void job_free(struct job *j) {
    framing_free(&j->framing);
    sink_free(j->sink);
    frames_free(j->frames);
    policy_free(&j->policy);
    rules_free(&j->rules);
}

#include "job.h"

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

int job_run(struct job *j, int in_fd, int out_fd, struct record *r) {
    struct source source;
    source_open(&source, in_fd, &j->options.source);
    if (j->sink != NULL) {
        sink_reset(j->sink, out_fd);
    }
    r->accepted = j->framing.accepted;
    const enum framing_status end = slim_pass(&j->framing, &source, &j->terms, j->sink, &r->tally, &r->error);
    source_close(&source);
    if (end == FRAMING_END) {
        note_done(j, r);
    } else {
        r->status = RECORD_FAIL;
        progress_take_back(j->options.source.transfer.progress);
    }
    if (j->options.done == RECORD_OK) {
        record_stop(r);
    }
    return end == FRAMING_END ? 0 : -1;
}

void job_free(struct job *j) {
    framing_free(&j->framing);
    sink_free(j->sink);
    policy_free(&j->policy);
    rules_free(&j->rules);
}

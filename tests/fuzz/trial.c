#include "trial.h"

#include "fuzz.h"
#include "settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One of each for all inputs: they are large. */
static struct framing framing;
static struct sink *sink;

static void make_once(void) {
    const struct sink_options options = {.digest = true};
    if (sink == NULL) {
        sink = sink_open(SINK_NOWHERE, &options, NULL);
        FUZZ_MUST(sink != NULL && framing_init(&framing, NULL) == FRAMING_OK);
    }
}

void trial_begin(struct trial *t, const uint8_t *control) {
    struct policy_settings settings;
    make_once();
    memset(t, 0, sizeof *t);
    t->sink = sink;
    policy_settings_init(&settings);
    settings.kind = control[0] & 1 ? POLICY_FLOW : POLICY_PACKET;
    settings.floor_bytes = control[1] < 128 ? control[1] : POLICY_KEEP_BYTES;
    settings.flows = 1 + control[2] % 64U;
    t->terms.cut.mode = (enum cut_mode)((control[0] >> 1) % CUT_MODES);
    if (settings.kind == POLICY_FLOW && t->terms.cut.mode != CUT_REWRITE &&
        settings.floor_bytes < SETTINGS_FLOW_FLOOR_MIN_BYTES) {
        settings.floor_bytes = SETTINGS_FLOW_FLOOR_MIN_BYTES; /* less is refused */
    }
    FUZZ_MUST(policy_init(&t->policy, &settings, NULL) == 0);
    t->terms.policy = &t->policy;
    t->terms.cut.checksum = (enum cut_checksum)((control[0] >> 3) % CUT_CHECKSUMS);
    if (t->terms.cut.checksum == CUT_KEEP && t->terms.cut.mode != CUT_ZERO) {
        t->terms.cut.checksum = CUT_COMPUTE; /* only zeroing can leave a checksum alone */
    }
    t->witness.terms.cut = t->terms.cut;
    t->witness.terms.floor_bytes = settings.floor_bytes;
    t->witness.terms.may_leave_more = settings.kind == POLICY_FLOW;
}

void trial_end(struct trial *t) {
    policy_free(&t->policy);
}

enum framing_status trial_pass(struct trial *t, int fd, int to, struct tally *tally) {
    struct source source;
    source_open(&source, fd, NULL);
    if (to >= 0) {
        sink_reset(t->sink, to);
    }
    enum framing_status status = slim_pass(&framing, &source, &t->terms, to >= 0 ? t->sink : NULL, tally, NULL);
    source_close(&source);
    return status;
}

uint64_t trial_digest(const struct trial *t) {
    return sink_digest(t->sink);
}

void trial_must_be_done(struct trial *t, int out_fd, const uint8_t *out, size_t out_bytes) {
    struct tally tally;
    size_t again_bytes;
    const int again_fd = fuzz_file(2, NULL, 0);
    FUZZ_MUST(lseek(out_fd, 0, SEEK_SET) == 0);
    FUZZ_MUST(trial_pass(t, out_fd, again_fd, &tally) == FRAMING_END);
    uint8_t *again = fuzz_contents(again_fd, &again_bytes);
    FUZZ_MUST(again_bytes == out_bytes && memcmp(again, out, out_bytes) == 0);
    free(again);
}

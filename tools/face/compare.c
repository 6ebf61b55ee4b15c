#include "compare.h"

#include "accept.h"
#include "witness.h"

#include <inttypes.h>

static struct witness_ports ports_of(const struct settings *s, enum policy_port_list list) {
    return (struct witness_ports){.at = s->policy.ports[list].at, .count = s->policy.ports[list].count};
}

/* The captures are right. Are the files? */
static enum witness_verdict compare_codecs(const struct witness_report *report, const struct record *expected,
                                           struct failure *f) {
    if (!expected->has_tally || report->slim_codec == expected->out_codec) {
        return WITNESS_GOOD;
    }
    (void)failure_set(f, "its compression is %s, not %s", codec_name(report->slim_codec),
                      codec_name(expected->out_codec));
    return WITNESS_BAD;
}

int compare_captures(const struct mover *m, const struct digests *d, const struct packing *p, const struct settings *s,
                     const struct compared *files, struct record *r) {
    struct witness_options options = {
        .terms = {.cut = s->cut,
                  .tunnels = {.kinds = policy_settings_tunnels(&s->policy),
                              .vxlan = ports_of(s, POLICY_VXLAN_PORTS),
                              .geneve = ports_of(s, POLICY_GENEVE_PORTS),
                              .gtp = ports_of(s, POLICY_GTP_PORTS),
                              .zero_is_all = s->policy.kind == POLICY_FLOW},
                  .floor_bytes = s->policy.floor_bytes,
                  .may_leave_more = s->policy.kind == POLICY_FLOW},
        .may_be_cut_short = (r->accepted & ACCEPT_CUT_TAIL) != 0,
        .slim = mover_tapped(m, d->after),
        .original = mover_tapped(m, d->before),
        .keeps_frames = p->keeps_frames,
        .codecs = packing_witness(p),
    };
    options.slim.progress = NULL; /* only the original's bytes are counted */
    options.slim.follow = files->slim_follow;
    options.original.follow = files->original_follow;
    struct witness_report report;
    enum witness_verdict verdict = witness_compare(files->slim_fd, files->original_fd, &options, &report, &r->error);
    if (verdict == WITNESS_GOOD) {
        verdict = compare_codecs(&report, files->expected != NULL ? files->expected : r, &r->error);
    }
    if (verdict == WITNESS_GOOD && r->has_tally && report.tail_bytes != r->tally.tail_bytes) {
        verdict = WITNESS_BAD;
        (void)failure_set(&r->error, "%" PRIu64 " bytes behind the last whole packet, the record says %" PRIu64,
                          report.tail_bytes, r->tally.tail_bytes);
    }
    r->check = RECORD_CHECK_FULL;
    r->verdict = verdict == WITNESS_GOOD  ? RECORD_VERDICT_GOOD
                 : verdict == WITNESS_BAD ? RECORD_VERDICT_BAD
                                          : RECORD_VERDICT_UNKNOWN;
    r->checked_packets = report.packets;
    if (verdict != WITNESS_GOOD) {
        progress_take_back(m->transfer.progress);
        return -1;
    }
    if (d->before != NULL) { /* as a stage it has come with the record */
        r->has_in_sha256 = tap_end(d->before, r->in_sha256);
    }
    r->has_out_sha256 = tap_end(d->after, r->out_sha256);
    return 0;
}

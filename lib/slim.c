#include "slim.h"

#include "cut.h"
#include "locate.h"

#include <string.h>

struct pass {
    struct framing *framing;
    const struct policy *policy;
    struct sink *sink;
    struct tally *tally;
    struct failure *failure;
    /*
     * Output that waits in the framing's own buffer: one contiguous run. Records are moved down behind it
     * only when something before them was cut, so that long untouched stretches are written straight from
     * where they were read, and cut ones are copied while they are in the cache. Measured:
     * docs/PERFORMANCE.md.
     */
    uint8_t *run;
    size_t run_bytes;
};

static struct decision decide(const struct pass *p, const struct framed *r, struct located *l) {
    if (p->tally->savefile.linktype != SAVEFILE_LINKTYPE_ETHERNET) {
        struct decision keep_all = {.reason = POLICY_LINKTYPE, .cut = false, .keep_payload_bytes = 0};
        return keep_all;
    }
    const uint8_t *frame = r->header + SAVEFILE_RECORD_HEADER_BYTES;
    locate_ethernet(frame, r->visible_bytes, l);
    return policy_packet_decide(p->policy, l, frame);
}

static int flush_run(struct pass *p) {
    int status = p->run_bytes > 0 ? sink_write(p->sink, p->run, p->run_bytes, p->failure) : 0;
    p->run_bytes = 0;
    return status;
}

static void append_to_run(struct pass *p, uint8_t *from, size_t length_bytes) {
    if (p->run_bytes == 0) {
        p->run = from;
    } else if (p->run + p->run_bytes != from) {
        memmove(p->run + p->run_bytes, from, length_bytes);
    }
    p->run_bytes += length_bytes;
}

/* The part of an oversize record that is not in the buffer: written through, or passed over. */
static enum framing_status pass_rest(struct pass *p, bool keep) {
    const uint8_t *at;
    size_t length_bytes;
    if (p->sink != NULL && flush_run(p) != 0) { /* the buffer is about to be used again */
        return FRAMING_FAILED;
    }
    for (;;) {
        enum framing_status status = framing_rest(p->framing, &at, &length_bytes, p->failure);
        if (status != FRAMING_OK || length_bytes == 0) {
            return status;
        }
        if (keep && p->sink != NULL && sink_write(p->sink, at, length_bytes, p->failure) != 0) {
            return FRAMING_FAILED;
        }
    }
}

static enum framing_status pass_record(struct pass *p, struct framed *r) {
    struct tally *t = p->tally;
    const bool oversize = r->visible_bytes < r->is.caplen_bytes;
    struct located l;
    struct decision d = decide(p, r, &l);
    uint32_t out_caplen_bytes = r->is.caplen_bytes;
    uint32_t out_visible_bytes = r->visible_bytes;
    tally_record(t, &r->is, oversize);
    t->packets_by_reason[d.reason]++;
    if (d.cut) {
        out_caplen_bytes = out_visible_bytes = l.payload_offset + d.keep_payload_bytes;
        t->cut_packets++;
        t->saved_bytes_by_reason[d.reason] += r->is.caplen_bytes - out_caplen_bytes;
        if (p->sink != NULL) {
            (void)cut_rewrite(r->header + SAVEFILE_RECORD_HEADER_BYTES, &l, d.keep_payload_bytes);
            savefile_put_caplen(&t->savefile, r->header, out_caplen_bytes);
        }
    }
    t->out_bytes += SAVEFILE_RECORD_HEADER_BYTES + (uint64_t)out_caplen_bytes;
    if (p->sink != NULL) {
        append_to_run(p, r->header, SAVEFILE_RECORD_HEADER_BYTES + (size_t)out_visible_bytes);
    }
    return oversize ? pass_rest(p, !d.cut) : FRAMING_OK;
}

static enum framing_status pass_records(struct pass *p) {
    enum framing_status status;
    while ((status = framing_fill(p->framing, p->failure)) == FRAMING_OK) {
        struct framed r;
        while (framing_next(p->framing, &r)) {
            status = pass_record(p, &r);
            if (status != FRAMING_OK) {
                return status;
            }
        }
        if (p->sink != NULL && flush_run(p) != 0) {
            return FRAMING_FAILED;
        }
    }
    return status;
}

enum framing_status slim_pass(struct framing *fr, struct source *source, const struct policy *policy, struct sink *sink,
                              struct tally *tally, struct failure *f) {
    memset(tally, 0, sizeof *tally);
    enum framing_status status = framing_open(fr, source, f);
    if (status != FRAMING_OK) {
        tally->in_bytes = source->offset_bytes;
        return status;
    }
    struct pass p = {.framing = fr, .policy = policy, .sink = sink, .tally = tally, .failure = f};
    tally->savefile = fr->savefile;
    tally->out_bytes = SAVEFILE_HEADER_BYTES;
    if (sink != NULL && sink_write(sink, fr->header_bytes, SAVEFILE_HEADER_BYTES, f) != 0) {
        status = FRAMING_FAILED;
    } else {
        status = pass_records(&p);
    }
    tally->in_bytes = source->offset_bytes;
    return status;
}

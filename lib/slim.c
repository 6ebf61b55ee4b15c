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
     * where they were read, and cut ones are copied while they are in the cache.
     */
    uint8_t *run;
    uint8_t *run_end;
    uint32_t second; /* units of ts_frac in a second */
    uint64_t time;   /* of the last packet: seconds in the high half, fraction in the low one */
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
    const uint8_t *from = p->run;
    const size_t length_bytes = (size_t)(p->run_end - p->run);
    p->run = p->run_end = NULL;
    return length_bytes > 0 ? sink_write(p->sink, from, length_bytes, p->failure) : 0;
}

static void append_to_run(struct pass *p, uint8_t *from, size_t length_bytes) {
    if (p->run_end != from) {
        if (p->run_end == NULL) {
            p->run = p->run_end = from;
        } else {
            memmove(p->run_end, from, length_bytes);
        }
    }
    p->run_end += length_bytes;
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

static void note_record(struct pass *p, const struct savefile_record *r) {
    const uint64_t time = (uint64_t)r->ts_sec << 32 | r->ts_frac;
    if (time < p->time) {
        p->tally->oddities[ODDITY_TIME_BACKWARDS]++;
    }
    p->time = time;
    if (tally_may_be_odd(p->tally, r, p->second)) {
        tally_count_oddities(p->tally, r, p->second);
    }
}

/* Returns whether the record was cut. */
static inline bool pass_record(struct pass *p, const struct framed *r) {
    struct tally *t = p->tally;
    struct located l;
    const struct decision d = decide(p, r, &l);
    uint32_t out_visible_bytes = r->visible_bytes;
    note_record(p, &r->is);
    t->packets_by_reason[d.reason]++;
    if (d.cut) {
        out_visible_bytes = l.payload_offset + d.keep_payload_bytes;
        t->saved_bytes_by_reason[d.reason] += r->is.caplen_bytes - out_visible_bytes;
        if (p->sink != NULL) {
            (void)cut_rewrite(r->header + SAVEFILE_RECORD_HEADER_BYTES, &l, d.keep_payload_bytes);
            savefile_put_caplen(&t->savefile, r->header, out_visible_bytes);
        }
    }
    if (p->sink != NULL) {
        append_to_run(p, r->header, SAVEFILE_RECORD_HEADER_BYTES + (size_t)out_visible_bytes);
    }
    return d.cut;
}

static bool next_record(struct framing *fr, bool oversize, struct framed *out) {
    if (oversize) {
        framing_next_oversize(fr, out);
        return true;
    }
    return framing_next(fr, out);
}

/* One call of pass_record(), so that everything the many ordinary packets need is compiled into one loop. */
static enum framing_status pass_records(struct pass *p) {
    enum framing_status status;
    while ((status = framing_fill(p->framing, p->failure)) > FRAMING_END) {
        struct framed r;
        bool oversize = status == FRAMING_OVERSIZE;
        while (next_record(p->framing, oversize, &r)) {
            const bool cut = pass_record(p, &r);
            if (oversize) {
                oversize = false;
                p->tally->oddities[ODDITY_OVERSIZE_PACKET]++;
                status = pass_rest(p, !cut);
                if (status != FRAMING_OK) {
                    return status;
                }
            }
        }
        if (p->sink != NULL && flush_run(p) != 0) {
            return FRAMING_FAILED;
        }
    }
    return status;
}

/* The figures that follow from others, and the first and last time. */
static void finish_tally(const struct pass *p, const struct framing *fr) {
    struct tally *t = p->tally;
    t->packets = fr->packets;
    t->in_bytes = fr->source->offset_bytes;
    t->out_bytes = fr->consumed_bytes;
    for (int r = 0; r < POLICY_CUT_REASONS; r++) {
        t->cut_packets += t->packets_by_reason[r];
        t->out_bytes -= t->saved_bytes_by_reason[r];
    }
    t->has_times = fr->packets > 0;
    t->first_sec = fr->first.ts_sec;
    t->first_frac = fr->first.ts_frac;
    t->last_sec = (uint32_t)(p->time >> 32);
    t->last_frac = (uint32_t)p->time;
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
    p.second = fr->savefile.nanoseconds ? 1000000000 : 1000000;
    if (sink != NULL && sink_write(sink, fr->header_bytes, SAVEFILE_HEADER_BYTES, f) != 0) {
        status = FRAMING_FAILED;
    } else {
        status = pass_records(&p);
    }
    finish_tally(&p, fr);
    return status;
}

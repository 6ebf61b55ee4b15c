#include "slim.h"

#include "cut.h"
#include "locate.h"

#include <string.h>

struct pass {
    struct framing *framing;
    const struct slim_terms *terms;
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
    struct {
        struct framed record;
        struct located located;
        struct decision decision;
    } other;         /* for cut_otherwise() */
    bool by_default; /* lengths rewritten, checksums computed */
    /* Of an oversize record in mode `zero`: payload behind the buffer. Only a quarter of a megabyte of tags makes any.
     */
    uint32_t zero_rest_bytes;
    uint64_t time; /* of the last packet: seconds in the high half, fraction in the low one */
};

static struct decision decide(const struct pass *p, const struct framed *r, struct located *l) {
    if (p->tally->savefile.linktype != SAVEFILE_LINKTYPE_ETHERNET) {
        struct decision keep_all = {.reason = POLICY_LINKTYPE, .cut = false, .keep_payload_bytes = 0};
        return keep_all;
    }
    const uint8_t *frame = r->header + SAVEFILE_RECORD_HEADER_BYTES;
    locate_ethernet(frame, r->visible_bytes, l);
    const struct policy_packet packet = {
        .captured_bytes = r->visible_bytes, .caplen_bytes = r->is.caplen_bytes, .origlen_bytes = r->is.origlen_bytes};
    return policy_decide(p->terms->policy, &packet, l, frame);
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

/* So many zeros in the place of what was read. */
static int write_zeros(struct pass *p, size_t length_bytes) {
    static const uint8_t zeros[4096];
    while (length_bytes > 0) {
        const size_t piece_bytes = length_bytes < sizeof zeros ? length_bytes : sizeof zeros;
        if (sink_write(p->sink, zeros, piece_bytes, p->failure) != 0) {
            return -1;
        }
        length_bytes -= piece_bytes;
    }
    return 0;
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
        const size_t zeros_bytes = length_bytes < p->zero_rest_bytes ? length_bytes : p->zero_rest_bytes;
        p->zero_rest_bytes -= (uint32_t)zeros_bytes;
        if (keep && p->sink != NULL &&
            (write_zeros(p, zeros_bytes) != 0 ||
             sink_write(p->sink, at + zeros_bytes, length_bytes - zeros_bytes, p->failure) != 0)) {
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

/* Length mode `zero`. */
static void zero_payload(struct pass *p, const struct framed *r, const struct located *l, const struct decision *d) {
    uint8_t *frame = r->header + SAVEFILE_RECORD_HEADER_BYTES;
    const uint32_t packet_end = cut_packet_end(frame, l);
    const uint32_t payload_end = packet_end < r->is.caplen_bytes ? packet_end : r->is.caplen_bytes;
    if (p->sink != NULL) {
        cut_zero(frame, l, d->keep_payload_bytes, p->terms->cut.checksum);
    }
    p->tally->zeroed_bytes_by_reason[d->reason] += payload_end - l->payload_offset - d->keep_payload_bytes;
    p->zero_rest_bytes = payload_end > r->visible_bytes ? payload_end - r->visible_bytes : 0;
}

/*
 * Cut p->other in another way than the default. Out of line and without the address of anything that the default's
 * loop has in registers. Returns how much of the frame's visible bytes stays.
 */
static __attribute__((noinline)) uint32_t cut_otherwise(struct pass *p) {
    const struct cut_terms *cut = &p->terms->cut;
    const struct framed *r = &p->other.record;
    const struct located *l = &p->other.located;
    const struct decision *d = &p->other.decision;
    if (cut->mode == CUT_ZERO) {
        zero_payload(p, r, l, d);
        return r->visible_bytes;
    }
    const uint32_t out_bytes = cut_snap(l, d->keep_payload_bytes);
    p->tally->saved_bytes_by_reason[d->reason] += r->is.caplen_bytes - out_bytes;
    if (p->sink != NULL) {
        if (cut->mode == CUT_REWRITE) {
            (void)cut_rewrite_incremental(r->header + SAVEFILE_RECORD_HEADER_BYTES, l, d->keep_payload_bytes);
        }
        savefile_put_caplen(&p->tally->savefile, r->header, out_bytes);
    }
    return out_bytes;
}

/* Returns whether the record was shortened. */
static inline bool pass_record(struct pass *p, const struct framed *r) {
    struct tally *t = p->tally;
    struct located l;
    const struct decision d = decide(p, r, &l);
    uint32_t out_visible_bytes = r->visible_bytes;
    note_record(p, &r->is);
    t->packets_by_reason[d.reason]++;
    if (d.cut && !p->by_default) {
        p->other.record = *r;
        p->other.located = l;
        p->other.decision = d;
        out_visible_bytes = cut_otherwise(p);
    } else if (d.cut) {
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
    return out_visible_bytes < r->visible_bytes;
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
            const bool shortened = pass_record(p, &r);
            if (oversize) {
                oversize = false;
                p->tally->oddities[ODDITY_OVERSIZE_PACKET]++;
                status = pass_rest(p, !shortened);
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
        t->zeroed_bytes += t->zeroed_bytes_by_reason[r];
    }
    t->has_times = fr->packets > 0;
    t->first_sec = fr->first.ts_sec;
    t->first_frac = fr->first.ts_frac;
    t->last_sec = (uint32_t)(p->time >> 32);
    t->last_frac = (uint32_t)p->time;
}

enum framing_status slim_pass(struct framing *fr, struct source *source, const struct slim_terms *terms,
                              struct sink *sink, struct tally *tally, struct failure *f) {
    memset(tally, 0, sizeof *tally);
    tally->policy = terms->policy->settings.kind;
    policy_begin(terms->policy);
    enum framing_status status = framing_open(fr, source, f);
    if (status != FRAMING_OK) {
        tally->in_bytes = source->offset_bytes;
        return status;
    }
    struct pass p = {.framing = fr, .terms = terms, .sink = sink, .tally = tally, .failure = f};
    tally->savefile = fr->savefile;
    p.by_default = terms->cut.mode == CUT_REWRITE && terms->cut.checksum == CUT_COMPUTE;
    p.second = fr->savefile.nanoseconds ? 1000000000 : 1000000;
    if (sink != NULL && sink_write(sink, fr->header_bytes, SAVEFILE_HEADER_BYTES, f) != 0) {
        status = FRAMING_FAILED;
    } else {
        status = pass_records(&p);
    }
    finish_tally(&p, fr);
    return status;
}

#include "walk.h"

#include "bytes.h"
#include "cut.h"
#include "linktype.h"
#include "locate.h"

/* Count and write what was walked over. Returns 0, or -1 with p->failure set. */
static int walk_end(struct pass *p, const struct walk *w) {
    const size_t length_bytes = (size_t)(w->run_end - w->run);
    framing_walk_end(p->framing, &w->framing);
    p->time = w->time;
    return p->sink != NULL && length_bytes > 0 ? sink_write(p->sink, w->run, length_bytes, p->failure) : 0;
}

/* ---- one piece ---- */

/* Of any packet; l and around are set where its link type is looked into. */
static struct decision decide_any(const struct pass *p, const struct framed *r, struct located *l,
                                  struct envelope *around) {
    if (!r->may_be_cut) {
        return policy_keep(POLICY_SIMPLE_PACKET);
    }
    if (p->link == NULL) {
        return policy_keep(POLICY_LINKTYPE);
    }
    const uint8_t *frame = r->header + r->header_bytes;
    const struct policy_packet packet = {.caplen_bytes = r->is.caplen_bytes, .origlen_bytes = r->is.origlen_bytes};
    struct tunnel_terms tunnels = p->policy->tunnels;
    if (r->visible_bytes < r->is.caplen_bytes) {
        tunnels.offloaded = false; /* nobody sees where it ends */
    }
    tunnel_locate(&tunnels, p->link, frame, r->visible_bytes, l, around);
    struct decision d = policy_decide(p->policy, &packet, l, frame);
    if (p->policy->settings.kind == POLICY_FLOW) {
        d = secrets_decide(&p->secrets, d);
    }
    const struct matcher_packet shown = {
        .bytes = frame, .there_bytes = r->visible_bytes, .origlen_bytes = r->is.origlen_bytes};
    return p->terms->rules != NULL ? rules_decide(p->terms->rules, l, &shown, around->tunnels != 0, d) : d;
}

/*
 * How the checksum of a frame in mode `zero` is written. Where the segment ends behind the buffer nobody can say
 * whether it was right: it is computed, unless there was none.
 */
static enum cut_checksum checksum_of_zeroed(const struct pass *p, const uint8_t *frame, const struct located *l,
                                            bool ends_behind) {
    const enum cut_checksum asked = p->terms->cut.checksum;
    if (asked != CUT_INCREMENTAL || !ends_behind) {
        return asked;
    }
    const bool is_none = l->as == LOCATED_UDP && bytes_get_be16(frame + l->transport_offset + UDP_CHECKSUM) == 0;
    return is_none ? CUT_KEEP : CUT_COMPUTE;
}

/* Cut the frame as the terms say. In mode `zero` the piece stays as long as it is. */
static void cut_frame(struct pass *p, const struct framed *r, const struct located *l, struct envelope *around,
                      const struct decision *d) {
    struct cut_terms terms = p->terms->cut;
    uint8_t *frame = r->header + r->header_bytes;
    if (terms.mode == CUT_ZERO) {
        const uint32_t payload_end = l->packet_end < r->is.caplen_bytes ? l->packet_end : r->is.caplen_bytes;
        p->tally->zeroed_bytes_by_reason[d->reason] += payload_end - (l->payload_offset + d->keep_payload_bytes);
        p->rest.zero_bytes = payload_end > r->visible_bytes ? payload_end - r->visible_bytes : 0;
        terms.checksum = checksum_of_zeroed(p, frame, l, p->rest.zero_bytes > 0);
    }
    if (p->sink != NULL) {
        (void)cut_within(around, frame, r->visible_bytes, l, d->keep_payload_bytes, terms);
    }
}

/* Shorten the piece. What of it is not in the buffer is left out as far as it is of the frame. Returns by how much. */
static uint64_t shorten(struct pass *p, const struct framed *r, uint32_t kept_bytes) {
    const struct format *format = p->framing->format;
    const uint64_t frame_end = (uint64_t)r->header_bytes + r->is.caplen_bytes + r->padding_bytes;
    const uint64_t whole_bytes = format->shorten(&p->framing->state, r, kept_bytes);
    p->rest.skip_bytes = frame_end > r->there_bytes ? frame_end - r->there_bytes : 0;
    p->rest.is_retailed = true;
    memcpy(p->rest.tail, r->header + format->tail_at, format->tail_bytes);
    return r->whole_bytes - whole_bytes;
}

static void show(const struct pass *p, const struct framed *r, const struct located *l, const struct decision *d,
                 uint32_t tunnels, uint64_t saved_bytes) {
    const struct slim_packet packet = {
        .located = p->link != NULL && r->may_be_cut ? l : NULL,
        .link_type = r->linktype,
        .tunnels = tunnels,
        .frame = r->header + r->header_bytes,
        .is = &r->is,
        .decision = *d,
        .kept_bytes = d->cut ? l->payload_offset + d->keep_payload_bytes : r->is.caplen_bytes,
        .bytes = r->whole_bytes,
        .saved_bytes = saved_bytes,
    };
    p->terms->watcher.see(p->terms->watcher.context, &packet);
}

/* Returns how many bytes of the packet, of those in the buffer, are its slim. */
static uint64_t pass_packet(struct pass *p, const struct framed *r) {
    struct located l;
    struct envelope around;
    struct tally *t = p->tally;
    const struct decision d = decide_any(p, r, &l, &around);
    const uint32_t tunnels = p->link != NULL && r->may_be_cut ? around.tunnels : 0;
    uint64_t saved_bytes = 0;
    t->packets_by_reason[d.reason]++;
    count_tunnels(t, tunnels, d.cut);
    if (d.cut) {
        cut_frame(p, r, &l, &around, &d);
        saved_bytes = p->terms->cut.mode == CUT_ZERO ? 0 : shorten(p, r, l.payload_offset + d.keep_payload_bytes);
        t->saved_bytes_by_reason[d.reason] += saved_bytes;
    }
    if (p->terms->watcher.see != NULL) {
        show(p, r, &l, &d, tunnels, saved_bytes);
    }
    p->row->packets++;
    p->row->cut_packets += d.cut;
    p->row->in_bytes += r->whole_bytes;
    p->row->saved_bytes += saved_bytes;
    const uint64_t rest_bytes = r->whole_bytes - r->there_bytes;
    return r->whole_bytes - saved_bytes - (rest_bytes - p->rest.skip_bytes);
}

static void note_any(struct pass *p, struct walk *w, const struct framed *r) {
    const bool in_blocks = p->framing->format != savefile_format();
    if (r->has_time) {
        note_packet(p->tally, w, &r->is, pass_time(&r->is, in_blocks), r->second, r->snaplen_bytes);
        p->framing->first = p->is_timed ? p->framing->first : r->is; /* there may have been others before it */
        p->is_timed = true;
    } else if (oddities_may_be(&r->is, r->second, r->snaplen_bytes)) {
        oddities_count(p->tally, &r->is, r->second, r->snaplen_bytes);
    }
}

/* What there is to report of the interface that was described last. */
static void note_interface(struct tally *t, const struct format_state *s) {
    const struct format_interface *i = &s->interfaces[s->interface_count - 1];
    t->interface_count = (uint64_t)i->number + 1;
    if (i->number < TALLY_INTERFACES_MAX) {
        struct tally_interface *row = &t->interfaces[i->number];
        *row = (struct tally_interface){
            .section = s->sections,
            .id = s->interface_count - 1,
            .snaplen_bytes = i->snaplen_bytes == UINT32_MAX ? 0 : i->snaplen_bytes,
            .linktype = i->linktype,
            .resolution = i->resolution,
            .fcs_bytes = i->fcs_bytes,
        };
        memcpy(row->name, i->name, sizeof row->name);
    }
}

/* What a span says of the packets behind it has just been taken in. */
static void note_span(struct pass *p) {
    const struct format_state *s = &p->framing->state;
    p->interface = NULL; /* it may be another one now */
    if ((uint64_t)s->interfaces_before + s->interface_count > p->tally->interface_count) {
        note_interface(p->tally, s);
    }
    if (p->policy->settings.kind == POLICY_FLOW && secrets_follow(&p->secrets, s, p->tally, p->failure) != 0) {
        p->is_refused = true;
    }
}

void pass_select_interface(struct pass *p, const struct format_interface *i) {
    const uint32_t row = i->number < TALLY_INTERFACES_MAX ? i->number : TALLY_INTERFACES_MAX;
    p->interface = i;
    p->row = &p->tally->interfaces[row];
    p->snaplen_bytes = i->snaplen_bytes;
    p->link = link_type_find(i->linktype);
    policy_set_snaplen(p->policy, i->snaplen_bytes);
    if (p->link != NULL && p->terms->rules != NULL && rules_select(p->terms->rules, i->linktype, p->failure) != 0) {
        p->is_refused = true;
    }
}

/* A piece of any format, by its row; it has just been taken off the walk. */
static void pass_any(struct pass *p, struct walk *w, const struct framed *r) {
    uint64_t out_bytes = r->there_bytes;
    p->rest = (struct rest){.skip_bytes = 0};
    if (!r->is_packet) {
        note_span(p);
    } else {
        if (r->interface != p->interface) {
            pass_select_interface(p, r->interface);
        }
        note_any(p, w, r);
        out_bytes = pass_packet(p, r);
    }
    if (p->sink != NULL) {
        append_to_run(w, r->header, (size_t)out_bytes);
    }
}

/* ---- a piece that is larger than the buffer ---- */

/* Its last bytes say how long it is, and that has changed. rest_bytes: what is left behind those at `at`. */
static void retail(const struct pass *p, uint8_t *at, size_t length_bytes, uint64_t rest_bytes) {
    const size_t tail_bytes = p->framing->format->tail_bytes;
    for (size_t i = 0; i < length_bytes && i + rest_bytes < tail_bytes; i++) {
        at[length_bytes - 1 - i] = p->rest.tail[tail_bytes - 1 - i - (size_t)rest_bytes];
    }
}

static inline size_t least(uint64_t a, size_t b) {
    return a < b ? (size_t)a : b;
}

/* The part of it that is not in the buffer: written through, or passed over. */
static enum framing_status pass_rest(struct pass *p) {
    struct rest *rest = &p->rest;
    uint8_t *at;
    size_t length_bytes;
    for (;;) {
        enum framing_status status = framing_rest(p->framing, &at, &length_bytes, p->failure);
        if (status != FRAMING_OK || length_bytes == 0) {
            return status;
        }
        const size_t skip_bytes = least(rest->skip_bytes, length_bytes);
        const size_t zero_bytes = least(rest->zero_bytes, length_bytes);
        rest->skip_bytes -= skip_bytes;
        rest->zero_bytes -= zero_bytes;
        memset(at, 0, zero_bytes);
        if (rest->is_retailed) {
            retail(p, at, length_bytes, p->framing->rest_bytes);
        }
        if (p->sink != NULL && skip_bytes < length_bytes &&
            sink_write(p->sink, at + skip_bytes, length_bytes - skip_bytes, p->failure) != 0) {
            return FRAMING_FAILED;
        }
    }
}

/* It is alone in the buffer, and only its beginning is. */
static __attribute__((noinline)) struct walk pass_oversize(struct pass *p) {
    struct framed r;
    framing_next_oversize(p->framing, &r);
    p->tally->oddities[ODDITY_OVERSIZE_PACKET] += r.is_packet;
    struct walk w = walk_begin(p);
    w.run = w.run_end = r.header;
    pass_any(p, &w, &r);
    return w;
}

/* ---- a capture ---- */

static void walk_buffer(struct pass *p, struct walk *w) {
    struct framed r;
    if (p->loop == LOOP_RECORDS) {
        walk_records(p, w);
        return;
    }
    do {
        if (p->loop == LOOP_BLOCKS) {
            walk_blocks(p, w);
        }
        if (!framing_walk_next_any(p->framing, &w->framing, &r)) {
            return;
        }
        pass_any(p, w, &r);
    } while (!p->is_refused);
}

static enum framing_status pass_pieces(struct pass *p) {
    enum framing_status status;
    while ((status = pass_fill(p)) > FRAMING_END) {
        const bool oversize = status == FRAMING_OVERSIZE;
        struct walk w;
        if (oversize) {
            w = pass_oversize(p);
        } else {
            pass_look_ahead(p);
            w = walk_begin(p);
            walk_buffer(p, &w);
        }
        if (walk_end(p, &w) != 0 || p->is_refused) {
            return FRAMING_FAILED;
        }
        pass_turn_over(p);
        if (oversize && (status = pass_rest(p)) != FRAMING_OK) {
            return status;
        }
    }
    return status;
}

/* The end of a capture whose last record is cut short stays as it is. */
static enum framing_status pass_cut_tail(struct pass *p) {
    const uint8_t *at;
    const size_t length_bytes = framing_take_cut_tail(p->framing, &at);
    p->tally->tail_bytes = length_bytes;
    return p->sink == NULL || length_bytes == 0 || sink_write(p->sink, at, length_bytes, p->failure) == 0
               ? FRAMING_END
               : FRAMING_FAILED;
}

static void finish_times(const struct pass *p, const struct framing *fr) {
    struct tally *t = p->tally;
    t->has_times = fr->packets > 0;
    t->first_sec = fr->first.ts_sec;
    t->first_frac = fr->first.ts_frac;
    t->last_sec = (uint32_t)(p->time >> 32);
    t->last_frac = (uint32_t)p->time;
    if (fr->format != savefile_format()) {
        const uint32_t unit_ns = fr->state.savefile.nanoseconds ? 1 : 1000;
        t->has_times = p->is_timed;
        t->first_frac /= unit_ns;
        t->last_sec = (uint32_t)(p->time / 1000000000);
        t->last_frac = (uint32_t)(p->time % 1000000000) / unit_ns;
    }
}

/* The figures that follow from others, and the first and last time. */
static void finish_tally(const struct pass *p, const struct framing *fr) {
    struct tally *t = p->tally;
    t->savefile = fr->state.savefile;
    t->packets = fr->packets;
    t->in_bytes = fr->source->offset_bytes;
    t->out_bytes = fr->consumed_bytes;
    for (int r = 0; r < POLICY_CUT_REASONS; r++) {
        t->cut_packets += t->packets_by_reason[r];
        t->out_bytes -= t->saved_bytes_by_reason[r];
        t->zeroed_bytes += t->zeroed_bytes_by_reason[r];
    }
    t->oddities[ODDITY_SECTION_LENGTH] = fr->state.sized_sections;
    finish_times(p, fr);
}

static enum loop loop_of(const struct slim_terms *terms, const struct framing *fr) {
    const bool in_blocks = fr->format == pcapng_format();
    const bool ordinary =
        (in_blocks || (fr->format == savefile_format() && fr->state.savefile.linktype == LINKTYPE_ETHERNET)) &&
        terms->rules == NULL && terms->watcher.see == NULL && terms->cut.mode == CUT_REWRITE &&
        terms->cut.checksum == CUT_COMPUTE;
    if (!ordinary) {
        return LOOP_ANY;
    }
    if (in_blocks) {
        return LOOP_BLOCKS;
    }
    /* The loop over records looks for no tunnel but VXLAN by itself. */
    const uint32_t kinds = terms->policy->tunnels.kinds;
    return terms->policy->settings.kind == POLICY_FLOW || kinds == 0 || (kinds >> TUNNEL_VXLAN & 1) != 0 ? LOOP_RECORDS
                                                                                                         : LOOP_ANY;
}

/* Of a container whose packets are all of the link type and snaplen that its header says, or of one that says later. */
static void begin(struct pass *p, const struct framing *fr) {
    const struct savefile_header *h = &fr->state.savefile;
    p->row = &p->tally->interfaces[0];
    p->link = link_type_find(h->linktype);
    p->snaplen_bytes = h->snaplen_bytes;
    p->second = h->nanoseconds ? 1000000000 : 1000000;
    p->loop = loop_of(p->terms, fr);
    policy_begin(p->policy, h->snaplen_bytes);
}

enum framing_status slim_pass(struct framing *fr, struct source *source, const struct slim_terms *terms,
                              struct sink *sink, struct tally *tally, struct failure *f) {
    memset(tally, 0, sizeof *tally);
    tally->policy = terms->policy->settings.kind;
    enum framing_status status = framing_open(fr, source, f);
    if (status != FRAMING_OK) {
        tally->in_bytes = source->offset_bytes;
        return status;
    }
    struct pass p = {
        .framing = fr, .terms = terms, .policy = terms->policy, .sink = sink, .tally = tally, .failure = f};
    const bool is_told_later = fr->format->interfaces_max > 0;
    tally->savefile = fr->state.savefile;
    begin(&p, fr);
    /* Of a link type that is not looked into every packet stays, whatever the rules. */
    if ((p.link != NULL || is_told_later) && terms->rules != NULL &&
        rules_begin(terms->rules, is_told_later ? LINKTYPE_ETHERNET : fr->state.savefile.linktype, f) != 0) {
        status = FRAMING_REFUSED;
    } else if (sink != NULL && sink_write(sink, fr->header_bytes, fr->format->file_header_bytes, f) != 0) {
        status = FRAMING_FAILED;
    } else {
        status = pass_pieces(&p);
        if (status == FRAMING_END) {
            status = pass_cut_tail(&p);
        } else if (status == FRAMING_DAMAGED && fr->cut_tail_bytes > 0) {
            (void)failure_after(f, "; --cut-tail keep slims what is before it");
        }
    }
    finish_tally(&p, fr);
    return status;
}

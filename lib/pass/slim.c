#include "slim.h"

#include "bytes.h"
#include "cut.h"
#include "link.h"
#include "linktype.h"
#include "locate.h"
#include "oddities.h"
#include "tunnel_plain.h"

#include <string.h>

#define unlikely(x) __builtin_expect((x), 0)

/*
 * A savefile, Ethernet, no rules, lengths rewritten, checksums computed, nothing but reasons counted: what is so has a
 * loop of its own for each policy, and for packets that may be in VXLAN. Everything else goes through the loop that
 * asks at every packet what is wanted.
 */
enum loop { LOOP_PACKET, LOOP_PACKET_IN_TUNNELS, LOOP_FLOW, LOOP_ANY };

struct pass {
    struct framing *framing;
    const struct slim_terms *terms;
    struct policy *policy; /* of the terms */
    struct sink *sink;
    struct tally *tally;
    struct failure *failure;
    uint32_t second;          /* units of ts_frac in a second, of all packets in an ordinary loop */
    uint32_t zero_rest_bytes; /* of an oversize record in mode `zero`: payload behind the buffer */
    uint64_t time;            /* of the last packet: seconds in the high half, fraction in the low one */
    enum loop loop;
    const struct link_type *link; /* of the capture; NULL: not looked into */
};

/*
 * What changes from record to record while those in the buffer are walked. A local variable whose address only inlined
 * functions are given, so that it need not lie in memory, where any byte written to the buffer might change it.
 */
struct walk {
    struct framing_walk framing;
    uint64_t time;
    /*
     * Output that waits in the framing's own buffer: one contiguous run. Records are moved down behind it
     * only when something before them was cut, so that long untouched stretches are written straight from
     * where they were read, and cut ones are copied while they are in the cache.
     */
    uint8_t *run;
    uint8_t *run_end;
};

/* The buffer has just been filled; what is not walked of it has been handed out already. */
static struct walk walk_begin(const struct pass *p) {
    struct walk w = {.framing = framing_walk_begin(p->framing), .time = p->time};
    w.run = w.run_end = w.framing.at;
    return w;
}

/* Count and write what was walked over. Returns 0, or -1 with p->failure set. */
static int walk_end(struct pass *p, const struct walk *w) {
    const size_t length_bytes = (size_t)(w->run_end - w->run);
    framing_walk_end(p->framing, &w->framing);
    p->time = w->time;
    return p->sink != NULL && length_bytes > 0 ? sink_write(p->sink, w->run, length_bytes, p->failure) : 0;
}

static inline void append_to_run(struct walk *w, const uint8_t *from, size_t length_bytes) {
    if (w->run_end != from) {
        memmove(w->run_end, from, length_bytes);
    }
    w->run_end += length_bytes;
}

/* In an ordinary loop, of a located packet. */
static inline struct decision decide(const struct pass *p, const struct framed *r, const enum loop loop,
                                     const uint8_t *frame, const struct located *l) {
    if (loop != LOOP_FLOW) {
        return policy_packet_decide(p->policy, l, frame);
    }
    const struct policy_packet packet = {.caplen_bytes = r->is.caplen_bytes, .origlen_bytes = r->is.origlen_bytes};
    return policy_flow_decide(p->policy, &packet, l, frame);
}

/* Of any packet. link: of its link type, NULL where that is not looked into; l and around are set otherwise. */
static struct decision decide_any(const struct pass *p, const struct framed *r, const struct link_type *link,
                                  struct located *l, struct envelope *around) {
    if (link == NULL) {
        return (struct decision){.reason = POLICY_LINKTYPE};
    }
    const uint8_t *frame = r->header + r->header_bytes;
    const struct policy_packet packet = {.caplen_bytes = r->is.caplen_bytes, .origlen_bytes = r->is.origlen_bytes};
    struct tunnel_terms tunnels = p->policy->tunnels;
    if (r->visible_bytes < r->is.caplen_bytes) {
        tunnels.offloaded = false; /* nobody sees where it ends */
    }
    tunnel_locate(&tunnels, link, frame, r->visible_bytes, l, around);
    const struct decision d = policy_decide(p->policy, &packet, l, frame);
    const struct matcher_packet shown = {
        .bytes = frame, .there_bytes = r->visible_bytes, .origlen_bytes = r->is.origlen_bytes};
    return p->terms->rules != NULL ? rules_decide(p->terms->rules, l, &shown, around->tunnels != 0, d) : d;
}

static inline void note_record(const struct pass *p, struct walk *w, const struct format_packet *r,
                               const uint32_t second) {
    const uint64_t time = (uint64_t)r->ts_sec << 32 | r->ts_frac;
    if (time < w->time) {
        p->tally->oddities[ODDITY_TIME_BACKWARDS]++;
    }
    w->time = time;
    if (oddities_may_be(p->tally, r, second)) {
        oddities_count(p->tally, r, second);
    }
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

/* Cut as the terms say. Returns by how much that makes the record shorter: not at all in mode `zero`. */
static uint64_t cut_by_terms(struct pass *p, const struct framed *r, const struct located *l, struct envelope *around,
                             const struct decision *d) {
    struct cut_terms terms = p->terms->cut;
    struct tally *t = p->tally;
    uint8_t *frame = r->header + r->header_bytes;
    const uint32_t kept_end = l->payload_offset + d->keep_payload_bytes;
    if (terms.mode == CUT_ZERO) {
        const uint32_t payload_end = l->packet_end < r->is.caplen_bytes ? l->packet_end : r->is.caplen_bytes;
        t->zeroed_bytes_by_reason[d->reason] += payload_end - kept_end;
        p->zero_rest_bytes = payload_end > r->visible_bytes ? payload_end - r->visible_bytes : 0;
        terms.checksum = checksum_of_zeroed(p, frame, l, p->zero_rest_bytes > 0);
    }
    if (p->sink != NULL) {
        (void)cut_within(around, frame, r->visible_bytes, l, d->keep_payload_bytes, terms);
    }
    if (terms.mode == CUT_ZERO) {
        return 0;
    }
    const uint64_t saved_bytes = r->whole_bytes - p->framing->format->shorten(&t->savefile, r, kept_end);
    t->saved_bytes_by_reason[d->reason] += saved_bytes;
    return saved_bytes;
}

/* What was in tunnels, by each of them. */
static inline void count_tunnels(struct tally *t, uint32_t tunnels, bool cut) {
    for (; tunnels != 0; tunnels &= tunnels - 1) { /* from one bit to the next */
        const int k = __builtin_ctz(tunnels);
        t->packets_by_tunnel[k]++;
        t->cut_by_tunnel[k] += cut;
    }
}

/* A record of any format, by its row; it has just been taken off the walk. */
static void pass_any(struct pass *p, struct walk *w, const struct framed *r) {
    uint64_t out_bytes = (uint64_t)(w->framing.at - r->header); /* what there is of it in the buffer */
    if (r->is_packet) {
        struct located l;
        struct envelope around;
        const struct link_type *link =
            r->linktype == p->tally->savefile.linktype ? p->link : link_type_find(r->linktype);
        const struct decision d = decide_any(p, r, link, &l, &around);
        if (link != NULL && around.tunnels != 0) {
            count_tunnels(p->tally, around.tunnels, d.cut);
        }
        const uint64_t saved_bytes = d.cut ? cut_by_terms(p, r, &l, &around, &d) : 0;
        note_record(p, w, &r->is, r->second);
        p->tally->packets_by_reason[d.reason]++;
        if (p->terms->account != NULL && link != NULL) {
            account_packet(p->terms->account, &l, r->header + r->header_bytes, r->whole_bytes, saved_bytes);
        }
        if (w->framing.packets == 1) {
            p->framing->first = r->is; /* there may have been spans before it */
        }
        out_bytes = saved_bytes > 0 ? r->whole_bytes - saved_bytes : out_bytes;
    }
    if (p->sink != NULL) {
        append_to_run(w, r->header, (size_t)out_bytes);
    }
}

/* Whether a packet of an ordinary loop may be a tunnel, or behind tags that are looked through. */
static inline bool may_be_tunnel(const struct pass *p, const struct located *l) {
    if (l->as == LOCATED_UDP) {
        const uint8_t *flags = p->policy->port_flags;
        return ((flags[l->source_port] | flags[l->destination_port]) & POLICY_PORT_TUNNELS) != 0;
    }
    return l->as == LOCATED_NOT_IP || l->as == LOCATED_OTHER_TRANSPORT || l->as == LOCATED_OFFLOADED;
}

struct tunnel_outcome {
    uint32_t out_bytes; /* of the frame */
    enum policy_reason reason;
};

static inline bool looks_into_vxlan(const struct pass *p) {
    return (p->policy->tunnels.kinds >> TUNNEL_VXLAN & 1) != 0;
}

/* Of plain VXLAN with an ordinary packet in it: where that is. Returns false where it is something else. */
static bool locate_plain(const struct pass *p, const uint8_t *frame, uint32_t captured_bytes, struct located *l) {
    const uint8_t *flags = p->policy->port_flags;
    if (!tunnel_is_plain(flags, frame, captured_bytes) || !looks_into_vxlan(p)) {
        return false;
    }
    locate_ethernet(frame + PLAIN_INNER, captured_bytes - PLAIN_INNER, l);
    if (l->circuit != 0 || !tunnel_plain_agrees(flags, frame, l)) {
        return false;
    }
    l->circuit = 1 + (bytes_get_be32(frame + PLAIN_VXLAN + VXLAN_VNI) >> 8); /* as the longer way has it */
    l->network_offset += PLAIN_INNER;
    l->transport_offset += PLAIN_INNER;
    l->payload_offset += PLAIN_INNER;
    l->packet_end += PLAIN_INNER;
    l->final_destination_offset += PLAIN_INNER;
    return true;
}

/* Such a packet, from locating to cutting. */
static __attribute__((noinline, hot)) struct tunnel_outcome pass_in_tunnel(const struct pass *p, uint8_t *frame,
                                                                           struct policy_packet packet) {
    struct located l;
    struct envelope around;
    const bool is_plain = locate_plain(p, frame, packet.caplen_bytes, &l);
    if (!is_plain) {
        tunnel_locate(&p->policy->tunnels, p->link, frame, packet.caplen_bytes, &l, &around);
    }
    const struct decision d = policy_decide(p->policy, &packet, &l, frame);
    count_tunnels(p->tally, is_plain ? UINT32_C(1) << TUNNEL_VXLAN : around.tunnels, d.cut);
    if (!d.cut) {
        return (struct tunnel_outcome){packet.caplen_bytes, d.reason};
    }
    const uint32_t kept_end = l.payload_offset + d.keep_payload_bytes;
    if (p->sink != NULL && is_plain) {
        (void)cut_rewrite(frame, &l, d.keep_payload_bytes);
        cut_mend_plain(frame, kept_end);
    } else if (p->sink != NULL) {
        (void)cut_within(&around, frame, packet.caplen_bytes, &l, d.keep_payload_bytes, p->terms->cut);
    }
    return (struct tunnel_outcome){kept_end, d.reason};
}

/* Cold, so that where it is called from what the many packets need stays in registers. */
static __attribute__((noinline, cold)) struct tunnel_outcome pass_tunnel(const struct pass *p, uint8_t *frame,
                                                                         struct policy_packet packet) {
    return pass_in_tunnel(p, frame, packet);
}

/* What may have tunnels in it goes the long way. Returns how many bytes of the frame stay. */
static inline uint32_t pass_long_way(const struct pass *p, const struct walk *w, const struct framed *r,
                                     const bool writing) {
    const struct policy_packet packet = {.caplen_bytes = r->is.caplen_bytes, .origlen_bytes = r->is.origlen_bytes};
    const struct tunnel_outcome o = pass_tunnel(p, r->header + SAVEFILE_RECORD_HEADER_BYTES, packet);
    p->tally->packets_by_reason[o.reason]++;
    if (o.reason < POLICY_CUT_REASONS) {
        p->tally->saved_bytes_by_reason[o.reason] += packet.caplen_bytes - o.out_bytes;
        if (writing) {
            savefile_put_caplen(&w->framing.savefile, r->header, o.out_bytes);
        }
    }
    return o.out_bytes;
}

/*
 * The frame that begins at inner, which is 0, or PLAIN_INNER in plain VXLAN. Returns how many bytes stay of the whole
 * frame. writing, loop and inner: known where this is compiled for the many ordinary packets.
 */
static inline __attribute__((always_inline)) uint32_t pass_frame(const struct pass *p, const struct walk *w,
                                                                 const struct framed *r, const bool writing,
                                                                 const enum loop loop, const uint32_t inner) {
    uint8_t *whole = r->header + SAVEFILE_RECORD_HEADER_BYTES;
    uint8_t *frame = whole + inner;
    struct located l;
    locate_ethernet(frame, r->visible_bytes - inner, &l);
    if (loop != LOOP_PACKET &&
        unlikely(inner != 0 ? !tunnel_plain_agrees(p->policy->port_flags, whole, &l) : may_be_tunnel(p, &l))) {
        return pass_long_way(p, w, r, writing);
    }
    const struct decision d = decide(p, r, loop, frame, &l);
    p->tally->packets_by_reason[d.reason]++;
    p->tally->packets_by_tunnel[TUNNEL_VXLAN] += inner != 0;
    if (!d.cut) {
        return r->visible_bytes;
    }
    const uint32_t out_bytes = inner + l.payload_offset + d.keep_payload_bytes;
    p->tally->saved_bytes_by_reason[d.reason] += r->is.caplen_bytes - out_bytes;
    if (writing) {
        (void)cut_rewrite(frame, &l, d.keep_payload_bytes);
        savefile_put_caplen(&w->framing.savefile, r->header, out_bytes);
        if (inner != 0) {
            cut_mend_plain(whole, out_bytes);
        }
    }
    p->tally->cut_by_tunnel[TUNNEL_VXLAN] += inner != 0;
    return out_bytes;
}

static inline __attribute__((always_inline)) void pass_record(struct pass *p, struct walk *w, const struct framed *r,
                                                              const bool writing, const enum loop loop) {
    uint32_t out_bytes;
    note_record(p, w, &r->is, p->second);
    if (loop == LOOP_PACKET_IN_TUNNELS &&
        unlikely(tunnel_is_plain(p->policy->port_flags, r->header + SAVEFILE_RECORD_HEADER_BYTES, r->visible_bytes))) {
        out_bytes = pass_frame(p, w, r, writing, loop, PLAIN_INNER);
    } else {
        out_bytes = pass_frame(p, w, r, writing, loop, 0);
    }
    if (writing) {
        append_to_run(w, r->header, SAVEFILE_RECORD_HEADER_BYTES + (size_t)out_bytes);
    }
}

/* In the place of what was read. */
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

/*
 * Everything that the many ordinary packets need is compiled into this one loop, once for each combination of constants
 * that it is called with.
 */
static inline __attribute__((always_inline)) struct walk pass_buffer(struct pass *p, const bool writing,
                                                                     const enum loop loop) {
    struct pass pass = *p; /* what p points to might change with any byte that is written to the buffer */
    struct walk w = walk_begin(p);
    struct framed r;
    while (framing_walk_next(&w.framing, &r)) {
        pass_record(&pass, &w, &r, writing, loop);
    }
    return w;
}

/* An oversize record is alone in the buffer, and only its beginning is. */
static __attribute__((noinline)) struct walk pass_oversize(struct pass *p) {
    struct framed r;
    framing_next_oversize(p->framing, &r);
    p->tally->oddities[ODDITY_OVERSIZE_PACKET]++;
    struct walk w = walk_begin(p);
    w.run = w.run_end = r.header;
    pass_any(p, &w, &r);
    return w;
}

#define LOOP(name, writing, loop)                                                                                      \
    static __attribute__((noinline, flatten)) void name(struct pass *p, struct walk *w) {                              \
        *w = pass_buffer(p, writing, loop);                                                                            \
    }
LOOP(packet_writing, true, LOOP_PACKET)
LOOP(packet_counting, false, LOOP_PACKET)
LOOP(packet_in_tunnels_writing, true, LOOP_PACKET_IN_TUNNELS)
LOOP(packet_in_tunnels_counting, false, LOOP_PACKET_IN_TUNNELS)
LOOP(flow_writing, true, LOOP_FLOW)
LOOP(flow_counting, false, LOOP_FLOW)

static void any(struct pass *p, struct walk *w) {
    struct framed r;
    *w = walk_begin(p);
    while (framing_walk_next_any(&w->framing, p->framing->format, &r)) {
        pass_any(p, w, &r);
    }
}

static void pass_many(struct pass *p, struct walk *w) {
    static void (*const loops[][2])(struct pass *, struct walk *) = {
        [LOOP_PACKET] = {packet_counting, packet_writing},
        [LOOP_PACKET_IN_TUNNELS] = {packet_in_tunnels_counting, packet_in_tunnels_writing},
        [LOOP_FLOW] = {flow_counting, flow_writing},
        [LOOP_ANY] = {any, any},
    };
    loops[p->loop][p->sink != NULL](p, w);
}

static enum framing_status pass_records(struct pass *p) {
    enum framing_status status;
    while ((status = framing_fill(p->framing, p->failure)) > FRAMING_END) {
        const bool oversize = status == FRAMING_OVERSIZE;
        struct walk w;
        if (oversize) {
            w = pass_oversize(p);
        } else {
            pass_many(p, &w);
        }
        if (walk_end(p, &w) != 0) {
            return FRAMING_FAILED;
        }
        if (oversize && (status = pass_rest(p, w.run_end == w.framing.at)) != FRAMING_OK) {
            return status;
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

static enum loop loop_of(const struct slim_terms *terms, const struct framing *fr) {
    const bool ordinary = fr->format == savefile_format() && fr->savefile.linktype == LINKTYPE_ETHERNET &&
                          terms->rules == NULL && terms->account == NULL && terms->cut.mode == CUT_REWRITE &&
                          terms->cut.checksum == CUT_COMPUTE;
    if (!ordinary) {
        return LOOP_ANY;
    }
    if (terms->policy->settings.kind == POLICY_FLOW) {
        return LOOP_FLOW;
    }
    const uint32_t kinds = terms->policy->tunnels.kinds;
    return kinds == 0 ? LOOP_PACKET : kinds >> TUNNEL_VXLAN & 1 ? LOOP_PACKET_IN_TUNNELS : LOOP_ANY;
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
    tally->savefile = fr->savefile;
    policy_begin(terms->policy, fr->savefile.snaplen_bytes);
    p.link = link_type_find(fr->savefile.linktype);
    p.loop = loop_of(terms, fr);
    p.second = fr->savefile.nanoseconds ? 1000000000 : 1000000;
    /* Of a link type that is not looked into every packet stays, whatever the rules. */
    if (p.link != NULL && terms->rules != NULL && rules_begin(terms->rules, fr->savefile.linktype, f) != 0) {
        status = FRAMING_REFUSED;
    } else if (sink != NULL && sink_write(sink, fr->header_bytes, fr->format->file_header_bytes, f) != 0) {
        status = FRAMING_FAILED;
    } else {
        status = pass_records(&p);
    }
    finish_tally(&p, fr);
    return status;
}

/*
 * The loop over the packets of pcapng that are alike.
 */
#include "walk.h"

#include "cut.h"
#include "locate_usual.h"

/* Packets of one interface. */
struct streak {
    uint32_t id; /* of the interface in its section; no section has so many that it is UINT32_MAX */
    const struct format_interface *interface;
    uint64_t ticks; /* of the last one, in units of the interface */
    const uint8_t *from;
    uint64_t packets_before, cut_before, saved_before; /* of the capture */
};

static void sum_cuts(const struct tally *t, uint64_t *packets, uint64_t *bytes) {
    *packets = *bytes = 0;
    for (int r = 0; r < POLICY_CUT_REASONS; r++) {
        *packets += t->packets_by_reason[r];
        *bytes += t->saved_bytes_by_reason[r];
    }
}

/*
 * What was walked over since it began, counted; and the time of the last packet. Where there was none it is rounded up
 * to what the interface can tell apart, which is the same to the packet of that interface that comes next.
 */
static void end_streak(struct pass *p, struct walk *w, const struct streak *s) {
    if (s->interface != NULL) {
        uint64_t cut;
        uint64_t saved;
        sum_cuts(p->tally, &cut, &saved);
        p->row->cut_packets += cut - s->cut_before;
        p->row->saved_bytes += saved - s->saved_before;
        p->row->packets += w->framing.packets - s->packets_before;
        p->row->in_bytes += (uint64_t)(w->framing.at - s->from);
        w->time = pcapng_ticks_ns(s->interface, s->ticks);
    }
}

/* Returns false where packets of that interface are not ordinary, or there is none. */
static __attribute__((noinline)) bool begin_streak(struct pass *p, struct walk *w, struct streak *s, uint32_t id) {
    const struct format_state *state = &p->framing->state;
    end_streak(p, w, s);
    s->interface = id < state->interface_count ? &state->interfaces[id] : NULL;
    if (s->interface == NULL || !s->interface->is_ordinary) {
        s->interface = NULL;
        return false;
    }
    pass_select_interface(p, s->interface);
    s->id = id;
    s->ticks = (w->time + s->interface->tick_ns - 1) / s->interface->tick_ns;
    s->packets_before = w->framing.packets;
    s->from = w->framing.at;
    sum_cuts(p->tally, &s->cut_before, &s->saved_before);
    return true;
}

static __attribute__((noinline)) void count_odd_lengths(struct tally *t, struct format_packet is,
                                                        uint32_t snaplen_bytes) {
    is.ts_frac = 0;
    oddities_count(t, &is, 1, snaplen_bytes);
}

/* What is located in a block. Returns false, nothing being done, where it may be a tunnel that is looked for. */
static inline __attribute__((always_inline)) bool pass_located(const struct pass *p, struct walk *w,
                                                               struct streak *streak, const struct pcapng_ordinary *o,
                                                               const struct located *l, const bool writing,
                                                               const enum policy_kind kind, const bool in_tunnels) {
    struct tally *t = p->tally;
    uint8_t *frame = o->block + PCAPNG_PACKET_HEADER_BYTES;
    if (in_tunnels && __builtin_expect(may_be_tunnel(p, l, frame), 0)) {
        return false;
    }
    const struct decision d = decide_ordinary(p, &o->is, kind, frame, l);
    uint32_t out_bytes = o->total_bytes;
    t->packets_by_reason[d.reason]++;
    if (d.cut) {
        const uint32_t kept_bytes = l->payload_offset + d.keep_payload_bytes;
        out_bytes = pcapng_shortened_bytes(o, kept_bytes);
        t->saved_bytes_by_reason[d.reason] += o->total_bytes - out_bytes;
        if (writing) {
            (void)cut_rewrite(frame, l, d.keep_payload_bytes);
            pcapng_shorten_ordinary(o, kept_bytes, out_bytes);
        }
    }
    t->oddities[ODDITY_TIME_BACKWARDS] += o->ticks < streak->ticks;
    streak->ticks = o->ticks;
    framing_walk_over(&w->framing, o);
    if (oddities_may_be_of_lengths(&o->is, p->snaplen_bytes)) {
        count_odd_lengths(t, o->is, p->snaplen_bytes);
    }
    if (writing) {
        append_to_run(w, o->block, out_bytes);
    }
    return true;
}

/* A block. Returns false likewise. */
static inline __attribute__((always_inline)) bool pass_block(const struct pass *p, struct walk *w,
                                                             struct streak *streak, const struct pcapng_ordinary *o,
                                                             const bool writing, const enum policy_kind kind,
                                                             const bool in_tunnels) {
    const uint8_t *frame = o->block + PCAPNG_PACKET_HEADER_BYTES;
    const uint32_t there_bytes = o->is.caplen_bytes;
    const enum usual usual = locate_usual_kind(frame, there_bytes);
#define ROW(kind_of)                                                                                                   \
    struct located kind_of##_places;                                                                                   \
    if (usual == (kind_of) && __builtin_expect(locate_usual(frame, there_bytes, kind_of, &kind_of##_places), 1)) {     \
        return pass_located(p, w, streak, o, &kind_of##_places, writing, kind, in_tunnels);                            \
    }
    USUAL_KINDS(ROW)
#undef ROW
    struct located l;
    locate_ethernet(frame, there_bytes, &l);
    return pass_located(p, w, streak, o, &l, writing, kind, in_tunnels);
}

/* Up to a block that is not an ordinary packet, or may be a tunnel: that is looked into by who takes any packet. */
static inline __attribute__((always_inline)) void pass_blocks(struct pass *p, struct walk *walk, const bool writing,
                                                              const enum policy_kind kind, const bool in_tunnels) {
    struct pass pass = *p;
    struct walk w = *walk;
    struct streak streak = {.id = UINT32_MAX};
    struct pcapng_ordinary o;
    while (framing_walk_look(&w.framing, &o)) {
        if (o.id != streak.id && !begin_streak(&pass, &w, &streak, o.id)) {
            break;
        }
        if (!pass_block(&pass, &w, &streak, &o, writing, kind, in_tunnels)) {
            break;
        }
    }
    end_streak(&pass, &w, &streak);
    *walk = w;
}

#define LOOP(name, writing, kind, in_tunnels)                                                                          \
    static __attribute__((noinline, flatten)) void name(struct pass *p, struct walk *w) {                              \
        pass_blocks(p, w, writing, kind, in_tunnels);                                                                  \
    }
LOOP(packet_writing, true, POLICY_PACKET, false)
LOOP(packet_counting, false, POLICY_PACKET, false)
LOOP(packet_in_tunnels_writing, true, POLICY_PACKET, true)
LOOP(packet_in_tunnels_counting, false, POLICY_PACKET, true)
LOOP(flow_writing, true, POLICY_FLOW, true)
LOOP(flow_counting, false, POLICY_FLOW, true)

void walk_blocks(struct pass *p, struct walk *w) {
    static void (*const loops[POLICY_KINDS][2][2])(struct pass *, struct walk *) = {
        [POLICY_PACKET] = {{packet_counting, packet_writing}, {packet_in_tunnels_counting, packet_in_tunnels_writing}},
        [POLICY_FLOW] = {{flow_counting, flow_writing}, {flow_counting, flow_writing}},
    };
    /* Before the first time nothing can be compared with it. */
    if (p->is_timed && !p->framing->state.big_endian && p->secrets.known == 0) {
        loops[p->policy->settings.kind][p->policy->tunnels.kinds != 0][p->sink != NULL](p, w);
    }
}

/*
 * The loop over the records of plain pcap that are alike.
 */
#include "walk.h"

#include "bytes.h"
#include "cut.h"
#include "locate_usual.h"

#define likely(x) __builtin_expect((x), 1)
#define unlikely(x) __builtin_expect((x), 0)

enum way { WAY_PACKET, WAY_PACKET_IN_TUNNELS, WAY_FLOW, WAY_FLOW_IN_TUNNELS, WAYS };

static inline bool is_flow(enum way way) {
    return way == WAY_FLOW || way == WAY_FLOW_IN_TUNNELS;
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
    if (!tunnel_plain_agrees(flags, frame, l)) {
        return false;
    }
    l->circuit = tunnel_plain_circuit(frame, l);
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
 * Whether what is located in plain VXLAN is ordinary enough for the short way; then its circuit is set. What was cut
 * before is told by where the whole frame ends, so that for the policy `flow` only frames that are all there are.
 */
static inline bool is_ordinary_in_plain(const struct pass *p, const struct framed *r, const uint8_t *whole,
                                        const enum way way, struct located *l) {
    if (!tunnel_plain_agrees(p->policy->port_flags, whole, l)) {
        return false;
    }
    if (is_flow(way)) {
        if (r->is.origlen_bytes > r->is.caplen_bytes) {
            return false;
        }
        l->circuit = tunnel_plain_circuit(whole, l);
    }
    return true;
}

/*
 * What is located in the frame that begins at inner, which is 0, or PLAIN_INNER in plain VXLAN; l gets the circuit
 * then. Returns how many bytes stay of the whole frame. writing, way and inner: known where this is compiled for the
 * many ordinary packets.
 */
static inline __attribute__((always_inline)) uint32_t pass_located(const struct pass *p, const struct walk *w,
                                                                   const struct framed *r, struct located *l,
                                                                   const bool writing, const enum way way,
                                                                   const uint32_t inner) {
    uint8_t *whole = r->header + SAVEFILE_RECORD_HEADER_BYTES;
    uint8_t *frame = whole + inner;
    if (way != WAY_PACKET &&
        unlikely(inner != 0 ? !is_ordinary_in_plain(p, r, whole, way, l) : may_be_tunnel(p, l, frame))) {
        return pass_long_way(p, w, r, writing);
    }
    const struct decision d = decide_ordinary(p, &r->is, is_flow(way) ? POLICY_FLOW : POLICY_PACKET, frame, l);
    p->tally->packets_by_tunnel[TUNNEL_VXLAN] += inner != 0;
    p->tally->packets_by_reason[d.reason]++;
    if (!d.cut) {
        return r->visible_bytes;
    }
    const uint32_t out_bytes = inner + l->payload_offset + d.keep_payload_bytes;
    p->tally->saved_bytes_by_reason[d.reason] += r->is.caplen_bytes - out_bytes;
    if (writing) {
        (void)cut_rewrite(frame, l, d.keep_payload_bytes);
        savefile_put_caplen(&w->framing.savefile, r->header, out_bytes);
        if (inner != 0) {
            cut_mend_plain(whole, out_bytes);
        }
    }
    p->tally->cut_by_tunnel[TUNNEL_VXLAN] += inner != 0;
    return out_bytes;
}

/* The frame that begins at inner, likewise. Where it is usual its places are constants from here to the cut. */
static inline __attribute__((always_inline)) uint32_t pass_frame(const struct pass *p, const struct walk *w,
                                                                 const struct framed *r, const bool writing,
                                                                 const enum way way, const uint32_t inner) {
    const uint8_t *frame = r->header + SAVEFILE_RECORD_HEADER_BYTES + inner;
    const uint32_t there_bytes = r->visible_bytes - inner;
    const enum usual usual = locate_usual_kind(frame, there_bytes);
#define ROW(kind)                                                                                                      \
    struct located kind##_places;                                                                                      \
    if (usual == (kind) && likely(locate_usual(frame, there_bytes, kind, &kind##_places))) {                           \
        return pass_located(p, w, r, &kind##_places, writing, way, inner);                                             \
    }
    USUAL_KINDS(ROW)
#undef ROW
    struct located l;
    locate_ethernet(frame, there_bytes, &l);
    return pass_located(p, w, r, &l, writing, way, inner);
}

static inline __attribute__((always_inline)) void pass_record(struct pass *p, struct walk *w, const struct framed *r,
                                                              const bool writing, const enum way way) {
    uint32_t out_bytes;
    note_packet(p->tally, w, &r->is, pass_time(&r->is, false), p->second, p->snaplen_bytes);
    if ((way == WAY_PACKET_IN_TUNNELS || way == WAY_FLOW_IN_TUNNELS) &&
        unlikely(tunnel_is_plain(p->policy->port_flags, r->header + SAVEFILE_RECORD_HEADER_BYTES, r->visible_bytes))) {
        out_bytes = pass_frame(p, w, r, writing, way, PLAIN_INNER);
    } else {
        out_bytes = pass_frame(p, w, r, writing, way, 0);
    }
    if (writing) {
        append_to_run(w, r->header, SAVEFILE_RECORD_HEADER_BYTES + (size_t)out_bytes);
    }
}

/*
 * Everything that the many ordinary packets need is compiled into this one loop, once for each combination of constants
 * that it is called with.
 */
static inline __attribute__((always_inline)) struct walk pass_records(struct pass *p, const bool writing,
                                                                      const enum way way) {
    struct pass pass = *p; /* what p points to might change with any byte that is written to the buffer */
    struct walk w = walk_begin(p);
    struct framed r;
    while (framing_walk_next(&w.framing, &r)) {
        pass_record(&pass, &w, &r, writing, way);
    }
    return w;
}

#define LOOP(name, writing, way)                                                                                       \
    static __attribute__((noinline, flatten)) void name(struct pass *p, struct walk *w) {                              \
        *w = pass_records(p, writing, way);                                                                            \
    }
LOOP(packet_writing, true, WAY_PACKET)
LOOP(packet_counting, false, WAY_PACKET)
LOOP(packet_in_tunnels_writing, true, WAY_PACKET_IN_TUNNELS)
LOOP(packet_in_tunnels_counting, false, WAY_PACKET_IN_TUNNELS)
LOOP(flow_writing, true, WAY_FLOW)
LOOP(flow_counting, false, WAY_FLOW)
LOOP(flow_in_tunnels_writing, true, WAY_FLOW_IN_TUNNELS)
LOOP(flow_in_tunnels_counting, false, WAY_FLOW_IN_TUNNELS)

/*
 * Of the policy `flow`, which looks for tunnels unasked, a capture pays for looking at every packet for plain VXLAN
 * only from the first buffer on in which there was some. Until then such a packet goes the long way to the same place.
 */
static enum way way_of(const struct pass *p) {
    if (p->policy->settings.kind == POLICY_FLOW) {
        return p->tally->packets_by_tunnel[TUNNEL_VXLAN] == 0 ? WAY_FLOW : WAY_FLOW_IN_TUNNELS;
    }
    return p->policy->tunnels.kinds == 0 ? WAY_PACKET : WAY_PACKET_IN_TUNNELS;
}

void walk_records(struct pass *p, struct walk *w) {
    static void (*const loops[WAYS][2])(struct pass *, struct walk *) = {
        [WAY_PACKET] = {packet_counting, packet_writing},
        [WAY_PACKET_IN_TUNNELS] = {packet_in_tunnels_counting, packet_in_tunnels_writing},
        [WAY_FLOW] = {flow_counting, flow_writing},
        [WAY_FLOW_IN_TUNNELS] = {flow_in_tunnels_counting, flow_in_tunnels_writing},
    };
    loops[way_of(p)][p->sink != NULL](p, w);
}

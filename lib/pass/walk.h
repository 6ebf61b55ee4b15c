/*
 * What the loops of a pass share: slim.c takes packets one by one whatever they are, records.c and blocks.c the
 * many that are alike. Nobody else needs it.
 */
#ifndef PCAPSLIM_WALK_H
#define PCAPSLIM_WALK_H

#include "framing.h"
#include "link.h"
#include "locate.h"
#include "oddities.h"
#include "secrets.h"
#include "slim.h"
#include "tunnel_plain.h"

#include <string.h>

/*
 * Ethernet, no rules, lengths rewritten, checksums computed, nothing but reasons and interfaces counted: what is so has
 * a loop of its own for each policy, those that look for tunnels, too, of plain pcap and of pcapng. Everything else
 * goes through the loop that asks at every packet what is wanted.
 */
enum loop { LOOP_RECORDS, LOOP_BLOCKS, LOOP_ANY };

/* What becomes of the part of an oversize piece that is not in the buffer. */
struct rest {
    uint64_t skip_bytes; /* left out: they belong to the frame, or are its padding */
    uint64_t zero_bytes; /* in mode `zero`: payload */
    bool is_retailed;    /* the piece has another length than before, which its last bytes repeat */
    uint8_t tail[FORMAT_TAIL_BYTES];
};

struct pass {
    struct framing *framing;
    const struct slim_terms *terms;
    struct policy *policy; /* of the terms */
    struct sink *sink;
    struct tally *tally;
    struct failure *failure;
    uint32_t second;              /* units of ts_frac in a second, of all packets in an ordinary loop over records */
    uint32_t snaplen_bytes;       /* of what the last packet was captured on, as the next four */
    const struct link_type *link; /* NULL: not looked into */
    const struct format_interface *interface; /* NULL: what its file header says, or nothing yet */
    struct tally_interface *row;              /* where its packets are counted */
    uint64_t time; /* of the last packet, in a number that grows as time does: see pass_time() */
    enum loop loop;
    bool is_timed;    /* there was a packet that has a time */
    bool is_refused;  /* the failure is set */
    struct rest rest; /* of the piece just walked over */
    struct secrets secrets;
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
static inline struct walk walk_begin(const struct pass *p) {
    struct walk w = {.framing = framing_walk_begin(p->framing), .time = p->time};
    w.run = w.run_end = w.framing.at;
    return w;
}

static inline void append_to_run(struct walk *w, const uint8_t *from, size_t length_bytes) {
    if (w->run_end != from) {
        memmove(w->run_end, from, length_bytes);
    }
    w->run_end += length_bytes;
}

/* Seconds in the high half and the fraction in the low one; of pcapng, whose packets differ in the fraction:
 * nanoseconds. */
static inline uint64_t pass_time(const struct format_packet *is, bool in_blocks) {
    return in_blocks ? (uint64_t)is->ts_sec * 1000000000 + is->ts_frac : (uint64_t)is->ts_sec << 32 | is->ts_frac;
}

static inline void note_packet(struct tally *t, struct walk *w, const struct format_packet *is, uint64_t time,
                               const uint32_t second, const uint32_t snaplen_bytes) {
    if (time < w->time) {
        t->oddities[ODDITY_TIME_BACKWARDS]++;
    }
    w->time = time;
    if (oddities_may_be(is, second, snaplen_bytes)) {
        oddities_count(t, is, second, snaplen_bytes);
    }
}

/* Of a located packet, by the policy of p, which is of that kind. */
static inline __attribute__((always_inline)) struct decision
decide_ordinary(const struct pass *p, const struct format_packet *is, const enum policy_kind kind, const uint8_t *frame,
                const struct located *l) {
    if (kind == POLICY_PACKET) {
        return policy_packet_decide(p->policy, l, frame);
    }
    const struct policy_packet packet = {.caplen_bytes = is->caplen_bytes, .origlen_bytes = is->origlen_bytes};
    return policy_flow_decide(p->policy, &packet, l, frame);
}

/* Whether a packet of an ordinary loop may be a tunnel, or behind tags that are looked through. */
static inline bool may_be_tunnel(const struct pass *p, const struct located *l, const uint8_t *frame) {
    if (l->as == LOCATED_UDP) {
        return (located_port_flags(p->policy->port_flags, l, frame) & POLICY_PORT_TUNNELS) != 0;
    }
    return l->as == LOCATED_NOT_IP || l->as == LOCATED_OTHER_TRANSPORT || l->as == LOCATED_OFFLOADED;
}

/* What was in tunnels, by each of them. */
static inline void count_tunnels(struct tally *t, uint32_t tunnels, bool cut) {
    for (; tunnels != 0; tunnels &= tunnels - 1) { /* from one bit to the next */
        const int k = __builtin_ctz(tunnels);
        t->packets_by_tunnel[k]++;
        t->cut_by_tunnel[k] += cut;
    }
}

/* What comes now was captured on another interface than what came before. Where that is not possible p->is_refused. */
void pass_select_interface(struct pass *p, const struct format_interface *i);

/* Fill the buffer: framing_fill(). */
enum framing_status pass_fill(struct pass *p);

/* Show the policy what is in the buffer before it has its turn, and tell it that it had. */
void pass_look_ahead(struct pass *p);
void pass_turn_over(struct pass *p);

/* Walk over all records that are whole in the buffer: those of an ordinary capture. */
void walk_records(struct pass *p, struct walk *w);

/* Walk over blocks up to one that is not an ordinary packet; that one slim.c takes. */
void walk_blocks(struct pass *p, struct walk *w);

#endif

/*
 * Where the witness is on its way through nested headers, and what its steps in witness_tunnel.c and
 * witness_tunnel_ip.c have in common.
 */
#ifndef PCAPSLIM_WITNESS_WAY_H
#define PCAPSLIM_WITNESS_WAY_H

#include "witness_cursor.h"
#include "witness_layout.h"
#include "witness_link.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What has no ethertype of its own. */
enum { WITNESS_WHOLE_FRAME = 0x10000 };

enum {
    WITNESS_STEPS_MAX = 12, /* headers of tags and tunnels in a frame; docs/ALGORITHM.md has the number */

    WAY_IPV4 = 0x0800,
    WAY_IPV6 = 0x86dd,
    WAY_FRAME = WITNESS_WHOLE_FRAME,
    WAY_TAG = 0x8100,
    WAY_LABELS = 0x8847,
    WAY_LABELS_TO_MANY = 0x8848,
    WAY_SESSION = 0x8864,
    WAY_SERVICE = 0x88e7,
    WAY_INTERFACE = 0x8926,
    WAY_CHAIN = 0x894f,
    WAY_BRIDGED = 0x6558,
    WAY_POINT_TO_POINT = 0x880b,
    WAY_MIRROR = 0x88be,
    WAY_MIRROR_3 = 0x22eb,
};

struct witness_way {
    struct witness_cursor c; /* ends where the headers around it end, or the capture */
    size_t bound_at;         /* where the headers around it say that they end */
    uint32_t type;           /* of what is at the cursor: an ethertype, or one of the above */
    bool may_be_length;      /* the type was read right before it, from an Ethernet header or a tag */
    unsigned steps;
    uint32_t passed;                       /* kinds of tags and tunnels, a bit each */
    const struct witness_tunnels *tunnels; /* NULL: none */
    struct witness_layout *l;              /* gets layers */
};

static inline bool witness_is_asked(const struct witness_way *w, enum tunnel_kind kind) {
    return w->tunnels != NULL && (w->tunnels->kinds & (1U << kind)) != 0;
}

/* Note a kind, if it is looked into and its header was there. */
static inline bool witness_passes(struct witness_way *w, enum tunnel_kind kind) {
    w->passed |= 1U << kind;
    return witness_is_asked(w, kind) && !w->c.overran;
}

/* What follows ends there, by a header. Returns false where that is behind the end of what is around. */
static inline bool witness_narrow(struct witness_way *w, size_t end_at) {
    if (end_at > w->bound_at || end_at < w->c.at) {
        return false;
    }
    w->bound_at = end_at;
    w->c.length = end_at < w->c.length ? end_at : w->c.length;
    return true;
}

static inline void witness_announce(struct witness_way *w, uint32_t type) {
    w->type = type == WAY_BRIDGED ? (uint32_t)WAY_FRAME : type;
    w->may_be_length = false;
}

static inline void witness_take_type(struct witness_way *w) {
    w->type = witness_take(&w->c, 2);
    w->may_be_length = true;
}

static inline void witness_add_length(struct witness_way *w, const char *name, size_t length_at, size_t counted_from) {
    witness_add_layer(w->l,
                      (struct witness_layer){.length = name, .length_at = length_at, .counted_from = counted_from});
}

/* Past PPP's protocol number; past labels, to what is behind the last of them. */
bool witness_pass_ppp(struct witness_way *w);
bool witness_pass_labels(struct witness_way *w);

#endif

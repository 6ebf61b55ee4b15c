/*
 * The way through nested headers: where it has led, and the steps that it takes, a function each. A step begins at the
 * header that has been announced, and ends at what that header announces.
 */
#ifndef PCAPSLIM_TUNNEL_WAY_H
#define PCAPSLIM_TUNNEL_WAY_H

#include "bytes.h"
#include "envelope.h"
#include "locate.h"
#include "tunnel_kind.h"
#include "wire.h"

#include <stdbool.h>
#include <stdint.h>

struct tunnel_way {
    const uint8_t *frame;
    uint32_t captured_bytes;
    uint32_t at;        /* the header at hand; at most captured_bytes and end */
    uint32_t end;       /* of what it is in, by the headers around, captured or not */
    uint32_t ethertype; /* of what is at hand, or one of those below */
    uint32_t type_at;   /* where that stands if it is right before it; 0: elsewhere */
    uint32_t circuit;
    uint32_t enabled; /* sets of enum tunnel_kind */
    uint32_t passed;
    struct envelope *around;
};

/* What has no ethertype. */
enum { WAY_ETHERNET = 0x10000, WAY_NOTHING };

/* How many bytes from the header at hand on may be read. */
static inline uint32_t way_there(const struct tunnel_way *w) {
    return (w->end < w->captured_bytes ? w->end : w->captured_bytes) - w->at;
}

static inline const uint8_t *way_header(const struct tunnel_way *w) {
    return w->frame + w->at;
}

/* Past a header of so many bytes, which are there, to what has that ethertype, or is an Ethernet frame. */
static inline void way_go(struct tunnel_way *w, uint32_t header_bytes, uint32_t ethertype) {
    w->at += header_bytes;
    w->ethertype = ethertype == ETHERTYPE_BRIDGED ? WAY_ETHERNET : ethertype;
    w->type_at = 0;
}

/* The same where the header ends with the ethertype of what is behind it. */
static inline void way_go_by_type(struct tunnel_way *w, uint32_t header_bytes) {
    w->at += header_bytes;
    w->type_at = w->at - 2;
    w->ethertype = bytes_get_be16(w->frame + w->type_at);
}

/* The circuit is made of what names it the same in both directions. */
static inline void way_mark(struct tunnel_way *w, uint32_t number) {
    w->circuit = w->circuit * LOCATED_CIRCUIT_FACTOR + 1 + number;
}

static inline void way_add_layer(struct tunnel_way *w, enum layer_kind kind, uint32_t offset, uint32_t end) {
    w->around->layers[w->around->count++] = (struct layer){.kind = kind, .offset = offset, .end = end};
}

/* Whether a kind may be passed; if so, it is noted. */
static inline bool way_may(struct tunnel_way *w, enum tunnel_kind kind) {
    const uint32_t bit = UINT32_C(1) << kind;
    w->passed |= w->enabled & bit;
    return (w->enabled & bit) != 0;
}

/* Whether there is an IP packet of that ethertype at a place, which ends within what is around it. */
bool way_is_ip(const struct tunnel_way *w, uint32_t at, uint32_t ethertype);

/*
 * The steps. Each returns whether there is a credible header of its kind, and the kind may be passed; if not, the way
 * means nothing any more.
 */
bool way_pass_qinq(struct tunnel_way *w);
bool way_pass_vntag(struct tunnel_way *w);
bool way_pass_pbb(struct tunnel_way *w);
bool way_pass_mpls(struct tunnel_way *w);
bool way_pass_ppp(struct tunnel_way *w); /* a frame of PPP, behind the header that carries it */
bool way_pass_pppoe(struct tunnel_way *w);
bool way_pass_llc(struct tunnel_way *w); /* the ethertype is a length of IEEE 802.3 */
bool way_pass_nsh(struct tunnel_way *w);
bool way_pass_gre(struct tunnel_way *w);
bool way_pass_erspan(struct tunnel_way *w, bool has_sequence); /* of the GRE header, which has been passed */
bool way_pass_vxlan(struct tunnel_way *w);
bool way_pass_geneve(struct tunnel_way *w);
bool way_pass_gtp(struct tunnel_way *w);
bool way_pass_l2tp(struct tunnel_way *w);
bool way_pass_teredo(struct tunnel_way *w);

#endif

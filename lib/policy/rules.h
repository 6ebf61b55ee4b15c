/*
 * The operator's own rules: packets that are never cut, packets that always are, and the first packets of each flow.
 * They are asked after the policy, in this order of strength: keep, cut, the first packets, the policy.
 */
#ifndef PCAPSLIM_RULES_H
#define PCAPSLIM_RULES_H

#include "failure.h"
#include "flow_count.h"
#include "locate.h"
#include "matcher.h"
#include "policy.h"
#include "settings.h"

#include <stdbool.h>
#include <stdint.h>

struct rules {
    struct matcher *keep; /* NULL: no such rules */
    struct matcher *cut;
    struct flow_count *flows;
    uint32_t min_packets;
    uint32_t floor_bytes;
    bool match_inner;  /* expressions are asked of the packet in a tunnel */
    uint16_t linktype; /* of the capture */
};

/* Whether the settings have any. Without them nobody need make rules. */
bool rules_are_set(const struct settings *s);

/*
 * Make the rules of some settings, which must stay in memory as long as they do, compiled for all link types that are
 * looked into: later the process may have given up the rights to load a library or to look up a name. Returns 0, or -1
 * with f set: libpcap cannot be loaded, an expression does not compile for Ethernet, or memory runs out.
 */
int rules_init(struct rules *r, const struct settings *s, struct failure *f);

/*
 * Begin a capture of this link type: compile for it if that is not done, forget flows. Returns 0, or -1 with f set: an
 * expression does not compile, in libpcap's words.
 */
int rules_begin(struct rules *r, uint16_t linktype, struct failure *f);

/* The packets that come now are of this link type. Returns as rules_begin(). */
int rules_select(struct rules *r, uint16_t linktype, struct failure *f);

/*
 * What becomes of a decision. l: where the packet's headers are; packet: its bytes; in_tunnel: whether it is in one
 * that was looked into. Rules change nothing about a packet that cannot be cut or has no more payload than the floor.
 */
struct decision rules_decide(struct rules *r, const struct located *l, const struct matcher_packet *packet,
                             bool in_tunnel, struct decision d);

/* Safe on a zero-initialised struct. */
void rules_free(struct rules *r);

#endif

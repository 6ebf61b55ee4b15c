/*
 * How much of captures was looked into, and how much not and why: by link type, and by the tags and tunnels that
 * packets were in.
 */
#ifndef PCAPSLIM_REACH_H
#define PCAPSLIM_REACH_H

#include "reason.h"
#include "slim.h"
#include "tunnel_kind.h"

#include <stddef.h>
#include <stdint.h>

/* Link types that are told apart. What there is beyond them is counted together. */
#define REACH_LINK_TYPES 32
#define REACH_NAME_BYTES 32

struct reach_row {
    uint16_t link_type; /* of a row by link type: as file headers have it */
    uint64_t packets;
    uint64_t cut_packets;
    uint64_t unseen_packets; /* not looked into: outcome_is_unseen() */
    uint64_t unseen_by_reason[POLICY_REASONS];
};

struct reach {
    size_t link_types;
    struct reach_row by_link_type[REACH_LINK_TYPES + 1]; /* the last one: of all others */
    struct reach_row by_tunnel[TUNNEL_KINDS];            /* a packet counts for each that it was in */
};

/* Count a packet. */
void reach_packet(struct reach *r, const struct slim_packet *packet);

/* All are counted: put those link types first that have most packets. */
void reach_finish(struct reach *r);

/* How many rows there are by link type. */
size_t reach_link_rows(const struct reach *r);

/* What row i of these is called: "Ethernet", "link type 147". out: REACH_NAME_BYTES. Returns out. */
const char *reach_link_name(const struct reach *r, size_t i, char *out);

#endif

/*
 * What is around the payload of a packet: the headers that say how long it is or sum it up. The layers of tunnels are
 * found by whoever locates; the packet's own are put within them by whoever cuts, who then makes them true from the
 * inside out.
 *
 * Standards: as for wire.h; sums RFC 1071, changed by a difference RFC 1624.
 */
#ifndef PCAPSLIM_ENVELOPE_H
#define PCAPSLIM_ENVELOPE_H

#include "cut_terms.h"

#include <stdbool.h>
#include <stdint.h>

/* A new one is a row of the table in envelope.c. */
enum layer_kind {
    LAYER_IPV4,
    LAYER_IPV6,
    LAYER_TCP,
    LAYER_UDP,
    LAYER_8023,
    LAYER_PPPOE,
    LAYER_L2TP,
    LAYER_GTP,
    LAYER_GRE,    /* one with a checksum */
    LAYER_PPTP_8, /* GRE of version 1 with so many bytes of header */
    LAYER_PPTP_12,
    LAYER_PPTP_16,
    LAYER_NFLOG, /* the payload attribute */
    LAYER_NFLOG_LITTLE,
    LAYER_KINDS,
};

struct layer {
    enum layer_kind kind;
    uint32_t offset;                   /* of its header, from the first byte of the frame */
    uint32_t end;                      /* of what it carries, by its headers, captured or not */
    uint32_t final_destination_offset; /* of an IP layer: the address that a pseudo-header takes */
    bool was_known;                    /* envelope_note(): whether its right checksum is known, */
    uint16_t was_right;                /* and that */
};

#define ENVELOPE_OUTER_MAX 40 /* a link header's, and up to three of each step (tunnel.h) */
#define ENVELOPE_OWN_MAX 2

struct envelope {
    uint32_t count;
    uint32_t outer;   /* how many are around the packet; whoever cuts says so */
    uint32_t tunnels; /* those that were passed, a bit of each enum tunnel_kind */
    struct layer layers[ENVELOPE_OUTER_MAX + ENVELOPE_OWN_MAX]; /* innermost last; TCP and UDP behind their IP */
};

/*
 * Before a packet is cut with CUT_INCREMENTAL: note what its checksums should have been. there_end: of the bytes that
 * were captured; the others count as zeros in mode CUT_ZERO, and else nobody can say what a sum over them was.
 */
void envelope_note(struct envelope *e, uint8_t *frame, uint32_t there_end, enum cut_mode mode);

/*
 * Make lengths and checksums of all layers true of a frame that ends at end now (CUT_REWRITE), or of which every byte
 * from end up to the end of its layers is zero or was not captured (CUT_ZERO: no length changes, and no checksum that
 * covers only a header). A UDP checksum of 0, "none", stays 0 around a packet, and with CUT_INCREMENTAL in it; one that
 * computes to 0 becomes ffff (RFC 768).
 */
void envelope_mend(const struct envelope *e, uint8_t *frame, uint32_t end, struct cut_terms terms);

#endif

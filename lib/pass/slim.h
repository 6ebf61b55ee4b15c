/*
 * One pass over one capture: framing, locating, deciding, cutting, writing. The one place where the data
 * flows through all rooms.
 */
#ifndef PCAPSLIM_SLIM_H
#define PCAPSLIM_SLIM_H

#include "cut.h"
#include "failure.h"
#include "framing.h"
#include "policy.h"
#include "rules.h"
#include "sink.h"
#include "source.h"
#include "tally.h"

/* A packet and what was decided on it. */
struct slim_packet {
    const struct located *located; /* NULL where it was not looked into */
    const uint8_t *frame;          /* what of it is in memory, its headers at least; after the cut */
    const struct format_packet *is;
    struct decision decision;
    uint16_t link_type;          /* as a file header has it */
    uint32_t tunnels;            /* that it was in, a bit of each enum tunnel_kind */
    uint32_t kept_bytes;         /* of the frame; in mode `zero` what is not zeroed in front */
    uint64_t bytes, saved_bytes; /* of its record, with the header */
};

/* Who is shown every packet of a pass, in order, and changes nothing. see: NULL, and then it costs nothing: nobody. */
struct slim_watcher {
    void (*see)(void *context, const struct slim_packet *packet);
    void *context;
};

/* What to do with the packets of a capture. */
struct slim_terms {
    struct policy *policy; /* what to cut; begun anew with every capture */
    struct rules *rules;   /* the operator's own, begun anew likewise; NULL: none */
    struct cut_terms cut;  /* how; all zeros: lengths rewritten, checksums computed */
    struct slim_watcher watcher;
};

/*
 * Slim a capture.
 * fr: an initialised framing, its buffer is used. source: opened. terms: what to cut, and how.
 * sink: where the slim capture goes, or NULL to find out only what slimming would do.
 * tally: overwritten; its figures are right up to where the pass ended.
 * Returns FRAMING_END when the whole capture was slimmed (where fr accepts a cut tail, with that as it is); else
 * FRAMING_REFUSED (nothing was written), FRAMING_DAMAGED (every whole record before the damage was written) or
 * FRAMING_FAILED, with f set.
 *
 * Format of the output: the file header verbatim; records with only caplen changed (draft-ietf-opsawg-pcap), in mode
 * `zero` not even that.
 */
enum framing_status slim_pass(struct framing *fr, struct source *source, const struct slim_terms *terms,
                              struct sink *sink, struct tally *tally, struct failure *f);

#endif

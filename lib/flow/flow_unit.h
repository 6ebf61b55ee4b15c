/*
 * A unit is what a protocol over TCP sends one after the other: a TLS record, an SSH packet, an SMB message. Its first
 * bytes say how long it is and whether it is in the clear.
 *
 * Each protocol over TCP (flow_protocols.h) has two functions, which are pure but for what they note in s:
 *
 *   bool flow_NAME_begins(enum flow_where where, const uint8_t *p, uint32_t there_bytes)
 *       whether bytes of which there_bytes, at least one, are there begin a unit of it, told by where they are;
 *   struct flow_unit flow_NAME_unit(struct flow_stream *s, const uint8_t *p, uint32_t there_bytes)
 *       judges the unit at p, of which there_bytes are there.
 */
#ifndef PCAPSLIM_FLOW_UNIT_H
#define PCAPSLIM_FLOW_UNIT_H

#include "flow_state.h"

#include <stdbool.h>
#include <stdint.h>

enum flow_where {
    FLOW_AT_START, /* of the stream: its first byte */
    FLOW_WITHIN,   /* a stream of which nothing is known, or that has lost its way: a segment of it */
    FLOW_IN_CLEAR, /* a segment of a stream that is cleartext so far */
};

/* Whether a unit of something can begin with this byte, told from the rows. */
static inline bool flow_may_begin(enum flow_where where, uint8_t first) {
#define ROW(MODE, name, cut_reason, clear_reason, within, in_clear) || (where == FLOW_WITHIN ? (within) : (in_clear))
    return where == FLOW_AT_START FLOW_OVER_TCP(ROW);
#undef ROW
}

enum flow_unit_kind {
    FLOW_UNIT_NONE, /* these bytes do not begin a unit */
    FLOW_UNIT_MORE, /* more bytes are needed to tell; at most FLOW_HEAD_BYTES */
    FLOW_UNIT_SECRET,
    FLOW_UNIT_CLEAR, /* readable, all of it */
};

struct flow_unit {
    enum flow_unit_kind kind;
    uint32_t length_bytes; /* of all of it, header included; at least 1 */
    uint32_t clear_bytes;  /* at the beginning of a secret one, to be kept whatever stays of the rest */
    uint32_t agreement_at; /* where in a readable one a hello or a list of ciphers begins; 0: nowhere */
};

#endif

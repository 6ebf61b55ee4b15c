/*
 * A unit is what a protocol over TCP sends one after the other: a TLS record, an SSH packet, an SMB message. Its first
 * bytes say how long it is and whether it is in the clear.
 */
#ifndef PCAPSLIM_FLOW_UNIT_H
#define PCAPSLIM_FLOW_UNIT_H

#include <stdint.h>

enum flow_unit_kind {
    FLOW_UNIT_NONE,  /* these bytes do not begin a unit */
    FLOW_UNIT_MORE,  /* more bytes are needed to tell; at most FLOW_HEAD_BYTES */
    FLOW_UNIT_CLEAR, /* readable, all of it */
    FLOW_UNIT_SECRET,
};

struct flow_unit {
    enum flow_unit_kind kind;
    uint32_t length_bytes; /* of all of it, header included; at least 1 */
    uint32_t clear_bytes;  /* at the beginning of a secret one, to be kept whatever stays of the rest */
};

#endif

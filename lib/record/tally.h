/*
 * What a pass over a capture counts. Plain numbers; record.h turns them into JSON.
 */
#ifndef PCAPSLIM_TALLY_H
#define PCAPSLIM_TALLY_H

#include "reason.h"
#include "savefile_header.h"
#include "tunnel_kind.h"

#include <stdbool.h>
#include <stdint.h>

/* Things that are legal or tolerated but that a careful reader wants to know of: docs/TOLERANCES.md. */
enum oddity {
    ODDITY_CAPLEN_OVER_SNAPLEN,
    ODDITY_CAPLEN_OVER_ORIGLEN,
    ODDITY_SLICED,                /* caplen below origlen: the capture was taken with a snaplen, or slimmed before */
    ODDITY_EMPTY_PACKET,          /* caplen 0 */
    ODDITY_OVERSIZE_PACKET,       /* larger than the read buffer: only its beginning is looked at */
    ODDITY_TIME_BACKWARDS,        /* earlier than the packet before it */
    ODDITY_FRACTION_OUT_OF_RANGE, /* a second or more of micro- or nanoseconds */
    ODDITY_SECTION_LENGTH,        /* of pcapng: a section says how long it is, and that is no longer so */
    ODDITIES,
};

/* Interfaces that are counted apart. What there is beyond them is counted together, in one row more. */
#define TALLY_INTERFACES_MAX 32

/* What packets were captured on, where the file tells that. */
struct tally_interface {
    char name[32];          /* "": it has none */
    uint32_t section;       /* from 1 */
    uint32_t id;            /* in its section, from 0 */
    uint32_t snaplen_bytes; /* 0: no limit */
    uint16_t linktype;
    uint8_t resolution; /* of its time stamps: a power of 10, or of 2 with the highest bit set */
    uint8_t fcs_bytes;  /* 0: not said */
    uint64_t packets;
    uint64_t cut_packets;
    uint64_t in_bytes; /* of its packets, with what the file says about each */
    uint64_t saved_bytes;
};

struct tally {
    struct savefile_header savefile;
    enum policy_kind policy; /* that decided */
    uint64_t packets;
    uint64_t cut_packets;
    uint64_t packets_by_reason[POLICY_REASONS];
    uint64_t saved_bytes_by_reason[POLICY_CUT_REASONS];  /* what the slim capture is shorter by */
    uint64_t zeroed_bytes_by_reason[POLICY_CUT_REASONS]; /* length mode `zero`: as long as before */
    uint64_t packets_by_tunnel[TUNNEL_KINDS];            /* that were in one; a packet counts for each that it was in */
    uint64_t cut_by_tunnel[TUNNEL_KINDS];                /* of these, those that were cut */
    uint64_t oddities[ODDITIES];
    uint64_t in_bytes;     /* of the savefile, its headers included */
    uint64_t out_bytes;    /* likewise, of the slim one */
    uint64_t zeroed_bytes; /* in all */
    uint64_t tail_bytes;   /* at the end: of a last record that is cut short; they stay as they are */
    bool has_times;        /* there was a packet */
    uint32_t first_sec, first_frac;
    uint32_t last_sec, last_frac;
    uint64_t interface_count; /* 0 where they are not told apart */
    struct tally_interface interfaces[TALLY_INTERFACES_MAX + 1];
};

/* The name of an oddity as records show it. */
const char *oddity_name(enum oddity o);

#endif

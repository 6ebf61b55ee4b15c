/*
 * Whether one capture is a slim of another: the witness that is heard before the other is destroyed.
 *
 * It shares no code with the framing, locating, deciding and cutting that it judges: it reads both files
 * through libpcap and finds headers and sums checksums in its own way. It checks, packet by packet:
 *   - the 24 bytes of the file headers are equal, and so is the number of packets;
 *   - frames of zstd are where they were, where that is asked for (so that an index stays true);
 *   - what is compressed is so to its last byte (witness_unpack.h);
 *   - timestamp (to the nanosecond) and origlen are equal;
 *   - an uncut packet is byte-identical;
 *   - a cut one is as the terms say (witness_frame.h). In mode `rewrite`, the default, it ends behind exactly the floor
 *     of TCP or UDP payload of the outermost IP packet, keeps a prefix of the original, differs from it only in IPv4
 *     total length and header checksum or IPv6 payload length, UDP length, and TCP or UDP checksum, and these five are
 *     right.
 *
 * Two pcapng captures it compares block by block (witness_blocks.h), likewise down to the last byte.
 *
 * Standards: as for locate.h; RFC 1071 for the sums.
 */
#ifndef PCAPSLIM_WITNESS_H
#define PCAPSLIM_WITNESS_H

#include "failure.h"
#include "transfer.h"
#include "witness_frame.h"
#include "witness_unpack.h"

#include <stdbool.h>
#include <stdint.h>

struct witness_options {
    struct witness_terms terms; /* what a cut must be like */
    bool
        may_be_cut_short; /* the original may end within a record; so must the slim capture then, with the same bytes */
    struct transfer slim, original;
    bool keeps_frames; /* in mode `zero`, of a zstd file: each frame is where it was, and what fills the rooms is zeros
                        */
    const struct witness_codecs *codecs; /* of captures that may be compressed; NULL: none may be */
};

struct witness_report {
    uint64_t packets;
    uint64_t cut_packets;
    enum codec_id slim_codec; /* what it is compressed with, where the comparison came to an end */
    uint64_t tail_bytes;      /* behind the last whole record; 0 unless it may be cut short */
};

enum witness_verdict {
    WITNESS_GOOD = 1,    /* a slim of the original (the original itself is one, too) */
    WITNESS_BAD = 0,     /* it is not; f says where and why */
    WITNESS_FAILED = -1, /* could not tell: I/O, memory, a packet libpcap cannot read; f says why */
};

/*
 * Compare the savefile behind slim_fd with the one behind original_fd, both from their current positions to
 * their ends. The descriptors stay the caller's; either may be a pipe. out: figures up to where the
 * comparison ended.
 */
enum witness_verdict witness_compare(int slim_fd, int original_fd, const struct witness_options *options,
                                     struct witness_report *out, struct failure *f);

#endif

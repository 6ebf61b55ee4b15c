/*
 * Whether one frame is a right cut of another: the part of the witness that looks into packets. It shares
 * no code with what locates and cuts, so that a mistake made there is not made here again, and it is pure:
 * nothing is read, kept or allocated.
 *
 * A header that is not wholly captured, or that lies about a length, makes a frame one that must not be
 * cut. Whether its ports and first bytes call for a cut is not judged here.
 *
 * Standards: IEEE 802.3 and 802.1Q framing; IPv4 RFC 791, IPv6 RFC 8200 section 4, AH RFC 4302 section 2,
 * routing headers RFC 5095 (type 0), RFC 6275 section 6.4 (type 2), RFC 8754 section 2 (type 4);
 * TCP RFC 9293 section 3.1, UDP RFC 768; sums RFC 1071, over the pseudo-header of RFC 9293 section 3.1 and
 * RFC 8200 section 8.1.
 */
#ifndef PCAPSLIM_WITNESS_FRAME_H
#define PCAPSLIM_WITNESS_FRAME_H

#include "failure.h"

#include <stddef.h>
#include <stdint.h>

/* The captured bytes of a packet, beginning with its Ethernet header. */
struct witness_frame {
    const uint8_t *bytes;
    size_t length;
};

/*
 * Whether slim is original cut behind exactly floor_bytes of TCP or UDP payload, with the length and
 * checksum fields of the headers set right for what is left and everything else as it was.
 *
 * slim: fewer bytes than original. floor_bytes: payload bytes that the cut must leave; original must have
 * more. f: gets what is wrong, without the packet's number; may be NULL.
 * Returns 0, or -1 with f set.
 */
int witness_frame_check_cut(const struct witness_frame *slim, const struct witness_frame *original,
                            uint32_t floor_bytes, struct failure *f);

#endif

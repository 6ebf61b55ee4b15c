/*
 * Shortening a frame, in one of three length modes, and making true of its headers what the mode promises.
 *
 *   rewrite  the frame ends behind the kept payload, and its headers are those of the packet that is left
 *   snap     the frame ends there, and nothing else changes: as if it had been captured with a snaplen
 *   zero     the frame keeps its length, and payload behind the kept bytes becomes zeros; what is behind the IP
 *            packet (padding, trailer, FCS) is no payload and stays
 *
 * A checksum that a mode has to change is computed anew, or changed by the difference (RFC 1624), so that one that
 * was wrong stays wrong, or left as it is (zero only).
 *
 * In every function: frame: changed in place. l: where its headers are, LOCATED_TCP, LOCATED_UDP or LOCATED_ESP, which
 * has neither length nor checksum. keep_payload_bytes: at most l->payload_bytes.
 */
#ifndef PCAPSLIM_CUT_H
#define PCAPSLIM_CUT_H

#include "cut_terms.h"
#include "envelope.h"
#include "locate.h"

#include <stdint.h>

/*
 * Length mode `rewrite`: the frame ends behind keep_payload_bytes of payload, and IPv4 total length and
 * header checksum (or IPv6 payload length), UDP length, and TCP or UDP checksum are computed for the packet
 * that is left. A UDP checksum that computes to 0 becomes ffff (RFC 768). Returns the new length of the frame in bytes.
 */
uint32_t cut_rewrite(uint8_t *frame, const struct located *l, uint32_t keep_payload_bytes);

/*
 * Make true that what has plain VXLAN around it (tunnel_plain.h) ends at end: lengths and header checksum of the IPv4
 * and UDP headers there.
 */
void cut_mend_plain(uint8_t *frame, uint32_t end);

/*
 * Cut as the terms say, a packet that may be within tunnels. around: their layers, not counting the packet's own, which
 * are added; what terms say of lengths and checksums holds for them, too, from the inside out (envelope.h).
 * captured_bytes: of the frame. Returns the new length of the frame in bytes.
 *
 * CUT_SNAP: nothing in the frame changes.
 *
 * CUT_REWRITE: as cut_rewrite(). With CUT_INCREMENTAL checksums are changed by the difference (RFC 1624, equation 3):
 * right ones come out as cut_rewrite() has them, wrong ones stay wrong, and a UDP checksum of 0 ("none") stays 0. Of a
 * segment that is not wholly captured nobody can say whether its checksum was right; it is computed.
 *
 * CUT_ZERO: the payload behind keep_payload_bytes becomes zeros; no length changes. The TCP or UDP checksum
 * becomes that of the segment with zeros there (CUT_COMPUTE; bytes that were not captured count as zeros), changes by
 * the difference (CUT_INCREMENTAL; 0, "none", stays), or stays (CUT_KEEP). It covers what the IP length says or, where
 * that is less and not less than a header, what the UDP length says.
 */
uint32_t cut_within(struct envelope *around, uint8_t *frame, uint32_t captured_bytes, const struct located *l,
                    uint32_t keep_payload_bytes, struct cut_terms terms);

#endif

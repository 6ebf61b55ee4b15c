/*
 * Whether one pcapng capture is a slim of another, block by block: with a walker of its own, for libpcap takes no file
 * whose interfaces differ in link type or snaplen, and shows of a block no more than its packet.
 *
 *   - Both files have the same blocks in the same order, up to their ends.
 *   - A block without a packet, and a Simple Packet Block, is byte-identical.
 *   - Of an Enhanced Packet Block or an obsolete Packet Block everything but the frame, its captured length, its
 * padding and the two total lengths is byte-identical. A cut frame is as the terms say (witness_frame.h) and padded
 * with zeros.
 *
 *   - Where that may be, both end with the same bytes of a block that is cut short.
 *
 * Standard: draft-ietf-opsawg-pcapng, sections 3 and 4.
 */
#ifndef PCAPSLIM_WITNESS_BLOCKS_H
#define PCAPSLIM_WITNESS_BLOCKS_H

#include "witness.h"
#include "witness_input.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a file that begins with these 4 bytes is one. */
bool witness_blocks_begin(const uint8_t *bytes);

/* Compare to the ends. ahead: so many bytes that have been read from both already. Returns as witness_compare(). */
enum witness_verdict witness_blocks_compare(struct witness_input *slim, struct witness_input *original,
                                            const uint8_t *slim_ahead, const uint8_t *original_ahead,
                                            size_t ahead_bytes, const struct witness_options *options,
                                            struct witness_report *out, struct failure *f);

#endif

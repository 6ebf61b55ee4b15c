/*
 * A zstd frame that has to fill a room: as long as that, or shorter by so much that a skippable frame fits behind it.
 *
 * Standard: RFC 8878, section 3.1.1.
 */
#ifndef PCAPSLIM_FRAME_FIT_H
#define PCAPSLIM_FRAME_FIT_H

#include <stddef.h>
#include <stdint.h>

/* The header of a skippable frame (RFC 8878, section 3.1.2), which may be empty behind it. */
#define FRAME_FIT_SKIPPABLE_BYTES 8

/* So many bytes a frame may become longer: there has to be room for them behind it. */
#define FRAME_FIT_MORE_BYTES 16

/*
 * Make a frame fit. Where it would leave 1 to 7 bytes, its header is written in another width (with or without a
 * window, the content size in more or fewer bytes) and empty raw blocks stand before the others. frame: as libzstd
 * makes it, without a dictionary, with FRAME_FIT_MORE_BYTES of room behind frame_bytes. content_bytes: what is packed
 * in it. Returns its new length; 0 where it fits in no way, and then it is as it was.
 */
size_t frame_fit(uint8_t *frame, size_t frame_bytes, uint64_t content_bytes, size_t room_bytes);

#endif

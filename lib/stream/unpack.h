/*
 * Compressed bytes in, the bytes that were packed out, frame after frame to the last byte of the file: a frame that
 * ends too early, and something behind a frame that is not the next one, is damage. Memory is bounded by the window
 * that a codec grants, whatever a frame asks for.
 */
#ifndef PCAPSLIM_UNPACK_H
#define PCAPSLIM_UNPACK_H

#include "codec.h"
#include "failure.h"
#include "frames.h"

#include <stddef.h>
#include <stdint.h>

struct unpack; /* opaque */

/* Where compressed bytes come from, as source_read(): a number of bytes, 0 at the end, -1 with f set. */
struct unpack_feed {
    ptrdiff_t (*read)(void *from, void *to, size_t wanted_bytes, struct failure *f);
    void *from;
};

/*
 * Begin with a file: see what it is by its first bytes. codecs: what may be read; in memory as long as this is. frames:
 * to note there how the file is packed, where it is zstd; NULL where nobody wants to know. Returns
 * NULL with f set (reading failed, memory ran out, it is damaged already), and then the kind of f says which.
 */
struct unpack *unpack_new(const struct codecs *codecs, const struct unpack_feed *feed, struct frames *frames,
                          struct failure *f);

/* What it is packed with, and the level its first frame seems to have been made at; NULL: with nothing of these. */
const struct codec *unpack_codec(const struct unpack *u, int *level);

/*
 * Deliver up to wanted_bytes at to: unpacked, or as they are where the file is not packed. Returns the number of bytes,
 * 0 at the end, or -1 with f set; FAILURE_CONTENTS for damage.
 */
ptrdiff_t unpack_read(struct unpack *u, void *to, size_t wanted_bytes, struct failure *f);

/* How many bytes of the file have been used up: where damage is. */
uint64_t unpack_offset_bytes(const struct unpack *u);

/* Free; NULL is fine. */
void unpack_free(struct unpack *u);

#endif

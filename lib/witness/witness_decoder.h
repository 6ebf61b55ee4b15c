/*
 * The decompression libraries as the witness uses them: bytes of one frame in, what was packed out. Which bytes are of
 * the frame the caller knows.
 */
#ifndef PCAPSLIM_WITNESS_DECODER_H
#define PCAPSLIM_WITNESS_DECODER_H

#include "codec_id.h"
#include "failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A call: how much was used of what was given. */
struct witness_step {
    size_t used_bytes;
    size_t made_bytes;
    bool ended; /* the frame is at its end, and all of it has been handed out */
};

struct witness_decoder; /* opaque */

/* The library of a codec, to be given back with library_free(); or NULL with f set. */
void *witness_library_load(enum codec_id id, struct failure *f);

/* A decoder for one frame after the other. For gzip of what is deflated only. Returns NULL when memory runs out. */
struct witness_decoder *witness_decoder_new(enum codec_id id, const void *library);

/*
 * Give it in_bytes and room for out_bytes. last: there are no more bytes in the file. Returns 0, or -1 with f set: the
 * bytes are damaged.
 */
int witness_decode(struct witness_decoder *d, const uint8_t *in, size_t in_bytes, bool last, uint8_t *out,
                   size_t out_bytes, struct witness_step *did, struct failure *f);

/* CRC-32 (RFC 1952, section 8) going on from sum. Of a decoder for gzip. */
uint32_t witness_decoder_crc32(const struct witness_decoder *d, uint32_t sum, const uint8_t *bytes,
                               size_t length_bytes);

/* Be ready for the next frame. Returns 0, or -1 when memory runs out. */
int witness_decoder_again(struct witness_decoder *d);

void witness_decoder_free(struct witness_decoder *d);

#endif

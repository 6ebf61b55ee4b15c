/*
 * Bytes in, one frame of a codec out. The codec is given pieces of one size, however the bytes come: the frame is the
 * same.
 */
#ifndef PCAPSLIM_PACK_H
#define PCAPSLIM_PACK_H

#include "codec.h"
#include "failure.h"

#include <stddef.h>

struct pack; /* opaque */

/* Where the frame goes, piece by piece. Returns 0, or -1 with f set. */
struct pack_drain {
    int (*write)(void *to, const void *from, size_t length_bytes, struct failure *f);
    void *to;
};

/* Begin a frame. library: of codecs_load(), in memory as long as this is. Returns NULL with f set. */
struct pack *pack_new(const struct codec *codec, const void *library, struct codec_level level,
                      const struct pack_drain *drain, struct failure *f);

/* More of what is packed. Returns 0, or -1 with f set. */
int pack_write(struct pack *p, const void *from, size_t length_bytes, struct failure *f);

/* There is no more: the frame is ended. Returns 0, or -1 with f set. */
int pack_end(struct pack *p, struct failure *f);

/* Free; NULL is fine. */
void pack_free(struct pack *p);

#endif

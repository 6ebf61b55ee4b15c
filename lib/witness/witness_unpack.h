/*
 * The witness's own way into compressed captures. It shares the decompression libraries with who wrote them, and
 * nothing else: where a frame of zstd or lz4 and each of its blocks ends is found by its headers, and the decoder has
 * to come to the end of the frame with its last byte, neither before nor after; header, length and checksum of a gzip
 * member are read here, and only what is deflated goes through zlib. So no byte of a file is unaccounted for.
 *
 * Standards: RFC 1952; RFC 8878, section 3.1; the lz4 frame format 1.6.1; the .xz file format 1.2.1.
 */
#ifndef PCAPSLIM_WITNESS_UNPACK_H
#define PCAPSLIM_WITNESS_UNPACK_H

#include "codec_id.h"
#include "failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The libraries that are there. Zero-initialised: none, and no compressed file is read. */
struct witness_codecs {
    void *library[CODECS]; /* by id; NULL: not loaded */
};

/* Load a library, which a sandbox would not let be done later. Returns 0, or -1 with f set. */
int witness_codecs_load(struct witness_codecs *c, enum codec_id id, struct failure *f);

/* Give the libraries back. */
void witness_codecs_free(struct witness_codecs *c);

struct witness_unpack; /* opaque */

/* Bytes of the file: how many were put at `to`, 0 at its end, -1 where reading failed. */
typedef ptrdiff_t witness_feed(void *from, void *to, size_t wanted_bytes);

/*
 * Begin with a file. codecs: in memory as long as this. Returns NULL when memory runs out.
 */
struct witness_unpack *witness_unpack_new(const struct witness_codecs *codecs, witness_feed *feed, void *from);

/*
 * Up to wanted_bytes of what is in the file, unpacked where its first bytes say that it is compressed. Returns their
 * number; 0 at the end of the file, every byte of which was part of a frame then; -1 with f set, whose kind is
 * FAILURE_CONTENTS ("offset N: ...") where the file is not as it has to be, or else the feed has failed.
 */
ptrdiff_t witness_unpack_read(struct witness_unpack *u, void *to, size_t wanted_bytes, struct failure *f);

/*
 * Where the frames of a zstd file are: how many, and a digest of each one's offset in the file and in what is unpacked;
 * a digest of the skippable frames that are not all zeros, with their offsets; how long the file is.
 */
struct witness_places {
    uint64_t frames, places, skippable, file_bytes;
};

/* Up to where the file was read. */
struct witness_places witness_unpack_places(const struct witness_unpack *u);

/* What the file is compressed with, once something was read. */
enum codec_id witness_unpack_codec(const struct witness_unpack *u);

/* Free; NULL is fine. */
void witness_unpack_free(struct witness_unpack *u);

#endif

/*
 * Compressed files through both glues around the libraries: that of who cuts (`source`, `sink`) and the witness's own.
 */
#ifndef PCAPSLIM_FUZZ_UNPACKING_H
#define PCAPSLIM_FUZZ_UNPACKING_H

#include "codec.h"
#include "packed.h"
#include "source.h"
#include "witness_unpack.h"

/* All libraries, once loaded. */
const struct codecs *unpacking_codecs(void);

/* What came out of a file. */
struct unpacked {
    bool is_whole; /* to its end, without a failure */
    bool is_long;  /* more came than is looked at, and the rest was left */
    struct failure failure;
    uint64_t file_bytes; /* of the file that were used */
    struct witness_places places;
    size_t bytes;
    uint8_t at[PACKED_CONTENT_BYTES];
};

/* Read by `source`, in pieces of up to piece_bytes. frames: noted, or NULL. */
void unpacking_by_source(struct unpacked *u, int fd, size_t piece_bytes, struct frames *frames);

/* Read by the witness, which is fed as many bytes at once. */
void unpacking_by_witness(struct unpacked *u, int fd, size_t piece_bytes, size_t feed_bytes);

/*
 * An input for one codec. Its first byte says in what pieces is read, and whether the rest is a file as it is or a
 * script for packed_make(). However it is read, it comes to the same; both glues come to the same; what was packed well
 * comes out; what comes out can be packed again.
 */
void unpacking_try(enum codec_id id, const uint8_t *data, size_t size);

#endif

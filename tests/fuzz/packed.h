/*
 * Compressed files for the harnesses `gzip`, `zstd`, `lz4`, `xz` and `indexed`: made of a script, by the libraries
 * themselves and by hand, and what is to come of them.
 */
#ifndef PCAPSLIM_FUZZ_PACKED_H
#define PCAPSLIM_FUZZ_PACKED_H

#include "codec_id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PACKED_CONTENT_BYTES = 1 << 20, PACKED_BYTES = 1 << 18, PACKED_FRAMES = 8192 };

struct packed {
    enum codec_id id;
    uint8_t at[PACKED_BYTES]; /* the file */
    size_t length;
    uint8_t content[PACKED_CONTENT_BYTES]; /* what is packed in it, as far as it is good */
    size_t content_bytes;
    unsigned frames;
    size_t frame_begins[PACKED_FRAMES]; /* in the content */
    bool is_good;                       /* nothing in it is damaged, and something is */
};

/*
 * Make a file. A script is a letter for each piece, how many bytes go with it (two bytes), and those bytes, so that a
 * fuzzer need not keep lengths and checksums right: frames of the library's and made by hand, skippable frames and
 * padding, frames that are damaged, cut short or ask for too much, anything.
 */
void packed_make(struct packed *p, enum codec_id id, const uint8_t *script, size_t size);

/* A frame of the library's behind what is there. letter: how. */
void packed_frame(struct packed *p, uint8_t letter, const uint8_t *bytes, size_t length);

#endif

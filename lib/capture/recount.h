/*
 * The quick check of a slim capture: its packets are counted and its bytes digested as they stand on disk.
 */
#ifndef PCAPSLIM_RECOUNT_H
#define PCAPSLIM_RECOUNT_H

#include "failure.h"
#include "framing.h"
#include "source.h"

#include <stdint.h>

struct recount {
    uint64_t packets;
    uint64_t bytes;      /* of the capture */
    uint64_t file_bytes; /* read of the file; the same where it is not compressed */
    uint64_t digest;     /* of those: XXH3, 64 bits, seed 0, comparable with sink_digest() */
};

/*
 * Read a capture to its end.
 * fr: an initialised framing. source: opened. out: figures up to where the reading ended.
 * Returns FRAMING_END when it is whole, else what framing_fill() and framing_open() return, with f set.
 */
enum framing_status recount_read(struct framing *fr, struct source *source, struct recount *out, struct failure *f);

/* The same without looking at what the file is: only file_bytes and digest are set. FRAMING_END, or FRAMING_FAILED. */
enum framing_status recount_digest(struct framing *fr, struct source *source, struct recount *out, struct failure *f);

#endif

/*
 * Where the bytes of a capture come from: a descriptor, by read(2) or through a mapping. The bytes are
 * the same either way; the pace of the run is kept here.
 *
 * A mapping that loses its pages (the file shrinks, the disk fails) raises SIGBUS. A program that asks for
 * mapped reads installs a handler that puts a zero page in place and raises a flag (tools/fault.h); the
 * source looks at the flag after each copy, so that bytes which never were in the file are not taken for it.
 */
#ifndef PCAPSLIM_SOURCE_H
#define PCAPSLIM_SOURCE_H

#include "failure.h"
#include "transfer.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source {
    int fd;
    struct transfer transfer;
    const volatile sig_atomic_t *fault; /* raised by the SIGBUS handler; NULL: read, never map */
    uint64_t offset_bytes;              /* bytes delivered so far */
    uint8_t *window;                    /* the mapped part of the file, or NULL */
    uint64_t window_begin_bytes;        /* its place in the file */
    size_t window_bytes;
    bool uncached;          /* ask the kernel to keep nothing of what is read */
    bool drops;             /* it cannot, so this room gives back pages that were not there before */
    uint64_t dropped_bytes; /* up to where */
};

struct source_options {
    struct transfer transfer;
    bool mapped; /* map where the descriptor can be mapped */
    bool once;   /* read and not again soon: leave nothing in the page cache that was not there before */
    volatile sig_atomic_t *fault; /* lowered with every file */
};

/*
 * Begin to read fd from its current position (mapped: from its beginning, regular files only; anything
 * else is read). The descriptor stays the caller's. options: may be NULL for plain reads.
 */
void source_open(struct source *s, int fd, const struct source_options *options);

/*
 * Deliver up to wanted_bytes at to. Retries after EINTR unless the interrupted flag is up.
 * Returns the number of bytes, 0 at the end of the file, or -1 with f set.
 */
ptrdiff_t source_read(struct source *s, void *to, size_t wanted_bytes, struct failure *f);

/* Give back the mapping. */
void source_close(struct source *s);

#endif

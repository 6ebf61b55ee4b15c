/*
 * Where the bytes of a capture come from: a descriptor, by read(2) or through a mapping. The bytes are
 * the same either way; the pace of the run is kept here. What is compressed is unpacked on the way where that is
 * accepted.
 *
 * A mapping that loses its pages (the file shrinks, the disk fails) raises SIGBUS. A program that asks for
 * mapped reads installs a handler that puts a zero page in place and raises a flag (tools/fault.h); the
 * source looks at the flag after each copy, so that bytes which never were in the file are not taken for it.
 */
#ifndef PCAPSLIM_SOURCE_H
#define PCAPSLIM_SOURCE_H

#include "codec.h"
#include "failure.h"
#include "transfer.h"
#include "unpack.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How often who asks for it is told how far reading has come. */
#define SOURCE_STEP_BYTES (UINT64_C(1) << 20)

/*
 * Called between two reads, when what was read before has been dealt with. offset_bytes: how far that is. Returns 0, or
 * -1 with f set to end the reading.
 */
typedef int source_reached(void *context, uint64_t offset_bytes, struct failure *f);

struct source {
    int fd;
    struct transfer transfer;
    const volatile sig_atomic_t *fault; /* raised by the SIGBUS handler; NULL: read, never map */
    uint64_t offset_bytes;              /* bytes delivered so far */
    uint64_t file_bytes;                /* bytes read of the file so far: the same, unless it is compressed */
    const struct codecs *codecs;        /* what may be unpacked; NULL: nothing */
    struct frames *frames;              /* where it is noted how it was packed, or NULL */
    struct unpack *unpack;              /* from source_look() on, where something may be */
    void *digest;                       /* an XXH3_state_t that is shown the bytes of the file; NULL: none is wanted */
    uint8_t *window;                    /* the mapped part of the file, or NULL */
    uint64_t window_begin_bytes;        /* its place in the file */
    size_t window_bytes;
    bool uncached;          /* ask the kernel to keep nothing of what is read */
    bool drops;             /* it cannot, so this room gives back pages that were not there before */
    uint64_t dropped_bytes; /* up to where */
    source_reached *reached;
    void *context;
    uint64_t told_bytes; /* up to where that was called */
};

struct source_options {
    struct transfer transfer;
    bool mapped; /* map where the descriptor can be mapped */
    bool once;   /* read and not again soon: leave nothing in the page cache that was not there before */
    volatile sig_atomic_t *fault; /* lowered with every file */
    const struct codecs *codecs;  /* compression to be unpacked, in memory as long as the source; NULL: none */
    source_reached *reached;      /* every SOURCE_STEP_BYTES; NULL: never */
    void *context;                /* its */
    struct frames *frames;        /* to note there how zstd is packed; NULL: nobody wants to know */
};

/*
 * Begin to read fd from its current position (mapped: from its beginning, regular files only; anything
 * else is read). The descriptor stays the caller's. options: may be NULL for plain reads.
 */
void source_open(struct source *s, int fd, const struct source_options *options);

/*
 * See by its first bytes whether the file is compressed. Once, before the first source_read(), which does it where that
 * was not done. codec: set to its codec and level to the level it seems to have been compressed at; codec may be NULL
 * for who does not care, and is set to NULL where it is not compressed, or not accepted.
 * Returns 0, or -1 with f set.
 */
int source_look(struct source *s, const struct codec **codec, int *level, struct failure *f);

/*
 * Deliver up to wanted_bytes of the capture at to. Retries after EINTR unless the interrupted flag is up.
 * Returns the number of bytes, 0 at the end of the file, or -1 with f set; its kind is FAILURE_CONTENTS where what is
 * compressed is damaged.
 */
ptrdiff_t source_read(struct source *s, void *to, size_t wanted_bytes, struct failure *f);

/* Where in the file the next byte comes from: what is before has been delivered. */
uint64_t source_file_offset_bytes(const struct source *s);

/* Give back the mapping and what unpacking took. */
void source_close(struct source *s);

#endif

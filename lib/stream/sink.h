/*
 * Where the bytes of a slim capture go: a descriptor, compressed or not, with a running digest of all that was written.
 */
#ifndef PCAPSLIM_SINK_H
#define PCAPSLIM_SINK_H

#include "codec.h"
#include "failure.h"
#include "frames.h"
#include "transfer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sink; /* opaque: holds the digest's state */

/* In place of a descriptor: what is written is digested and counted only. */
#define SINK_NOWHERE (-1)

struct sink_options {
    struct transfer transfer;
    bool digest;    /* keep an XXH3 digest of what is written */
    bool writeback; /* a file that will be synced: let the kernel begin to write it to the disk at once */
};

/*
 * Make a sink over fd, which stays the caller's. options: may be NULL for neither digest nor limits.
 * Returns NULL with f set when memory runs out.
 */
struct sink *sink_open(int fd, const struct sink_options *options, struct failure *f);

/* Start over on another descriptor: the counts, the digest and the tap begin anew. */
void sink_reset(struct sink *s, int fd);

/*
 * Compress what is written from here on, which is at the beginning: into one frame. library: of codecs_load(), in
 * memory until sink_end(). Returns 0, or -1 with f set.
 */
int sink_pack(struct sink *s, const struct codec *codec, const void *library, struct codec_level level,
              struct failure *f);

/*
 * Likewise into frames that keep their places. frames: noted of the source while this writes, and in memory until
 * sink_end(). Zeros that fill whole pages of a new file are a hole in it.
 */
void sink_keep_frames(struct sink *s, struct frames *frames, const struct codec *codec, const void *library, int level);

/*
 * Write all of length_bytes, however many calls that takes.
 * Returns 0, or -1 with f set (disk full, reader gone, interrupted).
 */
int sink_write(struct sink *s, const void *from, size_t length_bytes, struct failure *f);

/* There is no more: what is compressed is brought to its end. Returns 0, or -1 with f set. */
int sink_end(struct sink *s, struct failure *f);

/* Bytes written so far, as they are in the file. */
uint64_t sink_written_bytes(const struct sink *s);

/* The XXH3 64-bit digest (seed 0, xxHash specification 0.1.1) of those bytes; 0 without digest. */
uint64_t sink_digest(const struct sink *s);

/* Free; NULL is fine. */
void sink_free(struct sink *s);

#endif

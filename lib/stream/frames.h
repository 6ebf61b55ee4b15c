/*
 * Frames of a zstd file that keep their places, so that an index of frame offsets and offsets within stays true.
 *
 * Where a file is unpacked it is noted how it was packed, frame by frame; what is written then, as many bytes as were
 * unpacked, is packed again into the same frames. One whose content is as it was is written as it was. Another is
 * packed anew; the rest of its room is a skippable frame of zeros (RFC 8878, section 3.1.2). One that does not fit its
 * room in any way is written as it was, and counted. What is between frames stays.
 */
#ifndef PCAPSLIM_FRAMES_H
#define PCAPSLIM_FRAMES_H

#include "codec.h"
#include "failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A frame is held while it is worked on; a larger one is a failure. */
#define FRAMES_CONTENT_BYTES ((size_t)2 << 20)

struct frames; /* opaque */

/* What is to be true of each frame's content. Returns 0, or -1 with f set. */
typedef int frames_check(void *context, const uint8_t *content, size_t length_bytes, bool is_first, struct failure *f);

/* Where the file goes. Zeros apart, which may become a hole. Each returns 0, or -1 with f set. */
struct frames_drain {
    int (*write)(void *to, const void *from, size_t length_bytes, struct failure *f);
    int (*zeros)(void *to, uint64_t length_bytes, struct failure *f);
    void *to;
};

struct frames_counts {
    uint64_t frames;
    uint64_t left_frames; /* changed, and yet written as they were */
};

/* Returns NULL when memory runs out. */
struct frames *frames_new(frames_check *check, void *context);

/* Begin with a file. */
void frames_reset(struct frames *fr);

/* How and where to write. library: of the codec, zstd's; in memory as long as this is. */
void frames_write_to(struct frames *fr, const struct codec *codec, const void *library, int level,
                     const struct frames_drain *to);

/* ---- who unpacks: 0, or -1 with f set ---- */

/* Bytes between frames. */
int frames_note_between(struct frames *fr, const uint8_t *bytes, size_t length_bytes, struct failure *f);

/* Bytes of a frame, packed, and what came of them. is_end: the frame is at its end. */
int frames_note(struct frames *fr, const uint8_t *packed, size_t packed_bytes, const uint8_t *content,
                size_t content_bytes, bool is_end, struct failure *f);

/* ---- who writes: likewise ---- */

int frames_write(struct frames *fr, const uint8_t *content, size_t length_bytes, struct failure *f);

/* There is no more. */
int frames_end(struct frames *fr, struct failure *f);

struct frames_counts frames_count(const struct frames *fr);

/* Free; NULL is fine. */
void frames_free(struct frames *fr);

#endif

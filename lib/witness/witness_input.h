/*
 * How the witness reads one of its two files: from a descriptor, at the run's pace, and unpacked where it is compressed
 * and that is accepted.
 */
#ifndef PCAPSLIM_WITNESS_INPUT_H
#define PCAPSLIM_WITNESS_INPUT_H

#include "failure.h"
#include "transfer.h"
#include "witness_unpack.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct witness_input {
    const char *name; /* as failures have it */
    int fd;
    const struct transfer *transfer;
    int error;                     /* errno of the read that failed; 0: none did */
    struct witness_unpack *unpack; /* NULL: nothing may be compressed */
    struct failure damage;         /* of what is compressed; text "" where there is none */
    uint64_t read_bytes;           /* of the capture */
    uint64_t file_bytes;           /* of the file: the same where nothing is compressed */
};

/*
 * Let it be compressed in what is loaded. codecs: NULL where nothing may be. To be ended whatever this returns: 0, or
 * -1 with f set.
 */
int witness_input_begin(struct witness_input *in, const struct witness_codecs *codecs, struct failure *f);

/*
 * Bytes of the capture, as read(2). What went wrong stays in `in`, because libpcap, which calls this, only hands on its
 * own words for it; EINTR there means that the run is to end, ECANCELED that who makes the file has given up.
 */
ssize_t witness_input_read(struct witness_input *in, void *to, size_t wanted_bytes);

/* Whether a read has failed. */
bool witness_input_has_failed(const struct witness_input *in);

/* Whether that was because what is compressed is damaged. */
bool witness_input_is_damaged(const struct witness_input *in);

/* In words. Returns -1 with f set. */
int witness_input_failed(const struct witness_input *in, struct failure *f);

/* What the file is compressed with, once something was read. */
enum codec_id witness_input_codec(const struct witness_input *in);

/* Of a zstd file that was read to its end: where its frames are. Zeros where nothing may be compressed. */
struct witness_places witness_input_places(const struct witness_input *in);

void witness_input_end(struct witness_input *in);

#endif

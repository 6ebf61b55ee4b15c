/*
 * Reading a file close behind whoever is at work on it, while its pages are in memory: nothing is read that is not
 * final, and what has been read is given back to the page cache, which is the sensor's.
 */
#ifndef PCAPSLIM_FOLLOW_H
#define PCAPSLIM_FOLLOW_H

#include "failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pages are given back in pieces of this size: many of them in one call, and few beside what is in work. */
#define FOLLOW_PIECE_BYTES (UINT64_C(2) << 20)

/* One file that is followed from its beginning. Zero-initialised but for fd and is_whole: a file as it stands. */
struct follow {
    int fd;
    bool is_written;      /* it is being made: its pages must be on the disk before they can be given back */
    bool is_whole;        /* no more comes: from here on its end is where read(2) says it is */
    uint64_t final_bytes; /* what precedes this stays as it is; only ever grows */
    /*
     * Waits until final_bytes has grown or is_whole is set. Returns 0, or -1 with `failure` set: nothing more will
     * come. NULL where it is whole from the beginning.
     */
    int (*more)(struct follow *o);
    void *context;          /* more()'s */
    struct failure failure; /* why following came to an end before its time */
    uint64_t begun_bytes;   /* up to where writing to the disk was begun, or pages were given back */
    uint64_t freed_bytes;   /* up to where pages were given back before that */
};

/*
 * How many of wanted_bytes at at_bytes can be read now; waits where there are none yet. o may be NULL here and below.
 * Returns 1 to wanted_bytes, or 0 with o->failure set.
 */
size_t follow_may_read(struct follow *o, uint64_t at_bytes, size_t wanted_bytes);

/*
 * What precedes at_bytes is not needed any more. Of a file that is being made, waits until the piece before the last is
 * on the disk. Returns 0, or -1 with o->failure set: the disk did not take it, which the sync at the end might
 * not be told again.
 */
int follow_has_read(struct follow *o, uint64_t at_bytes);

#endif

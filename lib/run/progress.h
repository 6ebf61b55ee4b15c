/*
 * How far a run is inside the files at work: bytes of captures that its processes have passed, counted in memory that
 * they share, and who it is that reports them.
 *
 * A file is passed by up to two passes, the one that cuts (or only looks) and the one that checks. Each pass adds what
 * it reads of the capture and takes it back when the file fails, so that a reader can tell from a file's record what
 * the file has left in the counters.
 */
#ifndef PCAPSLIM_PROGRESS_H
#define PCAPSLIM_PROGRESS_H

#include "failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum progress_pass {
    PROGRESS_CUT,     /* pcap-truncate, pcap-scan: bytes of the capture */
    PROGRESS_CHECKED, /* pcap-verify against the original: bytes of the original */
    PROGRESS_PASSES,
};

struct progress_shared; /* the mapped block */

/* One process's hold on the counters. Zero-initialised it counts nothing. */
struct progress {
    struct progress_shared *shared; /* NULL: nobody watches */
    enum progress_pass pass;
    uint64_t file_bytes; /* added for the file at hand */
};

/*
 * Make new counters on an anonymous descriptor (memfd_create(2)) that children inherit.
 * Returns the descriptor, or -1 with f set.
 */
int progress_create(struct failure *f);

/*
 * Map the counters behind descriptor fd, which stays open. pass: the one this process makes.
 * Returns 0, or -1 with f set (not a descriptor of progress_create).
 */
int progress_attach(struct progress *p, int fd, enum progress_pass pass, struct failure *f);

/* Say that this pass is part of the run: a reader takes a file for passed when all such passes have passed it. */
void progress_take_part(struct progress *p);

/* Begin with another file. p may be NULL here and below. */
void progress_begin_file(struct progress *p);

/* Another so many bytes of the file at hand. */
void progress_add(struct progress *p, size_t passed_bytes);

/* The file at hand failed: take back what was added for it. */
void progress_take_back(struct progress *p);

/* The bytes of one pass so far, and whether it takes part. 0 and false without counters. */
uint64_t progress_passed_bytes(const struct progress *p, enum progress_pass pass);
bool progress_takes_part(const struct progress *p, enum progress_pass pass);

/* The process that reports this run: signals that ask for a report go to it. 0: none yet. */
void progress_set_reporter(struct progress *p, pid_t reporter);
pid_t progress_reporter(const struct progress *p);

/* Unmap. Safe on a zero-initialised struct. */
void progress_detach(struct progress *p);

#endif

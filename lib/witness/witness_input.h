/*
 * How the witness reads one of its two files: from a descriptor, at the run's pace.
 */
#ifndef PCAPSLIM_WITNESS_INPUT_H
#define PCAPSLIM_WITNESS_INPUT_H

#include "failure.h"
#include "transfer.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct witness_input {
    const char *name; /* as failures have it */
    int fd;
    const struct transfer *transfer;
    int error;           /* errno of the read that failed; 0: none did */
    uint64_t read_bytes; /* from fd */
};

/*
 * As read(2). What went wrong stays in in->error, because libpcap, which calls this, only hands on its own words for
 * it; EINTR there means that the run is to end.
 */
ssize_t witness_input_read(struct witness_input *in, void *to, size_t wanted_bytes);

/* In words. Returns -1 with f set. */
int witness_input_failed(const struct witness_input *in, struct failure *f);

#endif

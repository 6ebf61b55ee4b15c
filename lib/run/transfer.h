/*
 * What everything that moves the bytes of a capture answers to, whichever way they go: the run's limits, whoever
 * watches it, whoever is shown the bytes, and the signal to stop. Zero-initialised it is nobody.
 */
#ifndef PCAPSLIM_TRANSFER_H
#define PCAPSLIM_TRANSFER_H

#include "failure.h"
#include "follow.h"
#include "pace.h"
#include "progress.h"
#include "tap.h"

#include <signal.h>
#include <stddef.h>

struct transfer {
    struct pace *pace;                        /* NULL: no limits */
    struct progress *progress;                /* counts what is read; NULL: nobody watches */
    struct tap *tap;                          /* is shown the bytes; NULL: nobody looks */
    struct follow *follow;                    /* the file is read behind who makes it; NULL: it stands as it is */
    const volatile sig_atomic_t *interrupted; /* raised by a signal handler; NULL: never */
};

/* Begin with another file. */
static inline void transfer_begin(const struct transfer *t) {
    progress_begin_file(t->progress);
    tap_begin(t->tap);
}

/* Whether the run is to end. Returns 0, or -1 with f set ("interrupted"). */
static inline int transfer_may_go_on(const struct transfer *t, struct failure *f) {
    return t->interrupted != NULL && *t->interrupted != 0 ? failure_of(FAILURE_INTERRUPTED, f, "interrupted") : 0;
}

/* So many bytes at `bytes` have been read: they are shown and counted, and the limits waited for. */
static inline void transfer_has_read(const struct transfer *t, const void *bytes, size_t length_bytes) {
    tap_show(t->tap, bytes, length_bytes);
    progress_add(t->progress, length_bytes);
    pace_charge(t->pace, length_bytes);
}

#endif

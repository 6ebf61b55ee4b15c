/*
 * Limits on bytes per second and on CPU time, shared by all processes of a run.
 *
 * The state is a small block of memory that the processes map from one inherited descriptor. It is
 * lock-free: each limit is a virtual clock ("theoretical arrival time" of the generic cell rate
 * algorithm, ITU-T I.371) that every user moves forward with one compare-and-swap and then waits for.
 * A process that dies leaves nothing locked.
 */
#ifndef PCAPSLIM_PACE_H
#define PCAPSLIM_PACE_H

#include "failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pace_limits {
    double io_mbps;          /* read + written, 10^6 bytes a second; 0: no limit */
    unsigned cpu_percent;    /* of the whole machine, 1 to 100; 0: no limit */
    bool backoff;            /* lower the CPU target when the host is busy */
    unsigned backoff_above;  /* percent, 0 to 100 */
    double backoff_strength; /* 0.0 to 1.0 */
};

struct pace_shared; /* the mapped block */

/* One process's hold on the limits. Zero-initialised it is "no limits". */
struct pace {
    struct pace_shared *shared; /* NULL: no limits */
    uint64_t cpu_charged_ns;    /* what this process has charged so far */
    int hostload_fd;            /* where backing off is asked for: open, because later nothing can be; else -1 */
};

/* Whether l limits anything. */
bool pace_limits_any(const struct pace_limits *l);

/*
 * Make a new shared state on an anonymous descriptor (memfd_create(2)) that children inherit.
 * Returns the descriptor, or -1 with f set.
 */
int pace_create(const struct pace_limits *l, struct failure *f);

/*
 * Map the state behind descriptor fd, which stays open.
 * Returns 0, or -1 with f set (not a descriptor of pace_create).
 */
int pace_attach(struct pace *p, int fd, struct failure *f);

/* Unmap and close. Safe on a zero-initialised struct. */
void pace_detach(struct pace *p);

/*
 * The most bytes to move in one call so that a limit is kept smoothly.
 * wanted_bytes: what the caller would move without limits.
 * Returns a number from 1 to wanted_bytes.
 */
size_t pace_chunk_bytes(const struct pace *p, size_t wanted_bytes);

/*
 * Account for moved_bytes just read or written and for the CPU time this process has used since its
 * last call, then wait until both limits allow more. Returns at once when there are no limits, and early
 * when a signal handler ran (the caller's loop looks at its own flag).
 */
void pace_charge(struct pace *p, size_t moved_bytes);

#endif

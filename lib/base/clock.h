/*
 * Time as a number.
 */
#ifndef PCAPSLIM_CLOCK_H
#define PCAPSLIM_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Now, in nanoseconds, by one of the clocks of clock_gettime(2). */
static inline uint64_t clock_ns(clockid_t which) {
    struct timespec t;
    (void)clock_gettime(which, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

#endif

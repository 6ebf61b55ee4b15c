/*
 * The limits a program was given, and what it shares of a run's.
 */
#ifndef PCAPSLIM_RUN_LIMITS_H
#define PCAPSLIM_RUN_LIMITS_H

#include "pace.h"

struct limits {
    struct pace_limits are;
    int pace_fd;     /* -1: none inherited */
    int progress_fd; /* likewise */
};

#endif

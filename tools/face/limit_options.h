/*
 * The options that all programs which move bytes have in common: limits, and what they share with a run.
 */
#ifndef PCAPSLIM_LIMIT_OPTIONS_H
#define PCAPSLIM_LIMIT_OPTIONS_H

#include "pace.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

enum {
    LIMITS_IO = 0x1000, /* values for struct option, out of the way of letters */
    LIMITS_CPU,
    LIMITS_BACKOFF_ABOVE,
    LIMITS_BACKOFF_STRENGTH,
    LIMITS_PACE_FD,
    LIMITS_PROGRESS_FD,
    LIMITS_LAST,
};

#define LIMITS_LONG_OPTIONS                                                                                            \
    {"max-io-mbps", required_argument, NULL, LIMITS_IO}, {"max-cpu-percent", required_argument, NULL, LIMITS_CPU},     \
        {"cpu-backoff-above", required_argument, NULL, LIMITS_BACKOFF_ABOVE},                                          \
        {"cpu-backoff-strength", required_argument, NULL, LIMITS_BACKOFF_STRENGTH},                                    \
        {"pace-fd", required_argument, NULL, LIMITS_PACE_FD}, {                                                        \
        "progress-fd", required_argument, NULL, LIMITS_PROGRESS_FD                                                     \
    }

#define LIMITS_HELP                                                                                                    \
    "  --max-io-mbps N, --max-cpu-percent N, --cpu-backoff-above N,\n"                                                 \
    "  --cpu-backoff-strength F  limits on I/O and CPU, as pcap-slim(1) has them\n"                                    \
    "  --pace-fd N, --progress-fd N  share a run's limits and progress: pcap-run(1)\n"

struct limits {
    struct pace_limits are;
    bool strength_given;
    int pace_fd;     /* -1: none inherited */
    int progress_fd; /* likewise */
};

/* No limits; the default strength. */
void limits_init(struct limits *l);

/* Whether option c is one of ours. */
bool limits_is_option(int c);

/* Take option c with its value. Returns 0, or CLI_MISUSE after having said why. */
int limits_take(struct limits *l, int c, const char *value);

/* Print the limits in force as one line, "limits: ...". */
void limits_print(const struct limits *l, FILE *to);

#endif

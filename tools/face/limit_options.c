#include "limit_options.h"

#include "cli.h"

#include <string.h>

#define STRENGTH_DEFAULT 0.5
#define IO_MBPS_MIN 0.001
#define IO_MBPS_MAX 1000000.0

void limits_init(struct limits *l) {
    memset(l, 0, sizeof *l);
    l->are.backoff_strength = STRENGTH_DEFAULT;
    l->pace_fd = -1;
    l->progress_fd = -1;
}

bool limits_is_option(int c) {
    return c >= LIMITS_IO && c < LIMITS_LAST;
}

int limits_take(struct limits *l, int c, const char *value) {
    unsigned long n = 0;
    switch (c) {
    case LIMITS_IO:
        if (!cli_parse_decimal(value, IO_MBPS_MIN, IO_MBPS_MAX, &l->are.io_mbps)) {
            return cli_misuse("--max-io-mbps takes a number of MB/s above 0, not '%s'", value);
        }
        return 0;
    case LIMITS_CPU:
        if (!cli_parse_unsigned(value, 1, 100, &n)) {
            return cli_misuse("--max-cpu-percent takes a whole number from 1 to 100, not '%s'", value);
        }
        l->are.cpu_percent = (unsigned)n;
        return 0;
    case LIMITS_BACKOFF_ABOVE:
        if (!cli_parse_unsigned(value, 0, 100, &n)) {
            return cli_misuse("--cpu-backoff-above takes a whole number from 0 to 100, not '%s'", value);
        }
        l->are.backoff = true;
        l->are.backoff_above = (unsigned)n;
        return 0;
    case LIMITS_BACKOFF_STRENGTH:
        if (!cli_parse_decimal(value, 0.0, 1.0, &l->are.backoff_strength)) {
            return cli_misuse("--cpu-backoff-strength takes a number from 0.0 to 1.0, not '%s'", value);
        }
        l->strength_given = true;
        return 0;
    case LIMITS_PACE_FD:
        if (!cli_parse_unsigned(value, 0, 511, &n)) {
            return cli_misuse("--pace-fd takes the number of a descriptor, not '%s'", value);
        }
        l->pace_fd = (int)n;
        return 0;
    case LIMITS_PROGRESS_FD:
        if (!cli_parse_unsigned(value, 0, 511, &n)) {
            return cli_misuse("--progress-fd takes the number of a descriptor, not '%s'", value);
        }
        l->progress_fd = (int)n;
        return 0;
    default:
        return 0;
    }
}

void limits_print(const struct limits *l, FILE *to) {
    if (!pace_limits_any(&l->are)) {
        return;
    }
    const char *separator = "limits: ";
    (void)fputs(cli_level(CLI_INFO), to);
    if (l->are.io_mbps > 0) {
        (void)fprintf(to, "%sread + write %g MB/s", separator, l->are.io_mbps);
        separator = ", ";
    }
    if (l->are.cpu_percent > 0) {
        (void)fprintf(to, "%sCPU %u %% of the machine", separator, l->are.cpu_percent);
        separator = ", ";
    }
    if (l->are.backoff) {
        (void)fprintf(to, "%sbacking off above %u %% host load (strength %g)", separator, l->are.backoff_above,
                      l->are.backoff_strength);
    }
    (void)fputc('\n', to);
}

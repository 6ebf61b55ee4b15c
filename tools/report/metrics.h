/*
 * The outcome of a run as a file of metrics in the text format of Prometheus (exposition format 0.0.4), for the
 * textfile collector of node_exporter. Every sample says which directory it is about, so that the files of several
 * instances do not collide. Gauges speak of the last run; counters go on from those in the file that is replaced.
 */
#ifndef PCAPSLIM_METRICS_H
#define PCAPSLIM_METRICS_H

#include "outcome.h"

#include <stdbool.h>
#include <stdint.h>

struct metrics {
    const char *path;
    char *label; /* directory="...", escaped */
};

/*
 * See that path can be written, by making a file beside it and removing it again, and find out about the directory at
 * hand, which is the captures'. Returns a descriptor of path's directory, for whoever gives up the right to open others
 * before the metrics are written, or -1 after having said why. m: to be freed with metrics_free() in any case.
 */
int metrics_prepare(struct metrics *m, const char *path);

/*
 * Write the metrics of a run, replacing path as a whole or not at all: a reader never sees half of it. The counters and
 * the time of the last success are carried over from the old file, as far as it has them for this directory.
 * Returns 0, or CLI_FAILED after having said why.
 */
int metrics_write(const struct metrics *m, const struct outcome *o, bool success, uint64_t elapsed_ms);

void metrics_free(struct metrics *m);

#endif

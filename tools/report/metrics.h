/*
 * The outcome of a run as a file of metrics in the text format of Prometheus (exposition format 0.0.4), for the
 * textfile collector of node_exporter.
 */
#ifndef PCAPSLIM_METRICS_H
#define PCAPSLIM_METRICS_H

#include "outcome.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Open the directory that path is in: for whoever gives up the right to open others before the metrics are written.
 * Returns a descriptor, or -1 after having said why.
 */
int metrics_open_directory(const char *path);

/*
 * Write the metrics of a run to path, which is replaced as a whole or not at all: a reader never sees half of it.
 * The time of the last success is carried over from the old file when this run is none.
 * Returns 0, or CLI_FAILED after having said why.
 */
int metrics_write(const char *path, const struct outcome *o, bool success, uint64_t elapsed_ms);

#endif

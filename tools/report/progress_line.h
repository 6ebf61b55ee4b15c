/*
 * How far a run is, as a line of text. Pure: no terminal, no clock.
 */
#ifndef PCAPSLIM_PROGRESS_LINE_H
#define PCAPSLIM_PROGRESS_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress_view {
    unsigned long files_done, files_total;
    uint64_t bytes_done, bytes_total; /* of captures as they were found; done: at most total */
    uint64_t saved_bytes;             /* by the files that are done */
    double seconds;                   /* since the run began */
    bool would_save;                  /* nothing is written */
};

/* Room for any line, colours included. */
#define PROGRESS_LINE_BYTES 512

/*
 * The line for a window: as many of its parts as fit into so many columns, most telling ones first (percentage, files,
 * time left, bytes, bytes saved, rate, and a bar in what room remains). color: with SGR sequences (ECMA-48).
 * out: PROGRESS_LINE_BYTES. Returns the columns that it takes, at most columns.
 */
size_t progress_line_fit(char *out, const struct progress_view *v, size_t columns, bool color);

/* The same in full, for a log. out: PROGRESS_LINE_BYTES. */
void progress_line_full(char *out, const struct progress_view *v);

#endif

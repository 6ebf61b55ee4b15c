/*
 * Watching a run: what is done of all, shown as a line at the bottom of a terminal that goes away when the run ends, or
 * printed once when somebody asks (SIGUSR1).
 */
#ifndef PCAPSLIM_WATCH_H
#define PCAPSLIM_WATCH_H

#include "progress.h"
#include "record.h"

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct watch {
    struct progress progress; /* the run's counters; none by hand */
    const char *markers_path; /* of --marker-dir; NULL: markers are beside the captures */
    bool hands_on;            /* records go to another report, which keeps a line */
    char here[PATH_MAX];      /* the current directory, which cannot be asked for in the sandbox; "": not known */
    json_t *expected;         /* names without a record so far; not owned. A value that is an integer is a size */
    bool on_terminal;         /* there is a line to be kept up to date */
    bool color;
    bool check_only;
    bool sized; /* the sizes of what is to come were looked up */
    bool drawn; /* the line is on the screen */
    uint64_t started_ns;
    uint64_t drawn_ns; /* when last */
    unsigned long files_done, files_total;
    uint64_t bytes_done, bytes_total; /* done: of files with a record */
    uint64_t saved_bytes;
    uint64_t counted_bytes[PROGRESS_PASSES]; /* what files with a record have left in the counters */
    uint64_t at_work_bytes; /* of files in work as another report says; of one that hands on, as it last said */
};

/*
 * Begin; markers_path and hands_on are set. expected: names (an object used as a set), relative to the current
 * directory; NULL: not known, so that there is no line. The line is drawn where standard error is a terminal that can
 * move its cursor ($TERM) and wanted says so; with colours unless $NO_COLOR says no (no-color.org). Catches SIGUSR1 and
 * SIGWINCH.
 */
void watch_begin(struct watch *w, json_t *expected, bool wanted, bool check_only, uint64_t now_ns);

/* A record has arrived; before its name is taken out of the expected ones. */
void watch_count(struct watch *w, const struct record *r);

/* Another report says how much of the files at work in its run is passed. */
void watch_note_at_work(struct watch *w, uint64_t bytes);

/* Before anything else is printed: take the line away. */
void watch_clear(struct watch *w);

/*
 * Until there is something to read on standard input: keep the line up to date, or tell the other report what it is to
 * know for that, and answer SIGUSR1. Returns also when another signal arrived.
 */
void watch_until_input(struct watch *w);

/* Take the line away for good. */
void watch_end(struct watch *w);

#endif

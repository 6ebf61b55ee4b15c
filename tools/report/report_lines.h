/*
 * A report, line by line, in each of its formats.
 */
#ifndef PCAPSLIM_REPORT_LINES_H
#define PCAPSLIM_REPORT_LINES_H

#include "outcome.h"
#include "record.h"
#include "text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum report_format {
    REPORT_HUMAN,   /* a line a file on standard error as it arrives */
    REPORT_JSON,    /* one object on standard output at the end */
    REPORT_NDJSON,  /* a line a file on standard output as it arrives, and one for the summary */
    REPORT_RECORDS, /* a record a file on standard output as it arrives, for another report, which sums up */
};

struct report_lines {
    enum report_format format;
    bool check_only;   /* nothing was written */
    bool dry_run;      /* only list what would be slimmed */
    bool all;          /* name what is slim already, too, where that is only counted by itself */
    struct text files; /* JSON: the entries so far, with commas */
};

/* A record for one file, its name with the prefix. Returns 0, or -1 when memory runs out (said). */
int report_lines_put(struct report_lines *l, const struct record *r);

/* The last line. nothing: no file was to be processed. */
void report_lines_summary(struct report_lines *l, const struct outcome *o, uint64_t elapsed_ms, bool nothing);

/* Free. */
void report_lines_free(struct report_lines *l);

#endif

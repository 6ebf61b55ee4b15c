/*
 * What stands above an overview, so that a page that was kept still says what it is about: which captures, by what
 * policy, made when.
 */
#ifndef PCAPSLIM_OVERVIEW_TITLE_H
#define PCAPSLIM_OVERVIEW_TITLE_H

#include "failure.h"
#include "settings.h"

#define OVERVIEW_MADE_BYTES 64

struct overview_title {
    char *captures;                 /* "/srv/pcap", "12 names, the first /srv/pcap/a.pcap": as it can be shown */
    char *policy;                   /* "policy = packet; length = rewrite", and what else is not the default */
    char made[OVERVIEW_MADE_BYTES]; /* "2026-11-29 13:20 UTC" */
};

/*
 * Put a title together, as of now. Call it before rights are given up: it asks for the names' absolute paths and for
 * the time zone's file.
 *
 * names: what was named, up to a NULL; none at all: standard input. list: the file that names are read from, or NULL.
 * Returns 0, or -1 with f set when memory runs out.
 */
int overview_title_make(struct overview_title *t, char *const *names, const char *list, const struct settings *s,
                        struct failure *f);

/* Free the texts. Safe on a zero-initialised struct. */
void overview_title_free(struct overview_title *t);

#endif

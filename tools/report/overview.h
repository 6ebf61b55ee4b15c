/*
 * What slimming many captures would save, put together for a person: as text, and as a page of HTML.
 */
#ifndef PCAPSLIM_OVERVIEW_H
#define PCAPSLIM_OVERVIEW_H

#include "account.h"
#include "outcome.h"
#include "overview_title.h"
#include "reach.h"
#include "record.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define OVERVIEW_PORTS 10
#define OVERVIEW_HOSTS 10
#define OVERVIEW_TEXT_BYTES 64 /* room for an address or a span of time */

struct overview {
    struct overview_title title;
    struct outcome outcome;
    struct reach reach;
    uint64_t packets;
    bool has_times;
    double first_s, last_s; /* of the earliest and the latest packet, seconds since 1970 */
    /* By overview_finish(), heaviest first */
    size_t reasons;
    enum policy_reason reason[POLICY_CUT_REASONS];
    size_t ports, hosts;
    struct account_port port[OVERVIEW_PORTS];
    struct account_host host[OVERVIEW_HOSTS];
};

/* Count the record of one capture. */
void overview_count(struct overview *o, const struct record *r);

/* All are counted: find out what weighs most. */
void overview_finish(struct overview *o, const struct account *a);

/* How long the captures span, in seconds, and how long slim ones in the same space would; 0: not known. */
double overview_span_s(const struct overview *o);
double overview_slim_span_s(const struct overview *o);

/* The text of a host's address. out: OVERVIEW_TEXT_BYTES. Returns out. */
const char *overview_address(const struct account_host *h, char *out);

/* A span of time in words: "3.2 days", "40 minutes". out: OVERVIEW_TEXT_BYTES. Returns out. */
const char *overview_span(double seconds, char *out);

/*
 * What a reason to cut says, in a few words: "SSH behind its first lines". Likewise why packets were not looked into:
 * "headers that were not wholly captured". "" of any other reason.
 */
const char *overview_reason(enum policy_reason reason);

/* Text with bars of #: at most 80 columns, but for the names and settings in its title. */
void overview_text(const struct overview *o, FILE *to);

/* One page of HTML 5 with SVG: no script, nothing from elsewhere, for any width, in dark and in light. */
void overview_html(const struct overview *o, FILE *to);

#endif

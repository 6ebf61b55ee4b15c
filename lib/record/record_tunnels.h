/*
 * The member of a record that tells what of a capture was in tags and tunnels.
 */
#ifndef PCAPSLIM_RECORD_TUNNELS_H
#define PCAPSLIM_RECORD_TUNNELS_H

#include "tally.h"

#include <jansson.h>

/* Add it to a record's object; where nothing was in any there is none. Returns 0, or not where memory runs out. */
int record_tunnels_format(json_t *o, const struct tally *t);

/* Read it; what is missing or of another type is 0. */
void record_tunnels_parse(const json_t *o, struct tally *t);

#endif

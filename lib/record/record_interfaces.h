/*
 * The members of a record that tell what a capture's packets were captured on: its container, and its interfaces.
 */
#ifndef PCAPSLIM_RECORD_INTERFACES_H
#define PCAPSLIM_RECORD_INTERFACES_H

#include "tally.h"

#include <jansson.h>

/* Add them to a record's object; of plain pcap there are none. Returns 0, or not where memory runs out. */
int record_interfaces_format(json_t *o, const struct tally *t);

/* Read them; what is missing or of another type is 0. */
void record_interfaces_parse(const json_t *o, struct tally *t);

#endif

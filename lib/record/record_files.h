/*
 * The members of a record that tell what its files are on the disk, where one of them is compressed.
 */
#ifndef PCAPSLIM_RECORD_FILES_H
#define PCAPSLIM_RECORD_FILES_H

#include "record.h"

#include <jansson.h>

/* Add them to a record's object; where nothing is compressed there are none. Returns 0, or not where memory runs out.
 */
int record_files_format(json_t *o, const struct record *r);

/* Read them; what is missing or of another type is 0, or not compressed. */
void record_files_parse(const json_t *o, struct record *r);

#endif

/*
 * What both ways of putting a slim capture in place do.
 */
#ifndef PCAPSLIM_REPLACE_CHECKS_H
#define PCAPSLIM_REPLACE_CHECKS_H

#include "failure.h"
#include "identity.h"
#include "place.h"

#define REPLACE_STILL_WRITTEN "still being written: "

/* Whether the capture's name still stands for the file that `original` describes, unchanged, and only that name does.
 * Returns 0, or -1 with f set. */
int replace_check_unchanged(const struct place *p, const struct identity *original, struct failure *f);

/* fsync(2), whatever signals come. Returns 0, or -1 with errno set. */
int replace_sync(int fd);

#endif

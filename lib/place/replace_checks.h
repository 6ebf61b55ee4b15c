/*
 * What both ways of putting a slim capture in place do.
 */
#ifndef PCAPSLIM_REPLACE_CHECKS_H
#define PCAPSLIM_REPLACE_CHECKS_H

#include "failure.h"
#include "identity.h"
#include "lease.h"
#include "place.h"

#define REPLACE_STILL_WRITTEN "still being written: "

/* Whether the capture's name still stands for the file that `original` describes, unchanged, and only that name does.
 * Returns 0, or -1 with f set. */
int replace_check_unchanged(const struct place *p, const struct identity *original, struct failure *f);

/*
 * The last look at the capture before something happens to it: nobody writes to it, and it is unchanged. lease: gets
 * what is held on it, until replace_let_go(), which is to be called either way. Returns 0, or -1 with f set.
 */
int replace_look_last(const struct place *p, int original_fd, const struct identity *original, enum lease *lease,
                      struct failure *f);
void replace_let_go(int original_fd, enum lease lease);

/* Whether the temporary name stands for the slim capture. Returns 0, or -1 with f set. */
int replace_check_tmp(const struct place *p, const char *tmp, int tmp_fd, struct failure *f);

/* fsync(2), whatever signals come. Returns 0, or -1 with errno set. */
int replace_sync(int fd);

#endif

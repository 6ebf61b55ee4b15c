/*
 * What pcap-commit does when no capture is to be replaced: delete what dead runs left, and note what failed.
 */
#ifndef PCAPSLIM_TIDY_H
#define PCAPSLIM_TIDY_H

#include "confine.h"
#include "policy_options.h"
#include "site.h"

/*
 * Delete old temporary files of no live run from a directory: those of captures whose names match one of the globs, a
 * NULL behind the last. Returns CLI_DONE, or CLI_FAILED after having said why.
 */
int tidy_stale(struct site *s, const struct confine *confine, const char *directory, const char *const *globs);

/*
 * After a run: delete the temporary files that it left of the captures in a list of names, a NUL after each; and leave
 * a note about each capture that failed. failed_path: a file with the records of these, a line each; NULL: no notes.
 * policy: under which they failed. Returns CLI_DONE, or CLI_FAILED after having said why. A note that cannot be made is
 * no failure.
 */
int tidy_after_run(struct site *s, const char *list, const char *failed_path, const struct policy_options *policy);

#endif

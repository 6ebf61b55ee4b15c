/*
 * What captures are called where nobody says: patterns for names, fnmatch(3), by what is taken besides plain pcap.
 */
#ifndef PCAPSLIM_CAPTURE_NAMES_H
#define PCAPSLIM_CAPTURE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* So many patterns there may be. */
#define CAPTURE_NAMES_MAX 10

/* Write them to out, a NULL behind the last (CAPTURE_NAMES_MAX + 1 in all). accepted: flags of accept.h. Returns how
 * many. */
size_t capture_names(unsigned accepted, const char **out);

/* Whether a name is one of them. */
bool capture_names_have(unsigned accepted, const char *name);

#endif

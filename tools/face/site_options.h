/*
 * Where captures are looked at before they are worked on, as the options of a program have it.
 */
#ifndef PCAPSLIM_SITE_OPTIONS_H
#define PCAPSLIM_SITE_OPTIONS_H

#include "options.h"
#include "site.h"

/*
 * site_init(), with the markers, the policy and the containers of o, and what failed before left alone unless it is to
 * be retried. Looks into the user database: before a sandbox. Returns 0, or CLI_FAILED after having said why.
 */
int site_options_begin(struct site *site, struct options *o, int claim_fd, int stage_fd);

#endif

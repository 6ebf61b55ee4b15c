/*
 * The options that all programs which cut, judge or replace captures have in common, taken in one place. In a file of
 * its own, so that a program without a policy is not linked with what a policy needs.
 */
#ifndef PCAPSLIM_OPTIONS_IN_COMMON_H
#define PCAPSLIM_OPTIONS_IN_COMMON_H

#include "confine.h"
#include "options.h"
#include "policy_options.h"

/* Where they go. */
struct options_in_common {
    struct confine *confine;
    struct policy_options *policy;
    struct limits *limits;
    bool *sha256; /* --hash; NULL where the program makes no digests */
};

/*
 * As options_take_common(), with the options about the sandbox and the policy. at: the option's place in the table, as
 * getopt_long() says. Returns 0, or CLI_MISUSE after having said why.
 */
int options_take_in_common(int c, int at, char **argv, const struct option *table, const char *help,
                           const struct options_in_common *to);

#endif

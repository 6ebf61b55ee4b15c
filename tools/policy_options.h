/*
 * The options about what to cut that all programs which decide or judge it have in common.
 */
#ifndef PCAPSLIM_POLICY_OPTIONS_H
#define PCAPSLIM_POLICY_OPTIONS_H

#include "policy.h"

#include <getopt.h>
#include <stdbool.h>

enum {
    POLICY_OPTION_KIND = 0x3000, /* values for struct option, out of the way of letters and of other options */
    POLICY_OPTION_FLOWS,
    POLICY_OPTION_LAST,
};

#define POLICY_LONG_OPTIONS                                                                                            \
    {"policy", required_argument, NULL, POLICY_OPTION_KIND}, {                                                         \
        "flows", required_argument, NULL, POLICY_OPTION_FLOWS                                                          \
    }

#define POLICY_HELP                                                                                                    \
    "  --policy packet|flow      judge each packet by itself (default), or follow flows\n"                             \
    "  --flows N                 with flow: how many are remembered at once (default 400000)\n"

/* Whether option c is one of ours. */
bool policy_options_is(int c);

/* Take option c with its value. Returns 0, or CLI_MISUSE after having said why. */
int policy_options_take(struct policy_settings *s, int c, const char *value);

#endif

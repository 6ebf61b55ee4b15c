/*
 * Options that all programs have in common: --help, --version, and for those that move bytes the limits.
 */
#ifndef PCAPSLIM_OPTIONS_H
#define PCAPSLIM_OPTIONS_H

#include "limit_options.h"

#include <getopt.h>
#include <stdbool.h>

enum {
    OPTIONS_HELP = 0x2000, /* out of the way of letters, of a program's own options and of the limits */
    OPTIONS_VERSION,
    OPTIONS_HASH,
};

/* For the end of a program's table of long options; the first without limits. */
#define OPTIONS_BASIC                                                                                                  \
    {"help", no_argument, NULL, OPTIONS_HELP}, {"version", no_argument, NULL, OPTIONS_VERSION}, {                      \
        NULL, 0, NULL, 0                                                                                               \
    }
/* For those that digest. */
#define OPTIONS_HASH_LONG                                                                                              \
    { "hash", required_argument, NULL, OPTIONS_HASH }
#define OPTIONS_HASH_HELP "  --hash sha256|xxh3        sha256: digests before and after, in the record\n"
#define OPTIONS_COMMON LIMITS_LONG_OPTIONS, OPTIONS_BASIC

/* The greatest number of a descriptor that is handed down: programs keep their own above it. */
#define OPTIONS_DESCRIPTOR_MAX 511

/*
 * Take what a program's own switch did not: prints help or version and ends the program, takes a limit (l may be NULL
 * where there are none), or says what is wrong with it. c: what getopt_long() returned; table: what it was given.
 * Returns 0, or CLI_MISUSE.
 */
int options_take_common(int c, char **argv, const struct option *table, const char *help, struct limits *l);

/*
 * Take the value of --hash: sha256, or xxh3, which costs next to nothing and is what there is anyway. Returns 0, or
 * CLI_MISUSE after having said why.
 */
int options_take_hash(const char *value, bool *sha256);

/* Open the directory of --stage-dir; NULL: none was given, *fd becomes -1. Returns 0, or CLI_FAILED after having said
 * why. */
int options_open_stage(const char *path, int *fd);

/* Take the number of an inherited descriptor, from min on. Returns 0, or CLI_MISUSE after having said why. */
int options_take_descriptor(const char *option, const char *value, unsigned long min, int *fd);

#endif

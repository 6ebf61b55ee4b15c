/*
 * The options about the sandbox that filters have in common, and going into it. What a sandbox is: sandbox.h.
 */
#ifndef PCAPSLIM_CONFINE_H
#define PCAPSLIM_CONFINE_H

#include "sandbox.h"

#include <getopt.h>
#include <stdbool.h>

enum {
    CONFINE_NO_SANDBOX = 0x3000, /* out of the way of letters and of other options in common */
    CONFINE_WITHIN,
};

#define CONFINE_LONG_OPTION                                                                                            \
    { "no-sandbox", no_argument, NULL, CONFINE_NO_SANDBOX }
#define CONFINE_LONG_OPTIONS                                                                                           \
    CONFINE_LONG_OPTION, {                                                                                             \
        "within", required_argument, NULL, CONFINE_WITHIN                                                              \
    }

#define CONFINE_HELP "  --no-sandbox              keep all rights (for debugging)\n"
#define CONFINE_WITHIN_HELP "  --within DIR, --beneath   stay inside DIR; names lead down, through no link\n"

/* Zero-initialised it is: sandboxed, files anywhere. */
struct confine {
    bool off;
    const char *within; /* NULL: anywhere */
};

/* Take option c, if it is one of ours. Returns whether it is. */
bool confine_take(struct confine *c, int option, const char *value);

/* Everything that is needed is open: nothing can be opened from here on. */
void confine_to_streams(const struct confine *c);

/* Files in the directory behind directory_fd and, unless that is -1, in that behind stage_fd. */
void confine_to_directory(const struct confine *c, enum sandbox_need need, int directory_fd, int stage_fd);

/* Files where --within says, and in that behind stage_fd. Returns 0, or CLI_FAILED after having said why its directory
 * cannot be opened. */
int confine_to_within(const struct confine *c, enum sandbox_need need, int stage_fd);

#endif

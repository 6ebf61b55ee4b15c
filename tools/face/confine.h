/*
 * What the options say about the sandbox, and going into it. What a sandbox is: sandbox.h.
 */
#ifndef PCAPSLIM_CONFINE_H
#define PCAPSLIM_CONFINE_H

#include "sandbox.h"

#include <stdbool.h>

/* Zero-initialised it is: sandboxed, files anywhere. */
struct confine {
    bool off;
    const char *within; /* NULL: anywhere */
    bool has_markers;   /* elsewhere: behind markers_fd, in which files may be what they may be in the others */
    int markers_fd;
};

/* Everything that is needed is open: nothing can be opened from here on. */
void confine_to_streams(const struct confine *c);

/* Files in the directory behind directory_fd and, unless that is -1, in that behind stage_fd. */
void confine_to_directory(const struct confine *c, enum sandbox_need need, int directory_fd, int stage_fd);

/* Files where --within says, and in that behind stage_fd. Returns 0, or CLI_FAILED after having said why its directory
 * cannot be opened. */
int confine_to_within(const struct confine *c, enum sandbox_need need, int stage_fd);

#endif

/*
 * A program that moves the bytes of captures: under the limits of its run or its own, counted in the run's progress,
 * stopped by signals.
 */
#ifndef PCAPSLIM_MOVER_H
#define PCAPSLIM_MOVER_H

#include "progress.h"
#include "run_limits.h"
#include "transfer.h"

struct mover {
    struct pace pace;
    struct progress progress;
    struct transfer transfer; /* of these two and cli_interrupted; nobody taps it */
};

/*
 * Come under the limits, those of the run or else those given or none, and to the counters of the run if there are any.
 * pass: what this program does; PROGRESS_PASSES: nothing that is counted. m: not to be moved from here on.
 * Returns 0, or CLI_FAILED after having said why.
 */
int mover_begin(struct mover *m, const struct limits *l, enum progress_pass pass);

/* As a struct transfer, with another tap. */
struct transfer mover_tapped(const struct mover *m, struct tap *tap);

void mover_end(struct mover *m);

#endif

/*
 * The witness's verdict on a slim capture, in a record.
 */
#ifndef PCAPSLIM_COMPARE_H
#define PCAPSLIM_COMPARE_H

#include "digests.h"
#include "mover.h"
#include "packing.h"
#include "record.h"
#include "settings.h"

/* Read from their current positions on. A follow: the file is read behind who makes it; NULL: it stands as it is. */
struct compared {
    int slim_fd, original_fd;
    struct follow *slim_follow, *original_follow;
    const struct record *expected; /* what is said of the slim capture, at the latest when all is read; NULL: r */
};

/*
 * Compare the slim capture with its original, every packet, by the settings it was made by. r->accepted: whether the
 * original may end in a record that is cut short.
 * A slim that its record says something of must be compressed as that says. r: gets check, verdict and packets; digests
 * where it is good, else the error. What the run's progress counted of a capture that is not good is taken back.
 * Returns 0 where it is good, else -1.
 */
int compare_captures(const struct mover *m, const struct digests *d, const struct packing *p, const struct settings *s,
                     const struct compared *files, struct record *r);

#endif

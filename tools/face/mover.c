#include "mover.h"

#include "cli.h"

#include <string.h>
#include <unistd.h>

static int attach_pace(struct mover *m, const struct limits *l, struct failure *f) {
    if (l->pace_fd >= 0) {
        return pace_attach(&m->pace, l->pace_fd, f);
    }
    if (!pace_limits_any(&l->are)) {
        return 0;
    }
    int fd = pace_create(&l->are, f);
    if (fd < 0) {
        return -1;
    }
    int status = pace_attach(&m->pace, fd, f);
    (void)close(fd);
    return status;
}

int mover_begin(struct mover *m, const struct limits *l, enum progress_pass pass) {
    struct failure failure;
    memset(m, 0, sizeof *m);
    m->transfer = (struct transfer){.pace = &m->pace, .progress = &m->progress, .interrupted = &cli_interrupted};
    if (attach_pace(m, l, &failure) != 0 || (pass != PROGRESS_PASSES && l->progress_fd >= 0 &&
                                             progress_attach(&m->progress, l->progress_fd, pass, &failure) != 0)) {
        return cli_fail(NULL, "%s", failure.text);
    }
    return 0;
}

struct transfer mover_tapped(const struct mover *m, struct tap *tap) {
    struct transfer t = m->transfer;
    t.tap = tap;
    return t;
}

void mover_end(struct mover *m) {
    pace_detach(&m->pace);
    progress_detach(&m->progress);
}

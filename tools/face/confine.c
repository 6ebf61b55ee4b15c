#include "confine.h"

#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static void enter(const struct confine *c, enum sandbox_need need, const int *directories, size_t count) {
    if (!c->off) {
        json_object_seed(0); /* takes its random number from a device, which could not be opened later */
        (void)sandbox_enter(need, directories, count);
    }
}

void confine_to_streams(const struct confine *c) {
    enter(c, SANDBOX_STREAMS, NULL, 0);
}

void confine_to_directory(const struct confine *c, enum sandbox_need need, int directory_fd, int stage_fd) {
    int directories[3] = {directory_fd};
    size_t count = 1;
    if (stage_fd >= 0) {
        directories[count++] = stage_fd;
    }
    if (c->has_markers) {
        directories[count++] = c->markers_fd;
    }
    enter(c, need, directories, count);
}

int confine_to_within(const struct confine *c, enum sandbox_need need, int stage_fd) {
    if (c->within == NULL) {
        enter(c, need, NULL, 0);
        return CLI_DONE;
    }
    int fd = open(c->within, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return cli_fail(c->within, "cannot open: %s", strerror(errno));
    }
    confine_to_directory(c, need, fd, stage_fd);
    (void)close(fd);
    return CLI_DONE;
}

#include "witness_input.h"

#include <errno.h>
#include <unistd.h>

ssize_t witness_input_read(struct witness_input *in, void *to, size_t wanted_bytes) {
    size_t chunk_bytes = pace_chunk_bytes(in->transfer->pace, wanted_bytes);
    for (;;) {
        if (transfer_may_go_on(in->transfer, NULL) != 0) {
            in->error = errno = EINTR;
            return -1;
        }
        ssize_t got = read(in->fd, to, chunk_bytes);
        if (got >= 0) {
            transfer_has_read(in->transfer, to, (size_t)got);
            in->read_bytes += (uint64_t)got;
            return got;
        }
        if (errno != EINTR) {
            in->error = errno;
            return -1;
        }
    }
}

int witness_input_failed(const struct witness_input *in, struct failure *f) {
    return in->error == EINTR ? transfer_may_go_on(in->transfer, f)
                              : failure_errno(f, in->error, "%s: cannot read", in->name);
}

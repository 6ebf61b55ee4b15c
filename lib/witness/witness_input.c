#include "witness_input.h"

#include <errno.h>
#include <unistd.h>

/* Bytes of the file, as read(2). */
static ssize_t read_file(struct witness_input *in, void *to, size_t wanted_bytes) {
    size_t chunk_bytes = pace_chunk_bytes(in->transfer->pace, wanted_bytes);
    for (;;) {
        if (transfer_may_go_on(in->transfer, NULL) != 0) {
            in->error = errno = EINTR;
            return -1;
        }
        const size_t may_bytes = follow_may_read(in->transfer->follow, in->file_bytes, chunk_bytes);
        ssize_t got = may_bytes > 0 ? read(in->fd, to, may_bytes) : -1;
        if (got >= 0) {
            transfer_has_read(in->transfer, to, (size_t)got);
            in->file_bytes += (uint64_t)got;
        }
        if (may_bytes == 0 || (got > 0 && follow_has_read(in->transfer->follow, in->file_bytes) != 0)) {
            in->error = errno = ECANCELED;
            return -1;
        }
        if (got >= 0) {
            return got;
        }
        if (errno != EINTR) {
            in->error = errno;
            return -1;
        }
    }
}

/* witness_feed */
static ptrdiff_t feed(void *from, void *to, size_t wanted_bytes) {
    return read_file(from, to, wanted_bytes);
}

int witness_input_begin(struct witness_input *in, const struct witness_codecs *codecs, struct failure *f) {
    if (codecs != NULL) {
        in->unpack = witness_unpack_new(codecs, feed, in);
    }
    return codecs == NULL || in->unpack != NULL ? 0 : failure_memory(f);
}

ssize_t witness_input_read(struct witness_input *in, void *to, size_t wanted_bytes) {
    ssize_t got = in->unpack != NULL ? witness_unpack_read(in->unpack, to, wanted_bytes, &in->damage)
                                     : read_file(in, to, wanted_bytes);
    if (got > 0) {
        in->read_bytes += (uint64_t)got;
    } else if (got < 0 && in->error == 0) {
        errno = EIO; /* for libpcap; in->damage knows more */
    }
    return got;
}

bool witness_input_has_failed(const struct witness_input *in) {
    return in->error != 0 || in->damage.text[0] != '\0';
}

bool witness_input_is_damaged(const struct witness_input *in) {
    return in->error == 0 && in->damage.text[0] != '\0' && in->damage.kind == FAILURE_CONTENTS;
}

int witness_input_failed(const struct witness_input *in, struct failure *f) {
    if (in->error == 0) {
        return failure_of(in->damage.kind, f, "%s: %s", in->name, in->damage.text);
    }
    const struct follow *follow = in->transfer->follow;
    if (in->error == ECANCELED && follow != NULL) {
        return failure_of(follow->failure.kind, f, "%s", follow->failure.text);
    }
    return in->error == EINTR ? transfer_may_go_on(in->transfer, f)
                              : failure_errno(f, in->error, "%s: cannot read", in->name);
}

enum codec_id witness_input_codec(const struct witness_input *in) {
    return in->unpack != NULL ? witness_unpack_codec(in->unpack) : CODEC_NONE;
}

struct witness_places witness_input_places(const struct witness_input *in) {
    return in->unpack != NULL ? witness_unpack_places(in->unpack) : (struct witness_places){0};
}

void witness_input_end(struct witness_input *in) {
    witness_unpack_free(in->unpack);
    in->unpack = NULL;
}

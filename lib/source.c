#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Small, so that a mapped capture of any size takes little memory; a multiple of every page size. */
#define WINDOW_BYTES (UINT64_C(2) << 20)

void source_open(struct source *s, int fd, const struct source_options *options) {
    memset(s, 0, sizeof *s);
    s->fd = fd;
    if (options == NULL) {
        return;
    }
    s->pace = options->pace;
    s->interrupted = options->interrupted;
    struct stat st;
    if (options->mapped && options->fault != NULL && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
        lseek(fd, 0, SEEK_CUR) == 0) {
        s->fault = options->fault;
    }
}

static void unmap(struct source *s) {
    if (s->window != NULL) {
        (void)munmap(s->window, s->window_bytes);
        s->window = NULL;
    }
}

static bool is_interrupted(const struct source *s) {
    return s->interrupted != NULL && *s->interrupted != 0;
}

/* Returns 1 when offset_bytes lies in the window, 0 at the end of the file, -1 on failure. */
static int map_at_offset(struct source *s, struct failure *f) {
    if (s->window != NULL && s->offset_bytes - s->window_begin_bytes < s->window_bytes) {
        return 1;
    }
    unmap(s);
    struct stat st;
    if (fstat(s->fd, &st) != 0) {
        return failure_errno(f, errno, "cannot read");
    }
    uint64_t size_bytes = (uint64_t)st.st_size;
    if (s->offset_bytes >= size_bytes) {
        return 0;
    }
    uint64_t begin_bytes = s->offset_bytes / WINDOW_BYTES * WINDOW_BYTES;
    uint64_t left_bytes = size_bytes - begin_bytes;
    size_t length_bytes = (size_t)(left_bytes < WINDOW_BYTES ? left_bytes : WINDOW_BYTES);
    void *at = mmap(NULL, length_bytes, PROT_READ, MAP_SHARED, s->fd, (off_t)begin_bytes);
    if (at == MAP_FAILED) {
        return failure_errno(f, errno, "cannot map");
    }
    (void)madvise(at, length_bytes, MADV_SEQUENTIAL);
    s->window = at;
    s->window_begin_bytes = begin_bytes;
    s->window_bytes = length_bytes;
    return 1;
}

static ptrdiff_t copy_mapped(struct source *s, void *to, size_t wanted_bytes, struct failure *f) {
    int mapped = map_at_offset(s, f);
    if (mapped <= 0) {
        return mapped;
    }
    size_t skip_bytes = (size_t)(s->offset_bytes - s->window_begin_bytes);
    size_t there_bytes = s->window_bytes - skip_bytes;
    size_t length_bytes = wanted_bytes < there_bytes ? wanted_bytes : there_bytes;
    memcpy(to, s->window + skip_bytes, length_bytes); /* NOLINT(clang-analyzer-core.NonNullParamChecker): mapped */
    struct stat st;
    if (*s->fault != 0 || fstat(s->fd, &st) != 0 || (uint64_t)st.st_size < s->offset_bytes + length_bytes) {
        return failure_set(f,
                           "offset %llu: the file shrank or could not be read while it was mapped; "
                           "it is still being written, or the disk is failing",
                           (unsigned long long)s->offset_bytes);
    }
    return (ptrdiff_t)length_bytes;
}

static ptrdiff_t read_some(struct source *s, void *to, size_t wanted_bytes, struct failure *f) {
    for (;;) {
        ssize_t got = read(s->fd, to, wanted_bytes);
        if (got >= 0) {
            return got;
        }
        if (errno != EINTR) {
            return failure_errno(f, errno, "offset %llu: cannot read", (unsigned long long)s->offset_bytes);
        }
        if (is_interrupted(s)) {
            return failure_set(f, "interrupted");
        }
    }
}

ptrdiff_t source_read(struct source *s, void *to, size_t wanted_bytes, struct failure *f) {
    if (is_interrupted(s)) {
        return failure_set(f, "interrupted");
    }
    size_t chunk_bytes = pace_chunk_bytes(s->pace, wanted_bytes);
    ptrdiff_t got = s->fault != NULL ? copy_mapped(s, to, chunk_bytes, f) : read_some(s, to, chunk_bytes, f);
    if (got > 0) {
        s->offset_bytes += (uint64_t)got;
        pace_charge(s->pace, (size_t)got);
    }
    return got;
}

void source_close(struct source *s) {
    unmap(s);
}

#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <xxhash.h>

/* Small, so that a mapped capture of any size takes little memory; a multiple of every page size. */
#define WINDOW_BYTES (UINT64_C(2) << 20)

/* Linux 6.14; <linux/fs.h> may be older. */
#ifndef RWF_DONTCACHE
#define RWF_DONTCACHE 0x00000080
#endif

/* Without it: how far reading goes ahead of giving pages back, and how much is looked at in one call beforehand. */
#define DROP_BYTES (UINT64_C(4) << 20)
#define LOOK_BYTES (UINT64_C(64) << 20)

void source_open(struct source *s, int fd, const struct source_options *options) {
    memset(s, 0, sizeof *s);
    s->fd = fd;
    if (options == NULL) {
        return;
    }
    s->transfer = options->transfer;
    s->codecs = options->codecs;
    s->reached = options->reached;
    s->context = options->context;
    s->frames = options->frames;
    transfer_begin(&s->transfer);
    struct stat st;
    if (options->mapped && options->fault != NULL && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
        lseek(fd, 0, SEEK_CUR) == 0) {
        *options->fault = 0;
        s->fault = options->fault;
    }
    s->uncached = options->once && s->fault == NULL;
}

/* Whether any page of these bytes of a file is in the cache; yes where that cannot be told. */
static bool is_cached(int fd, uint64_t offset_bytes, size_t length_bytes) {
    unsigned char pages[LOOK_BYTES / 4096];
    const size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    const size_t count = (length_bytes + page_bytes - 1) / page_bytes;
    void *at = mmap(NULL, length_bytes, PROT_NONE, MAP_SHARED, fd, (off_t)offset_bytes);
    if (at == MAP_FAILED) {
        return true;
    }
    bool found = count > sizeof pages || mincore(at, length_bytes, pages) != 0;
    for (size_t i = 0; i < count && !found; i++) {
        found = (pages[i] & 1) != 0;
    }
    (void)munmap(at, length_bytes);
    return found;
}

/* What somebody else has in the cache stays there: a file that is there in part is left alone. */
static bool may_drop(int fd) {
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || lseek(fd, 0, SEEK_CUR) != 0) {
        return false;
    }
    const uint64_t size_bytes = (uint64_t)st.st_size;
    for (uint64_t at = 0; at < size_bytes; at += LOOK_BYTES) {
        const uint64_t left_bytes = size_bytes - at;
        if (is_cached(fd, at, (size_t)(left_bytes < LOOK_BYTES ? left_bytes : LOOK_BYTES))) {
            return false;
        }
    }
    return true;
}

/* As read(2), but leaving no trace where that was asked for. */
static ssize_t read_once(struct source *s, void *to, size_t wanted_bytes) {
    if (s->uncached) {
        const struct iovec piece = {.iov_base = to, .iov_len = wanted_bytes};
        ssize_t got = preadv2(s->fd, &piece, 1, -1, RWF_DONTCACHE);
        if (got >= 0 || errno == EINTR || errno == EIO) {
            return got;
        }
        s->uncached = false; /* the kernel or the filesystem does not know how */
        s->drops = s->file_bytes == 0 && may_drop(s->fd);
    }
    if (s->drops && s->file_bytes - s->dropped_bytes >= DROP_BYTES) {
        (void)posix_fadvise(s->fd, (off_t)s->dropped_bytes, (off_t)(s->file_bytes - s->dropped_bytes),
                            POSIX_FADV_DONTNEED);
        s->dropped_bytes = s->file_bytes;
    }
    return read(s->fd, to, wanted_bytes);
}

static void unmap(struct source *s) {
    if (s->window != NULL) {
        (void)munmap(s->window, s->window_bytes);
        s->window = NULL;
    }
}

/* Returns 1 when offset_bytes lies in the window, 0 at the end of the file, -1 on failure. */
static int map_at_offset(struct source *s, struct failure *f) {
    if (s->window != NULL && s->file_bytes - s->window_begin_bytes < s->window_bytes) {
        return 1;
    }
    unmap(s);
    struct stat st;
    if (fstat(s->fd, &st) != 0) {
        return failure_errno(f, errno, "cannot read");
    }
    uint64_t size_bytes = (uint64_t)st.st_size;
    if (s->file_bytes >= size_bytes) {
        return 0;
    }
    uint64_t begin_bytes = s->file_bytes / WINDOW_BYTES * WINDOW_BYTES;
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
    size_t skip_bytes = (size_t)(s->file_bytes - s->window_begin_bytes);
    size_t there_bytes = s->window_bytes - skip_bytes;
    size_t length_bytes = wanted_bytes < there_bytes ? wanted_bytes : there_bytes;
    memcpy(to, s->window + skip_bytes, length_bytes); /* NOLINT(clang-analyzer-core.NonNullParamChecker): mapped */
    struct stat st;
    if (*s->fault != 0 || fstat(s->fd, &st) != 0 || (uint64_t)st.st_size < s->file_bytes + length_bytes) {
        return failure_of(FAILURE_CHANGED, f,
                          "offset %llu: the file shrank or could not be read while it was mapped; "
                          "it is still being written, or the disk is failing",
                          (unsigned long long)s->file_bytes);
    }
    return (ptrdiff_t)length_bytes;
}

static ptrdiff_t read_some(struct source *s, void *to, size_t wanted_bytes, struct failure *f) {
    for (;;) {
        ssize_t got = read_once(s, to, wanted_bytes);
        if (got >= 0) {
            return got;
        }
        if (errno != EINTR) {
            return failure_errno(f, errno, "offset %llu: cannot read", (unsigned long long)s->file_bytes);
        }
        if (transfer_may_go_on(&s->transfer, f) != 0) {
            return -1;
        }
    }
}

/* Bytes of the file as they are. */
static ptrdiff_t read_file(struct source *s, void *to, size_t wanted_bytes, struct failure *f) {
    if (transfer_may_go_on(&s->transfer, f) != 0) {
        return -1;
    }
    if (s->reached != NULL && s->file_bytes - s->told_bytes >= SOURCE_STEP_BYTES) {
        s->told_bytes = s->file_bytes;
        if (s->reached(s->context, s->file_bytes, f) != 0) {
            return -1;
        }
    }
    struct follow *follow = s->transfer.follow;
    const size_t chunk_bytes = follow_may_read(follow, s->file_bytes, pace_chunk_bytes(s->transfer.pace, wanted_bytes));
    if (chunk_bytes == 0) {
        return failure_of(follow->failure.kind, f, "%s", follow->failure.text);
    }
    ptrdiff_t got = s->fault != NULL ? copy_mapped(s, to, chunk_bytes, f) : read_some(s, to, chunk_bytes, f);
    if (got > 0) {
        s->file_bytes += (uint64_t)got;
        if (s->digest != NULL) {
            (void)XXH3_64bits_update(s->digest, to, (size_t)got);
        }
        transfer_has_read(&s->transfer, to, (size_t)got);
        if (follow_has_read(follow, s->file_bytes) != 0) {
            return failure_of(follow->failure.kind, f, "%s", follow->failure.text);
        }
    }
    return got;
}

/* unpack_feed's */
static ptrdiff_t feed(void *from, void *to, size_t wanted_bytes, struct failure *f) {
    return read_file(from, to, wanted_bytes, f);
}

int source_look(struct source *s, const struct codec **codec, int *level, struct failure *f) {
    const struct codec *found = NULL;
    int its_level = 0;
    if (s->codecs != NULL && s->unpack == NULL) {
        const struct unpack_feed from = {.read = feed, .from = s};
        s->unpack = unpack_new(s->codecs, &from, s->frames, f);
        if (s->unpack == NULL) {
            s->codecs = NULL; /* there is nothing more to be had */
            return -1;
        }
        found = unpack_codec(s->unpack, &its_level);
    }
    if (codec != NULL) {
        *codec = found;
        *level = its_level;
    }
    return 0;
}

/* However much comes out of few bytes: the run's limits and signals are asked each time. */
static ptrdiff_t read_unpacked(struct source *s, void *to, size_t wanted_bytes, struct failure *f) {
    if (s->unpack == NULL && source_look(s, NULL, NULL, f) != 0) {
        return -1;
    }
    if (transfer_may_go_on(&s->transfer, f) != 0) {
        return -1;
    }
    pace_charge(s->transfer.pace, 0);
    return unpack_read(s->unpack, to, wanted_bytes, f);
}

ptrdiff_t source_read(struct source *s, void *to, size_t wanted_bytes, struct failure *f) {
    const ptrdiff_t got = s->codecs != NULL ? read_unpacked(s, to, wanted_bytes, f) : read_file(s, to, wanted_bytes, f);
    s->offset_bytes += got > 0 ? (uint64_t)got : 0;
    return got;
}

uint64_t source_file_offset_bytes(const struct source *s) {
    return s->unpack != NULL ? unpack_offset_bytes(s->unpack) : s->file_bytes;
}

void source_close(struct source *s) {
    if (s->drops) {
        (void)posix_fadvise(s->fd, 0, 0, POSIX_FADV_DONTNEED);
    }
    unmap(s);
    unpack_free(s->unpack);
    s->unpack = NULL;
}

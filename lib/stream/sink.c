#include "sink.h"

#include "pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

/* Writes to the disk are begun in pieces of this size: large enough for the disk, small against a big capture. */
#define WRITEBACK_BYTES (UINT64_C(8) << 20)

/* What a hole is made of; of filesystems with larger blocks fewer become one. */
#define PAGE_BYTES ((size_t)4096)

struct sink {
    int fd;
    struct transfer transfer;
    bool writeback;
    uint64_t writeback_begun_bytes; /* from the beginning of the file */
    uint64_t written_bytes;
    XXH3_state_t *digest;  /* NULL: none wanted */
    struct pack *pack;     /* NULL: what is written goes as it is */
    struct frames *frames; /* NULL: they need not keep their places */
    bool makes_holes;
};

struct sink *sink_open(int fd, const struct sink_options *options, struct failure *f) {
    struct sink *s = calloc(1, sizeof *s);
    if (s == NULL) {
        failure_memory(f);
        return NULL;
    }
    if (options != NULL) {
        s->transfer = options->transfer;
        s->writeback = options->writeback;
        if (options->digest) {
            s->digest = XXH3_createState();
            if (s->digest == NULL) {
                failure_memory(f);
                free(s);
                return NULL;
            }
        }
    }
    sink_reset(s, fd);
    return s;
}

void sink_reset(struct sink *s, int fd) {
    s->fd = fd;
    pack_free(s->pack);
    s->pack = NULL;
    s->frames = NULL;
    s->written_bytes = s->writeback_begun_bytes = 0;
    tap_begin(s->transfer.tap);
    if (s->digest != NULL) {
        (void)XXH3_64bits_reset(s->digest);
    }
}

static int write_some(struct sink *s, const uint8_t *from, size_t length_bytes, size_t *written_bytes,
                      struct failure *f) {
    if (transfer_may_go_on(&s->transfer, f) != 0) {
        return -1;
    }
    ssize_t put = write(s->fd, from, pace_chunk_bytes(s->transfer.pace, length_bytes));
    if (put < 0) {
        if (errno == EINTR) {
            *written_bytes = 0;
            return 0;
        }
        return failure_errno(f, errno, "cannot write the slim capture");
    }
    pace_charge(s->transfer.pace, (size_t)put);
    *written_bytes = (size_t)put;
    return 0;
}

/*
 * So that the sync at the end finds little left to do. Nothing is waited for here, and what goes wrong is the sync's to
 * tell.
 */
static void begin_writeback(struct sink *s) {
    const uint64_t fresh_bytes = s->written_bytes - s->writeback_begun_bytes;
    if (s->writeback && fresh_bytes >= WRITEBACK_BYTES) {
        (void)sync_file_range(s->fd, (off_t)s->writeback_begun_bytes, (off_t)fresh_bytes, SYNC_FILE_RANGE_WRITE);
        s->writeback_begun_bytes = s->written_bytes;
    }
}

/* As it is to be in the file. */
static int write_out(struct sink *s, const void *from, size_t length_bytes, struct failure *f) {
    const uint8_t *p = from;
    size_t left_bytes = length_bytes;
    if (s->digest != NULL) {
        (void)XXH3_64bits_update(s->digest, from, length_bytes);
    }
    tap_show(s->transfer.tap, from, length_bytes);
    if (s->fd == SINK_NOWHERE) {
        s->written_bytes += length_bytes;
        left_bytes = 0;
    }
    while (left_bytes > 0) {
        size_t put_bytes = 0;
        if (write_some(s, p, left_bytes, &put_bytes, f) != 0) {
            return -1;
        }
        p += put_bytes;
        left_bytes -= put_bytes;
        s->written_bytes += put_bytes;
    }
    begin_writeback(s);
    return 0;
}

/* pack_drain's */
static int drain(void *to, const void *from, size_t length_bytes, struct failure *f) {
    return write_out(to, from, length_bytes, f);
}

int sink_pack(struct sink *s, const struct codec *codec, const void *library, struct codec_level level,
              struct failure *f) {
    const struct pack_drain to = {.write = drain, .to = s};
    pack_free(s->pack);
    s->pack = pack_new(codec, library, level, &to, f);
    return s->pack != NULL ? 0 : -1;
}

/* A new file, in which what is passed over reads as zeros. */
static bool is_at_end_of_file(int fd) {
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (fcntl(fd, F_GETFL) & O_APPEND) == 0 &&
           lseek(fd, 0, SEEK_CUR) == st.st_size && st.st_size == 0;
}

/* One page at most, as it is to be in the file. */
static int write_zero_page(struct sink *s, size_t length_bytes, bool passes_over, struct failure *f) {
    static const uint8_t zeros[PAGE_BYTES];
    if (!passes_over) {
        return write_out(s, zeros, length_bytes, f);
    }
    if (s->digest != NULL) {
        (void)XXH3_64bits_update(s->digest, zeros, length_bytes);
    }
    tap_show(s->transfer.tap, zeros, length_bytes);
    s->written_bytes += length_bytes;
    return lseek(s->fd, (off_t)length_bytes, SEEK_CUR) < 0 ? failure_errno(f, errno, "cannot write the slim capture")
                                                           : 0;
}

/* frames_drain's. The last byte is always written, so that the file is as long as it is to be. */
static int zeros(void *to, uint64_t length_bytes, struct failure *f) {
    struct sink *s = to;
    while (length_bytes > 0) {
        const size_t to_page_bytes = PAGE_BYTES - (size_t)(s->written_bytes % PAGE_BYTES);
        const size_t bytes = length_bytes < to_page_bytes ? (size_t)length_bytes : to_page_bytes;
        if (write_zero_page(s, bytes, s->makes_holes && bytes == PAGE_BYTES && length_bytes > PAGE_BYTES, f) != 0) {
            return -1;
        }
        length_bytes -= bytes;
    }
    return 0;
}

void sink_keep_frames(struct sink *s, struct frames *frames, const struct codec *codec, const void *library,
                      int level) {
    const struct frames_drain to = {.write = drain, .zeros = zeros, .to = s};
    s->frames = frames;
    s->makes_holes = is_at_end_of_file(s->fd);
    frames_write_to(frames, codec, library, level, &to);
}

int sink_write(struct sink *s, const void *from, size_t length_bytes, struct failure *f) {
    if (s->frames != NULL) {
        return frames_write(s->frames, from, length_bytes, f);
    }
    return s->pack != NULL ? pack_write(s->pack, from, length_bytes, f) : write_out(s, from, length_bytes, f);
}

int sink_end(struct sink *s, struct failure *f) {
    const int status = s->frames != NULL ? frames_end(s->frames, f) : s->pack != NULL ? pack_end(s->pack, f) : 0;
    s->frames = NULL;
    pack_free(s->pack);
    s->pack = NULL;
    return status;
}

uint64_t sink_written_bytes(const struct sink *s) {
    return s->written_bytes;
}

uint64_t sink_digest(const struct sink *s) {
    return s->digest != NULL ? XXH3_64bits_digest(s->digest) : 0;
}

void sink_free(struct sink *s) {
    if (s != NULL) {
        pack_free(s->pack);
        if (s->digest != NULL) {
            (void)XXH3_freeState(s->digest);
        }
        free(s);
    }
}

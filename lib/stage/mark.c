#include "mark.h"

#include "marker.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first line of fd, to free(); NULL where it has none that is short enough, or there is no memory. */
static char *read_line(int fd) {
    char *line = malloc(MARK_MAX_BYTES + 1);
    if (line == NULL) {
        return NULL;
    }
    size_t filled = 0;
    ssize_t got = 1;
    while (got > 0 && filled < MARK_MAX_BYTES) {
        do {
            got = read(fd, line + filled, MARK_MAX_BYTES - filled);
        } while (got < 0 && errno == EINTR);
        filled += got > 0 ? (size_t)got : 0;
    }
    char *end = memchr(line, '\n', filled);
    if (got < 0 || (end == NULL && filled == MARK_MAX_BYTES)) {
        free(line);
        return NULL;
    }
    line[end != NULL ? (size_t)(end - line) : filled] = '\0';
    return line;
}

/* O_NONBLOCK: it may be a FIFO. */
static int open_marker(int directory_fd, const char *name) {
    return openat(directory_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static bool read_record(int fd, struct record *out, struct stat *st) {
    char *line =
        fstat(fd, st) == 0 && S_ISREG(st->st_mode) && st->st_nlink == 1 && st->st_size > 0 ? read_line(fd) : NULL;
    const bool is_one = line != NULL && record_parse(line, out, NULL) == 0;
    free(line);
    return is_one;
}

bool mark_read_record(int directory_fd, const char *name, struct record *out, struct stat *st) {
    int fd = open_marker(directory_fd, name);
    if (fd < 0) {
        return false;
    }
    const bool is_one = read_record(fd, out, st);
    (void)close(fd);
    return is_one;
}

bool mark_describes(const struct record *r, const struct identity *file, struct failure *f) {
    if (r->has_tally && file->size_bytes != record_out_file_bytes(r)) {
        (void)failure_set(f, "%" PRIu64 " bytes, its marker says %" PRIu64, file->size_bytes, record_out_file_bytes(r));
        return false;
    }
    if (r->has_mtime && (file->mtime_sec != r->mtime_sec || file->mtime_ns != r->mtime_ns)) {
        (void)failure_set(f, "last modified at %" PRId64 ".%09" PRId64 ", its marker says %" PRId64 ".%09" PRId64,
                          file->mtime_sec, file->mtime_ns, r->mtime_sec, r->mtime_ns);
        return false;
    }
    return true;
}

bool mark_failed_before(int notes_fd, const char *name, const struct identity *file, uint64_t policy_digest,
                        unsigned accepted, struct failure *why) {
    struct record r;
    struct stat st;
    if (notes_fd < 0 || !mark_read_record(notes_fd, name, &r, &st)) {
        return false;
    }
    const bool is_same = r.has_source && r.source.size_bytes == file->size_bytes &&
                         r.source.mtime_sec == file->mtime_sec && r.source.mtime_ns == file->mtime_ns;
    const bool fails_again = r.status == RECORD_FAIL && r.error.kind == FAILURE_CONTENTS && is_same && r.has_policy &&
                             r.policy_digest == policy_digest && (accepted & ~r.accepted) == 0;
    if (fails_again) {
        *why = r.error;
    }
    record_free(&r);
    return fails_again;
}

enum mark mark_look(int markers_fd, const char *name, const struct identity *file) {
    struct record r;
    struct stat st;
    int fd = markers_fd >= 0 ? open_marker(markers_fd, name) : -1;
    if (fd < 0) { /* what may not be opened is there all the same */
        return marker_exists(markers_fd, name) ? MARK_SLIM : MARK_NONE;
    }
    enum mark mark = MARK_SLIM;
    if (file != NULL && read_record(fd, &r, &st)) {
        mark = mark_describes(&r, file, NULL) ? MARK_SLIM : MARK_OTHER;
        record_free(&r);
    }
    (void)close(fd);
    return mark;
}

#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SLOTS = 4, PIPE_PIECES = 200 };

void fuzz_fail(const char *file, int line, const char *what) {
    (void)fprintf(stderr, "%s:%d: must hold: %s\n", file, line, what);
    abort();
}

uint8_t *fuzz_exact(const uint8_t *data, size_t size) {
    uint8_t *copy = malloc(size);
    if (size > 0) {
        FUZZ_MUST(copy != NULL);
        memcpy(copy, data, size);
    }
    return copy;
}

int fuzz_file(unsigned slot, const uint8_t *data, size_t size) {
    static int files[SLOTS] = {-1, -1, -1, -1};
    FUZZ_MUST(slot < SLOTS);
    if (files[slot] < 0) {
        files[slot] = memfd_create("fuzz", MFD_CLOEXEC);
    }
    const int fd = files[slot];
    FUZZ_MUST(fd >= 0 && ftruncate(fd, 0) == 0);
    FUZZ_MUST(size == 0 || pwrite(fd, data, size, 0) == (ssize_t)size);
    FUZZ_MUST(lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

int fuzz_pipe(const uint8_t *data, size_t size) {
    int ends[2];
    if (size > FUZZ_PIPE_BYTES) {
        return -1;
    }
    /* In packet mode each write stays a piece of its own for the reader. */
    FUZZ_MUST(pipe2(ends, O_CLOEXEC | O_DIRECT | O_NONBLOCK) == 0);
    FUZZ_MUST(fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) > 0);
    const size_t least = size / PIPE_PIECES + 1;
    for (size_t at = 0; at < size;) {
        size_t piece = least + data[at] % 64;
        piece = piece < size - at ? piece : size - at;
        FUZZ_MUST(write(ends[1], data + at, piece) == (ssize_t)piece);
        at += piece;
    }
    FUZZ_MUST(close(ends[1]) == 0);
    return ends[0];
}

uint8_t *fuzz_contents(int fd, size_t *size) {
    const off_t end = lseek(fd, 0, SEEK_END);
    FUZZ_MUST(end >= 0);
    *size = (size_t)end;
    uint8_t *bytes = malloc(*size + 1);
    FUZZ_MUST(bytes != NULL);
    FUZZ_MUST(pread(fd, bytes, *size + 1, 0) == end);
    return bytes;
}

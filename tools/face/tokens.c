#include "tokens.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The longest piece and its end byte; a NUL behind that is not counted. */
#define STREAM_BYTES (TOKENS_MAX_BYTES + 1)

int tokens_open(struct tokens *t, int fd, char end_byte, struct failure *f) {
    memset(t, 0, sizeof *t);
    t->fd = fd;
    t->end_byte = end_byte;
    t->buffer = malloc(STREAM_BYTES + 1);
    return t->buffer != NULL ? 0 : failure_memory(f);
}

static int fill(struct tokens *t, struct failure *f) {
    if (t->begin > 0) {
        memmove(t->buffer, t->buffer + t->begin, t->filled - t->begin);
        t->filled -= t->begin;
        t->begin = 0;
    }
    if (t->filled == STREAM_BYTES) {
        return failure_set(f, "a name or record in the list is longer than %zu bytes", TOKENS_MAX_BYTES);
    }
    ssize_t got;
    do {
        got = read(t->fd, t->buffer + t->filled, STREAM_BYTES - t->filled);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return failure_errno(f, errno, "cannot read the list");
    }
    t->at_end = got == 0;
    t->filled += (size_t)got;
    return 0;
}

int tokens_next(struct tokens *t, char **out, struct failure *f) {
    size_t searched = 0;
    for (;;) {
        char *from = t->buffer + t->begin;
        size_t there_bytes = t->filled - t->begin;
        char *end = memchr(from + searched, t->end_byte, there_bytes - searched);
        if (end == NULL && t->at_end && there_bytes > 0) {
            end = from + there_bytes; /* there is room for its NUL: the buffer has a byte to spare */
        }
        if (end != NULL) {
            size_t length_bytes = (size_t)(end - from);
            *end = '\0';
            t->last = t->begin;
            t->begin += length_bytes < there_bytes ? length_bytes + 1 : length_bytes;
            *out = from;
            return 1;
        }
        if (t->at_end) {
            return 0;
        }
        searched = there_bytes;
        if (fill(t, f) != 0) {
            return -1;
        }
    }
}

void tokens_put_back(struct tokens *t) {
    if (t->begin > t->last && t->buffer[t->begin - 1] == '\0') {
        t->buffer[t->begin - 1] = t->end_byte; /* the last of all may have had none */
    }
    t->begin = t->last;
}

bool tokens_at_hand(const struct tokens *t) {
    return t->at_end || memchr(t->buffer + t->begin, t->end_byte, t->filled - t->begin) != NULL;
}

void tokens_close(struct tokens *t) {
    free(t->buffer);
    t->buffer = NULL;
}

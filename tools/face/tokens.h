/*
 * Pieces of a stream that end with a certain byte: names that end with NUL (GNU's --files0-from), records
 * that end with a newline. Memory is bounded; what is longer than the bound is an error.
 */
#ifndef PCAPSLIM_TOKENS_H
#define PCAPSLIM_TOKENS_H

#include "failure.h"

#include <stdbool.h>
#include <stddef.h>

#define TOKENS_MAX_BYTES ((size_t)64 << 10)

struct tokens {
    int fd;
    char end_byte;
    bool at_end;
    size_t last, begin, filled; /* in the buffer: the last piece, what is behind it, the end */
    char *buffer;
};

/* Begin to read fd. Returns 0, or -1 with f set when memory runs out. */
int tokens_open(struct tokens *t, int fd, char end_byte, struct failure *f);

/*
 * The next piece, NUL-terminated and without its end byte, valid until the next call; the last piece may lack
 * its end byte. out: where it is.
 * Returns 1, 0 at the end, or -1 with f set (read error, a piece over TOKENS_MAX_BYTES). EINTR is retried.
 */
int tokens_next(struct tokens *t, char **out, struct failure *f);

/* Let the next call give the last piece once more. */
void tokens_put_back(struct tokens *t);

/* Whether tokens_next() has its answer without reading, which may wait. */
bool tokens_at_hand(const struct tokens *t);

/* Free the buffer. Safe on a zero-initialised struct. */
void tokens_close(struct tokens *t);

#endif

/*
 * What the fuzz harnesses have in common. A harness is a file fuzz_NAME.c with libFuzzer's entry point; linked with
 * replay.c instead of libFuzzer it runs files that are named to it.
 */
#ifndef PCAPSLIM_FUZZ_H
#define PCAPSLIM_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What libFuzzer calls. Returns 0; what must not be ends the process. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* End the process, with words for whoever reads the crash. */
void fuzz_fail(const char *file, int line, const char *what) __attribute__((noreturn));

/* An invariant. */
#define FUZZ_MUST(condition) ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))

/* A copy in memory of exactly that size, so that a step outside is seen. Never NULL; to be freed. */
uint8_t *fuzz_exact(const uint8_t *data, size_t size);

/* A file in memory that holds data, at its beginning. The same descriptor is used again by the next call with that slot
 * (0 to 3). */
int fuzz_file(unsigned slot, const uint8_t *data, size_t size);

/* The read end of a pipe that delivers data in pieces of uneven size, at most FUZZ_PIPE_BYTES of it; -1 for more. The
 * caller closes it. */
#define FUZZ_PIPE_BYTES 65536
int fuzz_pipe(const uint8_t *data, size_t size);

/* All of a file from fuzz_file(), in memory to be freed. */
uint8_t *fuzz_contents(int fd, size_t *size);

#endif

/*
 * What went wrong, in words. The library never prints: a function that can fail takes a
 * struct failure and leaves there one sentence a program can show behind "tool: file: ".
 */
#ifndef PCAPSLIM_FAILURE_H
#define PCAPSLIM_FAILURE_H

#define FAILURE_TEXT_BYTES 512

struct failure {
    char text[FAILURE_TEXT_BYTES];
};

/*
 * Format the text of a failure, cut to FAILURE_TEXT_BYTES.
 * f: where it goes, may be NULL (the caller does not care). fmt: as printf.
 * Returns -1, so that `return failure_set(...)` reads well.
 */
int failure_set(struct failure *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * The same, with ": " and the text of errno value `error` behind it.
 * Returns -1.
 */
int failure_errno(struct failure *f, int error, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif

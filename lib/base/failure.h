/*
 * What went wrong, in words and by kind. The library never prints: a function that can fail takes a struct failure and
 * leaves there one sentence a program can show behind "tool: file: ". What is to be done about it hangs on the kind,
 * never on the words.
 */
#ifndef PCAPSLIM_FAILURE_H
#define PCAPSLIM_FAILURE_H

#define FAILURE_TEXT_BYTES 512

enum failure_kind {
    FAILURE_OTHER,       /* none of these: a rule, a name, an option is against it; a process died */
    FAILURE_INTERRUPTED, /* a signal came; nothing is wrong with the file */
    FAILURE_SYSTEM,      /* reading, writing, memory: another time it may well go */
    FAILURE_CONTENTS,    /* the bytes of the file are damaged, or of no kind that is processed */
    FAILURE_CHANGED,     /* somebody else is at work on the file */
    FAILURE_KINDS,
};

struct failure {
    char text[FAILURE_TEXT_BYTES];
    enum failure_kind kind;
};

/*
 * Format the text of a failure, cut to FAILURE_TEXT_BYTES. f, here and below: where it goes, may be NULL (the caller
 * does not care). fmt: as printf.
 * Returns -1 like all of these, so that `return failure_of(...)` reads well.
 */
int failure_of(enum failure_kind kind, struct failure *f, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same with FAILURE_OTHER. */
int failure_set(struct failure *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same with FAILURE_SYSTEM, and with ": " and the text of errno value `error` behind it. */
int failure_errno(struct failure *f, int error, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* FAILURE_SYSTEM: "out of memory". */
int failure_memory(struct failure *f);

/* Put words before the text that is there; the kind stays. */
int failure_before(struct failure *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Put words behind it; the kind stays. */
int failure_after(struct failure *f, const char *words);

/* The name of a kind as records have it. */
const char *failure_kind_name(enum failure_kind kind);

#endif

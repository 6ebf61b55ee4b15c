/*
 * Working as a stage: records in, records out, a line each.
 */
#ifndef PCAPSLIM_STAGE_H
#define PCAPSLIM_STAGE_H

#include "record.h"
#include "tokens.h"

#include <stdbool.h>

/*
 * Write one record to a descriptor as a line, whole: stages of other batches may write to the same pipe at
 * the same time. Returns 0, or CLI_FAILED after having said why (the reader is gone, memory).
 */
int stage_put(int fd, const struct record *r, bool between_stages);

enum stage_outcome {
    STAGE_HAND_ON, /* what work() left of the record goes to standard output */
    STAGE_HOLD,    /* work() has kept it; settle() hands it on */
    STAGE_DROP,    /* nothing goes out */
};

/* How long a record is held at most, in the hope of company. */
#define STAGE_HOLD_MS 50

/*
 * Read records from standard input and hand each to work(), which changes it and says what becomes of it. A record that
 * accept() refuses passes through untouched, but for announcements (RECORD_CUTTING), which nobody else is waiting for.
 * What is held is settled before anything else goes out, so that the order stays, at the end of the input, and where no
 * record comes in time. Goes on to the end of the input whatever happens, so that every record arrives; a line that is
 * no record is said on standard error.
 * Returns CLI_DONE, or CLI_FAILED when a line was bad or the reader went away.
 */
struct stage {
    bool (*accept)(const struct record *r);
    enum stage_outcome (*work)(void *context, struct record *r);
    int (*settle)(void *context); /* CLI_DONE, or CLI_FAILED: no reader. NULL: nothing is ever held */
    void *context;
    bool between_stages; /* whether a stage follows */
    struct tokens lines; /* from here on for stage_run(): the input */
    bool is_holding;
    uint64_t held_since_ns;
};
int stage_run(struct stage *s);

/*
 * For work(): the record behind the one at hand, waiting for it. out: to be freed with record_free().
 * Returns true, or false where there is none (the end, no record, a line that cannot be read); a line that is there is
 * still to come then.
 */
bool stage_next(struct stage *s, struct record *out);

/* Let the record that stage_next() gave still come. */
void stage_put_back(struct stage *s);

/* Open a list of names: the file `list` or, for "-", standard input. Returns -1 after having said why. */
int stage_open_names(const char *list);

/*
 * Read names, each ended by a NUL (GNU's --files0-from), from fd and hand each to work() until that returns something
 * else than CLI_DONE. list: what to call it in messages. Returns what work() returned last, or CLI_FAILED after having
 * said why.
 */
int stage_each_name(int fd, const char *list, int (*work)(void *context, const char *name), void *context);

/*
 * The same where other processes take names from the same list, too: fd is inherited from one open(2) for reading and
 * writing of a file, whose position they have in common. Each name goes to one of them, to whoever asks first. Of a
 * list that grows, what is there is handed out at once, and its end is where it ends when it is whole.
 */
int stage_each_shared_name(int fd, const char *list, int (*work)(void *context, const char *name), void *context);

/*
 * A list of names that grows while others read it. Whoever writes it says so before there is a name in it, and it is
 * whole when its descriptor is closed, or its process dead. Where the filesystem has no locks, nobody waits.
 */
void stage_list_grows(int fd);
void stage_list_await(int fd);

/*
 * About what a record takes, to be charged to the limits for each time it is read or written: over many small files the
 * records are a tenth of what a run moves.
 */
#define STAGE_RECORD_BYTES 700

#endif

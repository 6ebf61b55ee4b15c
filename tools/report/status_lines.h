/*
 * What pcap-status has found, said line by line or as one object of JSON.
 */
#ifndef PCAPSLIM_STATUS_LINES_H
#define PCAPSLIM_STATUS_LINES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum state {
    STATE_SLIM,
    STATE_CHANGED,
    STATE_FAILED,
    STATE_PENDING,
    STATE_TOO_YOUNG,
    STATE_LEFT_ALONE,
    STATE_ORPHAN_MARKER,
    STATE_PRUNED_MARKER,
    STATES,
};

struct status_lines {
    bool json;
    uint64_t count[STATES];
    uint64_t in_bytes, out_bytes; /* of what is slim, as far as markers say */
    json_t *files;                /* the entries so far */
};

/* Returns 0, or -1 when memory runs out. */
int status_lines_begin(struct status_lines *l, bool json);

/*
 * A file. directory: "" or a path that ends in a slash. why: NULL, or more about it; it may quote a name, or come from
 * a file that anybody has written. when: NULL, or a time.
 */
void status_lines_put(struct status_lines *l, const char *directory, const char *name, enum state state,
                      const char *why, const char *when);

/* The last line, on standard output like the others. */
void status_lines_conclude(const struct status_lines *l);

/* Free. */
void status_lines_end(struct status_lines *l);

#endif

/*
 * How busy the host is, from the first line of /proc/stat (proc(5)).
 */
#ifndef PCAPSLIM_HOSTLOAD_H
#define PCAPSLIM_HOSTLOAD_H

#include <stddef.h>
#include <stdint.h>

struct hostload {
    uint64_t busy_ticks;  /* since boot, all processors: everything but idle and iowait */
    uint64_t total_ticks; /* since boot, all processors */
};

/*
 * Parse the first line of /proc/stat.
 * text: NUL-terminated. Returns 0, or -1 when the line is not as proc(5) says.
 */
int hostload_parse(const char *text, struct hostload *out);

/* Open /proc/stat, to be read again and again. Returns a descriptor, or -1 where there is none. */
int hostload_open(void);

/* Read it now. fd: of hostload_open(), may be -1. Returns 0, or -1 where it cannot be read. */
int hostload_read(int fd, struct hostload *out);

#endif

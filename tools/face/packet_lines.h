/*
 * A line of JSON a packet: what was decided on it and why, for who wants to know of one packet what a record counts.
 */
#ifndef PCAPSLIM_PACKET_LINES_H
#define PCAPSLIM_PACKET_LINES_H

#include "slim.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Of one capture; begun by zeroing all but out. */
struct packet_lines {
    FILE *out;
    uint64_t packets; /* so far */
    bool failed;      /* memory ran out, or out could not be written: some lines are missing */
};

/*
 * Write the line of a packet: its number from 1 as tshark counts, caplen and origlen, whether it is cut and why or why
 * not, and how many bytes of its frame are left as they were. For struct slim_watcher. context: a struct packet_lines.
 */
void packet_lines_see(void *context, const struct slim_packet *packet);

#endif

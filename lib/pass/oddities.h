/*
 * What is odd about the records of a capture, counted.
 */
#ifndef PCAPSLIM_ODDITIES_H
#define PCAPSLIM_ODDITIES_H

#include "format.h"
#include "tally.h"

#include <stdbool.h>
#include <stdint.h>

static inline bool oddities_may_be_of_lengths(const struct format_packet *r, uint32_t snaplen_bytes) {
    /* caplen - 1 wraps for an empty packet */
    return r->caplen_bytes != r->origlen_bytes || r->caplen_bytes - 1 >= snaplen_bytes;
}

/*
 * Whether anything but the time may be odd about a record: one cheap question for the many packets of which nothing is.
 * second: units of ts_frac in a second. snaplen_bytes: of what it was captured on.
 */
static inline bool oddities_may_be(const struct format_packet *r, uint32_t second, uint32_t snaplen_bytes) {
    return oddities_may_be_of_lengths(r, snaplen_bytes) || r->ts_frac >= second;
}

/* Count what is odd about a record besides its time and its size. */
void oddities_count(struct tally *t, const struct format_packet *r, uint32_t second, uint32_t snaplen_bytes);

#endif

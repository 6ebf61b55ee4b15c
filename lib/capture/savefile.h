/*
 * The pcap savefile format: its row among the formats, and inline what the loops over ordinary packets have compiled
 * in.
 *
 * Standard: pcap-savefile(5); draft-ietf-opsawg-pcap, sections 4 (file header) and 5 (packet record).
 */
#ifndef PCAPSLIM_SAVEFILE_H
#define PCAPSLIM_SAVEFILE_H

#include "bytes.h"
#include "format.h"

#include <stdint.h>

enum {
    SAVEFILE_HEADER_BYTES = 24,
    SAVEFILE_RECORD_HEADER_BYTES = 16,
};

/* Version 2.4 with its four magic numbers; its packets have nothing behind their frames, and it has no other pieces. */
const struct format *savefile_format(void);

/* Decode the 16 bytes of a record header. Nothing is checked: see FORMAT_CAPLEN_MAX_BYTES. */
static inline __attribute__((always_inline)) struct format_packet savefile_get_packet(const struct savefile_header *h,
                                                                                      const uint8_t *p) {
    struct format_packet is = {
        .ts_sec = bytes_get32(h->big_endian, p),
        .ts_frac = bytes_get32(h->big_endian, p + 4),
        .caplen_bytes = bytes_get32(h->big_endian, p + 8),
        .origlen_bytes = bytes_get32(h->big_endian, p + 12),
    };
    return is;
}

/* Change the captured length in the 16 bytes of a record header; the other fields stay as they are. */
static inline void savefile_put_caplen(const struct savefile_header *h, uint8_t *p, uint32_t caplen_bytes) {
    bytes_put32(h->big_endian, p + 8, caplen_bytes);
}

#endif

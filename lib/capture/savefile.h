/*
 * The pcap savefile format: what a file is by its first bytes, its file header and its record headers.
 * Pure: bytes in, values out. Reading a stream of records is framing.h's business.
 *
 * Standard: pcap-savefile(5); draft-ietf-opsawg-pcap, sections 4 (file header) and 5 (packet record).
 */
#ifndef PCAPSLIM_SAVEFILE_H
#define PCAPSLIM_SAVEFILE_H

#include "bytes.h"
#include "failure.h"
#include "savefile_header.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SAVEFILE_HEADER_BYTES = 24,
    SAVEFILE_RECORD_HEADER_BYTES = 16,
};

/* The largest captured length believed; a record that claims more is damage. */
#define SAVEFILE_CAPLEN_MAX_BYTES (UINT32_C(256) << 20)

struct savefile_record {
    uint32_t ts_sec;
    uint32_t ts_frac; /* micro- or nanoseconds, by the file header */
    uint32_t caplen_bytes;
    uint32_t origlen_bytes;
};

/*
 * Tell from the first bytes of a file whether it is a savefile this project processes.
 * bytes, length_bytes: the first 24 bytes of the file, or all of a shorter one.
 * out: filled on success.
 * Returns 0, or -1 with f saying what the file is instead (pcapng, a relative of pcap, a compressed
 * file, another version, not a capture) and what to do about it.
 */
int savefile_parse_header(const uint8_t *bytes, size_t length_bytes, struct savefile_header *out, struct failure *f);

/* Read a 32-bit field in the byte order of the file. */
static inline uint32_t savefile_get32(const struct savefile_header *h, const uint8_t *p) {
    return h->big_endian ? bytes_get_be32(p) : bytes_get_le32(p);
}

/* Write a 32-bit field in the byte order of the file. */
static inline void savefile_put32(const struct savefile_header *h, uint8_t *p, uint32_t value) {
    if (h->big_endian) {
        bytes_put_be32(p, value);
    } else {
        bytes_put_le32(p, value);
    }
}

/* Decode the 16 bytes of a record header. Nothing is checked: see SAVEFILE_CAPLEN_MAX_BYTES. */
static inline __attribute__((always_inline)) struct savefile_record savefile_get_record(const struct savefile_header *h,
                                                                                        const uint8_t *p) {
    struct savefile_record r = {
        .ts_sec = savefile_get32(h, p),
        .ts_frac = savefile_get32(h, p + 4),
        .caplen_bytes = savefile_get32(h, p + 8),
        .origlen_bytes = savefile_get32(h, p + 12),
    };
    return r;
}

/* Change the captured length in the 16 bytes of a record header; the other fields stay as they are. */
static inline void savefile_put_caplen(const struct savefile_header *h, uint8_t *p, uint32_t caplen_bytes) {
    savefile_put32(h, p + 8, caplen_bytes);
}

/* Encode a whole record header, 16 bytes at p. */
static inline void savefile_put_record(const struct savefile_header *h, uint8_t *p, const struct savefile_record *r) {
    savefile_put32(h, p, r->ts_sec);
    savefile_put32(h, p + 4, r->ts_frac);
    savefile_put32(h, p + 8, r->caplen_bytes);
    savefile_put32(h, p + 12, r->origlen_bytes);
}

/* Encode a file header of version 2.4, 24 bytes at p. Time zone and accuracy fields are zero. */
void savefile_put_header(const struct savefile_header *h, uint8_t *p);

#endif

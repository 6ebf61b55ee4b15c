/*
 * TLS records: which bytes can be one, how long it is, whether it is in the clear. Pure.
 *
 * Standards: RFC 8446 section 5.1 and appendix D.4 (TLS 1.3 and its ChangeCipherSpec for middleboxes), RFC 5246
 * section 6.2 and appendix E.2 (TLS 1.2 and SSL 2.0's hello), RFC 6101 (SSL 3.0), RFC 6520 (heartbeat).
 */
#ifndef PCAPSLIM_FLOW_TLS_H
#define PCAPSLIM_FLOW_TLS_H

#include "bytes.h"
#include "flow_unit.h"

/* The header of a record, and the longest record that is believed, RFC 5246 section 6.2.3. */
#define FLOW_TLS_HEADER_BYTES 5
#define FLOW_TLS_RECORD_MAX_BYTES (16384 + 2048)

/*
 * A stream begins with a hello or an alert in the clear, cleartext goes over to a hello. In the middle of an unknown
 * stream a record's header is credible, with the header behind it where that is there, too.
 */
bool flow_tls_begins(enum flow_where where, const uint8_t *p, uint32_t there_bytes);

/* A record; or, at the start of a stream, an SSL 2.0 compatible ClientHello, which has a header of its own. */
struct flow_unit flow_tls_unit(struct flow_stream *s, const uint8_t *p, uint32_t there_bytes);

/* How long the record of a header is. */
static inline uint32_t flow_tls_record_bytes(const uint8_t *p) {
    return FLOW_TLS_HEADER_BYTES + (uint32_t)bytes_get_be16(p + 3);
}

/* Whether five bytes are a credible header of application data. */
static inline bool flow_tls_is_data(const uint8_t *p) {
    const uint32_t length_bytes = bytes_get_be16(p + 3);
    return p[0] == 0x17 && p[1] == 3 && p[2] <= 4 && length_bytes > 0 && length_bytes <= FLOW_TLS_RECORD_MAX_BYTES;
}

/* Find the first hello. Returns its offset, or there_bytes. */
uint32_t flow_tls_find_hello(const uint8_t *p, uint32_t there_bytes);

/* Find the first credible header of application data. Returns its offset, or there_bytes. */
uint32_t flow_tls_find_data(const uint8_t *p, uint32_t there_bytes);

#endif

/*
 * DTLS records in a datagram, and SRTP, which shares their flow. Pure.
 *
 * Standards: RFC 6347 section 4.1 (DTLS 1.2), RFC 9147 section 4 (DTLS 1.3), RFC 5764 (DTLS-SRTP), RFC 3550 section
 * 5.1, RFC 3711 section 3.1.
 */
#ifndef PCAPSLIM_FLOW_DTLS_H
#define PCAPSLIM_FLOW_DTLS_H

#include <stdbool.h>
#include <stdint.h>

struct flow_dtls {
    bool is_dtls;         /* records fill the datagram exactly */
    uint32_t clear_bytes; /* up to the end of the last record in the clear */
    bool handshake;       /* there is a handshake in the clear */
    bool version_13;      /* a ServerHello agrees on DTLS 1.3 */
    bool offers_srtp;     /* a ClientHello offers DTLS-SRTP */
    bool takes_srtp;      /* a ServerHello takes it up */
};

/* Whether a datagram can begin with a record, by its first byte. */
static inline bool flow_dtls_can_begin(uint8_t first) {
    return first >= 20 && first <= 26;
}

/* Judge a datagram of length_bytes of which there_bytes are there. */
struct flow_dtls flow_dtls_judge(const uint8_t *p, uint32_t there_bytes, uint32_t length_bytes);

/* Whether the first byte is that of a record of DTLS 1.3 with a unified header. */
bool flow_dtls_is_unified(uint8_t first);

/* The header in front of what is encrypted in an SRTP or SRTCP packet, in bytes; 0: it is none. */
uint32_t flow_srtp_header_bytes(const uint8_t *p, uint32_t there_bytes);

#endif

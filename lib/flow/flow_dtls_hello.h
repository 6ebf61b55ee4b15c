/*
 * What the extensions of the hellos of DTLS agree on: version 1.3, and SRTP with which profiles. Pure.
 *
 * Standards: RFC 6347 section 4.2 (hellos), RFC 9147 section 5.3 (supported_versions), RFC 5764 section 4.1.1
 * (use_srtp), and the IANA registry "DTLS-SRTP Protection Profiles".
 */
#ifndef PCAPSLIM_FLOW_DTLS_HELLO_H
#define PCAPSLIM_FLOW_DTLS_HELLO_H

#include <stdint.h>

/*
 * What a hello makes of the flags of a flow (enum flow_datagram_flags). flags: before it; message: at least its type;
 * whole_bytes: of all of it, header included, or 0 where it is in fragments or was not captured whole: nothing is
 * agreed on then.
 */
uint16_t flow_dtls_hello(uint16_t flags, const uint8_t *message, uint32_t whole_bytes);

#endif

/*
 * DTLS records in a datagram: cut, but for those in the clear. A handshake says whether SRTP will share the flow. Pure.
 *
 * Standards: RFC 6347 section 4.1 (DTLS 1.2), RFC 9147 section 4 (DTLS 1.3), RFC 9146 (connection IDs), RFC 5764
 * section 4.1 (use_srtp).
 */
#ifndef PCAPSLIM_FLOW_DTLS_H
#define PCAPSLIM_FLOW_DTLS_H

#include "flow_udp.h"

bool flow_dtls_judge(const struct flow_look *k, struct flow_verdict *out);

#endif

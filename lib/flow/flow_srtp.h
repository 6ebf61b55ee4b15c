/*
 * What shares a flow with DTLS: STUN, which is readable, and SRTP, once a handshake has agreed on it. Pure.
 *
 * Standards: RFC 8489 section 5 (STUN), RFC 5764 (DTLS-SRTP), RFC 3550 section 5.1, RFC 3711 section 3.1, RFC 5761
 * section 4 (RTCP on the same port).
 */
#ifndef PCAPSLIM_FLOW_SRTP_H
#define PCAPSLIM_FLOW_SRTP_H

#include "flow_udp.h"

/* Whether a datagram can be a message of a TURN channel (RFC 8656 section 12.4): its length is in it. */
bool flow_is_channel_data(const struct flow_datagram *in);

bool flow_stun_judge(const struct flow_look *k, struct flow_verdict *out);
bool flow_srtp_judge(const struct flow_look *k, struct flow_verdict *out);

#endif

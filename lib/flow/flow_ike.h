/*
 * IKE messages on the ports of IPsec: how much of one is in the clear. What follows in their flow is ESP. Pure.
 *
 * Standards: RFC 2408 section 3 and RFC 2409 (IKEv1), RFC 7296 section 3 (IKEv2), RFC 7383 (encrypted fragments),
 * RFC 3948 section 2.2 (the marker that tells them from ESP).
 */
#ifndef PCAPSLIM_FLOW_IKE_H
#define PCAPSLIM_FLOW_IKE_H

#include "flow_udp.h"

bool flow_ike_judge(const struct flow_look *k, struct flow_verdict *out);

#endif

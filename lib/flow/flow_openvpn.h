/*
 * OpenVPN over UDP: control packets stay, data packets are cut once it is proven to be OpenVPN. Pure.
 *
 * A packet begins with an opcode of five bits and a key number of three; control packets have the sender's session
 * identifier of 64 bits behind it. A flow is proven when a control packet of the other side names the identifier that
 * came with a reset, as what it acknowledges. Over TCP it is not followed: docs/EVIDENCE.md says what that is worth.
 */
#ifndef PCAPSLIM_FLOW_OPENVPN_H
#define PCAPSLIM_FLOW_OPENVPN_H

#include "flow_udp.h"

bool flow_openvpn_judge(const struct flow_look *k, struct flow_verdict *out);

#endif

/*
 * OpenVPN, over UDP and TCP: control packets stay, data packets are cut once it is proven to be OpenVPN. Pure.
 *
 * A packet begins with an opcode of five bits and a key number of three; control packets have the sender's session
 * identifier of 64 bits behind it. A flow is proven when an identifier that came with a reset comes again in a control
 * packet of the same direction.
 */
#ifndef PCAPSLIM_FLOW_OPENVPN_H
#define PCAPSLIM_FLOW_OPENVPN_H

#include "flow_udp.h"
#include "flow_unit.h"

/* Over UDP. */
bool flow_openvpn_judge(const struct flow_look *k, struct flow_verdict *out);

/* Over TCP, where a length of two bytes comes before each packet. A stream begins with a reset. */
bool flow_openvpn_begins(enum flow_where where, const uint8_t *p, uint32_t there_bytes);
struct flow_unit flow_openvpn_unit(struct flow_stream *s, const uint8_t *p, uint32_t there_bytes);

#endif

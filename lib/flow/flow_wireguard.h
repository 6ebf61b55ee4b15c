/*
 * WireGuard messages by their type and length. Data are cut when they go to an index that the receiver has announced in
 * a handshake that was answered. Pure. The protocol is described in "WireGuard: Next Generation Kernel Network Tunnel"
 * (Donenfeld, NDSS 2017), section 5.4.
 */
#ifndef PCAPSLIM_FLOW_WIREGUARD_H
#define PCAPSLIM_FLOW_WIREGUARD_H

#include "flow_udp.h"

bool flow_wireguard_judge(const struct flow_look *k, struct flow_verdict *out);

#endif

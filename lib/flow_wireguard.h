/*
 * WireGuard messages by their type and length. Pure. The protocol is described in "WireGuard: Next Generation Kernel
 * Network Tunnel" (Donenfeld, NDSS 2017), section 5.4.
 */
#ifndef PCAPSLIM_FLOW_WIREGUARD_H
#define PCAPSLIM_FLOW_WIREGUARD_H

#include <stdint.h>

enum flow_wireguard_kind {
    FLOW_WIREGUARD_NONE,
    FLOW_WIREGUARD_INITIATION,
    FLOW_WIREGUARD_RESPONSE,
    FLOW_WIREGUARD_DATA,
};

/* Type, receiver index and counter of a data message: in the clear. */
#define FLOW_WIREGUARD_DATA_HEADER_BYTES 16

struct flow_wireguard {
    enum flow_wireguard_kind kind;
    uint32_t sender;   /* initiation and response: the sender's index */
    uint32_t receiver; /* response and data: the receiver's index */
};

/* Judge a datagram of length_bytes of which there_bytes are there. */
struct flow_wireguard flow_wireguard_judge(const uint8_t *p, uint32_t there_bytes, uint32_t length_bytes);

#endif

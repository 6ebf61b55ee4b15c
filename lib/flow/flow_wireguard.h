/*
 * WireGuard messages by their type and length. Pure. The protocol is described in "WireGuard: Next Generation Kernel
 * Network Tunnel" (Donenfeld, NDSS 2017), section 5.4.
 */
#ifndef PCAPSLIM_FLOW_WIREGUARD_H
#define PCAPSLIM_FLOW_WIREGUARD_H

#include <stdbool.h>
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

/* Whether a datagram can be of a handshake, by its first byte. */
static inline bool flow_wireguard_can_begin(uint8_t first) {
    return first == 1 || first == 2;
}

/* Judge a datagram of length_bytes of which there_bytes are there. */
struct flow_wireguard flow_wireguard_judge(const uint8_t *p, uint32_t there_bytes, uint32_t length_bytes);

#endif

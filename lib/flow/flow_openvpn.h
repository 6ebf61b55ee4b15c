/*
 * OpenVPN, over UDP and TCP: control packets stay, data packets are cut once it is proven to be OpenVPN. Pure.
 *
 * A packet begins with an opcode of five bits and a key number of three; control packets have the sender's session
 * identifier of 64 bits behind it. A flow is proven when an identifier that came with a reset comes again in a control
 * packet of the same direction.
 */
#ifndef PCAPSLIM_FLOW_OPENVPN_H
#define PCAPSLIM_FLOW_OPENVPN_H

#include "flow_state.h"
#include "flow_unit.h"

#include <stdbool.h>
#include <stdint.h>

/* Opcode and session identifier. */
#define FLOW_OPENVPN_HEAD_BYTES 9

enum flow_openvpn_kind {
    FLOW_OPENVPN_NONE,
    FLOW_OPENVPN_RESET,   /* begins a session */
    FLOW_OPENVPN_CONTROL, /* acknowledgement or control message */
    FLOW_OPENVPN_DATA,
};

/* Whether a packet can be a reset, by its first byte. */
static inline bool flow_openvpn_can_begin(uint8_t first) {
    return first == 7 << 3 || first == 8 << 3 || first == 10 << 3;
}

/* What the packet at p, of which there_bytes are there, is by its opcode. */
enum flow_openvpn_kind flow_openvpn_kind(const uint8_t *p, uint32_t there_bytes);

/* The same over TCP, where a length of two bytes comes before each packet. */
struct flow_unit flow_openvpn_unit(struct flow_stream *s, const uint8_t *p, uint32_t there_bytes);

/* Whether a TCP stream begins with a reset. */
bool flow_openvpn_begins(const uint8_t *p, uint32_t there_bytes);

#endif

/*
 * Most tunnels by far are VXLAN in its plainest form: an Ethernet frame behind Ethernet, IPv4 without options and UDP
 * without a checksum. For these there is a shorter way to the same place as that of tunnel.h. Header only: it is in the
 * hot loop.
 *
 * Standard: RFC 7348.
 */
#ifndef PCAPSLIM_TUNNEL_PLAIN_H
#define PCAPSLIM_TUNNEL_PLAIN_H

#include "bytes.h"
#include "locate.h"
#include "locate_usual.h"
#include "port.h"
#include "wire.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    PLAIN_NETWORK = USUAL_NETWORK,
    PLAIN_TRANSPORT = PLAIN_NETWORK + IPV4_HEADER_MIN_BYTES,
    PLAIN_VXLAN = PLAIN_TRANSPORT + UDP_HEADER_BYTES,
    PLAIN_INNER = PLAIN_VXLAN + VXLAN_HEADER_BYTES,
};

/* Whether a frame has plain VXLAN; the frame in it is at PLAIN_INNER then, and so many bytes are captured at least. */
static inline bool tunnel_is_plain(const uint8_t *port_flags, const uint8_t *frame, uint32_t captured_bytes) {
    if (captured_bytes < PLAIN_INNER) {
        return false;
    }
    const uint8_t *ip = frame + PLAIN_NETWORK;
    const uint8_t *udp = frame + PLAIN_TRANSPORT;
    const uint32_t udp_bytes = bytes_get_be16(udp + UDP_LENGTH);
    return usual_ipv4_carries(frame, PROTOCOL_UDP) &&
           (port_flags[bytes_get_be16(udp + 2)] & POLICY_PORT_VXLAN) != 0 && /* which is tried before others */
           usual_is_ipv4(frame) && udp_bytes + IPV4_HEADER_MIN_BYTES == bytes_get_be16(ip + IPV4_TOTAL_LENGTH) &&
           bytes_get_le16(udp + UDP_CHECKSUM) == 0 && frame[PLAIN_VXLAN] == VXLAN_HAS_VNI;
}

/*
 * Whether what was located in that frame is an ordinary packet that agrees with it: of TCP, or of UDP and no tunnel
 * itself. inner: its places count from PLAIN_INNER.
 */
static inline bool tunnel_plain_agrees(const uint8_t *port_flags, const uint8_t *frame, const struct located *inner) {
    const uint32_t udp_bytes = bytes_get_be16(frame + PLAIN_TRANSPORT + UDP_LENGTH);
    const bool is_ordinary = inner->as == LOCATED_TCP ||
                             (inner->as == LOCATED_UDP &&
                              (located_port_flags(port_flags, inner, frame + PLAIN_INNER) & POLICY_PORT_TUNNELS) == 0);
    return is_ordinary && inner->packet_end + PLAIN_INNER <= PLAIN_TRANSPORT + udp_bytes;
}

/* The circuit of such a packet, its own tags included, as the longer way has it. */
static inline uint32_t tunnel_plain_circuit(const uint8_t *frame, const struct located *inner) {
    uint32_t circuit = 1 + (bytes_get_be32(frame + PLAIN_VXLAN + VXLAN_VNI) >> 8);
    if (__builtin_expect(inner->circuit == 0, 1)) {
        return circuit;
    }
    for (uint32_t at = ETHERNET_HEADER_BYTES; at < inner->network_offset; at += VLAN_TAG_BYTES) {
        circuit *= LOCATED_CIRCUIT_FACTOR;
    }
    return circuit + inner->circuit;
}

#endif

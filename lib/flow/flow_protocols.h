/*
 * The protocols that are followed, a row each, in the order in which they are asked. A protocol is a row, a file with
 * the functions that the row is made of, and its header among the includes of flow_walk.c or flow_udp.c. What most
 * packets are is told from the same rows (flow_expected.h).
 *
 * Who proves what: a unit's framing (FLOW_UNIT_SECRET) proves nothing. flow_walk_conclude() cuts only what the two
 * sides have agreed to encrypt (flow_agreement.h) or, where the beginning was not seen, what a chain of units shows,
 * and only what looks like noise; a datagram that a row would cut must look like it as well. flow_expected.h comes
 * after that.
 */
#ifndef PCAPSLIM_FLOW_PROTOCOLS_H
#define PCAPSLIM_FLOW_PROTOCOLS_H

/*
 * Over TCP: mode (enum flow_mode), the flow_NAME_begins() and flow_NAME_unit() of flow_unit.h, the reason to cut and
 * that to keep units in the clear; what the first byte must be for a unit to begin where nothing is known, and in the
 * middle of cleartext.
 */
#define FLOW_OVER_TCP(ROW)                                                                                             \
    ROW(TLS, tls, POLICY_TLS, POLICY_HANDSHAKE, first >= 0x14 && first <= 0x18, first == 0x16)                         \
    ROW(SSH, ssh, POLICY_SSH, POLICY_HANDSHAKE, first == 'S', first == 'S')                                            \
    ROW(SMB, smb, POLICY_SMB, POLICY_CLEARTEXT, first == 0, false)

/*
 * Over UDP: the flow_NAME_judge() of flow_udp.h, the reason to cut; ports on which nothing is ruled out cheaply, and
 * what is not proven may still be of it; elsewhere, whether a datagram p of n bytes, n > 0, can be the first of a flow
 * of which something is remembered.
 */
#define FLOW_OVER_UDP(ROW)                                                                                             \
    ROW(stun, POLICY_CLEARTEXT, 0, false)                                                                              \
    ROW(ike, POLICY_IPSEC, POLICY_PORT_IPSEC, false)                                                                   \
    ROW(dtls, POLICY_DTLS, 0, p[0] >= 20 && p[0] <= 26)                                                                \
    ROW(wireguard, POLICY_WIREGUARD, 0, p[0] == 1 || p[0] == 2)                                                        \
    ROW(srtp, POLICY_SRTP, 0, false)                                                                                   \
    ROW(quic, POLICY_QUIC, POLICY_PORT_QUIC, flow_quic_can_begin(p, n))                                                \
    ROW(openvpn, POLICY_OPENVPN, 0, p[0] == 7 << 3 || p[0] == 8 << 3 || p[0] == 10 << 3)                               \
    ROW(esp, POLICY_IPSEC, POLICY_PORT_IPSEC, false)

#define FLOW_ROW_PORTS(name, cut_reason, ports, can_begin) | (ports)
#define FLOW_UDP_PORTS (0U FLOW_OVER_UDP(FLOW_ROW_PORTS))

#endif

/*
 * The ports that rules speak of: bit flags for each port number.
 */
#ifndef PCAPSLIM_PORT_H
#define PCAPSLIM_PORT_H

enum policy_port {
    POLICY_PORT_TLS = 1,
    POLICY_PORT_SSH = 2,
    POLICY_PORT_QUIC = 4,
    POLICY_PORT_IPSEC = 8,
    POLICY_PORT_VXLAN = 16, /* these of tunnels */
    POLICY_PORT_GENEVE = 32,
    POLICY_PORT_GTP = 64,
    POLICY_PORT_OTHER_TUNNEL = 128, /* L2TP or Teredo */
    POLICY_PORT_TUNNELS = 0xf0,
};

#endif

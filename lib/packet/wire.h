/*
 * Where fields are in headers, how long headers are, and the numbers by which protocols name each other: said once for
 * everything that locates, cuts and follows. A field's name without a unit is its offset in its header.
 *
 * The witness has its own, on purpose.
 *
 * Standards: IEEE 802.3, 802.1Q; RFC 791 (IPv4), 8200 (IPv6), 4302 (AH), 4303 (ESP), 9293 (TCP), 768 (UDP), 8754 (SRH),
 * 5095 and 6275 (routing types 0 and 2); 1661 and 1662 (PPP), 2516 (PPPoE), 2427 (frame relay), 1042 (SNAP);
 * IEEE 802.11; the link type registry for what capturing puts in front; of tunnels as their files say.
 */
#ifndef PCAPSLIM_WIRE_H
#define PCAPSLIM_WIRE_H

#include <stdint.h>

enum {
    ETHERNET_TYPE = 12,
    ETHERNET_HEADER_BYTES = 14,
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_MPLS = 0x8847,
    ETHERTYPE_MPLS_MULTICAST = 0x8848,
    VLAN_TAG_BYTES = 4, /* the tag and the ethertype behind it */
    VLAN_ID_MASK = 0xfff,

    ETHERTYPE_PROVIDER_BRIDGE = 0x88a8,
    ETHERTYPE_QINQ_9100 = 0x9100,
    ETHERTYPE_QINQ_9200 = 0x9200,
    ETHERTYPE_BRIDGED = 0x6558, /* an Ethernet frame, within something else */
    ETHERTYPE_PPP = 0x880b,
    ETHERTYPE_PPPOE = 0x8864,
    ETHERTYPE_PBB = 0x88e7,
    ETHERTYPE_ERSPAN = 0x88be,
    ETHERTYPE_ERSPAN_III = 0x22eb,
    ETHERTYPE_VNTAG = 0x8926,
    ETHERTYPE_NSH = 0x894f,
    LLC_LENGTH_MAX = 1500, /* what is less is no ethertype */

    VNTAG_BYTES = 6, /* the tag and the ethertype behind it */
    PBB_TAG_BYTES = 4,

    MPLS_LABEL_BYTES = 4,
    MPLS_BOTTOM = 1, /* of the third byte */
    MPLS_CONTROL_WORD_BYTES = 4,

    SLL_ARPHRD = 2,
    SLL_PROTOCOL = 14,
    SLL_HEADER_BYTES = 16,
    SLL2_PROTOCOL = 0, /* an ethertype, but of the devices below */
    SLL2_ARPHRD = 8,
    SLL2_HEADER_BYTES = 20,
    ARPHRD_FRAD = 770,
    ARPHRD_IEEE80211_RADIOTAP = 803,
    ARPHRD_NETLINK = 824,

    NULL_HEADER_BYTES = 4, /* an address family, of which these are the numbers */
    FAMILY_INET = 2,
    FAMILY_INET6_OF_LINUX = 10,
    FAMILY_INET6_OF_OPENBSD = 24,
    FAMILY_INET6_OF_FREEBSD = 28,
    FAMILY_INET6_OF_DARWIN = 30,

    C_HDLC_UNICAST = 0x0f,
    C_HDLC_MULTICAST = 0x8f,
    C_HDLC_TYPE = 2,
    C_HDLC_HEADER_BYTES = 4,

    PPP_ADDRESS_AND_CONTROL = 0xff03,
    PPP_IPV4 = 0x0021,
    PPP_IPV6 = 0x0057,
    PPP_MPLS = 0x0281,
    PPP_MPLS_MULTICAST = 0x0283,

    PPPOE_VERSION_1_TYPE_1 = 0x11,
    PPPOE_CODE = 1, /* 0: a session */
    PPPOE_SESSION = 2,
    PPPOE_LENGTH = 4,
    PPPOE_HEADER_BYTES = 6,

    LLC_SAP_IP = 0x06,
    LLC_SAP_SNAP = 0xaa,
    LLC_UNNUMBERED = 0x03,
    LLC_BYTES = 3,
    SNAP_BYTES = 5,
    SNAP_OUI_OF_ETHERTYPES = 0,

    Q922_LAST = 1, /* the bit that ends an address */
    Q922_ADDRESS_MIN_BYTES = 2,
    Q922_ADDRESS_MAX_BYTES = 4,
    NLPID_PADDING = 0x00,
    NLPID_SNAP = 0x80,
    NLPID_IPV6 = 0x8e,
    NLPID_IPV4 = 0xcc,

    PFLOG_FAMILY = 1,
    PFLOG_HEADER_MIN_BYTES = 45,

    NFLOG_VERSION = 1,
    NFLOG_HEADER_BYTES = 4,
    NFLOG_ATTRIBUTE_HEADER_BYTES = 4, /* length, which counts these four, and type */
    NFLOG_PAYLOAD = 9,

    WIFI_KIND_MASK = 0x0f, /* version and type, of the first byte */
    WIFI_DATA = 0x08,
    WIFI_NO_DATA = 0x40,
    WIFI_QOS = 0x80,
    WIFI_BOTH_WAYS = 0x03, /* of the second: to and from a distribution system; there is a fourth address then */
    WIFI_MORE_FRAGMENTS = 0x04,
    WIFI_PROTECTED = 0x40,
    WIFI_ORDER = 0x80,
    WIFI_SEQUENCE = 22,
    WIFI_FRAGMENT_MASK = 0x0f,
    WIFI_HEADER_BYTES = 24,
    WIFI_ADDRESS_BYTES = 6,
    WIFI_QOS_BYTES = 2,
    WIFI_AGGREGATE = 0x80, /* of the first byte of QoS control */
    WIFI_HT_BYTES = 4,

    RADIOTAP_LENGTH = 2,
    RADIOTAP_PRESENT = 4,
    RADIOTAP_HEADER_MIN_BYTES = 8,
    RADIOTAP_HAS_TSFT = 1,
    RADIOTAP_HAS_FLAGS = 2,
    RADIOTAP_FLAG_PADDED = 0x20,
    AVS_LENGTH = 4,
    AVS_HEADER_MIN_BYTES = 8,
    PRISM_HEADER_BYTES = 144,

    IPV4_TOTAL_LENGTH = 2,
    IPV4_FRAGMENT = 6,
    IPV4_PROTOCOL = 9,
    IPV4_CHECKSUM = 10,
    IPV4_SOURCE = 12,
    IPV4_DESTINATION = 16,
    IPV4_HEADER_MIN_BYTES = 20,
    IPV4_VERSION_4_IHL_5 = 0x45,
    IPV4_VERSION_4_IHL_MAX = 0x4f,
    IPV4_MORE_FRAGMENTS_OR_OFFSET = 0x3fff,
    IPV4_OPTION_END = 0,
    IPV4_OPTION_NOP = 1,
    IPV4_OPTION_LSRR = 131,
    IPV4_OPTION_SSRR = 137,
    IPV4_ROUTE_DATA = 3,

    IPV6_PAYLOAD_LENGTH = 4,
    IPV6_NEXT_HEADER = 6,
    IPV6_SOURCE = 8,
    IPV6_DESTINATION = 24,
    IPV6_HEADER_BYTES = 40,
    IPV6_EXTENSION_MIN_BYTES = 8,
    IPV6_FRAGMENT_OFFSET_OR_MORE = 0xfff9,
    IPV6_ROUTING_RH0 = 0,
    IPV6_ROUTING_RH2 = 2,
    IPV6_ROUTING_SRH = 4,

    PROTOCOL_HOP_BY_HOP = 0,
    PROTOCOL_ICMP = 1,
    PROTOCOL_IPV4 = 4,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    PROTOCOL_IPV6 = 41,
    PROTOCOL_ROUTING = 43,
    PROTOCOL_FRAGMENT = 44,
    PROTOCOL_GRE = 47,
    PROTOCOL_ESP = 50,
    PROTOCOL_AH = 51,
    PROTOCOL_ICMPV6 = 58,
    PROTOCOL_DESTINATION_OPTIONS = 60,
    PROTOCOL_SCTP = 132,
    PROTOCOL_MPLS = 137,

    TCP_SEQUENCE = 4,
    TCP_DATA_OFFSET = 12,
    TCP_FLAGS = 13,
    TCP_CHECKSUM = 16,
    TCP_URGENT = 18,
    TCP_HEADER_MIN_BYTES = 20,
    TCP_FIN = 0x01,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_ACK = 0x10,
    TCP_URG = 0x20,

    UDP_LENGTH = 4,
    UDP_CHECKSUM = 6,
    UDP_HEADER_BYTES = 8,

    ESP_HEADER_BYTES = 8, /* SPI and sequence number */

    GRE_HAS_CHECKSUM = 0x8000,
    GRE_HAS_ROUTING = 0x4000,
    GRE_HAS_KEY = 0x2000,
    GRE_HAS_SEQUENCE = 0x1000,
    GRE_VERSION_MASK = 7,
    GRE_TYPE = 2,
    GRE_CHECKSUM = 4,
    GRE_HEADER_BYTES = 4,
    GRE_ROUTE_BYTES = 4, /* of an entry, before its route */
    PPTP_HAS_ACKNOWLEDGEMENT = 0x0080,
    PPTP_LENGTH = 4,
    PPTP_HEADER_MIN_BYTES = 8,

    ERSPAN_SESSION = 2,
    ERSPAN_SESSION_MASK = 0x3ff,
    ERSPAN_II_VERSION = 1,
    ERSPAN_II_BYTES = 8,
    ERSPAN_III_VERSION = 2,
    ERSPAN_III_BYTES = 12,
    ERSPAN_III_FLAGS = 10,
    ERSPAN_III_OF_ETHERNET = 0,
    ERSPAN_III_OF_IP = 2,
    ERSPAN_III_HAS_SUBHEADER = 1,
    ERSPAN_III_SUBHEADER_BYTES = 8,

    VXLAN_HAS_VNI = 0x08,
    VXLAN_HAS_GROUP = 0x80,
    VXLAN_VNI = 4,
    VXLAN_HEADER_BYTES = 8,
    GPE_HAS_PROTOCOL = 0x04,
    GPE_TO_MANY = 0x02,
    GPE_PROTOCOL = 3,
    GPE_IPV4 = 1,
    GPE_IPV6 = 2,
    GPE_ETHERNET = 3,
    GPE_NSH = 4,
    GPE_MPLS = 5,

    GENEVE_CONTROL = 0x80,
    GENEVE_OPTIONS_MASK = 0x3f,
    GENEVE_TYPE = 2,
    GENEVE_VNI = 4,
    GENEVE_HEADER_BYTES = 8,
    GENEVE_OPTION_LENGTH = 3,
    GENEVE_OPTION_LENGTH_MASK = 0x1f,
    GENEVE_OPTION_MIN_BYTES = 4,

    GTP_VERSION_MASK = 0xf0, /* and the bit that says GTP, not GTP' */
    GTP_VERSION_1_OF_GTP = 0x30,
    GTP_HAS_MORE = 0x07,
    GTP_HAS_EXTENSION = 0x04,
    GTP_G_PDU = 255,
    GTP_LENGTH = 2,
    GTP_HEADER_BYTES = 8,
    GTP_NEXT_EXTENSION = 11,
    GTP_LONG_HEADER_BYTES = 12,

    L2TP_HAS_LENGTH = 0x4000,
    L2TP_HAS_SEQUENCE = 0x0800,
    L2TP_HAS_OFFSET = 0x0200,
    L2TP_PRIORITY = 0x0100,
    L2TP_DATA_OF_VERSION_2 = 2,
    L2TP_LENGTH = 2,
    L2TP_HEADER_MIN_BYTES = 6,
    L2TP_PORT = 1701,

    TEREDO_PORT = 3544,
    TEREDO_ORIGIN = 0,
    TEREDO_ORIGIN_BYTES = 8,
    TEREDO_AUTHENTICATION = 1,
    TEREDO_AUTHENTICATION_MIN_BYTES = 13, /* without client identification and authentication value */

    NSH_VERSION_MASK = 0xc0,
    NSH_CONTROL = 0x20,
    NSH_LENGTH_MASK = 0x3f,
    NSH_PROTOCOL = 3,
    NSH_HEADER_MIN_BYTES = 8,
    NSH_IPV4 = 1,
    NSH_IPV6 = 2,
    NSH_ETHERNET = 3,
    NSH_NSH = 4,
    NSH_MPLS = 5,
};

#define RADIOTAP_MORE_PRESENT UINT32_C(0x80000000) /* another word of bits follows */
#define AVS_MAGIC_MASK UINT32_C(0xfffff000)
#define AVS_MAGIC UINT32_C(0x80211000)

#endif

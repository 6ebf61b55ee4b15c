/*
 * Where fields are in headers, how long headers are, and the numbers by which protocols name each other: said once for
 * everything that locates, cuts and follows. A field's name without a unit is its offset in its header.
 *
 * The witness has its own, on purpose.
 *
 * Standards: IEEE 802.3, 802.1Q; RFC 791 (IPv4), 8200 (IPv6), 4302 (AH), 4303 (ESP), 9293 (TCP), 768 (UDP), 8754 (SRH),
 * 5095 and 6275 (routing types 0 and 2); LINKTYPE_LINUX_SLL2 of the link type registry.
 */
#ifndef PCAPSLIM_WIRE_H
#define PCAPSLIM_WIRE_H

enum {
    ETHERNET_TYPE = 12,
    ETHERNET_HEADER_BYTES = 14,
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_VLAN = 0x8100,
    VLAN_TAG_BYTES = 4, /* the tag and the ethertype behind it */
    VLAN_ID_MASK = 0xfff,

    SLL2_PROTOCOL = 0, /* an ethertype, but of the devices below */
    SLL2_ARPHRD = 8,
    SLL2_HEADER_BYTES = 20,
    ARPHRD_FRAD = 770,
    ARPHRD_IEEE80211_RADIOTAP = 803,
    ARPHRD_NETLINK = 824,

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
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    PROTOCOL_ROUTING = 43,
    PROTOCOL_FRAGMENT = 44,
    PROTOCOL_ESP = 50,
    PROTOCOL_AH = 51,
    PROTOCOL_DESTINATION_OPTIONS = 60,

    TCP_SEQUENCE = 4,
    TCP_DATA_OFFSET = 12,
    TCP_FLAGS = 13,
    TCP_CHECKSUM = 16,
    TCP_URGENT = 18,
    TCP_HEADER_MIN_BYTES = 20,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_ACK = 0x10,

    UDP_LENGTH = 4,
    UDP_CHECKSUM = 6,
    UDP_HEADER_BYTES = 8,

    ESP_HEADER_BYTES = 8, /* SPI and sequence number */
};

#endif

#include "esp.h"

#include "bytes.h"
#include "wire.h"

#include <stddef.h>

enum {
    TRAILER_BYTES = 2, /* pad length, next header */
    PADDING_MAX_BYTES = 255,
    CHECK_MAX_BYTES = 32,

    ICMP_BYTES = 8,
    SCTP_MIN_BYTES = 16,
    EXTENSION_MIN_BYTES = 8,
    OSPF_MIN_BYTES = 16, /* of version 3 */
    RARE_MIN_BYTES = 8,
};

/* What wire.h has no need of (IANA's protocol numbers). */
enum {
    IGMP = 2,
    DCCP = 33,
    EIGRP = 88,
    OSPF = 89,
    ETHERIP = 97,
    PIM = 103,
    IPCOMP = 108,
    VRRP = 112,
    L2TP_3 = 115,
    UDPLITE = 136,
};

/* RFC 5879 section 8.2: none; HMAC of 96, 128, 160, 192, 256 bits; and, with GMAC, an initialisation vector in front.
 */
static const uint8_t CHECK_BYTES[] = {0, 12, 16, 20, 24, 28, CHECK_MAX_BYTES};
static const uint8_t VECTOR_BYTES[] = {0, 8, 16};

/* A packet inside: of the bytes from its beginning to its end some are there. */
struct inner {
    const uint8_t *p;
    uint32_t there_bytes;
    uint32_t least_bytes; /* the range that its end lies in: what is behind may be there to hide how long it is */
    uint32_t most_bytes;
    bool is_named; /* by a trailer, so that it need not speak for itself */
};

static bool is_length(const struct inner *i, uint32_t length_bytes) {
    return length_bytes >= i->least_bytes && length_bytes <= i->most_bytes;
}

static bool is_ipv4(const struct inner *i) {
    return i->there_bytes >= IPV4_HEADER_MIN_BYTES && i->p[0] >> 4 == 4 && (i->p[0] & 15) >= 5 &&
           is_length(i, bytes_get_be16(i->p + IPV4_TOTAL_LENGTH));
}

static bool is_ipv6(const struct inner *i) {
    return i->there_bytes >= IPV6_HEADER_BYTES && i->p[0] >> 4 == 6 &&
           is_length(i, IPV6_HEADER_BYTES + (uint32_t)bytes_get_be16(i->p + IPV6_PAYLOAD_LENGTH));
}

static bool is_tcp(const struct inner *i) {
    enum { RESERVED = 0x0e };
    if (i->there_bytes < TCP_HEADER_MIN_BYTES) {
        return false;
    }
    const unsigned flags = i->p[TCP_FLAGS];
    const uint32_t header_bytes = (uint32_t)(i->p[TCP_DATA_OFFSET] >> 4) * 4;
    return header_bytes >= TCP_HEADER_MIN_BYTES && header_bytes <= i->most_bytes &&
           (i->p[TCP_DATA_OFFSET] & RESERVED) == 0 && (flags & (TCP_SYN | TCP_RST | TCP_ACK)) != 0 &&
           (flags & (TCP_FIN | TCP_SYN)) != (TCP_FIN | TCP_SYN) &&
           (i->is_named || ((flags & TCP_URG) == 0 && bytes_get_be16(i->p + TCP_URGENT) == 0));
}

static bool is_udp(const struct inner *i) {
    return i->there_bytes >= UDP_HEADER_BYTES && bytes_get_be16(i->p + UDP_LENGTH) >= UDP_HEADER_BYTES &&
           is_length(i, bytes_get_be16(i->p + UDP_LENGTH));
}

/* Types that are in use, and codes. */
static bool is_icmp(const struct inner *i) {
    return i->there_bytes >= ICMP_BYTES && (i->p[0] <= 43 || (i->p[0] >= 128 && i->p[0] <= 161)) && i->p[1] <= 15;
}

static bool is_gre(const struct inner *i) {
    return i->there_bytes >= GRE_HEADER_BYTES && (i->p[0] & 0x4f) == 0 && (i->p[1] & 0x7e) == 0;
}

static bool is_sctp(const struct inner *i) {
    return i->there_bytes >= SCTP_MIN_BYTES && i->p[12] <= 14 && bytes_get_be16(i->p + 14) >= 4 &&
           bytes_get_be16(i->p + 14) <= i->most_bytes - 12;
}

/* RFC 8200 section 4: next header, and a length in eights behind the first. */
static bool is_extension(const struct inner *i) {
    return i->there_bytes >= EXTENSION_MIN_BYTES && 8 + 8 * (uint32_t)i->p[1] <= i->most_bytes;
}

static bool is_ospf(const struct inner *i) {
    return i->there_bytes >= OSPF_MIN_BYTES && (i->p[0] == 2 || i->p[0] == 3) && i->p[1] <= 5 &&
           bytes_get_be16(i->p + 2) <= i->most_bytes;
}

/* RFC 3828: how much the checksum covers stands where UDP has its length. */
static bool is_udplite(const struct inner *i) {
    const uint32_t covered_bytes = i->there_bytes >= UDP_HEADER_BYTES ? bytes_get_be16(i->p + UDP_LENGTH) : 1;
    return covered_bytes == 0 || (covered_bytes >= UDP_HEADER_BYTES && covered_bytes <= i->most_bytes);
}

/* Protocols that are told by next to nothing but the trailer that names them. */
static bool is_rare_packet_of(unsigned protocol, const struct inner *i) {
    if (i->there_bytes < RARE_MIN_BYTES) {
        return false;
    }
    switch (protocol) {
    case PIM:
        return i->p[0] >> 4 == 2; /* version */
    case IPCOMP:
        return i->p[1] == 0; /* flags (RFC 3173) */
    case PROTOCOL_AH:
        return i->p[2] == 0 && i->p[3] == 0; /* reserved */
    case ETHERIP:
        return i->p[0] == 0x30 && i->p[1] == 0; /* version 3 (RFC 3378) */
    case VRRP:
        return i->p[0] == 0x21 || i->p[0] == 0x31; /* versions 2 and 3, advertisement */
    case DCCP:
        return i->p[4] >= 3 && 4 * (uint32_t)i->p[4] <= i->most_bytes; /* where data begin (RFC 4340) */
    case IGMP:
    case EIGRP:
    case PROTOCOL_ESP:
    case L2TP_3: /* a session */
    case PROTOCOL_MPLS:
        return true;
    default:
        return false;
    }
}

static bool is_packet_of(unsigned protocol, const struct inner *i) {
    switch (protocol) {
    case PROTOCOL_IPV4:
        return is_ipv4(i);
    case PROTOCOL_IPV6:
        return is_ipv6(i);
    case PROTOCOL_TCP:
        return is_tcp(i);
    case PROTOCOL_UDP:
        return is_udp(i);
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMPV6:
        return is_icmp(i);
    case PROTOCOL_GRE:
        return is_gre(i);
    case PROTOCOL_SCTP:
        return is_sctp(i);
    case PROTOCOL_HOP_BY_HOP:
    case PROTOCOL_ROUTING:
    case PROTOCOL_FRAGMENT:
    case PROTOCOL_DESTINATION_OPTIONS:
        return is_extension(i);
    case OSPF:
        return is_ospf(i);
    case UDPLITE:
        return is_udplite(i);
    default:
        return is_rare_packet_of(protocol, i);
    }
}

/* RFC 4303 section 2.4: padding counts 1, 2, 3 and so on; some fill it with zeros. */
static bool is_padding(const uint8_t *p, uint32_t length_bytes) {
    bool counts = true;
    bool is_zero = true;
    for (uint32_t i = 0; i < length_bytes; i++) {
        counts = counts && p[i] == (uint8_t)(i + 1);
        is_zero = is_zero && p[i] == 0;
    }
    return counts || is_zero;
}

/* With a check value of so many bytes at the end. */
static bool is_readable_with(const uint8_t *p, uint32_t length_bytes, uint32_t check_bytes) {
    if (length_bytes < check_bytes + TRAILER_BYTES) {
        return false;
    }
    const uint32_t trailer_at = length_bytes - check_bytes - TRAILER_BYTES;
    const uint32_t padding_bytes = p[trailer_at];
    if (padding_bytes > trailer_at || !is_padding(p + trailer_at - padding_bytes, padding_bytes)) {
        return false;
    }
    const uint32_t end = trailer_at - padding_bytes;
    for (size_t v = 0; v < sizeof VECTOR_BYTES && VECTOR_BYTES[v] < end; v++) {
        const uint32_t bytes = end - VECTOR_BYTES[v];
        const struct inner i = {p + VECTOR_BYTES[v], bytes, 0, bytes, true};
        if (is_packet_of(p[trailer_at + 1], &i)) {
            return true;
        }
    }
    return false;
}

/* Where the trailer was not captured the packet inside must speak for itself. */
static bool begins_readably(const uint8_t *p, uint32_t there_bytes, uint32_t length_bytes) {
    const uint32_t most_behind_bytes = TRAILER_BYTES + PADDING_MAX_BYTES + CHECK_MAX_BYTES;
    for (size_t v = 0; v < sizeof VECTOR_BYTES && VECTOR_BYTES[v] + (uint32_t)TRAILER_BYTES < there_bytes; v++) {
        const uint32_t bytes = length_bytes - VECTOR_BYTES[v];
        const struct inner i = {.p = p + VECTOR_BYTES[v],
                                .there_bytes = there_bytes - VECTOR_BYTES[v],
                                .least_bytes = bytes > most_behind_bytes ? bytes - most_behind_bytes : 0,
                                .most_bytes = bytes - TRAILER_BYTES};
        if (is_ipv4(&i) || is_ipv6(&i) || is_tcp(&i) || is_udp(&i)) {
            return true;
        }
    }
    return false;
}

bool esp_is_readable(const uint8_t *p, uint32_t there_bytes, uint32_t length_bytes) {
    if (there_bytes < length_bytes) {
        return begins_readably(p, there_bytes, length_bytes);
    }
    for (size_t c = 0; c < sizeof CHECK_BYTES; c++) {
        if (is_readable_with(p, length_bytes, CHECK_BYTES[c])) {
            return true;
        }
    }
    return false;
}

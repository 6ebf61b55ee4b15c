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
};

/* RFC 5879 section 8.2: none; HMAC of 96, 128, 160, 192, 256 bits; and, with GMAC, an initialisation vector in front.
 */
static const uint8_t CHECK_BYTES[] = {0, 12, 16, 20, 24, 28, CHECK_MAX_BYTES};
static const uint8_t VECTOR_BYTES[] = {0, 8, 16};

/* A packet inside: of the bytes from its beginning to its end some are there. */
struct inner {
    const uint8_t *p;
    uint32_t there_bytes;
    uint32_t least_bytes; /* where its end is not known, the range it lies in; else both are the same */
    uint32_t most_bytes;
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
           ((flags & TCP_URG) != 0 ? i->least_bytes == i->most_bytes : bytes_get_be16(i->p + TCP_URGENT) == 0);
}

static bool is_udp(const struct inner *i) {
    return i->there_bytes >= UDP_HEADER_BYTES && bytes_get_be16(i->p + UDP_LENGTH) >= UDP_HEADER_BYTES &&
           is_length(i, bytes_get_be16(i->p + UDP_LENGTH));
}

/* Types that are in use, and codes. */
static bool is_icmp(const struct inner *i) {
    return i->there_bytes >= ICMP_BYTES && (i->p[0] <= 18 || (i->p[0] >= 128 && i->p[0] <= 143)) && i->p[1] <= 15;
}

static bool is_gre(const struct inner *i) {
    if (i->there_bytes < GRE_HEADER_BYTES || (i->p[0] & 0x4f) != 0 || (i->p[1] & 0xf8) != 0) {
        return false;
    }
    const unsigned inside = bytes_get_be16(i->p + GRE_TYPE);
    return inside == ETHERTYPE_IPV4 || inside == ETHERTYPE_IPV6 || inside == ETHERTYPE_BRIDGED ||
           inside == ETHERTYPE_PPP || inside == ETHERTYPE_MPLS;
}

static bool is_sctp(const struct inner *i) {
    return i->there_bytes >= SCTP_MIN_BYTES && i->p[12] <= 14 && bytes_get_be16(i->p + 14) >= 4 &&
           bytes_get_be16(i->p + 14) <= i->most_bytes - 12;
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
    default:
        return false;
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
        const struct inner i = {p + VECTOR_BYTES[v], bytes, bytes, bytes};
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

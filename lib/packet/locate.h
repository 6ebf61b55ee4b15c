/*
 * Where the headers of a frame are: link layer, network layer, transport layer, payload. Pure.
 *
 * Every length is checked against the captured bytes before it is used. A frame whose headers lie or are not
 * wholly there is located as what is wrong with it, and whoever decides keeps it.
 *
 * Standards: IEEE 802.3, 802.1Q; RFC 791 (IPv4), 8200 (IPv6), 4302 (AH), 4303 (ESP), 9293 (TCP), 768 (UDP), 8754 (SRH).
 */
#ifndef PCAPSLIM_LOCATE_H
#define PCAPSLIM_LOCATE_H

#include "bytes.h"
#include "wire.h"

#include <stdint.h>

/* A circuit is made of numbers, one after the other: times that, plus 1 and the number. */
#define LOCATED_CIRCUIT_FACTOR 4099U

enum located_as {
    LOCATED_TCP,
    LOCATED_UDP,
    LOCATED_ESP,             /* its payload is what is behind SPI and sequence number */
    LOCATED_NOT_IP,          /* another ethertype, or too short to have one */
    LOCATED_FRAGMENT,        /* IPv4 or IPv6 fragment */
    LOCATED_OTHER_TRANSPORT, /* none of these; no next header, unknown extension, ESP too short for its header */
    LOCATED_OFFLOADED,       /* IPv4 total length 0, IPv6 payload length 0: segmentation offload, jumbogram */
    LOCATED_TRUNCATED,       /* a header is not wholly captured */
    LOCATED_MALFORMED,       /* a header contradicts itself or the one around it */
    LOCATED_KINDS,
};

struct located {
    enum located_as as;
    /* The rest is set for LOCATED_TCP, LOCATED_UDP and LOCATED_ESP only; offsets count from the first byte of the
     * frame. */
    uint8_t ip_version;                /* 4 or 6 */
    uint8_t protocol;                  /* of LOCATED_OTHER_TRANSPORT alone, as are the IP header, where what it carries
                                          begins (transport_offset) and where it ends */
    uint32_t circuit;                  /* which one it came through: made of its VLAN tags; 0: none */
    uint32_t network_offset;           /* the IP header */
    uint32_t transport_offset;         /* the TCP, UDP or ESP header */
    uint32_t payload_offset;           /* the byte behind that header */
    uint32_t packet_end;               /* by the IP length; behind what was captured if not all of it was */
    uint32_t payload_bytes;            /* up to the end by the IP length or of the captured bytes, the nearer */
    uint32_t final_destination_offset; /* the address the pseudo-header takes: 4 or 16 bytes */
};

/* The ports of a packet of TCP or UDP (RFC 9293 section 3.1, RFC 768). */
static inline uint16_t located_source_port(const struct located *l, const uint8_t *frame) {
    return bytes_get_be16(frame + l->transport_offset);
}

static inline uint16_t located_destination_port(const struct located *l, const uint8_t *frame) {
    return bytes_get_be16(frame + l->transport_offset + 2);
}

/* What a table of 65536 says of either port. */
static inline unsigned located_port_flags(const uint8_t *table, const struct located *l, const uint8_t *frame) {
    return (unsigned)table[located_source_port(l, frame)] | table[located_destination_port(l, frame)];
}

/* How long an address of a located packet is. */
static inline uint32_t located_address_bytes(const struct located *l) {
    return l->ip_version == 4 ? 4 : 16;
}

/* The source address of a located packet; the destination's follows it (RFC 791 section 3.1, RFC 8200 section 3). */
static inline const uint8_t *located_addresses(const struct located *l, const uint8_t *frame) {
    return frame + l->network_offset + (l->ip_version == 4 ? IPV4_SOURCE : IPV6_SOURCE);
}

/*
 * Locate the outermost IP packet of an Ethernet frame, through any number of 802.1Q tags (ethertype 8100).
 * frame, captured_bytes: what was captured of it. out: filled.
 */
void locate_ethernet(const uint8_t *frame, uint32_t captured_bytes, struct located *out);

/* Locate the IP packet at network (at most captured_bytes) by an ethertype; what is none is LOCATED_NOT_IP. Sets no
 * circuit. */
void locate_ip(const uint8_t *frame, uint32_t captured_bytes, uint32_t network, uint32_t ethertype,
               struct located *out);

/*
 * Of what locate_ip() has found to be LOCATED_OFFLOADED: locate it as if its length went to the end of what was
 * captured. An IPv6 packet with hop-by-hop options, which may be a jumbogram, stays what it is.
 */
void locate_offloaded(const uint8_t *frame, uint32_t captured_bytes, uint32_t network, uint32_t ethertype,
                      struct located *out);

/* The same behind a link header of another kind: link_bytes long (at most captured_bytes), saying that ethertype. */
void locate_behind(const uint8_t *frame, uint32_t captured_bytes, uint32_t link_bytes, uint32_t ethertype,
                   struct located *out);

#endif

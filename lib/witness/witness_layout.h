/*
 * Where the headers of a frame are, as the witness finds them: in its own way, with no code of what it judges.
 *
 * Standards: IEEE 802.3 and 802.1Q framing; IPv4 RFC 791, IPv6 RFC 8200 section 4, AH RFC 4302 section 2,
 * routing headers RFC 5095 (type 0), RFC 6275 section 6.4 (type 2), RFC 8754 section 2 (type 4);
 * TCP RFC 9293 section 3.1, UDP RFC 768.
 */
#ifndef PCAPSLIM_WITNESS_LAYOUT_H
#define PCAPSLIM_WITNESS_LAYOUT_H

#include "tunnel_kind.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The protocol number of ESP (RFC 4303), which has neither length nor checksum. */
#define WITNESS_ESP 50

/* A list of ports. */
struct witness_ports {
    const uint16_t *at;
    size_t count;
};

/* Which tags and tunnels are looked into: 1 << each enum tunnel_kind; and where some of them are. */
struct witness_tunnels {
    uint32_t kinds;
    struct witness_ports vxlan, geneve, gtp;
    bool zero_is_all; /* an IP length of 0 says: all that was captured of what is around */
};

/* The captured bytes of a packet, beginning with the header that its link type says. */
struct witness_frame {
    const uint8_t *bytes;
    size_t length;
    uint16_t link_type;                    /* LINKTYPE_ */
    const struct witness_tunnels *tunnels; /* what is looked into besides; NULL: none */
};

/* Headers that say how long what they carry is, or sum it up. Of tunnels within tunnels some more than a packet's two.
 */
#define WITNESS_LAYERS_MAX 44

/* One of them: its fields, named as a report names them, and what they speak of. Places as in the layout. */
struct witness_layer {
    const char *length; /* NULL: it has none */
    size_t length_at;
    size_t counted_from;
    bool is_little;  /* the length is written in the order of a little machine */
    const char *sum; /* NULL: it has none */
    size_t sum_at;
    size_t begins_at;   /* what the checksum covers */
    size_t said_end_at; /* and where that ends, by its headers, captured or not */
    bool header_only;   /* it covers nothing that a cut takes away */
    bool may_be_none;   /* 0 says that there is no checksum */
    uint8_t protocol;   /* these four are the pseudo-header; no address bytes: there is none */
    size_t address_bytes;
    const uint8_t *source;
    const uint8_t *destination; /* the final one */
};

/* Where things are in an original frame. Places count from the frame's first byte. */
struct witness_layout {
    size_t bound_at; /* where what is around the packet says that it ends at the latest */
    size_t ip_at;
    size_t l4_at;
    size_t payload_at;
    size_t end_at;      /* of the IP packet, or of the capture where that comes first */
    size_t said_end_at; /* of the IP packet, by its length, captured or not */
    unsigned ip_version;
    uint8_t protocol;
    size_t address_bytes;
    const uint8_t *source;
    const uint8_t *destination; /* of the pseudo-header: the final one */
    /* In the order of their places: those of tunnels, then those of the packet itself. */
    struct witness_layer layers[WITNESS_LAYERS_MAX];
    size_t layer_count;
};

/* Note a layer that is within those already there. */
void witness_add_layer(struct witness_layout *l, struct witness_layer layer);

/* Note the layer of TCP or UDP of the packet at hand. udp_length: what a UDP header says, which may be nonsense. */
void witness_add_transport(struct witness_layout *l, size_t udp_length);

/* Whether packets of a link type may be cut at all. */
bool witness_link_type_is_known(uint16_t link_type);

/*
 * Find the payload of TCP or UDP, and where esp_too is set of ESP, in the outermost IP packet, or in the innermost one
 * where the frame says what tunnels are looked into. A header that is not wholly captured, or that lies about a length,
 * makes a frame one that must not be cut. Returns NULL, or the reason why the frame must not be cut, in words that go
 * on from "cut, though ".
 */
const char *witness_lay_out(const struct witness_frame *frame, bool esp_too, struct witness_layout *l);

#endif

#include "link.h"

#include "bytes.h"
#include "link_logged.h"
#include "link_wireless.h"
#include "linktype.h"
#include "protocols.h"
#include "wire.h"

/* Behind a header of so many bytes that has the ethertype at a place in it. */
static bool behind_type_at(const uint8_t *frame, uint32_t captured_bytes, uint32_t type, uint32_t header_bytes,
                           struct behind *out) {
    if (captured_bytes < header_bytes) {
        return false;
    }
    *out = (struct behind){.offset = header_bytes, .ethertype = bytes_get_be16(frame + type)};
    return true;
}

static bool pass_ethernet(const uint8_t *frame, uint32_t captured_bytes, struct behind *out, struct envelope *around) {
    (void)around;
    return behind_type_at(frame, captured_bytes, ETHERNET_TYPE, ETHERNET_HEADER_BYTES, out);
}

/* Linux cooked capture: what the protocol field holds depends on the device. */
static bool has_ethertype(uint16_t device) {
    return device != ARPHRD_FRAD && device != ARPHRD_IEEE80211_RADIOTAP && device != ARPHRD_NETLINK;
}

static bool pass_linux_sll(const uint8_t *frame, uint32_t captured_bytes, struct behind *out, struct envelope *around) {
    (void)around;
    return behind_type_at(frame, captured_bytes, SLL_PROTOCOL, SLL_HEADER_BYTES, out) &&
           has_ethertype(bytes_get_be16(frame + SLL_ARPHRD));
}

static bool pass_linux_sll2(const uint8_t *frame, uint32_t captured_bytes, struct behind *out,
                            struct envelope *around) {
    (void)around;
    return behind_type_at(frame, captured_bytes, SLL2_PROTOCOL, SLL2_HEADER_BYTES, out) &&
           has_ethertype(bytes_get_be16(frame + SLL2_ARPHRD));
}

/* The address family of the machine that captured, in its byte order: NULL of the BSDs and Darwin. */
static bool pass_null(const uint8_t *frame, uint32_t captured_bytes, struct behind *out, struct envelope *around) {
    (void)around;
    if (captured_bytes < NULL_HEADER_BYTES) {
        return false;
    }
    const uint32_t as_big = bytes_get_be32(frame);
    const uint32_t family = as_big <= 0xffff ? as_big : bytes_get_le32(frame);
    *out = (struct behind){.offset = NULL_HEADER_BYTES, .ethertype = ethertype_of_family(family)};
    return true;
}

/* The same in network byte order: OpenBSD. */
static bool pass_loop(const uint8_t *frame, uint32_t captured_bytes, struct behind *out, struct envelope *around) {
    (void)around;
    if (captured_bytes < NULL_HEADER_BYTES) {
        return false;
    }
    *out = (struct behind){.offset = NULL_HEADER_BYTES, .ethertype = ethertype_of_family(bytes_get_be32(frame))};
    return true;
}

static bool pass_raw(const uint8_t *frame, uint32_t captured_bytes, struct behind *out, struct envelope *around) {
    (void)around;
    *out = (struct behind){.offset = 0, .ethertype = captured_bytes > 0 ? ethertype_of_version(frame[0]) : 0};
    return true;
}

static bool pass_ipv4(const uint8_t *frame, uint32_t captured_bytes, struct behind *out, struct envelope *around) {
    (void)frame;
    (void)captured_bytes;
    (void)around;
    *out = (struct behind){.offset = 0, .ethertype = ETHERTYPE_IPV4};
    return true;
}

static bool pass_ipv6(const uint8_t *frame, uint32_t captured_bytes, struct behind *out, struct envelope *around) {
    (void)frame;
    (void)captured_bytes;
    (void)around;
    *out = (struct behind){.offset = 0, .ethertype = ETHERTYPE_IPV6};
    return true;
}

/* RFC 1661 section 2, with or without the address and control of RFC 1662 section 3.1 before it. */
static bool pass_ppp(const uint8_t *frame, uint32_t captured_bytes, struct behind *out, struct envelope *around) {
    (void)around;
    return ppp_pass(frame, captured_bytes, 0, out);
}

/* Address (0f: unicast, 8f: multicast), control 0, ethertype: RFC 1547 section 4.3.1. */
static bool pass_c_hdlc(const uint8_t *frame, uint32_t captured_bytes, struct behind *out, struct envelope *around) {
    (void)around;
    return behind_type_at(frame, captured_bytes, C_HDLC_TYPE, C_HDLC_HEADER_BYTES, out) &&
           (frame[0] == C_HDLC_UNICAST || frame[0] == C_HDLC_MULTICAST);
}

/* One or the other, as the first byte says. */
static bool pass_ppp_hdlc(const uint8_t *frame, uint32_t captured_bytes, struct behind *out, struct envelope *around) {
    return pass_c_hdlc(frame, captured_bytes, out, around) || ppp_pass(frame, captured_bytes, 0, out);
}

/* RFC 2516: a session of PPP over Ethernet, without the Ethernet header. */
static bool pass_ppp_ether(const uint8_t *frame, uint32_t captured_bytes, struct behind *out, struct envelope *around) {
    if (captured_bytes < PPPOE_HEADER_BYTES || frame[0] != PPPOE_VERSION_1_TYPE_1 || frame[PPPOE_CODE] != 0) {
        return false;
    }
    around->layers[around->count++] = (struct layer){
        .kind = LAYER_PPPOE, .offset = 0, .end = PPPOE_HEADER_BYTES + (uint32_t)bytes_get_be16(frame + PPPOE_LENGTH)};
    return ppp_pass(frame, captured_bytes, PPPOE_HEADER_BYTES, out);
}

/*
 * RFC 2427: an address of Q.922, which ends where its lowest bit is set; then unnumbered information, perhaps a byte of
 * padding, and a network layer protocol identifier or SNAP. What Cisco's own way has there is an ethertype.
 */
static bool pass_frelay(const uint8_t *frame, uint32_t captured_bytes, struct behind *out, struct envelope *around) {
    (void)around;
    uint32_t at = 0;
    while (at < captured_bytes && at < Q922_ADDRESS_MAX_BYTES && (frame[at] & Q922_LAST) == 0) {
        at++;
    }
    at++;
    if (at < Q922_ADDRESS_MIN_BYTES || at > Q922_ADDRESS_MAX_BYTES || captured_bytes < at + 2) {
        return false;
    }
    if (frame[at] != LLC_UNNUMBERED) {
        *out = (struct behind){.offset = at + 2, .ethertype = bytes_get_be16(frame + at)};
        return true;
    }
    at += frame[at + 1] == NLPID_PADDING ? 2 : 1;
    return nlpid_pass(frame, captured_bytes, at, out);
}

static const struct link_type LINK_TYPES[] = {
    {LINKTYPE_ETHERNET, pass_ethernet},
    {LINKTYPE_NULL, pass_null},
    {LINKTYPE_LOOP, pass_loop},
    {LINKTYPE_RAW, pass_raw},
    {LINKTYPE_RAW_OF_BSD, pass_raw},
    {LINKTYPE_RAW_OF_OPENBSD, pass_raw},
    {LINKTYPE_IPV4, pass_ipv4},
    {LINKTYPE_IPV6, pass_ipv6},
    {LINKTYPE_PPP, pass_ppp},
    {LINKTYPE_PPP_HDLC, pass_ppp_hdlc},
    {LINKTYPE_PPP_ETHER, pass_ppp_ether},
    {LINKTYPE_C_HDLC, pass_c_hdlc},
    {LINKTYPE_LINUX_SLL, pass_linux_sll},
    {LINKTYPE_LINUX_SLL2, pass_linux_sll2},
    {LINKTYPE_PFLOG, link_pass_pflog},
    {LINKTYPE_NFLOG, link_pass_nflog},
    {LINKTYPE_FRELAY, pass_frelay},
    {LINKTYPE_IEEE802_11, link_pass_ieee80211},
    {LINKTYPE_IEEE802_11_RADIOTAP, link_pass_radiotap},
    {LINKTYPE_IEEE802_11_PRISM, link_pass_prism},
};

const struct link_type *link_type_at(size_t i) {
    return i < sizeof LINK_TYPES / sizeof LINK_TYPES[0] ? &LINK_TYPES[i] : NULL;
}

const struct link_type *link_type_find(uint16_t number) {
    const struct link_type *row;
    size_t i = 0;
    while ((row = link_type_at(i)) != NULL && row->number != number) {
        i++;
    }
    return row;
}

void link_check_end(struct located *l, uint32_t end) {
    const bool has_end =
        l->as == LOCATED_TCP || l->as == LOCATED_UDP || l->as == LOCATED_ESP || l->as == LOCATED_OTHER_TRANSPORT;
    if (has_end && l->packet_end > end) {
        l->as = LOCATED_MALFORMED;
    }
}

void link_locate(const struct link_type *link, const uint8_t *frame, uint32_t captured_bytes, struct located *out,
                 struct envelope *around) {
    struct behind behind;
    around->count = around->tunnels = 0;
    out->as = LOCATED_NOT_IP;
    if (link->pass(frame, captured_bytes, &behind, around)) {
        locate_behind(frame, captured_bytes, behind.offset, behind.ethertype, out);
        if (around->count > 0) {
            link_check_end(out, around->layers[around->count - 1].end);
        }
    }
}

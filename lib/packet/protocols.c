#include "protocols.h"

#include "bytes.h"
#include "wire.h"

uint32_t ethertype_of_family(uint32_t family) {
    switch (family) {
    case FAMILY_INET:
        return ETHERTYPE_IPV4;
    case FAMILY_INET6_OF_LINUX:
    case FAMILY_INET6_OF_OPENBSD:
    case FAMILY_INET6_OF_FREEBSD:
    case FAMILY_INET6_OF_DARWIN:
        return ETHERTYPE_IPV6;
    default:
        return 0;
    }
}

uint32_t ethertype_of_version(uint8_t first_byte) {
    const unsigned version = first_byte >> 4;
    return version == 4 ? ETHERTYPE_IPV4 : version == 6 ? ETHERTYPE_IPV6 : 0;
}

static uint32_t ethertype_of_ppp(uint32_t protocol) {
    switch (protocol) {
    case PPP_IPV4:
        return ETHERTYPE_IPV4;
    case PPP_IPV6:
        return ETHERTYPE_IPV6;
    case PPP_MPLS:
        return ETHERTYPE_MPLS;
    case PPP_MPLS_MULTICAST:
        return ETHERTYPE_MPLS_MULTICAST;
    default:
        return 0;
    }
}

bool ppp_pass(const uint8_t *frame, uint32_t captured_bytes, uint32_t offset, struct behind *out) {
    uint32_t at = offset;
    if (captured_bytes - at >= 2 && bytes_get_be16(frame + at) == PPP_ADDRESS_AND_CONTROL) {
        at += 2;
    }
    if (captured_bytes - at < 2) {
        return false;
    }
    const bool is_compressed = (frame[at] & 1) != 0; /* RFC 1661 section 6.5 */
    out->ethertype = ethertype_of_ppp(is_compressed ? frame[at] : bytes_get_be16(frame + at));
    out->offset = at + (is_compressed ? 1 : 2);
    return true;
}

bool llc_pass(const uint8_t *frame, uint32_t captured_bytes, uint32_t offset, struct behind *out) {
    const uint8_t *llc = frame + offset;
    const uint32_t there_bytes = captured_bytes - offset;
    if (there_bytes >= LLC_BYTES && llc[0] == LLC_SAP_IP && llc[1] == LLC_SAP_IP && llc[2] == LLC_UNNUMBERED) {
        *out = (struct behind){.offset = offset + LLC_BYTES, .ethertype = ETHERTYPE_IPV4};
        return true;
    }
    if (there_bytes < LLC_BYTES + SNAP_BYTES || llc[0] != LLC_SAP_SNAP || llc[1] != LLC_SAP_SNAP ||
        llc[2] != LLC_UNNUMBERED || (bytes_get_be32(llc + 2) & 0xffffff) != SNAP_OUI_OF_ETHERTYPES) {
        return false;
    }
    *out = (struct behind){.offset = offset + LLC_BYTES + SNAP_BYTES, .ethertype = bytes_get_be16(llc + LLC_BYTES + 3)};
    return true;
}

bool nlpid_pass(const uint8_t *frame, uint32_t captured_bytes, uint32_t offset, struct behind *out) {
    if (captured_bytes <= offset) {
        return false;
    }
    *out = (struct behind){.offset = offset + 1, .ethertype = 0};
    switch (frame[offset]) {
    case NLPID_IPV4:
        out->ethertype = ETHERTYPE_IPV4;
        return true;
    case NLPID_IPV6:
        out->ethertype = ETHERTYPE_IPV6;
        return true;
    case NLPID_SNAP:
        if (captured_bytes - out->offset < SNAP_BYTES ||
            (bytes_get_be32(frame + offset) & 0xffffff) != SNAP_OUI_OF_ETHERTYPES) {
            return false;
        }
        out->ethertype = bytes_get_be16(frame + out->offset + 3);
        out->offset += SNAP_BYTES;
        return true;
    default:
        return false;
    }
}

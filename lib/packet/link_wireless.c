#include "link_wireless.h"

#include "bytes.h"
#include "protocols.h"
#include "wire.h"

/* How long the header of a data frame is; 0: it is none, or what it carries is not in reach. */
static uint32_t data_header_bytes(const uint8_t *mac, uint32_t there_bytes) {
    if (there_bytes < WIFI_HEADER_BYTES || (mac[0] & WIFI_KIND_MASK) != WIFI_DATA || (mac[0] & WIFI_NO_DATA) != 0 ||
        (mac[1] & (WIFI_PROTECTED | WIFI_MORE_FRAGMENTS)) != 0 || (mac[WIFI_SEQUENCE] & WIFI_FRAGMENT_MASK) != 0) {
        return 0;
    }
    uint32_t header_bytes = WIFI_HEADER_BYTES;
    if ((mac[1] & WIFI_BOTH_WAYS) == WIFI_BOTH_WAYS) {
        header_bytes += WIFI_ADDRESS_BYTES;
    }
    if (mac[0] & WIFI_QOS) {
        if (there_bytes < header_bytes + WIFI_QOS_BYTES || (mac[header_bytes] & WIFI_AGGREGATE) != 0) {
            return 0;
        }
        header_bytes += WIFI_QOS_BYTES + (mac[1] & WIFI_ORDER ? WIFI_HT_BYTES : 0U);
    }
    return header_bytes;
}

/* The frame at mac (at most captured_bytes). padded: its header is padded to a multiple of four. */
static bool pass_data(const uint8_t *frame, uint32_t captured_bytes, uint32_t mac, bool padded, struct behind *out) {
    uint32_t header_bytes = data_header_bytes(frame + mac, captured_bytes - mac);
    if (header_bytes == 0) {
        return false;
    }
    header_bytes = padded ? (header_bytes + 3) & ~(uint32_t)3 : header_bytes;
    return captured_bytes - mac >= header_bytes && llc_pass(frame, captured_bytes, mac + header_bytes, out);
}

bool link_pass_ieee80211(const uint8_t *frame, uint32_t captured_bytes, struct behind *out, struct envelope *around) {
    (void)around;
    return pass_data(frame, captured_bytes, 0, false, out);
}

/* Whether the frame behind a radiotap header of so many bytes, which are there, has a padded header. */
static bool says_padded(const uint8_t *frame, uint32_t header_bytes) {
    const uint32_t first = bytes_get_le32(frame + RADIOTAP_PRESENT);
    uint32_t at = RADIOTAP_PRESENT;
    uint32_t present;
    do {
        if (header_bytes - at < sizeof present) {
            return false;
        }
        present = bytes_get_le32(frame + at);
        at += sizeof present;
    } while (present & RADIOTAP_MORE_PRESENT);
    if (first & RADIOTAP_HAS_TSFT) {
        at = ((at + 7) & ~(uint32_t)7) + 8;
    }
    return (first & RADIOTAP_HAS_FLAGS) != 0 && at < header_bytes && (frame[at] & RADIOTAP_FLAG_PADDED) != 0;
}

bool link_pass_radiotap(const uint8_t *frame, uint32_t captured_bytes, struct behind *out, struct envelope *around) {
    (void)around;
    if (captured_bytes < RADIOTAP_HEADER_MIN_BYTES || frame[0] != 0) {
        return false;
    }
    const uint32_t header_bytes = bytes_get_le16(frame + RADIOTAP_LENGTH);
    if (header_bytes < RADIOTAP_HEADER_MIN_BYTES || header_bytes > captured_bytes) {
        return false;
    }
    return pass_data(frame, captured_bytes, header_bytes, says_padded(frame, header_bytes), out);
}

bool link_pass_prism(const uint8_t *frame, uint32_t captured_bytes, struct behind *out, struct envelope *around) {
    (void)around;
    if (captured_bytes < AVS_HEADER_MIN_BYTES) {
        return false;
    }
    const bool is_avs = (bytes_get_be32(frame) & AVS_MAGIC_MASK) == AVS_MAGIC;
    const uint32_t header_bytes = is_avs ? bytes_get_be32(frame + AVS_LENGTH) : PRISM_HEADER_BYTES;
    if (header_bytes < AVS_HEADER_MIN_BYTES || header_bytes > captured_bytes) {
        return false;
    }
    return pass_data(frame, captured_bytes, header_bytes, false, out);
}

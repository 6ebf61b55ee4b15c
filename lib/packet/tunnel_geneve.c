/* GENEVE: RFC 8926. */
#include "tunnel_way.h"

/* Whether options fill their room exactly. */
static bool options_are_whole(const uint8_t *options, uint32_t room_bytes) {
    uint32_t at = 0;
    while (room_bytes - at >= GENEVE_OPTION_MIN_BYTES) {
        const uint32_t bytes =
            GENEVE_OPTION_MIN_BYTES + (uint32_t)(options[at + GENEVE_OPTION_LENGTH] & GENEVE_OPTION_LENGTH_MASK) * 4;
        if (bytes > room_bytes - at) {
            return false;
        }
        at += bytes;
    }
    return at == room_bytes;
}

bool way_pass_geneve(struct tunnel_way *w) {
    const uint8_t *header = way_header(w);
    if (way_there(w) < GENEVE_HEADER_BYTES || header[0] >> 6 != 0 || (header[1] & GENEVE_CONTROL) != 0) {
        return false;
    }
    const uint32_t options_bytes = (uint32_t)(header[0] & GENEVE_OPTIONS_MASK) * 4;
    if (way_there(w) < GENEVE_HEADER_BYTES + options_bytes ||
        !options_are_whole(header + GENEVE_HEADER_BYTES, options_bytes) || !way_may(w, TUNNEL_GENEVE)) {
        return false;
    }
    way_mark(w, bytes_get_be32(header + GENEVE_VNI) >> 8);
    way_go(w, GENEVE_HEADER_BYTES + options_bytes, bytes_get_be16(header + GENEVE_TYPE));
    return true;
}

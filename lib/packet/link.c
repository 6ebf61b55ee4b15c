#include "link.h"

#include "bytes.h"
#include "linktype.h"
#include "wire.h"

static void locate_in_ethernet(const uint8_t *frame, uint32_t captured_bytes, struct located *out,
                               struct envelope *around) {
    around->count = 0;
    locate_ethernet(frame, captured_bytes, out);
}

/* Linux cooked capture, version 2: what the protocol field holds depends on the device. */
static void locate_linux_sll2(const uint8_t *frame, uint32_t captured_bytes, struct located *out,
                              struct envelope *around) {
    around->count = 0;
    out->as = LOCATED_NOT_IP;
    if (captured_bytes >= SLL2_HEADER_BYTES) {
        const uint16_t device = bytes_get_be16(frame + SLL2_ARPHRD);
        if (device != ARPHRD_FRAD && device != ARPHRD_IEEE80211_RADIOTAP && device != ARPHRD_NETLINK) {
            locate_behind(frame, captured_bytes, SLL2_HEADER_BYTES, bytes_get_be16(frame + SLL2_PROTOCOL), out);
        }
    }
}

static const struct link_type LINK_TYPES[] = {
    {LINKTYPE_ETHERNET, locate_in_ethernet},
    {LINKTYPE_LINUX_SLL2, locate_linux_sll2},
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

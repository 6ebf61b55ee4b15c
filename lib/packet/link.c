#include "link.h"

#include "linktype.h"

static void locate_in_ethernet(const uint8_t *frame, uint32_t captured_bytes, struct located *out,
                               struct envelope *around) {
    around->count = 0;
    locate_ethernet(frame, captured_bytes, out);
}

static const struct link_type LINK_TYPES[] = {
    {LINKTYPE_ETHERNET, locate_in_ethernet},
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

#include "link.h"

#include "linktype.h"

static void locate_in_ethernet(const uint8_t *frame, uint32_t captured_bytes, struct located *out,
                               struct envelope *around) {
    around->count = 0;
    locate_ethernet(frame, captured_bytes, out);
}

const struct link_type LINK_TYPES[LINK_TYPES_COUNT] = {
    {LINKTYPE_ETHERNET, locate_in_ethernet},
};

const struct link_type *link_type_find(uint16_t number) {
    for (size_t i = 0; i < LINK_TYPES_COUNT; i++) {
        if (LINK_TYPES[i].number == number) {
            return &LINK_TYPES[i];
        }
    }
    return NULL;
}

/*
 * The link types that are looked into, in one table: a new one is a row and a function, and an opinion of the witness.
 * Of all others every packet is kept.
 *
 * Standards: link types by the registry of draft-ietf-opsawg-pcaplinktype; what each header is like stands at its
 * function.
 */
#ifndef PCAPSLIM_LINK_H
#define PCAPSLIM_LINK_H

#include "envelope.h"
#include "locate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is behind a header, and where. */
struct behind {
    uint32_t offset;    /* at most the captured bytes */
    uint32_t ethertype; /* of what is there; of a header that names protocols otherwise the one that means the same */
};

struct link_type {
    uint16_t number; /* as a file header has it, LINKTYPE_ */
    /*
     * Pass over the link header. around: gets its layers, if it has a length of its own. Returns whether it is there
     * and announces a protocol; if not, out and around mean nothing.
     */
    bool (*pass)(const uint8_t *frame, uint32_t captured_bytes, struct behind *out, struct envelope *around);
};

/* Row i of the table, from 0 on; NULL behind the last. */
const struct link_type *link_type_at(size_t i);

/* The row of a link type, or NULL: it is not looked into. */
const struct link_type *link_type_find(uint16_t number);

/*
 * Locate the packet of a frame. out: as locate_ethernet() fills it, its circuit included where it is TCP, UDP or ESP.
 * around: its layers are those that the packet is within.
 */
void link_locate(const struct link_type *link, const uint8_t *frame, uint32_t captured_bytes, struct located *out,
                 struct envelope *around);

/* What is longer than what is around it says is LOCATED_MALFORMED. end: by that. */
void link_check_end(struct located *l, uint32_t end);

#endif

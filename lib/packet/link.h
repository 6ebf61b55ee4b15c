/*
 * The link types that are looked into, in one table: a new one is a row and a function, and an opinion of the witness.
 * Of all others every packet is kept.
 *
 * Standards: link types by the registry of draft-ietf-opsawg-pcaplinktype.
 */
#ifndef PCAPSLIM_LINK_H
#define PCAPSLIM_LINK_H

#include "envelope.h"
#include "locate.h"

#include <stddef.h>
#include <stdint.h>

struct link_type {
    uint16_t number; /* as a file header has it, LINKTYPE_ */
    /*
     * Locate the packet of a frame. out: as locate_ethernet() fills it, its circuit included where it is TCP, UDP or
     * ESP. around: its layers are those that the packet is within.
     */
    void (*locate)(const uint8_t *frame, uint32_t captured_bytes, struct located *out, struct envelope *around);
};

/* Row i of the table, from 0 on; NULL behind the last. */
const struct link_type *link_type_at(size_t i);

/* The row of a link type, or NULL: it is not looked into. */
const struct link_type *link_type_find(uint16_t number);

#endif

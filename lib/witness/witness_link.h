/*
 * What the header of each link type says, as the witness reads it: in its own way, with no code of what it judges.
 *
 * Standards: the link type registry of draft-ietf-opsawg-pcaplinktype; PPP RFC 1661, 1662, 2516, 1547; frame relay
 * RFC 2427; IEEE 802.2 and 802.11; radiotap.org; pflog(4).
 */
#ifndef PCAPSLIM_WITNESS_LINK_H
#define PCAPSLIM_WITNESS_LINK_H

#include "witness_cursor.h"
#include "witness_layout.h"

#include <stdbool.h>
#include <stdint.h>

/* What a header announces: an ethertype, or the ethertype that means the same; 0: nothing that is looked into. */
typedef uint16_t witness_type;

/*
 * Read the link header. c: at the frame's first byte; afterwards at what is announced. l: gets its length, where it has
 * one, as a layer and as the bound of what it carries.
 */
witness_type witness_open_link(uint16_t link_type, struct witness_cursor *c, struct witness_layout *l);

/* Read what names a protocol in PPP; behind LLC, which is SNAP with an ethertype or IP's own. */
witness_type witness_open_ppp(struct witness_cursor *c);
witness_type witness_open_llc(struct witness_cursor *c);

/* What an IP packet that begins at the cursor says of its version. */
witness_type witness_type_of_ip(const struct witness_cursor *c);

#endif

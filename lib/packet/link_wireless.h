/*
 * IEEE 802.11, bare and behind the headers that radiotap and Prism put before it: data frames that are neither
 * protected, nor fragments, nor several in one. As link.h says of a row's function.
 *
 * Standards: IEEE 802.11-2020 section 9.2.4 and 9.3.2.1; radiotap.org; LINKTYPE_IEEE802_11_PRISM of the link type
 * registry, which has AVS headers, too.
 */
#ifndef PCAPSLIM_LINK_WIRELESS_H
#define PCAPSLIM_LINK_WIRELESS_H

#include "link.h"

bool link_pass_ieee80211(const uint8_t *frame, uint32_t captured_bytes, struct behind *out, struct envelope *around);
bool link_pass_radiotap(const uint8_t *frame, uint32_t captured_bytes, struct behind *out, struct envelope *around);
bool link_pass_prism(const uint8_t *frame, uint32_t captured_bytes, struct behind *out, struct envelope *around);

#endif

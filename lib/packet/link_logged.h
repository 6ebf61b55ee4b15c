/*
 * Link types of packet filters that log: PFLOG of the BSDs' pf, NFLOG of Linux. As link.h says of a row's function.
 *
 * Standards: pflog(4) of OpenBSD; LINKTYPE_NFLOG of the link type registry.
 */
#ifndef PCAPSLIM_LINK_LOGGED_H
#define PCAPSLIM_LINK_LOGGED_H

#include "link.h"

bool link_pass_pflog(const uint8_t *frame, uint32_t captured_bytes, struct behind *out, struct envelope *around);

/*
 * The payload is the last of the attributes; another one behind it would be cut with it. Their fields are in the byte
 * order of the machine that captured, which is the one in which they can be walked.
 */
bool link_pass_nflog(const uint8_t *frame, uint32_t captured_bytes, struct behind *out, struct envelope *around);

#endif

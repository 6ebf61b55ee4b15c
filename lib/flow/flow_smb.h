/*
 * SMB over TCP: which messages are encrypted. Pure.
 *
 * Standards: MS-SMB2 sections 2.1 (the four bytes before a message) and 2.2.41 (the header of an encrypted one).
 */
#ifndef PCAPSLIM_FLOW_SMB_H
#define PCAPSLIM_FLOW_SMB_H

#include "flow_unit.h"

/* Messages of SMB 1, 2 or 3. Of an encrypted one the transform header is in the clear. */
bool flow_smb_begins(enum flow_where where, const uint8_t *p, uint32_t there_bytes);
struct flow_unit flow_smb_unit(struct flow_stream *s, const uint8_t *p, uint32_t there_bytes);

#endif

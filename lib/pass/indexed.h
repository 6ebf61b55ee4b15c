/*
 * What makes a compressed capture an indexed one: each of its frames begins with a record, or the first one with the
 * file header, so that a record can be found by the offset of its frame and its offset within.
 */
#ifndef PCAPSLIM_INDEXED_H
#define PCAPSLIM_INDEXED_H

#include "frames.h"

/* frames_check. context: the struct framing that reads the capture. */
int indexed_check(void *context, const uint8_t *content, size_t length_bytes, bool is_first, struct failure *f);

#endif

/*
 * Finding the way in a stream of which it is not known where a unit begins: the capture began later, segments are
 * missing, or what was taken for a unit is none. Pure.
 */
#ifndef PCAPSLIM_FLOW_FIND_H
#define PCAPSLIM_FLOW_FIND_H

#include "flow_walk.h"

/* Look for the way in a segment, and read on from where it is found. Returns what of the segment is encrypted. */
struct flow_verdict flow_find(struct flow_walk *w);

/*
 * Read a segment of cleartext: until a handshake begins, at its beginning or, in the first segments, behind what comes
 * before it: PROXY, STARTTLS, CONNECT, lines in front of a banner.
 */
struct flow_verdict flow_find_in_clear(struct flow_walk *w);

/* Whether a segment begins with text, at least sixteen characters: a stream of which nothing is known is cleartext
 * then. */
bool flow_is_text(const struct flow_segment *in);

#endif

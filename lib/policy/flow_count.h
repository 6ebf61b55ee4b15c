/*
 * How many packets of each flow there have been, up to a bound, in a table of fixed size. A flow is two addresses, the
 * transport protocol and two ports, in either direction. When there are more flows than the table holds, the one that
 * was seen longest ago among those that share its place is forgotten; should it come back, it is counted from the
 * start. What comes out depends on the packets only.
 */
#ifndef PCAPSLIM_FLOW_COUNT_H
#define PCAPSLIM_FLOW_COUNT_H

#include "failure.h"
#include "locate.h"

#include <stdint.h>

struct flow_count;

/* For at least so many flows at once, 16 bytes each. Returns NULL with f set when memory runs out. */
struct flow_count *flow_count_new(uint32_t flows, struct failure *f);

/* Forget all flows. */
void flow_count_clear(struct flow_count *c);

/*
 * Count a packet. frame, l: where its headers are; LOCATED_TCP, LOCATED_UDP or LOCATED_ESP, which has no ports. Returns
 * the number of the packet in its flow, from 1 on; it stays at UINT32_MAX.
 */
uint32_t flow_count_add(struct flow_count *c, const uint8_t *frame, const struct located *l);

/* NULL is fine. */
void flow_count_free(struct flow_count *c);

#endif

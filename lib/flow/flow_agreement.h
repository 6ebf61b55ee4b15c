/*
 * What the two sides of a TCP connection have agreed on, and whether that encrypts: hellos and lists of ciphers, in
 * however many segments and records they come, and what ends the agreement. Pure.
 */
#ifndef PCAPSLIM_FLOW_AGREEMENT_H
#define PCAPSLIM_FLOW_AGREEMENT_H

#include "flow_walk.h"

/* A readable unit that begins at offset `at` of the segment and ends at offset `end`: read what it says of encryption.
 */
void flow_agreement_take(struct flow_walk *w, const struct flow_unit *u, uint32_t at, uint32_t end);

/* The first `end` bytes of the segment are of a unit that began before, in which an agreement may go on. */
void flow_agreement_go_on(struct flow_walk *w, uint32_t end);

/* What was shown of encryption holds no more, for neither side. */
void flow_agreement_end(struct flow_walk *w);

#endif

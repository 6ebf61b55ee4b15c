/*
 * Looking ahead under the policy `flow`. Rotation begins every file in the middle of every long connection, and what
 * such a stream is proves itself some packets later only. So the first packets of a capture are shown twice: ahead of
 * their turn, some at a time, to a second policy that decides as the first one will; and then in their turn. What
 * the second one has seen proven by then counts for the packets before the proof, too, as far as the proof covers them:
 * the same unbroken run of units of the same stream, or the same connection ID, and bytes that look like noise. Pure.
 *
 * Slimming twice stays slimming once. Whatever is known ahead comes of a packet that the first policy cuts as well, and
 * of a flow with a packet that was cut before nothing is known.
 */
#ifndef PCAPSLIM_POLICY_AHEAD_H
#define PCAPSLIM_POLICY_AHEAD_H

#include "failure.h"
#include "flow_tcp.h"
#include "flow_udp.h"
#include "flow_verdict.h"
#include "locate.h"

#include <stdbool.h>
#include <stdint.h>

struct policy;
struct policy_packet;
struct policy_ahead; /* opaque */

/* Make ready to look ahead for a policy of these settings. Returns NULL with f set when memory runs out. */
struct policy_ahead *policy_ahead_new(const struct policy *p, struct failure *f);

/* Begin a capture. */
void policy_ahead_begin(struct policy_ahead *a);

/* Whether packets are to be shown ahead of their turn, from the first of the capture on without leaving out any. */
bool policy_ahead_looks(const struct policy_ahead *a);

/* What was shown has had its turn: if nothing of it was of use, look no more. What is known stays known. */
void policy_ahead_turn(struct policy_ahead *a);

/* Look no more, for packets are left out. */
void policy_ahead_end(struct policy_ahead *a);

/* Show a packet ahead of its turn, as policy_decide(). snaplen_bytes: of what it was captured on. */
void policy_ahead_show(struct policy_ahead *a, uint32_t snaplen_bytes, const struct policy_packet *packet,
                       const struct located *l, const uint8_t *frame);

/*
 * A segment, or a datagram, of which nothing is proven in its turn: what is known of it ahead. flow: what is known of
 * its flow in its turn, NULL for nothing. Returns v where nothing is.
 */
struct flow_verdict policy_ahead_segment(struct policy_ahead *a, const struct located *l, const uint8_t *frame,
                                         const struct flow_state *flow, const struct flow_segment *in,
                                         struct flow_verdict v);
struct flow_verdict policy_ahead_datagram(struct policy_ahead *a, const struct located *l, const uint8_t *frame,
                                          const struct flow_state *flow, const struct flow_datagram *in,
                                          struct flow_verdict v);

/* Free; NULL is fine. */
void policy_ahead_free(struct policy_ahead *a);

#endif

/*
 * What most packets of a flow are, told cheaply: those that go on as their flow leads to expect, and those that can be
 * nothing that is followed. Everything else is left to flow_tcp_segment() and flow_udp_datagram(), which would say the
 * same of these. Pure.
 */
#ifndef PCAPSLIM_FLOW_EXPECTED_H
#define PCAPSLIM_FLOW_EXPECTED_H

#include "flow_state.h"
#include "reason.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A segment without SYN, wholly there and not empty. f: of its flow; direction: 0 or 1; seq: of its first byte. Returns
 * POLICY_TLS or POLICY_SSH if all of it is to be cut, POLICY_CLEARTEXT if it is to be kept, each as flow_tcp_segment()
 * would have said and noted it; or POLICY_UNPROVEN when that must be asked: nothing was noted then.
 */
enum policy_reason flow_expected_tcp(struct flow_state *f, unsigned direction, uint32_t seq, const uint8_t *payload,
                                     uint32_t payload_bytes);

/*
 * A datagram. f: of its flow, NULL when nothing is known of it; direction: 0 or 1; port_flags: enum policy_port, of
 * both ports. Returns POLICY_QUIC if all of it is to be cut: a 1-RTT packet with the connection ID that its sender
 * uses; POLICY_CLEARTEXT if it can be nothing that is followed and is to be kept; each as flow_udp_datagram() would
 * have said, noting nothing; or POLICY_UNPROVEN when that must be asked.
 */
enum policy_reason flow_expected_udp(const struct flow_state *f, unsigned direction, unsigned port_flags,
                                     const uint8_t *payload, uint32_t there_bytes);

#endif

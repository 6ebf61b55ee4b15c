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
 * Whether a datagram is a 1-RTT packet of QUIC with the connection ID that its sender uses. If so, and if its ports are
 * none of IPsec, flow_udp_datagram() would say flow_cut_behind(POLICY_QUIC, 0) and note nothing.
 */
bool flow_expected_quic(const struct flow_state *f, unsigned direction, const uint8_t *payload, uint32_t there_bytes);

/*
 * Whether a datagram of a flow of which nothing is known can be none of the protocols that are followed. If so, and if
 * its ports are none of QUIC or IPsec, flow_udp_datagram() would say flow_keep(POLICY_CLEARTEXT) and remember nothing.
 */
bool flow_expected_nothing(const uint8_t *payload, uint32_t there_bytes);

#endif

/*
 * Through tags and tunnels, as the witness goes: header by header, each field taken in its turn, with no code of what
 * it judges.
 *
 * Standards: IEEE 802.1Q, 802.1ad, 802.1ah, 802.3, 802.2; RFC 3032, 4385 and 4448 (MPLS), 2516 (PPPoE), 2003, 2473,
 * 4213 (IP in IP), 2784, 2890, 1701, 2637 (GRE), draft-foschiano-erspan, RFC 7348 and draft-ietf-nvo3-vxlan-gpe
 * (VXLAN), 8926 (GENEVE), 2661 (L2TP), 4380 (Teredo), 8300 (NSH); 3GPP TS 29.281 (GTP-U).
 */
#ifndef PCAPSLIM_WITNESS_TUNNEL_H
#define PCAPSLIM_WITNESS_TUNNEL_H

#include "witness_way.h"

#include <stdbool.h>

enum witness_reached {
    WITNESS_REACHED_IP,
    WITNESS_REACHED_OTHER, /* headers that are right, and something else behind them */
    WITNESS_DISBELIEVED,
};

/* Go on to an IP packet through whatever the types announce. */
enum witness_reached witness_reach_ip(struct witness_way *w);

/* Whether the IP packet that has been reached has a header, and ends within what is around it. */
bool witness_believes_ip(const struct witness_way *w);

/* From an IP packet, which l has, into the tunnel that it is. Returns false where it is none that is believed. */
bool witness_enter(struct witness_way *w, const struct witness_frame *frame);

#endif

/*
 * What the witness is told of tunnels: all that a policy with its defaults looks into.
 */
#ifndef PCAPSLIM_FUZZ_TUNNELS_H
#define PCAPSLIM_FUZZ_TUNNELS_H

#include "witness_layout.h"

/* zero_is_all: an IP length of 0 means all that was captured. */
static inline struct witness_tunnels fuzz_tunnels(bool zero_is_all) {
    static const uint16_t vxlan[] = {4789, 4790, 8472};
    static const uint16_t geneve[] = {6081};
    static const uint16_t gtp[] = {2152};
    return (struct witness_tunnels){TUNNELS_ALL, {vxlan, 3}, {geneve, 1}, {gtp, 1}, zero_is_all};
}

#endif

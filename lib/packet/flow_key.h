/*
 * What tells a flow from others: addresses, ports, protocol and circuit, the same for both directions. Header only,
 * because it is in the hot loop.
 *
 * A hash has no random seed, so that the same packets give the same table. Which of two hosts comes first is a matter
 * of their bytes as this machine loads them: nothing depends on it but the number of a direction.
 */
#ifndef PCAPSLIM_FLOW_KEY_H
#define PCAPSLIM_FLOW_KEY_H

#include "locate.h"
#include "wire.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * The words: an address of eight bytes, or both of four; the ports and the rest; of IPv6 what is left of the addresses,
 * of IPv4 nothing.
 */
struct flow_key {
    uint64_t words[5];
};

enum {
    FLOW_KEY_TCP = 1, /* these are of the rest, below the circuit */
    FLOW_KEY_IPV4 = 2,
    FLOW_KEY_ESP = 4, /* of a bare key, which has no circuit */
    FLOW_KEY_CIRCUIT_SHIFT = 2,
};

/* Two words into one, each bit of which depends on all of them. */
static inline __attribute__((always_inline)) uint64_t flow_key_mix(uint64_t a, uint64_t b) {
    const unsigned __int128 product =
        (unsigned __int128)(a ^ UINT64_C(0x9e3779b97f4a7c15)) * (b ^ UINT64_C(0xd6e8feb86659fd93));
    return (uint64_t)(product >> 64);
}

static inline uint64_t flow_key_load_8(const uint8_t *p) {
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

static inline uint32_t flow_key_load_4(const uint8_t *p) {
    uint32_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

/* What of the key is neither address nor port, in the upper half of its word. */
static inline uint64_t flow_key_rest(const struct located *l, unsigned flags) {
    return (uint64_t)(l->circuit << FLOW_KEY_CIRCUIT_SHIFT | (l->as == LOCATED_TCP ? FLOW_KEY_TCP : 0U) | flags) << 32;
}

static inline __attribute__((always_inline)) unsigned flow_key_make_ipv4(struct flow_key *key, const uint8_t *frame,
                                                                         const struct located *l) {
    const uint64_t there = flow_key_load_8(frame + l->network_offset + IPV4_SOURCE);
    const uint64_t back = there << 32 | there >> 32;
    const uint32_t ports_there = flow_key_load_4(frame + l->transport_offset);
    const uint32_t ports_back = ports_there << 16 | ports_there >> 16;
    unsigned direction = there > back;
    uint32_t ports = there > back ? ports_back : ports_there;
    if (__builtin_expect(there == back, 0)) {
        direction = ports_there > ports_back;
        ports = direction ? ports_back : ports_there;
    }
    key->words[0] = there > back ? back : there;
    key->words[1] = ports | flow_key_rest(l, FLOW_KEY_IPV4);
    key->words[2] = key->words[3] = key->words[4] = 0;
    return direction;
}

static inline __attribute__((always_inline)) unsigned flow_key_make_ipv6(struct flow_key *key, const uint8_t *frame,
                                                                         const struct located *l) {
    const uint8_t *ip = frame + l->network_offset + IPV6_SOURCE;
    const uint64_t one[2] = {flow_key_load_8(ip), flow_key_load_8(ip + 8)};
    const uint64_t other[2] = {flow_key_load_8(ip + 16), flow_key_load_8(ip + 24)};
    const uint32_t ports_there = flow_key_load_4(frame + l->transport_offset);
    const uint32_t ports_back = ports_there << 16 | ports_there >> 16;
    const unsigned direction = one[1] != other[1]   ? one[1] > other[1]
                               : one[0] != other[0] ? one[0] > other[0]
                                                    : ports_there > ports_back;
    key->words[0] = direction ? other[0] : one[0];
    key->words[1] = (direction ? ports_back : ports_there) | flow_key_rest(l, 0);
    key->words[2] = direction ? other[1] : one[1];
    key->words[3] = direction ? one[0] : other[0];
    key->words[4] = direction ? one[1] : other[1];
    return direction;
}

/* The second word says which of the two kinds a key is of. */
static inline bool flow_key_is_ipv4(const struct flow_key *key) {
    return (key->words[1] >> 32 & FLOW_KEY_IPV4) != 0;
}

static inline __attribute__((always_inline)) uint32_t flow_key_hash(const struct flow_key *key) {
    const uint64_t first = flow_key_mix(key->words[0], key->words[1]);
    return (uint32_t)(flow_key_is_ipv4(key)
                          ? first
                          : flow_key_mix(first ^ key->words[2], key->words[3] ^ (key->words[4] << 1)));
}

/* Make the key of a located packet of TCP or UDP. Returns its direction, 0 or 1. */
static inline unsigned flow_key_make(struct flow_key *key, const uint8_t *frame, const struct located *l) {
    return l->ip_version == 4 ? flow_key_make_ipv4(key, frame, l) : flow_key_make_ipv6(key, frame, l);
}

/*
 * The key of what an operator takes for one flow: of TCP, UDP or ESP, whatever its circuit. ESP has no ports: all of it
 * between two hosts is one.
 */
static inline void flow_key_make_bare(struct flow_key *key, const uint8_t *frame, const struct located *l) {
    (void)flow_key_make(key, frame, l);
    const uint64_t rest = key->words[1] >> 32 & (FLOW_KEY_TCP | FLOW_KEY_IPV4);
    key->words[1] = l->as == LOCATED_ESP ? (rest | FLOW_KEY_ESP) << 32 : rest << 32 | (uint32_t)key->words[1];
}

static inline __attribute__((always_inline)) bool flow_key_same(const struct flow_key *a, const struct flow_key *b) {
    return ((a->words[0] ^ b->words[0]) | (a->words[1] ^ b->words[1])) == 0 &&
           (flow_key_is_ipv4(b) ||
            ((a->words[2] ^ b->words[2]) | (a->words[3] ^ b->words[3]) | (a->words[4] ^ b->words[4])) == 0);
}

#endif

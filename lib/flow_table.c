#include "flow_table.h"

#include "bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    IPV4_SOURCE = 12,
    IPV4_DESTINATION = 16,
    IPV6_SOURCE = 8,
    IPV6_DESTINATION = 24,
    ETHERNET_HEADER_BYTES = 14,
    VLAN_TAG_BYTES = 4,
    VLAN_ID_MASK = 0xfff,
    NEWEST_PART = 8,
    BUCKET_FLOWS_MAX = 24, /* looked at; of as many buckets as flows one in 10^24 would have so many by chance */
};

#define HASH_FACTOR UINT64_C(0x9e3779b97f4a7c15)
#define HASH_START UINT64_C(0xd6e8feb86659fd93)

static uint32_t vlan_of(const uint8_t *frame, uint32_t network_offset) {
    uint32_t ids = 0;
    for (uint32_t at = ETHERNET_HEADER_BYTES; at < network_offset; at += VLAN_TAG_BYTES) {
        ids = ids * 4099 + 1 + (bytes_get_be16(frame + at) & VLAN_ID_MASK);
    }
    return ids;
}

static inline uint64_t mix(uint64_t a, uint64_t b) {
    const unsigned __int128 product = (unsigned __int128)(a ^ HASH_FACTOR) * (b ^ HASH_START);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static unsigned make_ipv6(struct flow_key *key, const uint8_t *ip, const struct located *l, uint64_t rest) {
    const int order = memcmp(ip + IPV6_SOURCE, ip + IPV6_DESTINATION, 16);
    const unsigned direction = order > 0 || (order == 0 && l->source_port > l->destination_port);
    const uint32_t low_port = direction ? l->destination_port : l->source_port;
    const uint32_t high_port = direction ? l->source_port : l->destination_port;
    memcpy(&key->words[0], ip + (direction ? IPV6_DESTINATION : IPV6_SOURCE), 16);
    memcpy(&key->words[3], ip + (direction ? IPV6_SOURCE : IPV6_DESTINATION), 16);
    key->words[2] = (rest & 0xffffffff) | (uint64_t)(low_port << 16 | high_port) << 32;
    key->hash = (uint32_t)mix(mix(key->words[0], key->words[1]) ^ key->words[2], mix(key->words[3], key->words[4]));
    return direction;
}

unsigned flow_key_make(struct flow_key *key, const uint8_t *frame, const struct located *l) {
    const uint8_t *ip = frame + l->network_offset;
    const uint32_t vlan = l->network_offset == ETHERNET_HEADER_BYTES ? 0 : vlan_of(frame, l->network_offset);
    const uint64_t rest = (uint64_t)vlan << 8 | (l->as == LOCATED_TCP ? 1U : 0U) | (l->ip_version == 4 ? 2U : 0U);
    if (l->ip_version != 4) {
        return make_ipv6(key, ip, l, rest);
    }
    const uint64_t source = (uint64_t)bytes_get_be32(ip + IPV4_SOURCE) << 16 | l->source_port;
    const uint64_t destination = (uint64_t)bytes_get_be32(ip + IPV4_DESTINATION) << 16 | l->destination_port;
    const unsigned direction = source > destination;
    key->words[0] = direction ? destination : source;
    key->words[1] = direction ? source : destination;
    key->words[2] = rest;
    key->words[3] = key->words[4] = 0;
    key->hash = (uint32_t)mix(key->words[0] ^ rest << 48, key->words[1]);
    return direction;
}

static inline bool same_key(const struct flow_key *a, const struct flow_key *b) {
    return a->hash == b->hash &&
           ((a->words[0] ^ b->words[0]) | (a->words[1] ^ b->words[1]) | (a->words[2] ^ b->words[2]) |
            (a->words[3] ^ b->words[3]) | (a->words[4] ^ b->words[4])) == 0;
}

int flow_table_init(struct flow_table *t, uint32_t capacity, struct failure *f) {
    size_t buckets = 1;
    memset(t, 0, sizeof *t);
    while (buckets < capacity) {
        buckets *= 2;
    }
    t->flows = calloc((size_t)capacity + 1, sizeof *t->flows);
    t->buckets = calloc(buckets, sizeof *t->buckets);
    if (t->flows == NULL || t->buckets == NULL) {
        flow_table_free(t);
        return failure_errno(f, ENOMEM, "cannot remember %lu flows", (unsigned long)capacity);
    }
    t->capacity = capacity;
    t->bucket_mask = (uint32_t)(buckets - 1);
    return 0;
}

void flow_table_free(struct flow_table *t) {
    free(t->flows);
    free(t->buckets);
    memset(t, 0, sizeof *t);
}

void flow_table_reset(struct flow_table *t) {
    for (uint32_t i = 1; i <= t->used; i++) {
        t->buckets[t->flows[i].key.hash & t->bucket_mask] = 0;
    }
    t->used = 0;
    t->newest = t->oldest = t->clock = 0;
    t->forgot = false;
}

static void unlink_age(struct flow_table *t, uint32_t i) {
    const struct flow *flow = &t->flows[i];
    if (flow->newer != 0) {
        t->flows[flow->newer].older = flow->older;
    } else {
        t->newest = flow->older;
    }
    if (flow->older != 0) {
        t->flows[flow->older].newer = flow->newer;
    } else {
        t->oldest = flow->newer;
    }
}

static void link_newest(struct flow_table *t, uint32_t i) {
    struct flow *flow = &t->flows[i];
    flow->newer = 0;
    flow->older = t->newest;
    if (t->newest != 0) {
        t->flows[t->newest].newer = i;
    } else {
        t->oldest = i;
    }
    t->newest = i;
    flow->seen = ++t->clock;
}

static void link_oldest(struct flow_table *t, uint32_t i) {
    struct flow *flow = &t->flows[i];
    flow->older = 0;
    flow->newer = t->oldest;
    if (t->oldest != 0) {
        t->flows[t->oldest].older = i;
    } else {
        t->newest = i;
    }
    t->oldest = i;
    flow->seen = t->clock - t->capacity / NEWEST_PART - 1; /* it goes in front when it is found */
}

static void unlink_bucket(struct flow_table *t, uint32_t i) {
    uint32_t *at = &t->buckets[t->flows[i].key.hash & t->bucket_mask];
    while (*at != i) {
        at = &t->flows[*at].next_in_bucket;
    }
    *at = t->flows[i].next_in_bucket;
}

struct flow *flow_table_find(struct flow_table *t, const struct flow_key *key) {
    uint32_t i = t->buckets[key->hash & t->bucket_mask];
    while (i != 0 && !same_key(&t->flows[i].key, key)) {
        i = t->flows[i].next_in_bucket;
    }
    if (i == 0) {
        return NULL;
    }
    if (t->clock - t->flows[i].seen > t->capacity / NEWEST_PART) {
        unlink_age(t, i);
        link_newest(t, i);
    }
    return &t->flows[i];
}

/* A place for a flow: a fresh one, that of the last in a bucket that is too long, or that of the oldest flow. */
static uint32_t take_place(struct flow_table *t, uint32_t hash) {
    uint32_t last = t->buckets[hash & t->bucket_mask];
    unsigned length = last != 0;
    while (last != 0 && t->flows[last].next_in_bucket != 0) {
        last = t->flows[last].next_in_bucket;
        length++;
    }
    if (length < BUCKET_FLOWS_MAX) {
        if (t->used < t->capacity) {
            return ++t->used;
        }
        last = t->oldest;
    }
    unlink_bucket(t, last);
    unlink_age(t, last);
    t->forgot = true;
    return last;
}

struct flow *flow_table_add(struct flow_table *t, const struct flow_key *key, bool last_resort) {
    const uint32_t i = take_place(t, key->hash);
    struct flow *flow = &t->flows[i];
    memset(flow, 0, sizeof *flow);
    flow->key = *key;
    flow->next_in_bucket = t->buckets[key->hash & t->bucket_mask];
    t->buckets[key->hash & t->bucket_mask] = i;
    if (last_resort) {
        link_oldest(t, i);
    } else {
        link_newest(t, i);
    }
    return flow;
}

/*
 * The flows that are remembered: a table of fixed size. A new flow takes the place of the one that was seen least
 * recently, or nearly so: a flow among the newest eighth is not put in front again.
 *
 * The same packets give the same table: the hash has no random seed. Somebody who makes many flows with the same hash
 * gains nothing, for only so many are looked at, and the oldest of these makes room then.
 *
 * Memory is asked for once and touched as flows come, so that a small capture takes little of it.
 */
#ifndef PCAPSLIM_FLOW_TABLE_H
#define PCAPSLIM_FLOW_TABLE_H

#include "failure.h"
#include "flow_key.h"
#include "flow_state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flow {
    struct flow_key key;
    uint32_t next_in_bucket;
    uint32_t newer, older; /* all flows, by when they were seen last */
    uint32_t seen;         /* what the table's clock said when it was put in front last */
    struct flow_state state;
};

struct flow_table {
    struct flow *flows; /* 1 to capacity; 0 is none */
    uint32_t *buckets;
    uint32_t bucket_mask;
    uint32_t capacity;
    uint32_t used;
    uint32_t newest, oldest;
    uint32_t clock;          /* flows put in front so far */
    uint32_t refresh_before; /* what was put in front before that is again when it is found */
    bool forgot;             /* a flow had to make room: one that is not there may have been */
};

/* Take memory for so many flows. Returns 0, or -1 with f set. */
int flow_table_init(struct flow_table *t, uint32_t capacity, struct failure *f);

/* Forget all flows. */
void flow_table_reset(struct flow_table *t);

/* Put a flow in front of all others. */
void flow_table_touch(struct flow_table *t, uint32_t i);

/* It was seen just now. Only what was not for long is put in front, for that goes to many places in memory. */
static inline __attribute__((always_inline)) struct flow *flow_table_seen(struct flow_table *t, uint32_t i) {
    if (__builtin_expect(flow_seq_diff(t->flows[i].seen, t->refresh_before) < 0, 0)) {
        flow_table_touch(t, i);
    }
    return &t->flows[i];
}

/*
 * The flow of a key among those of a bucket from place i on; or NULL. A key of IPv4 is handed over as its words, so
 * that where it is made none of it need lie in memory.
 */
struct flow *flow_table_find_ipv4_from(struct flow_table *t, uint32_t i, uint64_t addresses, uint64_t rest);
struct flow *flow_table_find_from(struct flow_table *t, uint32_t i, struct flow_key key);

/* The flow of a key, which is now one of those seen last; or NULL. Nearly always it is the first of its bucket. */
static inline __attribute__((always_inline)) struct flow *flow_table_find(struct flow_table *t,
                                                                          const struct flow_key *key) {
    const uint32_t i = t->buckets[flow_key_hash(key) & t->bucket_mask];
    const struct flow *flow = &t->flows[i];
    if (i == 0) {
        return NULL;
    }
    if (__builtin_expect(!flow_key_same(&flow->key, key), 0)) {
        return flow_key_is_ipv4(key) ? flow_table_find_ipv4_from(t, flow->next_in_bucket, key->words[0], key->words[1])
                                     : flow_table_find_from(t, flow->next_in_bucket, *key);
    }
    return flow_table_seen(t, i);
}

/*
 * Add a flow of a key that is not there, all zero. last_resort: it is the first to go until it is found again: a flow
 * of which nothing but a SYN was seen, so that a flood of these drives out nothing else.
 */
struct flow *flow_table_add(struct flow_table *t, const struct flow_key *key, bool last_resort);

/* Free the memory. Safe on a zero-initialised struct. */
void flow_table_free(struct flow_table *t);

#endif

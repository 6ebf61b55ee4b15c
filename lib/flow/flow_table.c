#include "flow_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    NEWEST_PART = 8,
    BUCKET_FLOWS_MAX = 24, /* looked at; of as many buckets as flows one in 10^24 would have so many by chance */
};

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
    t->refresh_before = 0 - capacity / NEWEST_PART;
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
        t->buckets[flow_key_hash(&t->flows[i].key) & t->bucket_mask] = 0;
    }
    t->used = 0;
    t->newest = t->oldest = t->clock = 0;
    t->refresh_before = 0 - t->capacity / NEWEST_PART;
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
    t->refresh_before = t->clock - t->capacity / NEWEST_PART;
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
    flow->seen = t->refresh_before - 1; /* it goes in front when it is found */
}

static void unlink_bucket(struct flow_table *t, uint32_t i) {
    uint32_t *at = &t->buckets[flow_key_hash(&t->flows[i].key) & t->bucket_mask];
    while (*at != i) {
        at = &t->flows[*at].next_in_bucket;
    }
    *at = t->flows[i].next_in_bucket;
}

void flow_table_touch(struct flow_table *t, uint32_t i) {
    unlink_age(t, i);
    link_newest(t, i);
}

__attribute__((noinline)) struct flow *flow_table_find_from(struct flow_table *t, uint32_t i, struct flow_key key) {
    while (i != 0 && !flow_key_same(&t->flows[i].key, &key)) {
        i = t->flows[i].next_in_bucket;
    }
    return i != 0 ? flow_table_seen(t, i) : NULL;
}

__attribute__((noinline)) struct flow *flow_table_find_ipv4_from(struct flow_table *t, uint32_t i, uint64_t addresses,
                                                                 uint64_t rest) {
    return flow_table_find_from(t, i, (struct flow_key){.words = {addresses, rest}});
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
    const uint32_t hash = flow_key_hash(key);
    const uint32_t i = take_place(t, hash);
    struct flow *flow = &t->flows[i];
    memset(flow, 0, sizeof *flow);
    flow->key = *key;
    flow->next_in_bucket = t->buckets[hash & t->bucket_mask];
    t->buckets[hash & t->bucket_mask] = i;
    if (last_resort) {
        link_oldest(t, i);
    } else {
        link_newest(t, i);
    }
    return flow;
}

#include "topk.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define NONE SIZE_MAX

struct counter {
    struct topk_entry is;
    size_t place; /* in the heap */
    size_t chain; /* the next counter of the same bucket, or NONE */
};

struct topk {
    size_t room;
    size_t used;
    struct counter *counters;
    size_t *heap;    /* counters, the lightest first */
    size_t *buckets; /* room of them: the first counter of a chain, or NONE */
};

struct topk *topk_new(size_t counters, struct failure *f) {
    struct topk *t = calloc(1, sizeof *t);
    if (t != NULL) {
        t->room = counters;
        t->counters = calloc(counters, sizeof *t->counters);
        t->heap = calloc(counters, sizeof *t->heap);
        t->buckets = calloc(counters, sizeof *t->buckets);
    }
    if (t == NULL || t->counters == NULL || t->heap == NULL || t->buckets == NULL) {
        topk_free(t);
        failure_memory(f);
        return NULL;
    }
    for (size_t i = 0; i < counters; i++) {
        t->buckets[i] = NONE;
    }
    return t;
}

static size_t *bucket_of(struct topk *t, const uint8_t *key) {
    return &t->buckets[XXH3_64bits(key, TOPK_KEY_BYTES) % t->room];
}

static uint64_t weight_at(const struct topk *t, size_t place) {
    return t->counters[t->heap[place]].is.weight;
}

static void put_at(struct topk *t, size_t place, size_t counter) {
    t->heap[place] = counter;
    t->counters[counter].place = place;
}

/* A counter has got heavier: to its place further down. */
static void sink_down(struct topk *t, size_t place) {
    const size_t counter = t->heap[place];
    for (;;) {
        size_t child = 2 * place + 1;
        if (child + 1 < t->used && weight_at(t, child + 1) < weight_at(t, child)) {
            child++;
        }
        if (child >= t->used || weight_at(t, child) >= t->counters[counter].is.weight) {
            break;
        }
        put_at(t, place, t->heap[child]);
        place = child;
    }
    put_at(t, place, counter);
}

/* A counter is new at the end of the heap: to its place further up. */
static void rise(struct topk *t, size_t place) {
    const size_t counter = t->heap[place];
    while (place > 0 && weight_at(t, (place - 1) / 2) > t->counters[counter].is.weight) {
        put_at(t, place, t->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put_at(t, place, counter);
}

static void unchain(struct topk *t, size_t counter) {
    size_t *at = bucket_of(t, t->counters[counter].is.key);
    while (*at != counter) {
        at = &t->counters[*at].chain;
    }
    *at = t->counters[counter].chain;
}

static void chain(struct topk *t, size_t counter, const uint8_t *key) {
    size_t *bucket = bucket_of(t, key);
    memcpy(t->counters[counter].is.key, key, TOPK_KEY_BYTES);
    t->counters[counter].chain = *bucket;
    *bucket = counter;
}

static uint64_t sum(uint64_t a, uint64_t b) {
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

void topk_add(struct topk *t, const uint8_t *key, uint64_t weight) {
    for (size_t i = *bucket_of(t, key); i != NONE; i = t->counters[i].chain) {
        if (memcmp(t->counters[i].is.key, key, TOPK_KEY_BYTES) == 0) {
            t->counters[i].is.weight = sum(t->counters[i].is.weight, weight);
            sink_down(t, t->counters[i].place);
            return;
        }
    }
    if (t->used < t->room) {
        const size_t counter = t->used++;
        t->counters[counter].is.weight = weight;
        chain(t, counter, key);
        put_at(t, counter, counter);
        rise(t, counter);
        return;
    }
    /* The lightest counter goes to the new key, which may have had all of its weight before. */
    const size_t lightest = t->heap[0];
    unchain(t, lightest);
    chain(t, lightest, key);
    t->counters[lightest].is.error = t->counters[lightest].is.weight;
    t->counters[lightest].is.weight = sum(t->counters[lightest].is.weight, weight);
    sink_down(t, 0);
}

/* Heaviest first; among equals by key, so that the order never depends on how they came. */
static int heavier(const void *a, const void *b) {
    const struct topk_entry *one = a;
    const struct topk_entry *other = b;
    if (one->weight != other->weight) {
        return one->weight > other->weight ? -1 : 1;
    }
    return memcmp(one->key, other->key, TOPK_KEY_BYTES);
}

size_t topk_best(const struct topk *t, struct topk_entry *out, size_t wanted) {
    struct topk_entry *all = calloc(t->used > 0 ? t->used : 1, sizeof *all);
    if (all == NULL) {
        return 0;
    }
    for (size_t i = 0; i < t->used; i++) {
        all[i] = t->counters[i].is;
    }
    qsort(all, t->used, sizeof *all, heavier);
    const size_t count = t->used < wanted ? t->used : wanted;
    memcpy(out, all, count * sizeof *all);
    free(all);
    return count;
}

void topk_free(struct topk *t) {
    if (t != NULL) {
        free(t->counters);
        free(t->heap);
        free(t->buckets);
        free(t);
    }
}

#include "flow_count.h"

#include "flow_key.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { WAYS = 8 }; /* flows that share a place */

/* Flows are told apart by 64 bits of digest: two of a million are taken for one once in 37 million captures. */
struct flow {
    uint64_t digest;
    uint32_t packets;
    uint32_t seen; /* when last, by the table's clock; nobody's place if that was before this capture */
};

struct flow_count {
    size_t places;
    uint32_t clock; /* packets so far */
    uint32_t begin; /* of the capture at hand: what was seen up to then is nobody's any more */
    struct flow flows[];
};

struct flow_count *flow_count_new(uint32_t flows, struct failure *f) {
    const size_t places = ((size_t)flows + WAYS - 1) / WAYS + 1;
    struct flow_count *c = calloc(1, sizeof *c + places * WAYS * sizeof c->flows[0]);
    if (c == NULL) {
        (void)failure_errno(f, ENOMEM, "a table of %lu flows", (unsigned long)flows);
        return NULL;
    }
    c->places = places;
    return c;
}

void flow_count_clear(struct flow_count *c) {
    if (c->clock > UINT32_MAX / 2) {
        memset(c->flows, 0, c->places * WAYS * sizeof c->flows[0]);
        c->clock = 0;
    }
    c->begin = c->clock; /* captures are many and small: nothing to clear but once in two thousand million packets */
}

uint32_t flow_count_add(struct flow_count *c, const uint8_t *frame, const struct located *l) {
    struct flow_key key;
    flow_key_make_bare(&key, frame, l);
    const uint64_t digest = XXH3_64bits(&key, sizeof key);
    struct flow *place = c->flows + (size_t)(digest % c->places) * WAYS;
    struct flow *oldest = place; /* or the first that is nobody's */
    c->clock += c->clock < UINT32_MAX;
    for (struct flow *flow = place; flow < place + WAYS; flow++) {
        const bool is_free = flow->seen <= c->begin;
        if (!is_free && flow->digest == digest) {
            flow->seen = c->clock;
            flow->packets += flow->packets < UINT32_MAX;
            return flow->packets;
        }
        if (oldest->seen > c->begin && flow->seen < oldest->seen) {
            oldest = flow;
        }
    }
    *oldest = (struct flow){.digest = digest, .packets = 1, .seen = c->clock};
    return 1;
}

void flow_count_free(struct flow_count *c) {
    free(c);
}

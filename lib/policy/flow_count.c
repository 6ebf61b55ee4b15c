#include "flow_count.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum {
    WAYS = 8, /* flows that share a place */
    IPV6_ADDRESS_BYTES = 16,
    END_BYTES = IPV6_ADDRESS_BYTES + 2, /* address and port */
};

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

/* Both ends of the packet, the smaller one first, so that both directions are the same flow. */
static uint64_t digest_of(const uint8_t *frame, const struct located *l) {
    uint8_t ends[2][END_BYTES] = {{0}};
    uint8_t key[2 * END_BYTES + 2];
    const size_t address_bytes = located_address_bytes(l);
    const uint8_t *source = located_addresses(l, frame);
    memcpy(ends[0], source, address_bytes);
    memcpy(ends[1], source + address_bytes, address_bytes);
    memcpy(ends[0] + IPV6_ADDRESS_BYTES, &l->source_port, sizeof l->source_port);
    memcpy(ends[1] + IPV6_ADDRESS_BYTES, &l->destination_port, sizeof l->destination_port);
    const bool swapped = memcmp(ends[0], ends[1], END_BYTES) > 0;
    memcpy(key, ends[swapped], END_BYTES);
    memcpy(key + END_BYTES, ends[!swapped], END_BYTES);
    key[2 * (size_t)END_BYTES] = l->ip_version;
    key[2 * (size_t)END_BYTES + 1] = (uint8_t)l->as;
    return XXH3_64bits(key, sizeof key);
}

uint32_t flow_count_add(struct flow_count *c, const uint8_t *frame, const struct located *l) {
    const uint64_t digest = digest_of(frame, l);
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

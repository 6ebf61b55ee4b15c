#include "account.h"

#include "topk.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PORTS 65536

struct figures {
    uint64_t bytes, saved_bytes;
};

struct account {
    struct figures ports[2][PORTS]; /* TCP, UDP */
    struct topk *hosts;
};

struct account *account_new(struct failure *f) {
    struct account *a = calloc(1, sizeof *a);
    if (a == NULL) {
        failure_memory(f);
        return NULL;
    }
    a->hosts = topk_new(ACCOUNT_HOST_COUNTERS, f);
    if (a->hosts == NULL) {
        free(a);
        return NULL;
    }
    return a;
}

static void add_host(struct account *a, const struct located *l, const uint8_t *address, uint64_t saved_bytes) {
    uint8_t key[TOPK_KEY_BYTES] = {l->ip_version};
    memcpy(key + 1, address, located_address_bytes(l));
    topk_add(a->hosts, key, saved_bytes);
}

void account_packet(struct account *a, const struct located *l, const uint8_t *frame, uint64_t bytes,
                    uint64_t saved_bytes) {
    if (l->as != LOCATED_TCP && l->as != LOCATED_UDP) {
        return;
    }
    const uint16_t source_port = located_source_port(l, frame);
    const uint16_t destination_port = located_destination_port(l, frame);
    const uint16_t port = source_port < destination_port ? source_port : destination_port;
    struct figures *of = &a->ports[l->as == LOCATED_UDP][port];
    of->bytes += bytes;
    of->saved_bytes += saved_bytes;
    if (saved_bytes > 0) {
        const uint8_t *source = located_addresses(l, frame);
        add_host(a, l, source, saved_bytes);
        add_host(a, l, source + located_address_bytes(l), saved_bytes);
    }
}

static bool before(const struct account_port *a, const struct account_port *b) {
    return a->saved_bytes != b->saved_bytes ? a->saved_bytes > b->saved_bytes : a->bytes > b->bytes;
}

size_t account_ports(const struct account *a, struct account_port *out, size_t wanted) {
    size_t count = 0;
    for (uint32_t i = 0; i < 2 * PORTS && wanted > 0; i++) {
        const struct figures *of = &a->ports[i / PORTS][i % PORTS];
        const struct account_port port = {.port = (uint16_t)(i % PORTS),
                                          .transport = i < PORTS ? LOCATED_TCP : LOCATED_UDP,
                                          .bytes = of->bytes,
                                          .saved_bytes = of->saved_bytes};
        if (port.bytes == 0 || (count == wanted && !before(&port, &out[count - 1]))) {
            continue;
        }
        size_t at = count < wanted ? count++ : count - 1;
        for (; at > 0 && before(&port, &out[at - 1]); at--) {
            out[at] = out[at - 1];
        }
        out[at] = port;
    }
    return count;
}

size_t account_hosts(const struct account *a, struct account_host *out, size_t wanted) {
    struct topk_entry best[ACCOUNT_HOST_COUNTERS];
    const size_t count = topk_best(a->hosts, best, wanted < ACCOUNT_HOST_COUNTERS ? wanted : ACCOUNT_HOST_COUNTERS);
    for (size_t i = 0; i < count; i++) {
        out[i].ip_version = best[i].key[0];
        memcpy(out[i].address, best[i].key + 1, sizeof out[i].address);
        out[i].saved_bytes = best[i].weight;
        out[i].error_bytes = best[i].error;
    }
    return count;
}

void account_free(struct account *a) {
    if (a != NULL) {
        topk_free(a->hosts);
        free(a);
    }
}

/*
 * Who the bytes of captures belong to: by server port, exactly, and by host, the heaviest ones by a sketch (topk.h).
 * For reports; memory is fixed, about 2 MiB and 100 KiB.
 */
#ifndef PCAPSLIM_ACCOUNT_H
#define PCAPSLIM_ACCOUNT_H

#include "failure.h"
#include "locate.h"

#include <stddef.h>
#include <stdint.h>

struct account; /* opaque */

struct account_port {
    uint16_t port;
    enum located_as transport; /* LOCATED_TCP or LOCATED_UDP */
    uint64_t bytes;            /* of records, record headers included */
    uint64_t saved_bytes;      /* of these, what slimming saves */
};

struct account_host {
    uint8_t ip_version; /* 4 or 6 */
    uint8_t address[16];
    uint64_t saved_bytes; /* of packets from and to it, at most this much */
    uint64_t error_bytes; /* and at least this much less; 0: exact */
};

/* Hosts that are told apart exactly; with more of them the sketch begins to estimate. */
#define ACCOUNT_HOST_COUNTERS 1024

/* Returns NULL with f set when memory runs out. */
struct account *account_new(struct failure *f);

/*
 * Count a packet. l, frame: as located. bytes: of its record; saved_bytes: what slimming saves of them. Only TCP and
 * UDP are counted: by the lower of both ports, which is taken for the server's, and, where bytes are saved, by both
 * addresses.
 */
void account_packet(struct account *a, const struct located *l, const uint8_t *frame, uint64_t bytes,
                    uint64_t saved_bytes);

/* The ports with most bytes to save (then: with most bytes), at most wanted, into out. Returns how many. */
size_t account_ports(const struct account *a, struct account_port *out, size_t wanted);

/* The hosts with most bytes to save, at most wanted, into out. Returns how many. */
size_t account_hosts(const struct account *a, struct account_host *out, size_t wanted);

/* Free; NULL is fine. */
void account_free(struct account *a);

#endif

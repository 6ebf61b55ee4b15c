/*
 * Packets against expressions of pcap-filter(7), compiled and matched by libpcap.
 *
 * libpcap is loaded when the first expression is there, not linked: it makes a program start 0.9 ms later, and most
 * runs have no expression.
 */
#ifndef PCAPSLIM_MATCHER_H
#define PCAPSLIM_MATCHER_H

#include "failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct matcher;

/* A packet as a filter sees it. */
struct matcher_packet {
    const uint8_t *bytes;
    uint32_t there_bytes;   /* that may be read; what an expression asks for behind them does not match */
    uint32_t origlen_bytes; /* what `len`, `less` and `greater` mean */
};

/*
 * Make a matcher of count expressions (at least one), which must stay in memory as long as it does. It is of no use
 * before matcher_compile(). Returns NULL with f set when libpcap cannot be loaded or memory runs out.
 */
struct matcher *matcher_new(char *const *expressions, size_t count, struct failure *f);

/*
 * Compile the expressions for a link type (as the file header has it, LINKTYPE_), unless they are already, and match
 * for it from now on. Names of hosts in them are looked up when they are compiled. Returns 0, or -1 with f set: which
 * expression, and libpcap's words.
 */
int matcher_compile(struct matcher *m, uint16_t linktype, struct failure *f);

/* Whether any of the expressions matches. */
bool matcher_matches(const struct matcher *m, const struct matcher_packet *packet);

/* NULL is fine. */
void matcher_free(struct matcher *m);

#endif

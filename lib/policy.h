/*
 * What to keep of a located frame, and why. Pure: no I/O, no clock, no state between packets.
 */
#ifndef PCAPSLIM_POLICY_H
#define PCAPSLIM_POLICY_H

#include "locate.h"

#include <stdbool.h>
#include <stdint.h>

/* Payload bytes that stay of what is cut. */
#define POLICY_KEEP_BYTES 24

enum policy_reason {
    /* Reasons to cut */
    POLICY_TLS,
    POLICY_SSH,
    POLICY_QUIC,
    POLICY_IPSEC,
    POLICY_CUT_REASONS,
    /* Reasons to keep */
    POLICY_CLEARTEXT = POLICY_CUT_REASONS, /* no rule says that it is encrypted */
    POLICY_SHORT,                          /* at most POLICY_KEEP_BYTES of payload */
    POLICY_NOT_IP,                         /* these mirror enum located_as */
    POLICY_FRAGMENT,
    POLICY_OTHER_TRANSPORT,
    POLICY_OFFLOADED,
    POLICY_TRUNCATED,
    POLICY_MALFORMED,
    POLICY_LINKTYPE, /* not Ethernet: never parsed */
    POLICY_REASONS,
};

struct decision {
    enum policy_reason reason;
    bool cut;
    uint32_t keep_payload_bytes; /* when cut: fewer than the frame's payload bytes */
};

/* The ports that the rules speak of: bit flags for each port number. */
enum policy_port {
    POLICY_PORT_TLS = 1,
    POLICY_PORT_SSH = 2,
    POLICY_PORT_QUIC = 4,
    POLICY_PORT_IPSEC = 8,
};

struct policy {
    uint8_t port_flags[65536];
};

/* The default policy, `packet`: docs/ALGORITHM.md has its table. */
void policy_packet_init(struct policy *p);

/* Decide on one frame. l: as locate_ethernet() left it; frame: the bytes it was made from. */
struct decision policy_packet_decide(const struct policy *p, const struct located *l, const uint8_t *frame);

/* The name of a reason as records and reports show it: "tls", "cleartext", ... */
const char *policy_reason_name(enum policy_reason r);

#endif

/*
 * What following a flow says of a payload.
 */
#ifndef PCAPSLIM_FLOW_VERDICT_H
#define PCAPSLIM_FLOW_VERDICT_H

#include "reason.h"

#include <stdbool.h>
#include <stdint.h>

struct flow_verdict {
    enum policy_reason reason; /* a reason to cut, or the reason to keep all */
    bool cut;
    uint32_t clear_bytes; /* when cut: readable, up to the last byte that is; the floor comes behind it */
    uint32_t least_bytes; /* when cut: a header that stays whatever the floor is; the floor counts from its beginning */
};

static inline struct flow_verdict flow_keep(enum policy_reason reason) {
    const struct flow_verdict v = {.reason = reason, .cut = false};
    return v;
}

/* Keep so much and the floor. */
static inline struct flow_verdict flow_cut_behind(enum policy_reason reason, uint32_t clear_bytes) {
    const struct flow_verdict v = {.reason = reason, .cut = true, .clear_bytes = clear_bytes};
    return v;
}

/* Keep so much or the floor, whichever is more. */
static inline struct flow_verdict flow_cut_header(enum policy_reason reason, uint32_t least_bytes) {
    const struct flow_verdict v = {.reason = reason, .cut = true, .least_bytes = least_bytes};
    return v;
}

#endif

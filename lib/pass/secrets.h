/*
 * Captures that carry keys: what can be read with them is not encrypted for whoever has the file, so the policy `flow`
 * keeps it. The policy `packet` goes by ports and first bytes alone.
 */
#ifndef PCAPSLIM_SECRETS_H
#define PCAPSLIM_SECRETS_H

#include "failure.h"
#include "format.h"
#include "policy.h"
#include "tally.h"

#include <stdbool.h>
#include <stdint.h>

struct secrets {
    unsigned known;                          /* flags of enum format_secrets: those of this section up to here */
    uint32_t sections;                       /* begun so far */
    uint64_t cut_before[POLICY_CUT_REASONS]; /* packets of earlier sections, by reason */
};

/*
 * The framing has come to another span. Returns 0, or -1 with f set: it has keys to packets of the same section that
 * stand before it and were cut.
 */
int secrets_follow(struct secrets *s, const struct format_state *now, const struct tally *t, struct failure *f);

/* What becomes of a decision of the policy `flow`. */
struct decision secrets_decide(const struct secrets *s, struct decision d);

#endif

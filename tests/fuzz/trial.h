/*
 * A policy and a way to shorten, as three bytes of an input choose them, and passes over captures with these.
 */
#ifndef PCAPSLIM_FUZZ_TRIAL_H
#define PCAPSLIM_FUZZ_TRIAL_H

#include "framing.h"
#include "policy.h"
#include "slim.h"
#include "witness.h"

#include <stdint.h>

enum { TRIAL_CONTROL_BYTES = 3 };

/* Large: not for the stack. */
struct trial {
    struct policy policy;
    struct slim_terms terms;
    struct witness_options witness;
    struct sink *sink; /* of the pass before */
};

/* control: policy and mode, the floor, how many flows are remembered. What is refused of it becomes what is not. */
void trial_begin(struct trial *t, const uint8_t *control);
void trial_end(struct trial *t);

/* Slim what fd reads, into the descriptor `to`; -1: nowhere, figures alone. */
enum framing_status trial_pass(struct trial *t, int fd, int to, struct tally *tally);

/* The digest of what the pass before wrote. */
uint64_t trial_digest(const struct trial *t);

/* Slimming what is in `out_fd`, of out_bytes, must not change it. */
void trial_must_be_done(struct trial *t, int out_fd, const uint8_t *out, size_t out_bytes);

#endif

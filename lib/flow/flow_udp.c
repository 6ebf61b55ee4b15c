#include "flow_udp.h"

#include "flow_dtls.h"
#include "flow_esp.h"
#include "flow_ike.h"
#include "flow_openvpn.h"
#include "flow_protocols.h"
#include "flow_quic.h"
#include "flow_srtp.h"
#include "flow_wireguard.h"
#include "noise.h"

enum { LATE_MAX = 4096 /* numbers by which a packet may be late */ };

bool flow_is_noise(const struct flow_datagram *in, uint32_t from, uint32_t least_bytes) {
    return from < in->there_bytes && in->there_bytes - from >= least_bytes &&
           noise_is(in->payload + from, in->there_bytes - from);
}

void flow_chain(struct flow_side *side, uint32_t chain, uint32_t number, int32_t counted_step) {
    const int32_t step = flow_seq_diff(number, side->counter);
    if (side->evidence == 0 || side->chain != chain || step > FLOW_STEP_MAX || step < -LATE_MAX) {
        side->chain = chain;
        side->evidence = 1;
        side->counter = number;
    } else if (step > 0) { /* else it is late, or there twice */
        side->evidence = (uint8_t)(side->evidence + (step <= counted_step && side->evidence < UINT8_MAX));
        side->counter = number;
    }
}

/* clang-format off */
static bool judge(struct flow_look *k, struct flow_verdict *out) {
#define ROW(name, cut_reason, ports, can_begin)                                                                        \
    k->reason = cut_reason;                                                                                            \
    if (flow_##name##_judge(k, out)) {                                                                                 \
        return true;                                                                                                   \
    }
    FLOW_OVER_UDP(ROW)
#undef ROW
    return false;
}
/* clang-format on */

/* Where a call may go on in the clear more is looked at: sound passes for noise now and then. */
static bool looks_encrypted(const struct flow_look *k, uint32_t from) {
    const uint8_t *p = k->in->payload + from;
    const uint32_t there_bytes = k->in->there_bytes - from;
    return k->reason == POLICY_SRTP ? noise_is_throughout(p, there_bytes) : noise_is(p, there_bytes);
}

/* The last guard, whatever is proven: what would be cut must look like noise. */
static struct flow_verdict conclude(const struct flow_look *k, const struct flow_verdict *v) {
    const uint32_t from = v->clear_bytes > v->least_bytes ? v->clear_bytes : v->least_bytes;
    const uint32_t there_bytes = k->in->there_bytes;
    const bool is_short = there_bytes < NOISE_MIN_BYTES || from > there_bytes - NOISE_MIN_BYTES;
    const bool has_nonce = !is_short && there_bytes - from - NOISE_MIN_BYTES >= *k->nonce_bytes;
    if (is_short) { /* which shows nothing, neither way */
        return flow_keep(POLICY_UNPROVEN);
    }
    *k->remember = true;
    const uint32_t sample_at = from + (has_nonce ? *k->nonce_bytes : 0);
    if (!looks_encrypted(k, sample_at)) {
        k->side->trust = FLOW_DOUBTED;
        k->side->evidence = 0;
        k->side->run = 0;
        return flow_keep(POLICY_UNPROVEN);
    }
    if (k->side->trust > FLOW_TRUSTED) { /* some of what is no noise passes for it */
        k->side->trust--;
        return flow_keep(POLICY_UNPROVEN);
    }
    k->side->trust = FLOW_TRUSTED;
    return *v;
}

struct flow_verdict flow_udp_datagram(struct flow_state *f, unsigned direction, const struct flow_datagram *datagram,
                                      bool *remember) {
    struct flow_datagrams *flow = &f->of.datagrams;
    uint32_t nonce_bytes = 0;
    struct flow_look k = {.agreed = &f->flags,
                          .flow = flow,
                          .side = &flow->side[direction],
                          .peer = &flow->side[1 - direction],
                          .in = datagram,
                          .nonce_bytes = &nonce_bytes,
                          .remember = remember};
    struct flow_verdict v;
    if (datagram->there_bytes == 0) {
        return flow_keep(POLICY_SHORT);
    }
    if (judge(&k, &v)) {
        return v.cut ? conclude(&k, &v) : v;
    }
    return flow_keep(flow->flags != 0 || (datagram->port_flags & FLOW_UDP_PORTS) ? POLICY_UNPROVEN : POLICY_CLEARTEXT);
}

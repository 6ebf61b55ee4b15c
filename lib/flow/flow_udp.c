#include "flow_udp.h"

#include "flow_dtls.h"
#include "flow_esp.h"
#include "flow_gquic.h"
#include "flow_ike.h"
#include "flow_openvpn.h"
#include "flow_protocols.h"
#include "flow_quic.h"
#include "flow_srtp.h"
#include "flow_wireguard.h"

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

struct flow_verdict flow_udp_datagram(struct flow_state *f, unsigned direction, const struct flow_datagram *datagram,
                                      bool *remember) {
    struct flow_datagrams *flow = &f->of.datagrams;
    struct flow_look k = {.flow = flow,
                          .side = &flow->side[direction],
                          .peer = &flow->side[1 - direction],
                          .in = datagram,
                          .remember = remember};
    struct flow_verdict v;
    if (datagram->there_bytes == 0) {
        return flow_keep(POLICY_SHORT);
    }
    if (judge(&k, &v)) {
        *remember = *remember || v.cut;
        return v;
    }
    return flow_keep(flow->flags != 0 || (datagram->port_flags & FLOW_UDP_PORTS) ? POLICY_UNPROVEN : POLICY_CLEARTEXT);
}

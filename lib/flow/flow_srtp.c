#include "flow_srtp.h"

#include "bytes.h"

enum {
    STUN_HEADER_BYTES = 20,
    STUN_TYPE_MAX = 3, /* the first byte */
    STUN_COOKIE = 0x2112a442,

    RTP_VERSION = 2,
    RTP_HEADER_BYTES = 12,
    RTCP_HEADER_BYTES = 8,
    RTCP_FIRST = 192,
    RTCP_LAST = 223,
};

bool flow_stun_judge(const struct flow_look *k, struct flow_verdict *out) {
    const struct flow_datagram *in = k->in;
    *out = flow_keep(POLICY_CLEARTEXT);
    return in->there_bytes >= STUN_HEADER_BYTES && in->payload[0] <= STUN_TYPE_MAX &&
           bytes_get_be32(in->payload + 4) == STUN_COOKIE;
}

/* The header in front of what is encrypted in an SRTP or SRTCP packet, in bytes; 0: it is none. */
static uint32_t header_bytes_of(const uint8_t *p, uint32_t there_bytes) {
    if (there_bytes < RTP_HEADER_BYTES || p[0] >> 6 != RTP_VERSION) {
        return 0;
    }
    if (p[1] >= RTCP_FIRST && p[1] <= RTCP_LAST) {
        return RTCP_HEADER_BYTES;
    }
    uint32_t header_bytes = RTP_HEADER_BYTES + 4 * (uint32_t)(p[0] & 15);
    if (p[0] & 0x10) { /* a header extension, in the clear */
        if (there_bytes < header_bytes + 4) {
            return 0;
        }
        header_bytes += 4 + 4 * (uint32_t)bytes_get_be16(p + header_bytes + 2);
    }
    return header_bytes;
}

bool flow_srtp_judge(const struct flow_look *k, struct flow_verdict *out) {
    const uint32_t header_bytes = k->flow->flags & FLOW_SRTP ? header_bytes_of(k->in->payload, k->in->there_bytes) : 0;
    *out = flow_cut_header(k->reason, header_bytes);
    return header_bytes > 0;
}

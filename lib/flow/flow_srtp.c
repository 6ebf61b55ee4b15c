#include "flow_srtp.h"

#include "bytes.h"

#include <string.h>

enum {
    STUN_HEADER_BYTES = 20,
    STUN_TYPE_MAX = 3, /* the first byte */
    STUN_COOKIE = 0x2112a442,
    CHANNEL_HEADER_BYTES = 4,
    CHANNEL_FIRST = 0x40, /* the first byte */
    CHANNEL_LAST = 0x7f,
    CHANNEL_PADDING_MAX_BYTES = 3,

    RTP_VERSION = 2,
    RTP_HEADER_BYTES = 12,
    RTCP_HEADER_BYTES = 8,
    RTCP_FIRST = 192,
    RTCP_LAST = 223,
    RTCP_INDEX_BYTES = 4,
    RTCP_TAG_BYTES = 10,
    RTCP_ENCRYPTED = 0x80, /* of the first byte of the index */
};

bool flow_is_channel_data(const struct flow_datagram *in) {
    const uint8_t *p = in->payload;
    if (in->there_bytes < CHANNEL_HEADER_BYTES || p[0] < CHANNEL_FIRST || p[0] > CHANNEL_LAST) {
        return false;
    }
    const uint32_t padding_bytes = in->payload_bytes - CHANNEL_HEADER_BYTES - bytes_get_be16(p + 2);
    return padding_bytes <= CHANNEL_PADDING_MAX_BYTES;
}

bool flow_stun_judge(const struct flow_look *k, struct flow_verdict *out) {
    const struct flow_datagram *in = k->in;
    const bool is_stun = in->there_bytes >= STUN_HEADER_BYTES && in->payload[0] <= STUN_TYPE_MAX &&
                         bytes_get_be32(in->payload + 4) == STUN_COOKIE;
    *out = flow_keep(POLICY_CLEARTEXT);
    if (!is_stun && !((k->flow->flags & FLOW_STUN) && flow_is_channel_data(in))) {
        return false;
    }
    if (k->flow->flags & FLOW_QUIC) { /* what shares the port with these is more likely to be readable */
        flow_unnote(k, FLOW_QUIC | FLOW_QUIC_GUESSED);
        memset(k->flow->side, 0, sizeof k->flow->side);
    }
    k->flow->flags |= FLOW_STUN; /* worth remembering by itself only where something is guessed */
    *k->remember = *k->remember || (in->port_flags & POLICY_PORT_QUIC) != 0;
    return true;
}

/* The header in front of what is encrypted in an SRTP packet, in bytes; 0: it is none. */
static uint32_t header_bytes_of(const uint8_t *p, uint32_t there_bytes) {
    uint32_t header_bytes = RTP_HEADER_BYTES + 4 * (uint32_t)(p[0] & 15);
    if (p[0] & 0x10) { /* a header extension, in the clear */
        if (there_bytes < header_bytes + 4) {
            return 0;
        }
        header_bytes += 4 + 4 * (uint32_t)bytes_get_be16(p + header_bytes + 2);
    }
    return header_bytes;
}

/* Whether an SRTCP packet says of itself that it is encrypted (RFC 3711 section 3.4, RFC 7714 section 9). */
static bool is_encrypted_report(const struct flow_datagram *in, unsigned flags) {
    const uint32_t behind_bytes = RTCP_INDEX_BYTES + (flags & FLOW_SRTP_TAG ? (uint32_t)RTCP_TAG_BYTES : 0);
    const bool is_known = ((flags & FLOW_SRTP_TAG) != 0) != ((flags & FLOW_SRTP_GCM) != 0);
    return is_known && in->there_bytes == in->payload_bytes && in->there_bytes >= RTCP_HEADER_BYTES + behind_bytes &&
           (in->payload[in->there_bytes - behind_bytes] & RTCP_ENCRYPTED) != 0;
}

bool flow_srtp_judge(const struct flow_look *k, struct flow_verdict *out) {
    const struct flow_datagram *in = k->in;
    const uint8_t *p = in->payload;
    if ((k->flow->flags & FLOW_SRTP) == 0 || in->there_bytes < RTP_HEADER_BYTES || p[0] >> 6 != RTP_VERSION) {
        return false;
    }
    if (p[1] >= RTCP_FIRST && p[1] <= RTCP_LAST) {
        *out = is_encrypted_report(in, k->flow->flags) ? flow_cut_header(k->reason, RTCP_HEADER_BYTES)
                                                       : flow_keep(POLICY_UNPROVEN);
        return true;
    }
    const uint32_t header_bytes = header_bytes_of(p, in->there_bytes);
    *out = flow_cut_header(k->reason, header_bytes);
    return header_bytes > 0;
}

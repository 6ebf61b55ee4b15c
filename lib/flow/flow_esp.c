#include "flow_esp.h"

#include "bytes.h"
#include "esp.h"
#include "flow_srtp.h"
#include "wire.h"

enum { VECTOR_BYTES = 8 /* of GCM and its relatives, which may count */ };

/* A version and the datagram's length, as IPFIX has them (RFC 7011 section 3.1), where ESP has its SPI. */
static bool says_its_length(const struct flow_datagram *in) {
    return bytes_get_be16(in->payload + 2) == in->payload_bytes;
}

bool flow_esp_judge(const struct flow_look *k, struct flow_verdict *out) {
    const struct flow_datagram *in = k->in;
    struct flow_side *side = k->side;
    if ((in->port_flags & POLICY_PORT_IPSEC) == 0 || in->there_bytes < ESP_HEADER_BYTES ||
        (k->flow->flags & ~(unsigned)(FLOW_IKE | FLOW_VPN_ASKED)) != 0) {
        return false;
    }
    const uint32_t spi = bytes_get_be32(in->payload);
    if (spi < ESP_SPI_MIN) {
        return false;
    }
    /* RTP in a channel has numbers that go on, and so has a time in seconds. */
    if ((k->flow->flags & FLOW_IKE) == 0 && (flow_is_channel_data(in) || says_its_length(in))) {
        side->evidence = 0;
        return false;
    }
    const bool is_new = side->chain != spi;
    flow_chain(side, spi, bytes_get_be32(in->payload + 4), 1); /* else a time in microseconds would do */
    *k->remember = true;
    if (is_new && (k->flow->flags & FLOW_IKE)) {
        side->evidence = FLOW_CHAIN_PACKETS;
    }
    if (esp_is_readable(in->payload + ESP_HEADER_BYTES, in->there_bytes - ESP_HEADER_BYTES,
                        in->payload_bytes - ESP_HEADER_BYTES)) {
        side->evidence = 0; /* whatever it seemed to be, and whatever IKE agreed on */
        *out = flow_keep(POLICY_CLEARTEXT);
        return true;
    }
    *k->nonce_bytes = VECTOR_BYTES;
    *out = flow_cut_header(k->reason, ESP_HEADER_BYTES);
    return side->evidence >= FLOW_CHAIN_PACKETS;
}

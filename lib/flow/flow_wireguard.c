#include "flow_wireguard.h"

#include "bytes.h"

enum {
    TYPE_INITIATION = 1,
    TYPE_RESPONSE = 2,
    TYPE_COOKIE = 3,
    TYPE_DATA = 4,
    INITIATION_BYTES = 148,
    RESPONSE_BYTES = 92,
    COOKIE_BYTES = 64,
    DATA_HEADER_BYTES = 16, /* type, receiver index, counter: in the clear */
    DATA_MIN_BYTES = 32,    /* header and tag; padded to a multiple of 16, except up to the MTU */
};

static bool ends_in(const struct flow_datagram *in, uint32_t type, uint32_t bytes) {
    return in->payload_bytes > bytes && in->there_bytes >= 4 && in->payload_bytes - bytes <= in->there_bytes - 4 &&
           bytes_get_le32(in->payload + in->payload_bytes - bytes) == type;
}

/* Data messages that receive offload has merged with what came behind them, and that was readable. */
static bool ends_in_handshake(const struct flow_datagram *in) {
    return ends_in(in, TYPE_INITIATION, INITIATION_BYTES) || ends_in(in, TYPE_RESPONSE, RESPONSE_BYTES) ||
           ends_in(in, TYPE_COOKIE, COOKIE_BYTES);
}

bool flow_wireguard_judge(const struct flow_look *k, struct flow_verdict *out) {
    const uint8_t *p = k->in->payload;
    const uint32_t length_bytes = k->in->payload_bytes;
    if (k->in->there_bytes < DATA_HEADER_BYTES) {
        return false;
    }
    const uint32_t type = bytes_get_le32(p);      /* three reserved bytes of zero behind it */
    const uint32_t index = bytes_get_le32(p + 4); /* of the receiver in data, else of the sender */
    if (type == TYPE_DATA && length_bytes >= DATA_MIN_BYTES) {
        *out = ends_in_handshake(k->in) ? flow_keep(POLICY_HANDSHAKE) : flow_cut_header(k->reason, DATA_HEADER_BYTES);
        return (k->flow->flags & FLOW_WIREGUARD) && (index == k->peer->id || index == k->peer->id_more);
    }
    const bool is_response = type == TYPE_RESPONSE && length_bytes == RESPONSE_BYTES;
    if (!is_response && !(type == TYPE_INITIATION && length_bytes == INITIATION_BYTES)) {
        return false;
    }
    if (!k->side->has_id || k->side->id != index) {
        *k->side = (struct flow_side){.id = index, .id_more = k->side->id, .has_id = true};
    }
    flow_note(k, is_response && k->peer->has_id && k->peer->id == bytes_get_le32(p + 8) ? FLOW_WIREGUARD : 0);
    *out = flow_keep(POLICY_HANDSHAKE);
    return true;
}

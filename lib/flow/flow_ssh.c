#include "flow_ssh.h"

#include "bytes.h"

#include <string.h>

enum {
    BANNER_BYTES = 8,
    PACKET_HEAD_BYTES = 6, /* length, padding length, message number */
    LENGTH_BYTES = 4,
    PACKET_MIN_BYTES = 5, /* of what the length counts: padding length and at least four of padding */
    PACKET_MAX_BYTES = 1 << 18,
    PADDING_MIN_BYTES = 4,

    UNIMPLEMENTED = 3,
    DEBUG_MESSAGE = 4,
    KEXINIT = 20,
    NEWKEYS = 21,
    KEX_FIRST = 30,
    KEX_LAST = 49,
};

static bool is_banner(const uint8_t *p, uint32_t there_bytes) {
    const uint32_t bytes = there_bytes < BANNER_BYTES ? there_bytes : BANNER_BYTES;
    return bytes > 0 && (memcmp(p, "SSH-2.0-", bytes) == 0 || memcmp(p, "SSH-1.99", bytes) == 0);
}

bool flow_ssh_begins(enum flow_where where, const uint8_t *p, uint32_t there_bytes) {
    return (there_bytes >= BANNER_BYTES || where == FLOW_AT_START) && is_banner(p, there_bytes);
}

uint32_t flow_ssh_find_banner(const uint8_t *p, uint32_t there_bytes) {
    uint32_t at = 0;
    while (at < there_bytes && !flow_ssh_begins(FLOW_WITHIN, p + at, there_bytes - at)) {
        const uint8_t *end = memchr(p + at, '\n', there_bytes - at);
        at = end != NULL ? (uint32_t)(end - p) + 1 : there_bytes;
    }
    return at;
}

/* What is left of the banner's line. */
static struct flow_unit banner(struct flow_stream *s, const uint8_t *p, uint32_t there_bytes) {
    struct flow_unit u = {.kind = FLOW_UNIT_CLEAR, .length_bytes = there_bytes};
    if ((s->flags & FLOW_UNITS_SEEN) == 0 && (there_bytes < BANNER_BYTES || !is_banner(p, there_bytes))) {
        u.kind = is_banner(p, there_bytes) ? FLOW_UNIT_MORE : FLOW_UNIT_NONE;
        u.clear_bytes = there_bytes;
        return u;
    }
    if (there_bytes == 0) {
        u.kind = FLOW_UNIT_MORE;
        return u;
    }
    const uint8_t *end = memchr(p, '\n', there_bytes);
    if (end != NULL) {
        u.length_bytes = (uint32_t)(end - p) + 1;
        s->flags |= FLOW_SSH_BANNER;
    }
    return u;
}

static bool is_clear_message(unsigned number) {
    return (number >= 1 && number <= DEBUG_MESSAGE) || number == KEXINIT || number == NEWKEYS ||
           (number >= KEX_FIRST && number <= KEX_LAST);
}

struct flow_unit flow_ssh_unit(struct flow_stream *s, const uint8_t *p, uint32_t there_bytes) {
    struct flow_unit u = {.kind = FLOW_UNIT_NONE};
    if ((s->flags & FLOW_SSH_BANNER) == 0) {
        return banner(s, p, there_bytes);
    }
    if (there_bytes < PACKET_HEAD_BYTES) {
        u.kind = FLOW_UNIT_MORE;
        u.clear_bytes = there_bytes;
        return u;
    }
    const uint32_t length_bytes = bytes_get_be32(p);
    if (length_bytes < PACKET_MIN_BYTES || length_bytes > PACKET_MAX_BYTES || p[4] < PADDING_MIN_BYTES ||
        p[4] >= length_bytes || !is_clear_message(p[5])) {
        return u;
    }
    u.kind = FLOW_UNIT_CLEAR;
    u.length_bytes = LENGTH_BYTES + length_bytes;
    if (p[5] == NEWKEYS) {
        s->mode = FLOW_SSH_SECRET;
    } else if (p[5] == KEXINIT) {
        u.agreement_at = PACKET_HEAD_BYTES;
    }
    return u;
}

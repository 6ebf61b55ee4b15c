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

/* Whether a line can begin with this byte, or it is an empty one: there is text in front of a banner. */
static bool begins_line(uint8_t first) {
    enum { PRINTABLE_LAST = 0x7e };
    return (first >= ' ' && first <= PRINTABLE_LAST) || first == '\r' || first == '\n' || first == '\t';
}

uint32_t flow_ssh_find_banner(const uint8_t *p, uint32_t there_bytes) {
    uint32_t at = 0;
    while (at < there_bytes && begins_line(p[at])) {
        if (p[at] == 'S' && flow_ssh_begins(FLOW_WITHIN, p + at, there_bytes - at)) {
            return at;
        }
        const uint8_t *end = memchr(p + at, '\n', there_bytes - at);
        if (end == NULL) {
            break;
        }
        at = (uint32_t)(end - p) + 1;
    }
    return there_bytes;
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

/* Those that are assigned (RFC 4250 section 4.1.2), of any layer. */
static bool is_message(unsigned number) {
    enum { EXT_INFO = 7, AUTHENTICATION_LAST = 82, CONNECTION_FIRST = 90, CONNECTION_LAST = 100 };
    return (number >= 1 && number <= EXT_INFO) || (number >= KEXINIT && number <= AUTHENTICATION_LAST) ||
           (number >= CONNECTION_FIRST && number <= CONNECTION_LAST);
}

enum flow_ssh_look flow_ssh_look(const uint8_t *p, uint32_t there_bytes) {
    enum { BLOCK_BYTES = 8, CLEAR_PADDING_MAX_BYTES = 32 };
    if (there_bytes < PACKET_HEAD_BYTES || !flow_ssh_may_have_length(p)) {
        return FLOW_SSH_SECRET_LOOK;
    }
    const uint32_t length_bytes = bytes_get_be32(p);
    if (p[4] < PADDING_MIN_BYTES || p[4] > CLEAR_PADDING_MAX_BYTES || p[4] >= length_bytes || !is_message(p[5])) {
        return FLOW_SSH_SECRET_LOOK;
    }
    /* The length itself is counted (RFC 4253 section 6), unless a MAC is over the ciphertext. */
    return (LENGTH_BYTES + length_bytes) % BLOCK_BYTES == 0 ? FLOW_SSH_CLEAR_LOOK
           : length_bytes % BLOCK_BYTES == 0                ? FLOW_SSH_MAY_BE_CLEAR
                                                            : FLOW_SSH_SECRET_LOOK;
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

#include "flow_dtls_hello.h"

#include "bytes.h"
#include "flow_state.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    HEADER_BYTES = 12,
    VERSION_AND_RANDOM_BYTES = 34,
    CHOICE_BYTES = 3, /* a server's cipher suite and compression */
    EXTENSION_HEADER_BYTES = 4,
    USE_SRTP = 14,
    SUPPORTED_VERSIONS = 43,
    VERSION_13 = 0xfefc,
    ALL_OF_SRTP = FLOW_SRTP_OFFERED | FLOW_SRTP | FLOW_SRTP_TAG | FLOW_SRTP_GCM,
};

struct bytes {
    const uint8_t *p; /* NULL: there are none */
    uint32_t length_bytes;
};

/* Step over a field whose length comes first, in a number of so many bytes. Returns false when it is not there. */
static bool step(const uint8_t *p, uint32_t length_bytes, uint32_t *at, uint32_t number_bytes) {
    uint32_t field_bytes = 0;
    if (*at > length_bytes || length_bytes - *at < number_bytes) {
        return false;
    }
    for (uint32_t i = 0; i < number_bytes; i++) {
        field_bytes = field_bytes << 8 | p[*at + i];
    }
    *at += number_bytes + field_bytes;
    return *at <= length_bytes;
}

static struct bytes extensions_of(const uint8_t *p, uint32_t length_bytes) {
    struct bytes none = {NULL, 0};
    uint32_t at = HEADER_BYTES + VERSION_AND_RANDOM_BYTES;
    if (!step(p, length_bytes, &at, 1)) { /* session */
        return none;
    }
    if (p[0] == TLS_SERVER_HELLO) {
        at += CHOICE_BYTES;
    } else if (!step(p, length_bytes, &at, 1) || !step(p, length_bytes, &at, 2) || !step(p, length_bytes, &at, 1)) {
        return none; /* cookie, suites, compression */
    }
    const uint32_t from = at + 2;
    return step(p, length_bytes, &at, 2) ? (struct bytes){p + from, at - from} : none;
}

/* The content of an extension. */
static struct bytes find(struct bytes in, unsigned type) {
    uint32_t at = 0;
    while (in.p != NULL && in.length_bytes - at >= EXTENSION_HEADER_BYTES) {
        const uint32_t bytes = bytes_get_be16(in.p + at + 2);
        if (bytes > in.length_bytes - at - EXTENSION_HEADER_BYTES) {
            break;
        }
        if (bytes_get_be16(in.p + at) == type) {
            return (struct bytes){in.p + at + EXTENSION_HEADER_BYTES, bytes};
        }
        at += EXTENSION_HEADER_BYTES + bytes;
    }
    return (struct bytes){NULL, 0};
}

/* What a profile is; 0: it does not encrypt, or it is not known. */
static unsigned profile_flags(unsigned profile) {
    switch (profile) {
    case 1: /* AES-CM with HMAC-SHA1; that of SRTCP is never shortened */
    case 2:
        return FLOW_SRTP | FLOW_SRTP_TAG;
    case 7: /* AEAD with AES-GCM */
    case 8:
        return FLOW_SRTP | FLOW_SRTP_GCM;
    default: /* twice AES-GCM, and ARIA: where their SRTCP has its index nobody knows */
        return profile >= 9 && profile <= 16 ? FLOW_SRTP : 0;
    }
}

/* What the profiles of a use_srtp have in common: FLOW_SRTP if all of them encrypt. */
static unsigned srtp_flags(struct bytes use_srtp) {
    unsigned flags = 0;
    if (use_srtp.length_bytes < 2) {
        return 0;
    }
    const uint32_t list_bytes = bytes_get_be16(use_srtp.p);
    if (list_bytes > use_srtp.length_bytes - 2) {
        return 0;
    }
    for (uint32_t at = 0; list_bytes - at >= 2; at += 2) {
        const unsigned of_one = profile_flags(bytes_get_be16(use_srtp.p + 2 + at));
        if (of_one == 0) {
            return 0;
        }
        flags |= of_one;
    }
    return flags;
}

uint16_t flow_dtls_hello(uint16_t flags, const uint8_t *message, uint32_t whole_bytes) {
    const struct bytes extensions = whole_bytes > 0 ? extensions_of(message, whole_bytes) : (struct bytes){NULL, 0};
    const unsigned srtp = srtp_flags(find(extensions, USE_SRTP));
    if (message[0] == TLS_CLIENT_HELLO) {
        const unsigned offered = srtp != 0 ? (srtp & ~(unsigned)FLOW_SRTP) | FLOW_SRTP_OFFERED : 0;
        return (uint16_t)((flags & ~(unsigned)(ALL_OF_SRTP | FLOW_DTLS_13)) | offered);
    }
    const struct bytes version = find(extensions, SUPPORTED_VERSIONS);
    if (version.length_bytes == 2 && bytes_get_be16(version.p) == VERSION_13) { /* its choice of a profile is hidden */
        return (uint16_t)(flags | FLOW_DTLS_13 | (flags & FLOW_SRTP_OFFERED ? FLOW_SRTP : 0U));
    }
    return (uint16_t)((flags & ~(unsigned)(ALL_OF_SRTP | FLOW_DTLS_13)) | srtp);
}

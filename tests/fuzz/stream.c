#include "stream.h"

#include <string.h>

enum {
    CHANGE_CIPHER_SPEC = 0x14,
    ALERT = 0x15,
    HANDSHAKE = 0x16,
    APPLICATION_DATA = 0x17,
    HEARTBEAT = 0x18,
    HELLO_BYTES = 60,
    SSH_LISTS_BYTES = 100, /* of a packet at least */
    SSH_CLEAR_BYTES = 700, /* and so much more at most */
    TRANSFORM_BYTES = 52,
    VPN_CLIENT_RESET = 7 << 3,
    VPN_SERVER_RESET = 8 << 3,
    VPN_CONTROL = 4 << 3,
    VPN_DATA = 9 << 3,
    VPN_HEAD_BYTES = 9,
};

static void put(struct stream *s, uint8_t byte, bool clear) {
    s->at[s->bytes] = byte;
    s->clear[s->bytes] = clear;
    s->bytes++;
}

static void put_number(struct stream *s, size_t number, unsigned bytes, bool clear) {
    while (bytes-- > 0) {
        put(s, (uint8_t)(number >> (8 * bytes)), clear);
    }
}

static void put_text(struct stream *s, const char *text) {
    for (; *text != '\0'; text++) {
        put(s, (uint8_t)*text, true);
    }
}

/* Of a place in a stream: looks random, and is no type of a record. */
static uint8_t noise_at(size_t at) {
    enum { TYPES = 0x10, TYPES_BITS = 0xf0, OTHER = 0x80 };
    uint32_t x = (uint32_t)at * UINT32_C(0x9e3779b1) + UINT32_C(0x7f4a7c15);
    x = (x ^ x >> 15) * UINT32_C(0x85ebca6b);
    x = (x ^ x >> 13) * UINT32_C(0xc2b2ae35);
    const uint8_t byte = (uint8_t)(x >> 24);
    return (byte & TYPES_BITS) == TYPES ? byte | OTHER : byte;
}

static void fill(struct stream *s, size_t count, bool clear) {
    const uint8_t letter = (uint8_t)('a' + s->bytes % 26);
    while (count-- > 0) {
        put(s, clear ? letter : noise_at(s->bytes), clear);
    }
}

static void put_record(struct stream *s, unsigned type, size_t length_bytes, bool clear) {
    put(s, (uint8_t)type, clear);
    put_number(s, 0x0303, 2, clear);
    put_number(s, length_bytes, 2, clear);
}

static void put_hello(struct stream *s, bool from_client, size_t length_bytes) {
    length_bytes += HELLO_BYTES;
    put_record(s, HANDSHAKE, length_bytes, true);
    put(s, from_client ? 1 : 2, true);
    put_number(s, length_bytes - 4, 3, true);
    put_number(s, 0x0303, 2, true);
    fill(s, 32, true);
    put(s, 0, true); /* no session */
    if (from_client) {
        put_number(s, 2, 2, true);
    }
    put_number(s, 0xc02f, 2, true);
    fill(s, length_bytes - (from_client ? 43 : 41), true);
}

static void add_tls(struct stream *s, bool from_client, unsigned kind, size_t length_bytes) {
    switch (kind % 8) {
    case 0:
        put_hello(s, from_client, length_bytes);
        break;
    case 1: /* a certificate, a key exchange; a Finished once all is encrypted */
    case 2:
        put_record(s, HANDSHAKE, length_bytes, !s->secret);
        fill(s, length_bytes, !s->secret);
        break;
    case 3:
        put_record(s, CHANGE_CIPHER_SPEC, 1, !s->secret);
        put(s, 1, !s->secret);
        s->secret = true;
        break;
    case 4:
        put_record(s, ALERT, s->secret ? 30 : 2, !s->secret);
        fill(s, s->secret ? 30 : 2, !s->secret);
        break;
    case 5: /* a line before STARTTLS, or of a connection that is no TLS */
        if (!s->secret) {
            fill(s, length_bytes, true);
        }
        break;
    default:
        put_record(s, APPLICATION_DATA, length_bytes, false);
        fill(s, length_bytes, false);
        s->secret = true;
    }
}

static void add_ssh(struct stream *s, unsigned kind, size_t length_bytes) {
    enum { KEXINIT = 20, NEWKEYS = 21, KEX_REPLY = 31, PADDING = 6 };
    if (s->bytes == 0) {
        put_text(s, "SSH-2.0-x\r\n");
        return;
    }
    if (s->secret) {
        fill(s, length_bytes, false);
        return;
    }
    static const char *const lists[] = {"k", "h", "aes128-ctr", "aes256-gcm@openssh.com"};
    const unsigned message = kind % 8 < 3 ? KEXINIT : kind % 8 < 6 ? KEX_REPLY : NEWKEYS;
    length_bytes = message == NEWKEYS ? 12 : SSH_LISTS_BYTES + length_bytes % SSH_CLEAR_BYTES;
    put_number(s, length_bytes, 4, true);
    put(s, PADDING, true);
    put(s, (uint8_t)message, true);
    const size_t end = s->bytes + length_bytes - 2;
    if (message == KEXINIT) {
        fill(s, 16, true);
        for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
            put_number(s, strlen(lists[i]), 4, true);
            put_text(s, lists[i]);
        }
    }
    fill(s, end - s->bytes, true);
    s->secret = message == NEWKEYS;
}

static void add_smb(struct stream *s, unsigned kind, size_t length_bytes) {
    const bool secret = kind % 8 >= 4;
    length_bytes += secret ? TRANSFORM_BYTES : 4;
    put_number(s, length_bytes, 4, true);
    put(s, secret ? 0xfd : 0xfe, true);
    put_text(s, "SMB");
    fill(s, secret ? TRANSFORM_BYTES - 4 : length_bytes - 4, true);
    if (secret) {
        fill(s, length_bytes - TRANSFORM_BYTES, false);
    }
}

/* It is not followed over TCP: all of it stays. */
static void add_openvpn(struct stream *s, bool from_client, unsigned kind, size_t length_bytes) {
    const bool first = s->bytes == 0;
    const bool data = !first && kind % 8 >= 4;
    length_bytes = first ? 14 : length_bytes + VPN_HEAD_BYTES;
    put_number(s, length_bytes, 2, true);
    put(s, (uint8_t)(data ? VPN_DATA : !first ? VPN_CONTROL : from_client ? VPN_CLIENT_RESET : VPN_SERVER_RESET), true);
    put_text(s, "identify");
    fill(s, length_bytes - VPN_HEAD_BYTES, true);
}

void stream_add(struct stream *s, bool from_client, unsigned kind, size_t length_bytes) {
    enum { LENGTH_MAX = 1400, HEADERS_MAX = 128 };
    length_bytes = 1 + length_bytes % LENGTH_MAX;
    if (STREAM_BYTES - s->bytes < length_bytes + HEADERS_MAX) {
        return;
    }
    switch (s->protocol) {
    case STREAM_SSH:
        add_ssh(s, kind, length_bytes);
        break;
    case STREAM_SMB:
        add_smb(s, kind, length_bytes);
        break;
    case STREAM_OPENVPN:
        add_openvpn(s, from_client, kind, length_bytes);
        break;
    case STREAM_TLS:
    case STREAM_PROTOCOLS:
        add_tls(s, from_client, kind, length_bytes);
        break;
    }
}

/* Packets of flows for the tests of the policy `flow`: made, shown to the policy, and asked what stays of them. */
#ifndef PCAPSLIM_TESTS_FOLLOWING_H
#define PCAPSLIM_TESTS_FOLLOWING_H

#include "bytes.h"
#include "policy.h"
#include "support.h"

enum { HEADERS_TCP = 14 + 20 + 20, HEADERS_UDP = 14 + 20 + 8, ALL = -1, REST = 1 << 30 };

#define SYN 0x02
#define ACK 0x10

/* A conversation between 192.0.2.1:client and 198.51.100.2:server. */
struct talk {
    struct policy policy;
    uint16_t client, server;
    uint32_t host; /* added to the client's address */
    struct decision last;
    uint32_t there_bytes;  /* of the next payload, where it is not wholly captured; 0: all */
    uint32_t more_origlen; /* of the next packet: what origlen is over caplen */
    bool ahead;            /* packets are shown ahead of their turn; nothing is asked */
};

static inline struct talk *talk_begin(uint32_t flows, uint16_t server) {
    struct talk *t = calloc(1, sizeof *t);
    struct policy_settings settings;
    assert_non_null(t);
    policy_settings_init(&settings);
    settings.kind = POLICY_FLOW;
    settings.flows = flows;
    assert_int_equal(policy_init(&t->policy, &settings, NULL), 0);
    policy_begin(&t->policy, 0);
    t->client = 40000;
    t->server = server;
    return t;
}

static inline void talk_end(struct talk *t) {
    policy_free(&t->policy);
    free(t);
}

/* Returns how many payload bytes stay, or ALL. */
static inline int show(struct talk *t, int protocol, bool from_server, const uint8_t *l4, size_t header_bytes,
                       const uint8_t *payload, size_t length) {
    const size_t there = t->there_bytes != 0 && t->there_bytes < length ? t->there_bytes : length;
    const size_t captured = 34 + header_bytes + there;
    uint8_t *frame = calloc(1, captured);
    assert_non_null(frame);
    frame[12] = 8;
    frame[14] = 0x45;
    bytes_put_be16(frame + 16, (uint16_t)(20 + header_bytes + length));
    frame[23] = (uint8_t)protocol;
    bytes_put_be32(frame + (from_server ? 30 : 26), 0xc0000201 + t->host);
    bytes_put_be32(frame + (from_server ? 26 : 30), 0xc6336402);
    memcpy(frame + 34, l4, header_bytes);
    if (there > 0) {
        memcpy(frame + 34 + header_bytes, payload, there);
    }
    struct located l;
    locate_ethernet(frame, (uint32_t)captured, &l);
    const struct policy_packet packet = {.caplen_bytes = (uint32_t)captured,
                                         .origlen_bytes = (uint32_t)(34 + header_bytes + length) + t->more_origlen};
    if (t->ahead) {
        policy_ahead_show(t->policy.ahead, 0, &packet, &l, frame);
        t->last = policy_keep(POLICY_UNPROVEN);
    } else {
        t->last = policy_decide(&t->policy, &packet, &l, frame);
    }
    t->there_bytes = t->more_origlen = 0;
    free(frame);
    assert_int_equal(t->last.cut, t->last.reason < POLICY_CUT_REASONS);
    if (t->last.cut) {
        assert_true(t->last.keep_payload_bytes < l.payload_bytes);
    }
    return t->last.cut ? (int)t->last.keep_payload_bytes : ALL;
}

static inline int tcp(struct talk *t, bool from_server, uint32_t seq, unsigned flags, const void *payload,
                      size_t length) {
    uint8_t header[20] = {0};
    bytes_put_be16(header, from_server ? t->server : t->client);
    bytes_put_be16(header + 2, from_server ? t->client : t->server);
    bytes_put_be32(header + 4, seq);
    header[12] = 0x50;
    header[13] = (uint8_t)flags;
    return show(t, 6, from_server, header, sizeof header, payload, length);
}

static inline int udp(struct talk *t, bool from_server, const void *payload, size_t length) {
    uint8_t header[8] = {0};
    bytes_put_be16(header, from_server ? t->server : t->client);
    bytes_put_be16(header + 2, from_server ? t->client : t->server);
    bytes_put_be16(header + 4, (uint16_t)(8 + length));
    return show(t, 17, from_server, header, sizeof header, payload, length);
}

/* Both SYNs: client data begins at client_seq, the server's at server_seq. */
static inline void shake_hands(struct talk *t, uint32_t client_seq, uint32_t server_seq) {
    assert_int_equal(tcp(t, false, client_seq - 1, SYN, NULL, 0), ALL);
    assert_int_equal(tcp(t, true, server_seq - 1, SYN | ACK, NULL, 0), ALL);
}

/* ---- streams ---- */

struct stream {
    uint8_t at[200000];
    size_t length;
};

static inline void put_bytes(struct stream *s, const void *bytes, size_t length) {
    assert_true(s->length + length <= sizeof s->at);
    memcpy(s->at + s->length, bytes, length);
    s->length += length;
}

static inline void put_random(struct stream *s, size_t length, uint64_t *random) {
    assert_true(s->length + length <= sizeof s->at);
    for (; length > 0; length--) {
        s->at[s->length++] = (uint8_t)next_random(random);
    }
}

/* Shows bytes of a stream that began at first_seq: `length` of them from offset `at` on, or as many as there are. */
static inline int segment(struct talk *t, bool from_server, uint32_t first_seq, const struct stream *s, size_t at,
                          size_t length) {
    assert_true(at <= s->length);
    const size_t there = s->length - at < length ? s->length - at : length;
    return tcp(t, from_server, first_seq + (uint32_t)at, ACK, s->at + at, there);
}

/* A TLS record of random content. */
static inline void put_record(struct stream *s, unsigned type, size_t length, uint64_t *random) {
    const uint8_t header[5] = {(uint8_t)type, 3, 3, (uint8_t)(length >> 8), (uint8_t)length};
    put_bytes(s, header, sizeof header);
    put_random(s, length, random);
}

/* A handshake record: ClientHello (1), ServerHello (2), Certificate (11) ... */
static inline void put_handshake(struct stream *s, unsigned message, size_t length, uint64_t *random) {
    const size_t at = s->length;
    put_record(s, 0x16, length, random);
    uint8_t *p = s->at + at + 5;
    p[0] = (uint8_t)message;
    p[1] = 0;
    bytes_put_be16(p + 2, (uint16_t)(length - 4));
    p[4] = p[5] = 3;
    if (message == 2) { /* no session, a cipher that encrypts */
        p[38] = 0;
        bytes_put_be16(p + 39, 0xc02f);
    }
    if (message == 1) { /* no session, two of them */
        static const uint8_t suites[] = {0, 0, 4, 0x13, 1, 0xc0, 0x2f};
        memcpy(p + 38, suites, sizeof suites);
    }
}

#endif

/* TLS under the policy `flow`: which bytes of which segment stay. */
#include "following.h"

enum { MSS = 1000, FLOOR = 24 };

/* A server's side of TLS 1.2: hello, certificate of several segments, ChangeCipherSpec, Finished, data. */
static size_t server_stream(struct stream *s, uint64_t *random) {
    put_handshake(s, 2, 80, random);
    put_handshake(s, 11, 3200, random);
    put_handshake(s, 14, 40, random);
    const uint8_t ccs[] = {0x14, 3, 3, 0, 1, 1};
    put_bytes(s, ccs, sizeof ccs);
    const size_t clear = s->length;
    put_record(s, 0x16, 40, random);
    for (int i = 0; i < 6; i++) {
        put_record(s, 0x17, 4000, random);
    }
    return clear;
}

static void open_tls(struct talk *t, uint32_t client_seq, uint32_t server_seq) {
    struct stream hello = {.length = 0};
    uint64_t random = 7;
    shake_hands(t, client_seq, server_seq);
    put_handshake(&hello, 1, 200, &random);
    assert_int_equal(segment(t, false, client_seq, &hello, 0, REST), ALL);
    assert_int_equal(t->last.reason, POLICY_HANDSHAKE);
}

/* What must stay of a segment: its part before `clear`, and the floor. */
static int expected(size_t at, size_t length, size_t clear) {
    const size_t kept = (at < clear ? clear - at : 0) + FLOOR;
    return kept + 8 >= length ? ALL : (int)kept;
}

/* In order, for every port, also over the end of sequence space. */
static void test_in_order(void **state) {
    (void)state;
    static const uint32_t starts[] = {1000, 0xffffff00, 0xfffff000, 0x7fffff00};
    static const uint16_t ports[] = {443, 50443, 22, 80};
    for (size_t i = 0; i < COUNT_OF(starts); i++) {
        for (size_t size = 100; size <= 1460; size += 97) {
            static struct stream s;
            uint64_t random = size;
            struct talk *t = talk_begin(10, ports[i]);
            s.length = 0;
            open_tls(t, 5, starts[i]);
            const size_t clear = server_stream(&s, &random);
            for (size_t at = 0; at < s.length; at += size) {
                const size_t length = s.length - at < size ? s.length - at : size;
                const int kept = segment(t, true, starts[i], &s, at, size);
                /* Finished, when its head is spread over segments, cannot be told from a second hello and stays. */
                const bool finished = at < clear + 45 && at + length > clear;
                if (kept != expected(at, length, clear) && !(finished && kept >= FLOOR)) {
                    fail_msg("size %zu, offset %zu: %d stay, not %d", size, at, kept, expected(at, length, clear));
                }
            }
            talk_end(t);
        }
    }
}

/* Whatever order, overlap and repetition segments come in, nothing in the clear is cut. */
static void test_any_order(void **state) {
    (void)state;
    uint64_t random = 42;
    unsigned long cuts = 0;
    for (unsigned round = 0; round < 300; round++) {
        static struct stream s;
        struct talk *t = talk_begin(10, 443);
        s.length = 0;
        open_tls(t, 5, 77);
        const size_t clear = server_stream(&s, &random);
        size_t next = 0;
        for (unsigned n = 0; n < 60; n++) {
            size_t at = next;
            size_t length = 1 + next_random(&random) % 1460;
            switch (next_random(&random) % 6) {
            case 0: /* anywhere */
                at = next_random(&random) % s.length;
                break;
            case 1: /* again, a part of it */
                at = next > 700 ? next - next_random(&random) % 700 : 0;
                break;
            case 2: /* ahead */
                at = next + next_random(&random) % 1500;
                break;
            default:
                next += length;
                break;
            }
            if (at >= s.length) {
                continue;
            }
            const int kept = segment(t, true, 77, &s, at, length);
            if (kept != ALL) {
                cuts++;
                if (at + (size_t)kept < clear) {
                    fail_msg("round %u: of %zu at %zu only %d stay, %zu are clear", round, length, at, kept, clear);
                }
            }
        }
        talk_end(t);
    }
    assert_true(cuts > 2000);
}

/* A late segment is looked into when its time comes; one that never comes costs two records at most. */
static void test_holes(void **state) {
    (void)state;
    uint64_t random = 3;
    static struct stream s;
    struct talk *t = talk_begin(10, 443);
    s.length = 0;
    open_tls(t, 5, 77);
    const size_t clear = server_stream(&s, &random);
    const size_t lost = 7; /* a segment with the header of a record in it */
    unsigned kept_behind = 0;
    for (size_t n = 0; n * MSS < s.length; n++) {
        const size_t at = n * MSS;
        if (n == lost) {
            continue;
        }
        const int kept = segment(t, true, 77, &s, at, MSS);
        kept_behind += n > lost && kept == ALL;
        assert_true(kept == ALL || at + (size_t)kept >= clear);
    }
    assert_true(kept_behind <= 2 * 4000 / MSS + 1);
    talk_end(t);
}

/* The middle of a certificate missing: what is behind it stays. */
static void test_hole_in_handshake(void **state) {
    (void)state;
    uint64_t random = 3;
    static struct stream s;
    struct talk *t = talk_begin(10, 443);
    s.length = 0;
    open_tls(t, 5, 77);
    put_handshake(&s, 2, 80, &random);
    put_handshake(&s, 11, 900, &random);
    put_handshake(&s, 11, 3000, &random);
    assert_int_equal(segment(t, true, 77, &s, 0, 500), ALL);
    for (size_t at = 1000; at < s.length; at += 500) {
        assert_int_equal(segment(t, true, 77, &s, at, 500), ALL);
    }
    talk_end(t);
}

/* Records whose headers are spread over segments in every way. */
static void test_split_headers(void **state) {
    (void)state;
    for (size_t first = 1; first < 5; first++) {
        static struct stream s;
        uint64_t random = first;
        struct talk *t = talk_begin(10, 443);
        s.length = 0;
        open_tls(t, 5, 77);
        put_handshake(&s, 2, 80, &random);
        put_record(&s, 0x17, 500, &random);
        const size_t second = s.length;
        put_record(&s, 0x17, 500, &random);
        assert_int_equal(segment(t, true, 77, &s, 0, second + first), 85 + FLOOR);
        assert_int_equal(segment(t, true, 77, &s, second + first, REST), FLOOR);
        talk_end(t);
    }
}

/* TLS 1.3: a second ClientHello behind a ChangeCipherSpec that means nothing, also behind early data. */
static void test_hello_retry(void **state) {
    (void)state;
    uint64_t random = 9;
    static const uint8_t ccs[] = {0x14, 3, 3, 0, 1, 1};
    struct stream *s = calloc(1, sizeof *s);
    struct talk *t = talk_begin(10, 443);
    open_tls(t, 5, 77);
    put_bytes(s, ccs, sizeof ccs);
    put_record(s, 0x17, 300, &random);
    const size_t at = s->length;
    put_handshake(s, 1, 400, &random);
    const size_t clear = s->length;
    put_record(s, 0x17, 300, &random);
    assert_int_equal(segment(t, false, 5 + 205, s, 0, REST), (int)clear + FLOOR);
    /* the same in two segments, again */
    assert_int_equal(segment(t, false, 5 + 205, s, 0, at + 20), ALL);
    assert_int_equal(segment(t, false, 5 + 205, s, at, clear - at), ALL);
    talk_end(t);
    free(s);
}

static void test_alerts_and_heartbeats(void **state) {
    (void)state;
    uint64_t random = 9;
    struct stream *s = calloc(1, sizeof *s);
    struct talk *t = talk_begin(10, 443);
    open_tls(t, 5, 77);
    put_handshake(s, 2, 80, &random);
    put_record(s, 0x15, 2, &random);
    put_record(s, 0x18, 900, &random); /* before encryption: Heartbleed looks like this */
    assert_int_equal(segment(t, true, 77, s, 0, REST), ALL);
    const size_t at = s->length;
    put_record(s, 0x17, 100, &random);
    put_record(s, 0x18, 900, &random);
    put_record(s, 0x15, 31, &random);
    assert_int_equal(segment(t, true, 77, s, at, REST), FLOOR);
    talk_end(t);
    free(s);
}

/* Cleartext until a handshake begins, and TLS from there. */
static void test_starttls(void **state) {
    (void)state;
    uint64_t random = 11;
    struct stream *s = calloc(1, sizeof *s);
    static const char text[] = "220 mail.example.org ESMTP ready when you are, and not before\r\n";
    struct talk *t = talk_begin(10, 25);
    shake_hands(t, 5, 77);
    assert_int_equal(tcp(t, true, 77, ACK, text, sizeof text), ALL);
    assert_int_equal(t->last.reason, POLICY_CLEARTEXT);
    assert_int_equal(tcp(t, false, 5, ACK, text, sizeof text), ALL);
    put_handshake(s, 1, 200, &random);
    assert_int_equal(segment(t, false, 5 + sizeof text, s, 0, REST), ALL);
    s->length = 0;
    put_handshake(s, 2, 80, &random);
    put_record(s, 0x17, 700, &random);
    assert_int_equal(segment(t, true, 77 + sizeof text, s, 0, REST), 85 + FLOOR);
    talk_end(t);
    free(s);
}

/* What is not TLS on a port of TLS, and what looks like it and cannot be. */
static void test_not_tls(void **state) {
    (void)state;
    uint64_t random = 12;
    struct stream *s = calloc(1, sizeof *s);
    struct talk *t = talk_begin(10, 443);
    shake_hands(t, 5, 77);
    put_random(s, 60000, &random);
    for (size_t at = 0; at + MSS <= s->length; at += MSS) {
        s->at[at] = 0x17;
        s->at[at + 1] = 3;
        s->at[at + 2] = 3;
        s->at[at + 3] = 0x10;
        assert_int_equal(segment(t, true, 77, s, at, MSS), ALL);
    }
    talk_end(t);
    /* a capture that began later: incredible headers */
    static const uint8_t heads[][5] = {{0x17, 3, 5, 4, 0}, {0x17, 2, 3, 4, 0}, {0x17, 3, 3, 0x50, 0},
                                       {0x17, 3, 3, 0, 0}, {0x13, 3, 3, 4, 0}, {0x19, 3, 3, 4, 0}};
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        t = talk_begin(10, 443);
        memcpy(s->at, heads[i], 5);
        assert_int_equal(segment(t, true, 77, s, 0, MSS), ALL);
        assert_int_equal(t->last.reason, POLICY_UNPROVEN);
        talk_end(t);
    }
    free(s);
}

/* The capture begins in the middle: from a credible header on. */
static void test_mid_flow(void **state) {
    (void)state;
    uint64_t random = 13;
    struct stream *s = calloc(1, sizeof *s);
    struct talk *t = talk_begin(10, 8080);
    put_random(s, 777, &random);
    for (int i = 0; i < 30; i++) {
        put_record(s, 0x17, 1200, &random);
    }
    unsigned cut = 0;
    for (size_t at = 0; at + MSS <= s->length; at += MSS) {
        cut += segment(t, true, 0, s, at, MSS) != ALL;
    }
    assert_true(cut >= 15);
    talk_end(t);
    free(s);
}

/* A second hello behind a hole in early data. */
static void test_hello_behind_hole(void **state) {
    (void)state;
    uint64_t random = 17;
    struct stream *s = calloc(1, sizeof *s);
    struct talk *t = talk_begin(10, 443);
    open_tls(t, 5, 77);
    put_record(s, 0x17, 995, &random);
    const size_t lost = s->length;
    put_record(s, 0x17, 700, &random);
    const size_t hello = s->length;
    put_handshake(s, 1, 600, &random);
    assert_int_equal(segment(t, false, 210, s, 0, lost), FLOOR);
    assert_int_equal(segment(t, false, 210, s, hello, REST), ALL);
    talk_end(t);
    free(s);
}

/* The other side answers in the clear: it is no TLS, whatever it looks like. */
static void test_one_side_only(void **state) {
    (void)state;
    uint64_t random = 18;
    static const char text[] = "HTTP/1.1 400 Bad Request: what you speak is not understood here, and never will be\r\n";
    struct stream *s = calloc(1, sizeof *s);
    struct talk *t = talk_begin(10, 80);
    open_tls(t, 5, 77);
    assert_int_equal(tcp(t, true, 77, ACK, text, sizeof text), ALL);
    put_record(s, 0x17, 900, &random);
    assert_int_equal(segment(t, false, 210, s, 0, REST), ALL);
    talk_end(t);
    free(s);
}

/* A SYN forgets both sides, though only one of them is seen to begin anew. */
static void test_new_connection(void **state) {
    (void)state;
    uint64_t random = 19;
    static const char text[] =
        "220 another server, which is on the same port now, and has not much to say but this\r\n";
    struct stream *s = calloc(1, sizeof *s);
    struct talk *t = talk_begin(10, 443);
    open_tls(t, 5, 77);
    put_handshake(s, 2, 80, &random);
    put_record(s, 0x17, 9000, &random);
    assert_int_equal(segment(t, true, 77, s, 0, MSS), 85 + FLOOR);
    assert_int_equal(tcp(t, false, 50000, SYN, NULL, 0), ALL);
    assert_int_equal(tcp(t, true, 77 + 3000, ACK, text, sizeof text), ALL);
    talk_end(t);
    free(s);
}

/* TLS_RSA_WITH_NULL_SHA256 does not encrypt. */
static void test_null_cipher(void **state) {
    (void)state;
    uint64_t random = 14;
    struct stream *s = calloc(1, sizeof *s);
    struct talk *t = talk_begin(10, 443);
    open_tls(t, 5, 77);
    put_handshake(s, 2, 80, &random);
    bytes_put_be16(s->at + 5 + 39, 0x003b);
    put_record(s, 0x17, 700, &random);
    assert_int_equal(segment(t, true, 77, s, 0, REST), ALL);
    s->length = 0;
    put_record(s, 0x17, 700, &random);
    assert_int_equal(segment(t, false, 210, s, 0, REST), ALL);
    talk_end(t);
    free(s);
}

/* The same where the header of the ServerHello came in a segment of its own. */
static void test_null_cipher_split(void **state) {
    (void)state;
    uint64_t random = 14;
    struct stream *s = calloc(1, sizeof *s);
    for (size_t first = 1; first < 5; first++) {
        struct talk *t = talk_begin(10, 443);
        open_tls(t, 5, 77);
        s->length = 0;
        put_handshake(s, 2, 80, &random);
        bytes_put_be16(s->at + 5 + 39, 0x003b);
        put_record(s, 0x17, 700, &random);
        assert_int_equal(segment(t, true, 77, s, 0, first), ALL);
        assert_int_equal(segment(t, true, 77, s, first, REST), ALL);
        talk_end(t);
    }
    free(s);
}

/* A server may ask for a handshake before there is one. */
static void test_hello_request(void **state) {
    (void)state;
    uint64_t random = 16;
    static const uint8_t request[] = {0x16, 3, 3, 0, 4, 0, 0, 0, 0};
    struct stream *s = calloc(1, sizeof *s);
    struct talk *t = talk_begin(10, 443);
    open_tls(t, 5, 77);
    put_bytes(s, request, sizeof request);
    put_handshake(s, 2, 80, &random);
    put_record(s, 0x17, 700, &random);
    assert_int_equal(segment(t, true, 77, s, 0, REST), (int)sizeof request + 85 + FLOOR);
    talk_end(t);
    free(s);
}

/* A flow that was forgotten, and one whose packets were cut before. */
static void test_forgotten_and_cut_before(void **state) {
    (void)state;
    uint64_t random = 15;
    struct stream *s = calloc(1, sizeof *s);
    struct talk *t = talk_begin(2, 443);
    put_record(s, 0x17, 5000, &random);
    open_tls(t, 5, 77);
    assert_int_equal(segment(t, false, 210, s, 0, MSS), FLOOR);
    for (uint32_t host = 1; host <= 2; host++) {
        t->host = host;
        open_tls(t, 5, 77);
    }
    t->host = 0;
    assert_int_equal(segment(t, false, 210, s, MSS, MSS), ALL);
    assert_int_equal(t->last.reason, POLICY_UNPROVEN);
    t->host = 2;
    assert_int_equal(segment(t, false, 210, s, 0, MSS), FLOOR);
    t->more_origlen = 900;
    assert_int_equal(segment(t, false, 210, s, MSS, FLOOR), ALL);
    assert_int_equal(t->last.reason, POLICY_CUT_BEFORE);
    assert_int_equal(segment(t, false, 210, s, (size_t)2 * MSS, MSS), ALL);
    assert_int_equal(t->last.reason, POLICY_CUT_BEFORE);
    talk_end(t);
    free(s);
}

/* Lengths were left: a frame that ends before its IP packet does, and not where the snaplen ends it. */
static void test_cut_before_with_lengths_left(void **state) {
    (void)state;
    static const struct {
        uint32_t snaplen_bytes;
        bool was_cut;
    } cases[] = {{0, false}, {HEADERS_TCP + 100, false}, {HEADERS_TCP + 99, true}, {262144, true}};
    uint64_t random = 16;
    struct stream *s = calloc(1, sizeof *s);
    put_record(s, 0x17, 5000, &random);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct talk *t = talk_begin(2, 443);
        policy_begin(&t->policy, cases[i].snaplen_bytes);
        open_tls(t, 5, 77);
        t->there_bytes = 100;
        assert_int_equal(segment(t, false, 210, s, 0, MSS), cases[i].was_cut ? ALL : FLOOR);
        assert_int_equal(t->last.reason, cases[i].was_cut ? POLICY_CUT_BEFORE : POLICY_TLS);
        assert_int_equal(segment(t, false, 210, s, MSS, MSS), cases[i].was_cut ? ALL : FLOOR);
        talk_end(t);
    }
    free(s);
}

/* What was cut was made zeros: at the end of a segment that proves nothing any more. */
static void test_cut_before_with_zeros(void **state) {
    (void)state;
    uint64_t random = 17;
    for (size_t zeros = 8; zeros <= 9; zeros++) {
        struct stream *s = calloc(1, sizeof *s);
        struct talk *t = talk_begin(2, 8443);
        open_tls(t, 5, 77);
        put_record(s, 0x17, 1000, &random);
        memset(s->at + 29, 0xaa, 1005 - 29);
        memset(s->at + s->length - zeros, 0, zeros);
        const size_t next = s->length;
        put_record(s, 0x17, 1000, &random);
        assert_int_equal(segment(t, false, 210, s, 0, next), ALL);
        assert_int_equal(t->last.reason, zeros == 9 ? POLICY_CUT_BEFORE : POLICY_UNPROVEN);
        assert_int_equal(segment(t, false, 210, s, next, REST), ALL); /* it did not look encrypted before */
        assert_int_equal(t->last.reason, zeros == 9 ? POLICY_CUT_BEFORE : POLICY_UNPROVEN);
        talk_end(t);
        free(s);
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order),
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_holes),
        cmocka_unit_test(test_hole_in_handshake),
        cmocka_unit_test(test_split_headers),
        cmocka_unit_test(test_hello_retry),
        cmocka_unit_test(test_alerts_and_heartbeats),
        cmocka_unit_test(test_starttls),
        cmocka_unit_test(test_not_tls),
        cmocka_unit_test(test_mid_flow),
        cmocka_unit_test(test_hello_behind_hole),
        cmocka_unit_test(test_one_side_only),
        cmocka_unit_test(test_new_connection),
        cmocka_unit_test(test_null_cipher),
        cmocka_unit_test(test_null_cipher_split),
        cmocka_unit_test(test_hello_request),
        cmocka_unit_test(test_forgotten_and_cut_before),
        cmocka_unit_test(test_cut_before_with_lengths_left),
        cmocka_unit_test(test_cut_before_with_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Looking ahead under the policy `flow`: what is proven later counts for what comes before, as far as the proof goes.
 */
#include "following.h"

#include <cmocka.h>

enum { MSS = 1400, FLOOR = POLICY_KEEP_BYTES, SERVER_SEQ = 5000, CLIENT_SEQ = 900 };

/* Show something ahead of its turn, and then in its turn. */
#define AHEAD(t, shown)                                                                                                \
    do {                                                                                                               \
        (t)->ahead = true;                                                                                             \
        shown;                                                                                                         \
        (t)->ahead = false;                                                                                            \
        policy_ahead_turn((t)->policy.ahead);                                                                          \
    } while (0)

/* What the server sends, from an offset on. Returns how many segments are cut. */
static unsigned play(struct talk *t, const struct stream *s, size_t from) {
    unsigned cut = 0;
    for (size_t at = from; at < s->length; at += MSS) {
        const int kept = segment(t, true, SERVER_SEQ, s, at, MSS);
        cut += kept != ALL;
    }
    return cut;
}

static unsigned segments_of(const struct stream *s, size_t from) {
    return (unsigned)((s->length - from + MSS - 1) / MSS);
}

/* rest: of a record that began before; then records. */
static struct stream *middle(size_t rest, unsigned records, size_t length, uint64_t *random) {
    struct stream *s = calloc(1, sizeof *s);
    assert_non_null(s);
    put_random(s, rest, random);
    for (unsigned i = 0; i < records; i++) {
        put_record(s, 0x17, length, random);
    }
    return s;
}

static void test_middle_of_tls(void **state) {
    (void)state;
    uint64_t random = 1;
    struct stream *s = middle(3000, 6, 1395, &random);
    struct talk *t = talk_begin(10, 8443);
    const unsigned by_itself = play(t, s, 0);
    assert_in_range(by_itself, 1, segments_of(s, 0) - 4);
    policy_begin(&t->policy, 0);
    AHEAD(t, play(t, s, 0));
    assert_int_equal(play(t, s, 0), segments_of(s, 0)); /* and the rest in front of the first record */
    policy_begin(&t->policy, 0);                        /* nothing is known of the next capture */
    assert_int_equal(play(t, s, 0), by_itself);
    talk_end(t);
    free(s);
}

/* The first segments are kept where they are not the rest of a record. */
static void test_what_is_in_front(void **state) {
    (void)state;
    uint64_t random = 2;
    struct stream *s = middle(20 * MSS, 6, 1395, &random); /* longer than any record */
    struct talk *t = talk_begin(10, 443);
    AHEAD(t, play(t, s, 0));
    assert_in_range(play(t, s, 0), 1, segments_of(s, 0) - 20);
    policy_begin(&t->policy, 0);

    static const uint8_t finished[] = {0x14, 3, 3, 0, 1, 1, 0x16, 3, 3, 0, 40};
    memcpy(s->at + 19 * MSS + 300, finished, sizeof finished); /* that of a handshake */
    AHEAD(t, play(t, s, 18 * MSS));
    assert_int_equal(segment(t, true, SERVER_SEQ, s, 18 * MSS, MSS), ALL);
    assert_int_equal(segment(t, true, SERVER_SEQ, s, 19 * MSS, MSS), ALL);
    assert_int_equal(segment(t, true, SERVER_SEQ, s, 20 * MSS, MSS), FLOOR);
    policy_begin(&t->policy, 0);

    memset(s->at + 18 * MSS, 1, 2 * MSS); /* readable */
    AHEAD(t, play(t, s, 18 * MSS));
    assert_int_equal(segment(t, true, SERVER_SEQ, s, 18 * MSS, MSS), ALL);
    assert_int_equal(segment(t, true, SERVER_SEQ, s, 19 * MSS, MSS), ALL);
    assert_int_equal(segment(t, true, SERVER_SEQ, s, 20 * MSS, MSS), FLOOR);
    policy_begin(&t->policy, 0);

    /* behind a hole */
    AHEAD(t, segment(t, true, SERVER_SEQ, s, 10 * MSS, MSS); play(t, s, 20 * MSS));
    assert_int_equal(segment(t, true, SERVER_SEQ, s, 10 * MSS, MSS), ALL);
    assert_int_equal(segment(t, true, SERVER_SEQ, s, 20 * MSS, MSS), FLOOR);
    talk_end(t);
    free(s);
}

/* One side's few records are proven by the other's. */
static void test_other_side(void **state) {
    (void)state;
    uint64_t random = 3;
    struct stream *s = middle(0, 6, 1395, &random);
    struct stream *c = middle(0, 1, 300, &random);
    struct talk *t = talk_begin(10, 443);
    assert_int_equal(segment(t, false, CLIENT_SEQ, c, 0, REST), ALL);
    policy_begin(&t->policy, 0);
    AHEAD(t, segment(t, false, CLIENT_SEQ, c, 0, REST); play(t, s, 0));
    assert_int_equal(segment(t, false, CLIENT_SEQ, c, 0, REST), FLOOR);
    assert_int_equal(segment(t, false, CLIENT_SEQ, c, 0, 200), FLOOR); /* a part of it, sent again */
    assert_int_equal(play(t, s, 0), segments_of(s, 0));
    talk_end(t);
    free(c);
    free(s);
}

/* What comes later may also say that nothing is proven. */
static void test_contradictions(void **state) {
    (void)state;
    uint64_t random = 4;
    struct stream *s = middle(0, 6, 1395, &random);
    struct stream *c = calloc(1, sizeof *c);
    struct talk *t = talk_begin(10, 443);
    const unsigned by_itself = play(t, s, 0);

    policy_begin(&t->policy, 0); /* another connection */
    AHEAD(t, play(t, s, 0); tcp(t, false, CLIENT_SEQ - 1, SYN, NULL, 0));
    assert_int_equal(play(t, s, 0), by_itself);

    policy_begin(&t->policy, 0); /* a new handshake */
    put_handshake(c, 1, 300, &random);
    AHEAD(t, play(t, s, 0); segment(t, false, CLIENT_SEQ, c, 0, REST));
    assert_int_equal(play(t, s, 0), by_itself);

    policy_begin(&t->policy, 0); /* what was taken for records is none */
    AHEAD(t, play(t, s, 0); tcp(t, true, SERVER_SEQ + (uint32_t)s->length, ACK, "220 mail.example ESMTP ready", 28));
    assert_int_equal(play(t, s, 0), by_itself);
    talk_end(t);
    free(c);
    free(s);
}

/* Of a flow that was cut before nothing is known ahead: slimming twice is slimming once. */
static void test_cut_before(void **state) {
    (void)state;
    uint64_t random = 5;
    struct stream *s = middle(0, 6, 1395, &random);
    struct talk *t = talk_begin(10, 443);
    t->ahead = true;
    (void)play(t, s, 0);
    t->more_origlen = 500;
    (void)segment(t, true, SERVER_SEQ, s, 0, MSS);
    t->ahead = false;
    assert_int_equal(segment(t, true, SERVER_SEQ, s, 0, MSS), ALL);
    talk_end(t);
    free(s);
}

/* More flows than are remembered ahead: nothing is known of any. */
static void test_too_many_flows(void **state) {
    (void)state;
    uint64_t random = 6;
    struct stream *s = middle(0, 6, 1395, &random);
    struct talk *t = talk_begin(4, 443);
    t->ahead = true;
    (void)play(t, s, 0);
    for (unsigned i = 1; i <= 4;
         i++) { /* the last one drives out the first of these, for the one that counts came again */
        t->host = i;
        (void)segment(t, true, SERVER_SEQ, s, 100, MSS);
        t->host = 0;
        (void)segment(t, true, SERVER_SEQ, s, 0, MSS);
    }
    t->ahead = false;
    assert_int_equal(segment(t, true, SERVER_SEQ, s, 0, MSS), ALL);
    talk_end(t);
    free(s);
}

static int quic(struct talk *t, bool from_server, uint8_t id, uint64_t *random) {
    uint8_t d[1200];
    for (size_t i = 0; i < sizeof d; i++) {
        d[i] = (uint8_t)next_random(random);
    }
    d[0] = (uint8_t)(0x40 | (d[0] & 0x3f));
    memset(d + 1, id, 8);
    return udp(t, from_server, d, sizeof d);
}

static void test_middle_of_quic(void **state) {
    (void)state;
    uint64_t random = 7;
    struct talk *t = talk_begin(10, 443);
    assert_int_equal(quic(t, false, 0xa5, &random), ALL);
    policy_begin(&t->policy, 0);
    AHEAD(
        t, for (int i = 0; i < 12; i++) { (void)quic(t, false, 0xa5, &random); });
    assert_int_equal(quic(t, false, 0xa5, &random), FLOOR);
    assert_int_equal(quic(t, false, 0x5a, &random), ALL); /* another connection ID */
    assert_int_equal(quic(t, true, 0xa5, &random), ALL);  /* another direction */
    talk_end(t);
}

/* It is looked ahead as long as that is of use. */
static void test_turns(void **state) {
    (void)state;
    uint64_t random = 8;
    struct stream *s = middle(0, 6, 1395, &random);
    struct talk *t = talk_begin(10, 443);
    assert_true(policy_ahead_looks(t->policy.ahead));
    AHEAD(t, play(t, s, 0));
    assert_true(policy_ahead_looks(t->policy.ahead));
    (void)play(t, s, 0);
    policy_ahead_turn(t->policy.ahead);
    assert_true(policy_ahead_looks(t->policy.ahead));
    policy_ahead_turn(t->policy.ahead); /* nothing came of it */
    assert_false(policy_ahead_looks(t->policy.ahead));
    policy_begin(&t->policy, 0);
    assert_true(policy_ahead_looks(t->policy.ahead));
    policy_ahead_end(t->policy.ahead);
    assert_false(policy_ahead_looks(t->policy.ahead));
    talk_end(t);
    free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_middle_of_tls),  cmocka_unit_test(test_what_is_in_front),
        cmocka_unit_test(test_other_side),     cmocka_unit_test(test_contradictions),
        cmocka_unit_test(test_cut_before),     cmocka_unit_test(test_too_many_flows),
        cmocka_unit_test(test_middle_of_quic), cmocka_unit_test(test_turns),
    };
    return cmocka_run_group_tests_name("policy_ahead", tests, NULL, NULL);
}

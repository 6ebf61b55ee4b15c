/* What proves encryption over TCP under the policy `flow`, and what ends the proof. */
#include "following.h"

enum { FLOOR = 24, SUITE_AT = 5 + 39, GOOD = 0xc02f, WITHOUT = 0x003b };

static struct stream s;
static uint64_t seed = 1;

/* A hello alone in s: of a server the suite it chose, of a client the one it offers besides an encrypting one. */
static void hello(unsigned message, unsigned suite) {
    s.length = 0;
    put_handshake(&s, message, 120, &seed);
    bytes_put_be16(s.at + SUITE_AT + (message == 1 ? 4 : 0), (uint16_t)suite);
}

/* Says it at seq. Returns where it ends. */
static uint32_t say(struct talk *t, bool from_server, uint32_t seq) {
    assert_int_equal(segment(t, from_server, seq, &s, 0, REST), ALL);
    return seq + (uint32_t)s.length;
}

/* A record of application data, of random bytes or of text. */
static int say_data(struct talk *t, bool from_server, uint32_t *seq, bool is_text) {
    static const char words[] = "all of this can be read by whoever sees it; ";
    s.length = 0;
    put_record(&s, 0x17, 700, &seed);
    for (size_t i = 5; is_text && i < s.length; i++) {
        s.at[i] = (uint8_t)words[i % (sizeof words - 1)];
    }
    const int kept = segment(t, from_server, *seq, &s, 0, REST);
    *seq += (uint32_t)s.length;
    return kept;
}

static struct talk *connect_to(uint16_t port) {
    struct talk *t = talk_begin(10, port);
    shake_hands(t, 5, 77);
    return t;
}

/* Hellos of both sides, or of one; what data of either side then comes to. */
static void check_hellos(bool client, unsigned offered, bool server, unsigned chosen, int expected) {
    struct talk *t = connect_to(8443);
    uint32_t client_seq = 5;
    uint32_t server_seq = 77;
    if (client) {
        hello(1, offered);
        client_seq = say(t, false, client_seq);
    }
    if (server) {
        hello(2, chosen);
        server_seq = say(t, true, server_seq);
    }
    if (server) {
        assert_int_equal(say_data(t, true, &server_seq, false), expected);
    }
    if (client) {
        assert_int_equal(say_data(t, false, &client_seq, false), expected);
    }
    talk_end(t);
}

static void test_what_hellos_prove(void **state) {
    (void)state;
    check_hellos(true, GOOD, true, GOOD, FLOOR);
    check_hellos(true, GOOD, true, WITHOUT, ALL);
    check_hellos(true, WITHOUT, true, GOOD, FLOOR);
    check_hellos(true, GOOD, false, 0, FLOOR); /* whatever the server chooses */
    check_hellos(true, WITHOUT, false, 0, ALL);
    check_hellos(false, 0, true, GOOD, FLOOR);
    check_hellos(false, 0, true, WITHOUT, ALL);
    check_hellos(false, 0, true, 0xeeee, ALL); /* not known */
}

/* The last guard: framed and agreed on as it may be, text is text; and ends what was agreed on, until a new hello. */
static void test_text_in_records_stays(void **state) {
    (void)state;
    struct talk *t = connect_to(443);
    uint32_t seq = 77;
    hello(2, GOOD);
    seq = say(t, true, seq);
    assert_int_equal(say_data(t, true, &seq, false), FLOOR);
    assert_int_equal(say_data(t, true, &seq, true), ALL);
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(say_data(t, true, &seq, false), ALL);
    }
    hello(2, GOOD);
    seq = say(t, true, seq);
    assert_int_equal(say_data(t, true, &seq, false), FLOOR);
    talk_end(t);
}

/* Of a chain it casts doubt for sixteen looks. */
static void test_text_in_a_chain(void **state) {
    (void)state;
    struct talk *t = talk_begin(10, 8443);
    uint32_t seq = 77;
    for (unsigned i = 0; i < 8; i++) {
        (void)say_data(t, true, &seq, false);
    }
    assert_int_equal(say_data(t, true, &seq, false), FLOOR);
    assert_int_equal(say_data(t, true, &seq, true), ALL);
    for (unsigned i = 0; i < 15; i++) {
        assert_int_equal(say_data(t, true, &seq, false), ALL);
    }
    assert_int_equal(say_data(t, true, &seq, false), FLOOR);
    talk_end(t);
}

/* Another connection without a SYN, with numbers that were used before: in a place where a handshake was. */
static void test_the_same_numbers_again(void **state) {
    (void)state;
    struct talk *t = connect_to(443);
    uint32_t seq = 77;
    hello(2, GOOD);
    seq = say(t, true, seq);
    const uint32_t data_seq = seq;
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(say_data(t, true, &seq, false), FLOOR);
    }
    assert_int_equal(tcp(t, true, 77, ACK, "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", 41), ALL);
    s.length = 0;
    put_random(&s, 900, &seed);
    assert_int_equal(segment(t, true, data_seq, &s, 0, REST), ALL);
    talk_end(t);

    t = connect_to(443);
    seq = 77;
    hello(2, GOOD);
    seq = say(t, true, seq);
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(say_data(t, true, &seq, false), FLOOR);
    }
    hello(2, WITHOUT); /* or where data was */
    seq = say(t, true, data_seq);
    assert_int_equal(say_data(t, true, &seq, false), ALL);
    talk_end(t);
}

/* What a mirror port sends twice is no other connection: an introduction and a hello, behind what came after them. */
static void test_text_that_is_there_twice(void **state) {
    (void)state;
    struct talk *t = connect_to(2525);
    struct stream all = {.length = 0};
    hello(2, GOOD);
    put_bytes(&all, "HTTP/1.1 200 Connection established\r\n\r\n", 39);
    put_bytes(&all, s.at, s.length);
    assert_int_equal(segment(t, true, 77, &all, 0, REST), ALL);
    uint32_t seq = 77 + (uint32_t)all.length;
    assert_int_equal(say_data(t, true, &seq, false), FLOOR);
    assert_int_equal(segment(t, true, 77, &all, 0, REST), ALL);
    assert_int_equal(say_data(t, true, &seq, false), FLOOR);
    talk_end(t);
}

/* A stream that begins in the middle and in the clear carries records as content, of which nothing is to be believed.
 */
static void test_records_behind_text(void **state) {
    (void)state;
    for (unsigned from_server = 0; from_server < 2; from_server++) {
        struct talk *t = talk_begin(10, 8443);
        uint32_t seq = 2000;
        assert_int_equal(tcp(t, from_server, 1900, ACK, "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n", 30), ALL);
        for (unsigned i = 0; i < 40; i++) {
            assert_int_equal(say_data(t, true, &seq, false), ALL);
        }
        talk_end(t);
    }
}

/* A hello that comes in pieces behind an introduction, and one of which the SYN was not captured. */
static void test_hello_behind_an_introduction(void **state) {
    (void)state;
    struct talk *t = connect_to(2525);
    assert_int_equal(tcp(t, false, 5, ACK, "STARTTLS\r\n", 10), ALL);
    hello(1, GOOD);
    for (size_t at = 0; at < s.length; at += 3) {
        assert_int_equal(segment(t, false, 15, &s, at, s.length - at < 3 ? s.length - at : 3), ALL);
    }
    uint32_t seq = 15 + (uint32_t)s.length;
    assert_int_equal(say_data(t, false, &seq, false), FLOOR);
    talk_end(t);

    t = talk_begin(10, 8443);
    struct stream all = {.length = 0};
    hello(1, GOOD);
    put_bytes(&all, "\0\0\0\x08\x04\xd2\x16\x2f", 8); /* that of PostgreSQL */
    put_bytes(&all, s.at, s.length);
    assert_int_equal(segment(t, false, 5, &all, 0, REST), ALL);
    seq = 5 + (uint32_t)all.length;
    assert_int_equal(say_data(t, false, &seq, false), FLOOR);
    talk_end(t);
}

/* A ServerHello in two records, split at any byte of it. */
static void test_hello_in_pieces(void **state) {
    (void)state;
    for (size_t first = 1; first < 60; first++) {
        for (unsigned encrypts = 0; encrypts < 2; encrypts++) {
            struct stream pieces = {.length = 0};
            struct talk *t = connect_to(443);
            hello(2, encrypts ? GOOD : WITHOUT);
            const uint8_t head[5] = {0x16, 3, 3, 0, (uint8_t)first};
            const uint8_t more[5] = {0x16, 3, 3, 0, (uint8_t)(120 - first)};
            put_bytes(&pieces, head, sizeof head);
            put_bytes(&pieces, s.at + 5, first);
            put_bytes(&pieces, more, sizeof more);
            put_bytes(&pieces, s.at + 5 + first, 120 - first);
            s = pieces;
            uint32_t seq = say(t, true, 77);
            const int kept = say_data(t, true, &seq, false);
            assert_true(kept == ALL || encrypts); /* or it was not put together */
            assert_true(kept != ALL || !encrypts || first < 4);
            talk_end(t);
        }
    }
}

/* A hole where the suite is: not all of it is there. */
static void test_hello_with_a_hole(void **state) {
    (void)state;
    struct talk *t = connect_to(443);
    hello(2, GOOD);
    assert_int_equal(segment(t, true, 77, &s, 0, 40), ALL);
    assert_int_equal(segment(t, true, 77, &s, 60, REST), ALL);
    uint32_t seq = 77 + (uint32_t)s.length;
    static const uint8_t rest[] = {11, 0, 0, 0, GOOD >> 8, GOOD & 0xff}; /* were it read on in another message */
    s.length = 0;
    put_record(&s, 0x16, 200, &seed);
    memcpy(s.at + 5, rest, sizeof rest);
    seq = say(t, true, seq);
    assert_int_equal(say_data(t, true, &seq, false), ALL);
    assert_int_equal(say_data(t, true, &seq, false), ALL);
    talk_end(t);
}

static const uint32_t FARTHER[] = {0, 0x12345678, 0x9abcdef0};

/* Both sides said hello, and data goes. */
static struct talk *proven(uint32_t *client_seq, uint32_t *server_seq) {
    struct talk *t = connect_to(443);
    hello(1, GOOD);
    *client_seq = say(t, false, 5);
    hello(2, GOOD);
    *server_seq = say(t, true, 77);
    assert_int_equal(say_data(t, true, server_seq, false), FLOOR);
    assert_int_equal(say_data(t, false, client_seq, false), FLOOR);
    return t;
}

/* Another session begins in the clear, in the stream or somewhere else in it: what was agreed on ends. */
static void test_second_session(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(FARTHER); i++) {
        uint32_t client_seq;
        uint32_t server_seq;
        struct talk *t = proven(&client_seq, &server_seq);
        hello(1, WITHOUT);
        client_seq = say(t, false, client_seq + FARTHER[i]);
        assert_int_equal(say_data(t, false, &client_seq, false), ALL);
        hello(2, WITHOUT);
        server_seq = say(t, true, server_seq + FARTHER[i]);
        assert_int_equal(say_data(t, true, &server_seq, false), ALL);
        assert_int_equal(say_data(t, false, &client_seq, false), ALL);
        talk_end(t);
    }
}

/* Its beginning is not seen: data far away is not of the session that was agreed on, and takes a chain. */
static void test_session_without_hello(void **state) {
    (void)state;
    for (size_t i = 1; i < COUNT_OF(FARTHER); i++) {
        uint32_t client_seq;
        uint32_t server_seq;
        struct talk *t = proven(&client_seq, &server_seq);
        server_seq += FARTHER[i];
        for (unsigned n = 0; n < 12; n++) {
            assert_int_equal(say_data(t, true, &server_seq, false), n < 3 ? ALL : FLOOR);
        }
        talk_end(t);
    }
}

/* It encrypts, too; what comes again of its handshake stays. */
static void test_second_session_that_encrypts(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(FARTHER); i++) {
        uint32_t client_seq;
        uint32_t server_seq;
        struct talk *t = proven(&client_seq, &server_seq);
        hello(1, WITHOUT);
        client_seq = say(t, false, client_seq + FARTHER[i]);
        hello(2, GOOD);
        server_seq = say(t, true, server_seq + FARTHER[i]);
        const uint32_t certificate_seq = server_seq;
        s.length = 0;
        put_handshake(&s, 11, 400, &seed);
        const struct stream certificate = s;
        server_seq = say(t, true, server_seq);
        assert_int_equal(say_data(t, true, &server_seq, false), FLOOR);
        assert_int_equal(say_data(t, false, &client_seq, false), FLOOR);
        s = certificate;
        (void)say(t, true, certificate_seq);
        talk_end(t);
    }
}

/* What is no record where one ought to be ends it, where the beginning was seen. */
static void test_no_record_where_one_ought_to_be(void **state) {
    (void)state;
    static const uint8_t heads[][5] = {{'H', 'T', 'T', 'P', '/'}, {0x17, 3, 5, 4, 0}, {0x17, 2, 3, 4, 0},
                                       {0x17, 3, 3, 0x50, 0},     {0x17, 3, 3, 0, 0}, {0x13, 3, 3, 4, 0},
                                       {0x19, 3, 3, 4, 0}};
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        uint32_t client_seq;
        uint32_t server_seq;
        struct talk *t = proven(&client_seq, &server_seq);
        s.length = 0;
        put_random(&s, 700, &seed);
        memcpy(s.at, heads[i], sizeof heads[i]);
        server_seq = say(t, true, server_seq);
        for (unsigned n = 0; n < 8; n++) {
            assert_int_equal(say_data(t, true, &server_seq, false), ALL);
        }
        talk_end(t);
    }
}

/* What comes in front of a hello, in its segment and in one of its own; a hello that is padded ends in zeros. */
static void test_prefaces(void **state) {
    (void)state;
    static const char *const prefaces[] = {"PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\r\n",
                                           "STARTTLS\r\n",
                                           "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n",
                                           "a2 STARTTLS\r\n",
                                           "S",
                                           "\x05\x01"};
    for (size_t i = 0; i < COUNT_OF(prefaces); i++) {
        for (unsigned apart = 0; apart < 2; apart++) {
            struct talk *t = connect_to(2525);
            const size_t length = strlen(prefaces[i]);
            uint32_t seq = 5;
            hello(1, GOOD);
            memset(s.at + s.length - 60, 0, 60);
            struct stream all = {.length = 0};
            put_bytes(&all, prefaces[i], length);
            put_bytes(&all, s.at, s.length);
            if (apart) {
                assert_int_equal(segment(t, false, seq, &all, 0, length), ALL);
                assert_int_equal(segment(t, false, seq, &all, length, REST), ALL);
            } else {
                assert_int_equal(segment(t, false, seq, &all, 0, REST), ALL);
            }
            seq += (uint32_t)all.length;
            assert_int_equal(say_data(t, false, &seq, false), FLOOR);
            talk_end(t);
        }
    }
}

/*
 * Where the beginning is missing it takes a chain of records, of 2,048 bytes on one side, and three segments that
 * look like it.
 */
static void test_chain(void **state) {
    (void)state;
    for (unsigned is_text = 0; is_text < 2; is_text++) {
        struct talk *t = talk_begin(10, 8443);
        uint32_t seq = 1000;
        for (unsigned i = 0; i < 20; i++) {
            assert_int_equal(say_data(t, true, &seq, is_text), is_text || i < 3 ? ALL : FLOOR);
        }
        talk_end(t);
    }
}

/* A chain that is long enough, of few segments. */
static void test_looks_of_a_chain(void **state) {
    (void)state;
    struct talk *t = talk_begin(10, 8443);
    uint32_t seq = 1000;
    s.length = 0;
    put_record(&s, 0x17, 1100, &seed);
    put_record(&s, 0x17, 1100, &seed);
    assert_int_equal(segment(t, true, seq, &s, 0, REST), ALL);
    seq += (uint32_t)s.length;
    assert_int_equal(say_data(t, true, &seq, false), ALL);
    assert_int_equal(say_data(t, true, &seq, false), FLOOR);
    talk_end(t);
}

/* A chain of two records on either side is one, too. */
static void test_chain_of_both_sides(void **state) {
    (void)state;
    struct talk *t = talk_begin(10, 8443);
    uint32_t client_seq = 1000;
    uint32_t server_seq = 2000;
    (void)say_data(t, false, &client_seq, false);
    (void)say_data(t, false, &client_seq, false);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(say_data(t, true, &server_seq, false), i < 1 ? ALL : FLOOR);
    }
    talk_end(t);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_hellos_prove),
        cmocka_unit_test(test_text_in_records_stays),
        cmocka_unit_test(test_text_in_a_chain),
        cmocka_unit_test(test_the_same_numbers_again),
        cmocka_unit_test(test_text_that_is_there_twice),
        cmocka_unit_test(test_records_behind_text),
        cmocka_unit_test(test_hello_behind_an_introduction),
        cmocka_unit_test(test_hello_in_pieces),
        cmocka_unit_test(test_hello_with_a_hole),
        cmocka_unit_test(test_second_session),
        cmocka_unit_test(test_session_without_hello),
        cmocka_unit_test(test_second_session_that_encrypts),
        cmocka_unit_test(test_no_record_where_one_ought_to_be),
        cmocka_unit_test(test_prefaces),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_looks_of_a_chain),
        cmocka_unit_test(test_chain_of_both_sides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The operator's rules: matching by libpcap, which of them wins, counting flows in a bounded table. */
#include "locating.h"
#include "rules.h"

enum { ETHERNET_LINKTYPE = 1, RAW_LINKTYPE = 101, IEEE80211_LINKTYPE = 105 };

static const struct decision KEPT = {POLICY_CLEARTEXT, false, 0};
static const struct decision CUT = {POLICY_TLS, true, 24};
static const struct decision CUT_LATER = {POLICY_TLS, true, 30};

static struct matcher *matcher_of(const char *expression) {
    static char *list[1];
    struct failure why = {.text = ""};
    free(list[0]);
    list[0] = strdup(expression);
    struct matcher *m = matcher_new(list, 1, &why);
    if (m == NULL) {
        fail_msg("%s", why.text);
    }
    return m;
}

static bool matches(const struct matcher *m, const struct bytes *b, uint32_t origlen_bytes) {
    uint8_t *exact = exact_copy(b->at, b->length);
    const struct matcher_packet packet = {exact, (uint32_t)b->length, origlen_bytes};
    bool answer = matcher_matches(m, &packet);
    free(exact);
    return answer;
}

/* ---- matching ---- */

static void test_matching(void **state) {
    (void)state;
    static const struct {
        const char *expression;
        bool answer;
    } cases[] = {
        {"host 192.0.2.1", true},      {"host 192.0.2.2", false},     {"tcp port 443", true},
        {"udp port 443", false},       {"greater 200", true},         {"less 199", false},
        {"tcp[20] = 0x17", true},      {"tcp[99] = 0x17", false},     {"vlan", false},
        {"ether[12:2] = 0x800", true}, {"not host 192.0.2.1", false},
    };
    struct bytes b = with_payload(TCP4, 32);
    b.at[54] = 0x17;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct matcher *m = matcher_of(cases[i].expression);
        struct failure why = {.text = ""};
        if (matcher_compile(m, ETHERNET_LINKTYPE, &why) != 0) {
            fail_msg("%s", why.text);
        }
        if (matches(m, &b, 200) != cases[i].answer) {
            fail_msg("%s", cases[i].expression);
        }
        matcher_free(m);
    }
}

/* The numbers of link types in files are not always libpcap's own: LINKTYPE_RAW is 101, its DLT_RAW is 12. */
static void test_link_types(void **state) {
    (void)state;
    struct failure why = {.text = ""};
    struct bytes ip = hex("45000028 00010000 40060000" ADDRESSES4 TCP_HEADER);
    struct matcher *m = matcher_of("host 192.0.2.1 and tcp port 443");
    assert_int_equal(matcher_compile(m, ETHERNET_LINKTYPE, &why), 0);
    assert_false(matches(m, &ip, 40));
    assert_int_equal(matcher_compile(m, RAW_LINKTYPE, &why), 0);
    assert_true(matches(m, &ip, 40));
    assert_int_equal(matcher_compile(m, ETHERNET_LINKTYPE, &why), 0);
    assert_false(matches(m, &ip, 40));
    matcher_free(m);
    m = matcher_of("wlan host 02:00:00:00:00:01");
    assert_int_equal(matcher_compile(m, RAW_LINKTYPE, &why), -1);
    assert_int_equal(matcher_compile(m, IEEE80211_LINKTYPE, &why), 0);
    matcher_free(m);
}

static void test_nonsense(void **state) {
    (void)state;
    struct failure why = {.text = ""};
    struct matcher *m = matcher_of("host and port");
    assert_int_equal(matcher_compile(m, ETHERNET_LINKTYPE, &why), -1);
    assert_non_null(strstr(why.text, "the expression 'host and port': "));
    assert_non_null(strstr(why.text, "syntax error"));
    assert_int_equal(matcher_compile(m, ETHERNET_LINKTYPE, &why), -1); /* and again */
    matcher_free(m);
    matcher_free(NULL);
}

/* ---- who wins ---- */

static void add(struct settings *s, const char *name, const char *value) {
    struct failure why = {.text = ""};
    if (value != NULL && settings_set(s, name, value, &why) != 0) {
        fail_msg("%s", why.text);
    }
}

static struct decision decide_by(const char *keep, const char *cut, const struct bytes *b, struct decision d) {
    struct settings s;
    struct rules r;
    struct failure why = {.text = ""};
    settings_init(&s);
    add(&s, "keep", keep);
    add(&s, "cut", cut);
    assert_int_equal(rules_are_set(&s), keep != NULL || cut != NULL);
    if (rules_init(&r, &s, &why) != 0 || rules_begin(&r, ETHERNET_LINKTYPE, &why) != 0) {
        fail_msg("%s", why.text);
    }
    struct located l = locate_exact(b->at, b->length);
    const struct matcher_packet packet = {b->at, (uint32_t)b->length, (uint32_t)b->length};
    d = rules_decide(&r, &l, &packet, false, d);
    rules_free(&r);
    settings_free(&s);
    return d;
}

static void expect(struct decision d, enum policy_reason reason, bool cut, uint32_t keep_payload_bytes) {
    assert_string_equal(policy_reason_name(d.reason), policy_reason_name(reason));
    assert_int_equal(d.cut, cut);
    assert_int_equal(d.keep_payload_bytes, keep_payload_bytes);
}

static void test_who_wins(void **state) {
    (void)state;
    static const char YES[] = "tcp", NO[] = "udp";
    struct bytes b = with_payload(TCP4, 32);
    expect(decide_by(NULL, NULL, &b, CUT), POLICY_TLS, true, 24);
    expect(decide_by(YES, NULL, &b, CUT), POLICY_RULE_KEEP, false, 0);
    expect(decide_by(YES, NULL, &b, KEPT), POLICY_CLEARTEXT, false, 0);
    expect(decide_by(NO, NULL, &b, CUT), POLICY_TLS, true, 24);
    expect(decide_by(NULL, YES, &b, KEPT), POLICY_RULE_CUT, true, 24);
    expect(decide_by(NULL, YES, &b, CUT), POLICY_TLS, true, 24);
    expect(decide_by(NULL, YES, &b, CUT_LATER), POLICY_RULE_CUT, true, 24);
    expect(decide_by(NULL, NO, &b, CUT_LATER), POLICY_TLS, true, 30);
    expect(decide_by(NULL, NO, &b, KEPT), POLICY_CLEARTEXT, false, 0);
    expect(decide_by(YES, YES, &b, KEPT), POLICY_RULE_KEEP, false, 0);
    expect(decide_by(NO, YES, &b, KEPT), POLICY_RULE_CUT, true, 24);
}

/* ESP is cut by the policy that knows it, or not at all; what must be kept is kept. */
static void test_esp(void **state) {
    (void)state;
    struct bytes esp = hex(ETHERNET "0800 45000048 00010000 40320000" ADDRESSES4 "00001234 00000001");
    put_pattern(&esp, 44);
    const struct decision kept = {POLICY_OTHER_TRANSPORT, false, 0};
    const struct decision cut_more = {POLICY_IPSEC, true, 30};
    expect(decide_by("host 192.0.2.1", NULL, &esp, cut_more), POLICY_RULE_KEEP, false, 0);
    expect(decide_by("host 192.0.2.9", NULL, &esp, cut_more), POLICY_IPSEC, true, 30);
    expect(decide_by(NULL, "esp", &esp, kept), POLICY_OTHER_TRANSPORT, false, 0);
    expect(decide_by(NULL, "esp", &esp, cut_more), POLICY_RULE_CUT, true, 24);
}

/* What cannot be cut, or has no more payload than the floor, no rule touches. */
static void test_nothing_to_cut(void **state) {
    (void)state;
    struct bytes shorter = with_payload(TCP4, 24);
    struct bytes arp = hex(ETHERNET "0806 0001080006040001 020000000001c0000201 000000000000c6336402");
    put_pattern(&arp, 60);
    const struct decision kept_short = {POLICY_SHORT, false, 0};
    const struct decision kept_arp = {POLICY_NOT_IP, false, 0};
    expect(decide_by(NULL, "tcp", &shorter, kept_short), POLICY_SHORT, false, 0);
    expect(decide_by(NULL, "arp", &arp, kept_arp), POLICY_NOT_IP, false, 0);
}

/* ---- the first packets ---- */

static struct decision next_packet(struct rules *r, const struct bytes *b, struct decision d) {
    struct located l = locate_exact(b->at, b->length);
    const struct matcher_packet packet = {b->at, (uint32_t)b->length, (uint32_t)b->length};
    return rules_decide(r, &l, &packet, false, d);
}

static void test_first_packets(void **state) {
    (void)state;
    struct settings s;
    struct rules r;
    settings_init(&s);
    add(&s, "min-packets", "3");
    add(&s, "cut", "tcp port 50001");
    assert_int_equal(rules_init(&r, &s, NULL), 0);
    for (int capture = 0; capture < 2; capture++) {
        assert_int_equal(rules_begin(&r, ETHERNET_LINKTYPE, NULL), 0);
        struct bytes there = with_payload(TCP4, 32);
        struct bytes back = there;
        memcpy(back.at + 26, there.at + 30, 4); /* addresses and ports the other way round */
        memcpy(back.at + 30, there.at + 26, 4);
        memcpy(back.at + 34, there.at + 36, 2);
        memcpy(back.at + 36, there.at + 34, 2);
        struct bytes another = there;
        another.at[35]++; /* from port 50001 */
        struct bytes little = with_payload(TCP4, 8);
        const struct decision kept_short = {POLICY_SHORT, false, 0};
        expect(next_packet(&r, &there, CUT), POLICY_FIRST_PACKETS, false, 0);
        expect(next_packet(&r, &little, kept_short), POLICY_SHORT, false, 0); /* counts */
        expect(next_packet(&r, &another, CUT), POLICY_TLS, true, 24);         /* another flow; cut wins */
        expect(next_packet(&r, &another, KEPT), POLICY_RULE_CUT, true, 24);
        expect(next_packet(&r, &back, CUT), POLICY_FIRST_PACKETS, false, 0);
        expect(next_packet(&r, &there, CUT), POLICY_TLS, true, 24);
        expect(next_packet(&r, &back, CUT), POLICY_TLS, true, 24);
    }
    rules_free(&r);
    settings_free(&s);
}

/* More flows than fit: the table stays as large as it is, and who is forgotten starts anew. */
static void test_bounded_table(void **state) {
    (void)state;
    struct flow_count *c = flow_count_new(64, NULL);
    struct bytes b = with_payload(UDP4, 32);
    struct located l = locate_exact(b.at, b.length);
    assert_non_null(c);
    for (uint32_t n = 1; n <= 5; n++) {
        assert_int_equal(flow_count_add(c, b.at, &l), n);
    }
    unsigned forgotten = 0;
    for (unsigned flow = 0; flow < 5000; flow++) {
        b.at[34] = (uint8_t)(flow >> 8);
        b.at[35] = (uint8_t)flow;
        l = locate_exact(b.at, b.length);
        forgotten += flow_count_add(c, b.at, &l) != 1;
        assert_int_equal(flow_count_add(c, b.at, &l), 2); /* the newest is never the one that goes */
    }
    assert_int_equal(forgotten, 0);
    struct bytes first = with_payload(UDP4, 32);
    l = locate_exact(first.at, first.length);
    assert_int_equal(flow_count_add(c, first.at, &l), 1);
    flow_count_clear(c);
    assert_int_equal(flow_count_add(c, first.at, &l), 1);
    flow_count_free(c);
    flow_count_free(NULL);
}

/* Tags are not asked, nor the SPIs of ESP; the protocol is, and the version of IP. */
static void test_what_is_one_flow(void **state) {
    (void)state;
#define ESP4(spi) ETHERNET "0800 4500003c 00010000 40320000" ADDRESSES4 spi "00000001"
#define ESP6(spi) ETHERNET "86dd 60000000 0028 32 40" ADDRESSES6 spi "00000001"
    static const struct {
        const char *headers;
        uint32_t number; /* of the packet in its flow */
    } packets[] = {
        {UDP4, 1},
        {ETHERNET "8100 0007 0800 4500003c 00010000 40110000 c6336402 c0000201 01bbc350 00280000", 2},
        {ETHERNET "8100 0007 8100 0008 0800 4500003c 00010000 40110000" ADDRESSES4 UDP_HEADER, 3},
        {TCP4, 1},
        {UDP6, 1},
        {TCP6, 1},
        {ESP4("c35001bb"), 1}, /* an SPI like UDP's ports */
        {ESP4("00000100"), 2},
        {ESP6("c35001bb"), 1},
        {ESP6("00000100"), 2},
        {UDP4, 4},
        {TCP4, 2},
    };
    struct flow_count *c = flow_count_new(64, NULL);
    for (size_t i = 0; i < COUNT_OF(packets); i++) {
        const struct bytes b = with_payload(packets[i].headers, 32);
        const struct located l = locate_exact(b.at, b.length);
        assert_int_equal(flow_count_add(c, b.at, &l), packets[i].number);
    }
    flow_count_free(c);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matching),         cmocka_unit_test(test_link_types),
        cmocka_unit_test(test_nonsense),         cmocka_unit_test(test_who_wins),
        cmocka_unit_test(test_nothing_to_cut),   cmocka_unit_test(test_esp),
        cmocka_unit_test(test_first_packets),    cmocka_unit_test(test_bounded_table),
        cmocka_unit_test(test_what_is_one_flow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

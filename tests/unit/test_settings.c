/* Settings: every name and value, policy files line by line, and one text for equal settings. */
#include "settings.h"
#include "support.h"

#include <fcntl.h>

static const char DEFAULT_TEXT[] = "policy = packet\n"
                                   "flows = 400000\n"
                                   "length = rewrite\n"
                                   "checksum = compute\n"
                                   "payload-bytes = 24\n"
                                   "tls-ports = 443,465,853,993,995,5061,8443\n"
                                   "quic-ports = 443\n"
                                   "ipsec-ports = 500,4500\n"
                                   "ssh-ports = 22\n"
                                   "tunnels = none\n"
                                   "vxlan-ports = 4789,4790,8472\n"
                                   "geneve-ports = 6081\n"
                                   "gtp-ports = 2152\n"
                                   "min-packets = 0\n"
                                   "match = frame\n";

static void expect_text(const struct settings *s, const char *text) {
    char *found = settings_text(s);
    assert_non_null(found);
    assert_string_equal(found, text);
    free(found);
}

static void expect_set(const char *name, const char *value) {
    struct settings s;
    struct failure why = {.text = ""};
    settings_init(&s);
    if (settings_set(&s, name, value, &why) != 0) {
        fail_msg("%s = %s: %s", name, value, why.text);
    }
    settings_free(&s);
}

static void expect_refused(const char *name, const char *value, const char *words) {
    struct settings s;
    struct failure why = {.text = ""};
    settings_init(&s);
    assert_int_equal(settings_set(&s, name, value, &why), -1);
    assert_string_equal(why.text, words);
    expect_text(&s, DEFAULT_TEXT); /* nothing half-set */
    settings_free(&s);
}

static void test_defaults(void **state) {
    (void)state;
    struct settings s;
    settings_init(&s);
    expect_text(&s, DEFAULT_TEXT);
    assert_int_equal(settings_check(&s, NULL), 0);
    settings_free(&s);
    bool may_repeat = true;
    assert_int_equal(settings_place("policy", &may_repeat), 0);
    assert_false(may_repeat);
    assert_int_equal(settings_place("cut", &may_repeat), SETTINGS_COUNT - 1);
    assert_true(may_repeat);
    assert_true(settings_place("", &may_repeat) < 0 && settings_place("polic", &may_repeat) < 0 &&
                settings_place("policy ", &may_repeat) < 0);
}

static void test_values(void **state) {
    (void)state;
    static const char *const good[][2] = {
        {"policy", "flow"},         {"policy", " packet\t"},      {"flows", "1"},
        {"flows", "100000000"},     {"length", "snap"},           {"length", "zero"},
        {"checksum", "keep"},       {"checksum", "compute"},      {"payload-bytes", "0"},
        {"payload-bytes", "65535"}, {"payload-bytes", "007"},     {"tls-ports", ""},
        {"tls-ports", "1,65535"},   {"ssh-ports", " 22 , 2222 "}, {"min-packets", "1000000000"},
    };
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        expect_set(good[i][0], good[i][1]);
    }
    expect_refused("policy", "Flow", "policy takes packet or flow, not 'Flow'");
    expect_refused("policy", "", "policy takes packet or flow, not ''");
    expect_refused("length", "zeros", "length takes rewrite, snap or zero, not 'zeros'");
    expect_refused("checksum", "x", "checksum takes compute, incremental or keep, not 'x'");
    expect_refused("flows", "0", "flows takes a whole number from 1 to 100000000, not '0'");
    expect_refused("flows", "100000001", "flows takes a whole number from 1 to 100000000, not '100000001'");
    expect_refused("payload-bytes", "65536", "payload-bytes takes a whole number from 0 to 65535, not '65536'");
    expect_refused("payload-bytes", "-1", "payload-bytes takes a whole number from 0 to 65535, not '-1'");
    expect_refused("payload-bytes", "1 2", "payload-bytes takes a whole number from 0 to 65535, not '1 2'");
    expect_refused("payload-bytes", "18446744073709551617",
                   "payload-bytes takes a whole number from 0 to 65535, not '18446744073709551617'");
    expect_refused("nonsense", "1", "there is no setting 'nonsense'");
    expect_refused("keep", " \n",
                   "keep takes an expression, see pcap-filter(7); an empty one would match every packet");
}

/* What text a value of tunnels has with a policy. */
static void expect_tunnels(const char *policy, const char *value, const char *line) {
    struct settings s;
    struct failure why = {.text = ""};
    settings_init(&s);
    assert_int_equal(settings_set(&s, "policy", policy, NULL), 0);
    if (value != NULL && settings_set(&s, "tunnels", value, &why) != 0) {
        fail_msg("%s: %s", value, why.text);
    }
    char *text = settings_text(&s);
    assert_non_null(text);
    if (strstr(text, line) == NULL) {
        fail_msg("no '%s' in %s", line, text);
    }
    free(text);
    settings_free(&s);
}

static void test_tunnels(void **state) {
    (void)state;
    static const char *const bad[] = {"",           "vxlan,",  ",vxlan",     "vxlan gre", "VXLAN",
                                      "none,vxlan", "all,gre", "vxlan,,gre", "x"};
    expect_tunnels("packet", NULL, "\ntunnels = none\n");
    expect_tunnels("flow", NULL, "\ntunnels = all\n");
    expect_tunnels("packet", "all", "\ntunnels = all\n");
    expect_tunnels("flow", "none", "\ntunnels = none\n");
    expect_tunnels("packet", " gre , qinq,vxlan,gre ", "\ntunnels = qinq,gre,vxlan\n");
    expect_tunnels("packet", "qinq,mpls,pppoe,pbb,vntag,llc,ipip,gre,erspan,vxlan,geneve,gtp,l2tp,teredo,nsh",
                   "\ntunnels = all\n");
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct settings s;
        struct failure why = {.text = ""};
        settings_init(&s);
        assert_int_equal(settings_set(&s, "tunnels", bad[i], &why), -1);
        assert_non_null(strstr(why.text, "tunnels takes none, all, or names with commas between them, not '"));
        settings_free(&s);
    }
}

static void test_ports(void **state) {
    (void)state;
    static const char *const bad[] = {"0",  "65536", "443,",     ",443",           "443,,22", "443 22", "x",
                                      "-1", "4 4 3", "99999999", "12345678901234", "443;22",  "22,x"};
    struct settings s;
    settings_init(&s);
    assert_int_equal(settings_set(&s, "tls-ports", "8443, 443,1,443", NULL), 0);
    assert_int_equal(s.policy.ports[POLICY_TLS_PORTS].count, 3);
    assert_int_equal(settings_set(&s, "quic-ports", "2", NULL), 0);
    assert_int_equal(settings_set(&s, "ipsec-ports", "3", NULL), 0);
    assert_int_equal(settings_set(&s, "ssh-ports", "", NULL), 0);
    assert_int_equal(settings_set(&s, "payload-bytes", "0", NULL), 0);
    expect_text(&s, "policy = packet\nflows = 400000\nlength = rewrite\nchecksum = compute\npayload-bytes = 0\n"
                    "tls-ports = 1,443,8443\nquic-ports = 2\nipsec-ports = 3\nssh-ports =\n"
                    "tunnels = none\nvxlan-ports = 4789,4790,8472\ngeneve-ports = 6081\ngtp-ports = 2152\n"
                    "min-packets = 0\nmatch = frame\n");
    struct policy *p = malloc(sizeof *p);
    assert_non_null(p);
    assert_int_equal(policy_init(p, &s.policy, NULL), 0);
    assert_int_equal(p->port_flags[443], POLICY_PORT_TLS);
    assert_int_equal(p->port_flags[2], POLICY_PORT_QUIC);
    assert_int_equal(p->port_flags[3], POLICY_PORT_IPSEC);
    assert_int_equal(p->port_flags[22], 0);
    policy_free(p);
    free(p);
    settings_free(&s);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        char words[200];
        (void)snprintf(words, sizeof words,
                       "ssh-ports takes port numbers from 1 to 65535 with commas between them, not '%s'", bad[i]);
        expect_refused("ssh-ports", bad[i], words);
    }
    char many[1000] = "1";
    for (int port = 2; port <= POLICY_PORTS_MAX; port++) {
        (void)snprintf(many + strlen(many), sizeof many - strlen(many), ",%d", port);
    }
    expect_set("ssh-ports", many);
    (void)snprintf(many + strlen(many), sizeof many - strlen(many), ",7");
    expect_set("ssh-ports", many); /* again, and no more for that */
    (void)snprintf(many + strlen(many), sizeof many - strlen(many), ",1000");
    expect_refused("ssh-ports", many, "ssh-ports takes at most 64 ports");
}

static void test_check(void **state) {
    (void)state;
    static const struct {
        const char *length, *checksum;
        int right;
    } cases[] = {{"rewrite", "compute", 0}, {"rewrite", "incremental", 0}, {"rewrite", "keep", -1},
                 {"snap", "compute", 0},    {"snap", "incremental", -1},   {"snap", "keep", -1},
                 {"zero", "compute", 0},    {"zero", "incremental", 0},    {"zero", "keep", 0}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct settings s;
        settings_init(&s);
        assert_int_equal(settings_set(&s, "length", cases[i].length, NULL), 0);
        assert_int_equal(settings_set(&s, "checksum", cases[i].checksum, NULL), 0);
        assert_int_equal(settings_check(&s, NULL), cases[i].right);
    }
}

/* With less than a record header of what is cut, a slim capture could not be followed again. */
static void test_floor_of_flow(void **state) {
    (void)state;
    static const struct {
        const char *policy, *length, *floor;
        int right;
    } cases[] = {{"flow", "snap", "4", -1}, {"flow", "zero", "4", -1},   {"flow", "snap", "5", 0},
                 {"flow", "zero", "5", 0},  {"flow", "rewrite", "0", 0}, {"packet", "snap", "0", 0},
                 {"packet", "zero", "0", 0}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct settings s;
        settings_init(&s);
        assert_int_equal(settings_set(&s, "policy", cases[i].policy, NULL), 0);
        assert_int_equal(settings_set(&s, "length", cases[i].length, NULL), 0);
        assert_int_equal(settings_set(&s, "payload-bytes", cases[i].floor, NULL), 0);
        assert_int_equal(settings_check(&s, NULL), cases[i].right);
    }
}

/* A policy file; what settings_text() says is one again and says the same. */
static void test_file(void **state) {
    (void)state;
    char text[] = "# of sensor 7\r\n"
                  "\n"
                  "   \t\n"
                  "length=zero\r\n"
                  "  payload-bytes =  0x  \n"
                  "\tkeep = host 192.0.2.1 and tcp[13] = 2\n"
                  "keep=\t net 10.0.0.0/8  \n"
                  "cut = udp port 51820\n"
                  "tls-ports =\n"
                  "  # and no more";
    struct settings s;
    struct failure why = {.text = ""};
    settings_init(&s);
    *strchr(text, 'x') = ' ';
    if (settings_parse(&s, text, &why) != 0) {
        fail_msg("%s", why.text);
    }
    static const char want[] =
        "policy = packet\nflows = 400000\nlength = zero\nchecksum = compute\npayload-bytes = 0\n"
        "tls-ports =\nquic-ports = 443\nipsec-ports = 500,4500\nssh-ports = 22\n"
        "tunnels = none\nvxlan-ports = 4789,4790,8472\ngeneve-ports = 6081\ngtp-ports = 2152\n"
        "min-packets = 0\nmatch = frame\nkeep = host 192.0.2.1 and tcp[13] = 2\nkeep = net 10.0.0.0/8\n"
        "cut = udp port 51820\n";
    expect_text(&s, want);
    assert_int_equal(s.keep.lines[0], 6);
    assert_int_equal(s.keep.lines[1], 7);
    assert_int_equal(s.cut_always.lines[0], 8);
    char *again = settings_text(&s);
    struct settings t;
    settings_init(&t);
    assert_int_equal(settings_parse(&t, again, &why), 0);
    expect_text(&t, want);
    free(again);
    settings_free(&s);
    settings_free(&t);
}

static void expect_line(const char *text, const char *words) {
    struct settings s;
    struct failure why = {.text = ""};
    char *copy = strdup(text);
    settings_init(&s);
    assert_int_equal(settings_parse(&s, copy, &why), -1);
    assert_string_equal(why.text, words);
    settings_free(&s);
    free(copy);
}

static void test_lines(void **state) {
    (void)state;
    expect_line("length\n", "line 1: 'length' is not 'name = value'; a comment begins with #");
    expect_line("\n\nlenght = zero\n", "line 3: there is no setting 'lenght'; see pcap-slim-policy(5)");
    expect_line("= zero\n", "line 1: there is no setting ''; see pcap-slim-policy(5)");
    expect_line("length = zero # mine\n", "line 1: length takes rewrite, snap or zero, not 'zero # mine'");
    expect_line("# x\nlength = zero\nflows = 1\nlength = zero", "line 4: length is there already, in line 2");
    expect_line("cut =\n",
                "line 1: cut takes an expression, see pcap-filter(7); an empty one would match every packet");
    expect_line("keep-checksum = yes\n", "line 1: there is no setting 'keep-checksum'; see pcap-slim-policy(5)");
}

static void expect_no_file(const void *bytes, size_t length, const char *words) {
    struct settings s;
    struct failure why = {.text = ""};
    int fd = memory_file(bytes, length);
    settings_init(&s);
    assert_int_equal(settings_read(&s, fd, &why), -1);
    assert_string_equal(why.text, words);
    (void)close(fd);
}

static void test_read(void **state) {
    (void)state;
    struct settings s;
    struct failure why = {.text = ""};
    char *large = malloc(SETTINGS_FILE_BYTES + 1);
    assert_non_null(large);
    memset(large, '\n', SETTINGS_FILE_BYTES + 1);
    memcpy(large, "flows = 5", 9);
    int fd = memory_file(large, SETTINGS_FILE_BYTES);
    settings_init(&s);
    assert_int_equal(settings_read(&s, fd, &why), 0);
    assert_int_equal(s.policy.flows, 5);
    (void)close(fd);
    expect_no_file(large, SETTINGS_FILE_BYTES + 1, "not a policy file: over 1 MiB");
    free(large);
    expect_no_file("flows = 5\n\0x", 12, "not a policy file: there is a NUL byte in it");
    expect_no_file("flows = x", 9, "line 1: flows takes a whole number from 1 to 100000000, not 'x'");
    fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(settings_read(&s, fd, &why), -1);
    assert_string_equal(why.text, "cannot read: Is a directory");
    (void)close(fd);
    settings_free(&s);
}

static void test_expressions(void **state) {
    (void)state;
    struct settings s;
    struct failure why = {.text = ""};
    settings_init(&s);
    for (int i = 0; i < SETTINGS_EXPRESSIONS_MAX; i++) {
        assert_int_equal(settings_set(&s, "keep", " a\nb\tc ", NULL), 0);
    }
    assert_string_equal(s.keep.at[0], "a b c");
    assert_int_equal(settings_set(&s, "keep", "x", &why), -1);
    assert_string_equal(why.text, "keep is there more than 256 times");
    assert_int_equal(settings_set(&s, "cut", "x", &why), 0);
    settings_free(&s);
    settings_free(&s);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),    cmocka_unit_test(test_values), cmocka_unit_test(test_ports),
        cmocka_unit_test(test_tunnels),     cmocka_unit_test(test_check),  cmocka_unit_test(test_floor_of_flow),
        cmocka_unit_test(test_file),        cmocka_unit_test(test_lines),  cmocka_unit_test(test_read),
        cmocka_unit_test(test_expressions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

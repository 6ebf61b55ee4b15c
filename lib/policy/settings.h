/*
 * What an operator asked for: which policy with which ports and floor, how to shorten, rules of their own. As values,
 * set by name one at a time (options of programs and lines of a policy file alike), and as one canonical text that
 * records name. docs/man/pcap-slim-policy.5 describes the names and values.
 */
#ifndef PCAPSLIM_SETTINGS_H
#define PCAPSLIM_SETTINGS_H

#include "cut.h"
#include "failure.h"
#include "policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SETTINGS_EXPRESSIONS_MAX 256 /* of either kind */

/*
 * Where lengths stay as captured, a slim capture reads like one with a snaplen, and the policy flow follows it anew:
 * with less than a TLS record header of what is cut it would lose the records it had followed, and cut something else.
 */
#define SETTINGS_FLOW_FLOOR_MIN_BYTES 5

/* Expressions of pcap-filter(7), as they were given. */
struct settings_expressions {
    char *at[SETTINGS_EXPRESSIONS_MAX];
    unsigned long lines[SETTINGS_EXPRESSIONS_MAX]; /* in the policy file that each is from; 0: from none */
    size_t count;
};

/* A frame as it was captured, as tcpdump(8) does, or, of what is in a tunnel, the IP packet that is decided on. */
enum settings_match { SETTINGS_MATCH_FRAME, SETTINGS_MATCH_INNER };

struct settings {
    struct policy_settings policy;
    struct cut_terms cut;
    uint32_t min_packets;      /* the first so many packets of a flow are never cut */
    enum settings_match match; /* what these two are asked of */
    struct settings_expressions keep;
    struct settings_expressions cut_always;
};

/*
 * Each setting once, in the order of the canonical text: its name, what stands for its value in help, what it is for;
 * and for settings.c its kind, where it goes, and the range of whole numbers. Words are in the order of their enum.
 * docs/man/pcap-slim-policy.5 has the same list.
 */
#define SETTINGS_EACH(X)                                                                                               \
    X("policy", "packet|flow", "by what payload counts as encrypted", WORD, policy.kind, 0, 0)                         \
    X("flows", "N", "how many flows the policy flow remembers", WHOLE, policy.flows, 1, POLICY_FLOWS_MAX)              \
    X("length", "rewrite|snap|zero", "how a packet is shortened", WORD, cut.mode, 0, 0)                                \
    X("checksum", "compute|incremental|keep", "what becomes of checksums", WORD, cut.checksum, 0, 0)                   \
    X("payload-bytes", "N", "how much of encrypted payload stays", WHOLE, policy.floor_bytes, 0, 65535)                \
    X("tls-ports", "PORTS", "where TLS is", PORTS, policy.ports[POLICY_TLS_PORTS], 0, 0)                               \
    X("quic-ports", "PORTS", "where QUIC is", PORTS, policy.ports[POLICY_QUIC_PORTS], 0, 0)                            \
    X("ipsec-ports", "PORTS", "where IPsec is", PORTS, policy.ports[POLICY_IPSEC_PORTS], 0, 0)                         \
    X("ssh-ports", "PORTS", "where SSH is", PORTS, policy.ports[POLICY_SSH_PORTS], 0, 0)                               \
    X("tunnels", "none|all|NAMES", "tags and tunnels that are looked into", TUNNELS, policy.tunnels, 0, 0)             \
    X("vxlan-ports", "PORTS", "where VXLAN is", PORTS, policy.ports[POLICY_VXLAN_PORTS], 0, 0)                         \
    X("geneve-ports", "PORTS", "where GENEVE is", PORTS, policy.ports[POLICY_GENEVE_PORTS], 0, 0)                      \
    X("gtp-ports", "PORTS", "where GTP-U is", PORTS, policy.ports[POLICY_GTP_PORTS], 0, 0)                             \
    X("min-packets", "N", "the first N packets of a flow stay whole", WHOLE, min_packets, 0, 1000000000)               \
    X("match", "frame|inner", "what keep and cut are asked of", WORD, match, 0, 0)                                     \
    X("keep", "EXPR", "packets that stay whole: pcap-filter(7)", EXPRESSIONS, keep, 0, 0)                              \
    X("cut", "EXPR", "packets whose payload is cut all the same", EXPRESSIONS, cut_always, 0, 0)

/* How many. */
#define SETTINGS_ONE(...) +1
enum { SETTINGS_COUNT = 0 SETTINGS_EACH(SETTINGS_ONE) };
#undef SETTINGS_ONE

/* The defaults. */
void settings_init(struct settings *s);

/* Which of them, from 0 on, has that name; -1: none. may_repeat: set to whether it may be there several times. */
int settings_place(const char *name, bool *may_repeat);

/*
 * Set one. name: "payload-bytes"; value: as it is written in a policy file, blanks at its ends do not count. What may
 * be there several times (keep, cut) is added; of anything else the last value counts. Returns 0, or -1 with f set, in
 * words that begin with the name.
 */
int settings_set(struct settings *s, const char *name, const char *value, struct failure *f);

/* Whether the settings go together. Returns 0, or -1 with f set. */
int settings_check(const struct settings *s, struct failure *f);

/* The greatest policy file. */
#define SETTINGS_FILE_BYTES ((size_t)1 << 20)

/*
 * Take the text of a policy file: a line each `name = value`, or empty, or a comment behind #. text: changed. Returns
 * 0, or -1 with f set: "line N: what is wrong".
 */
int settings_parse(struct settings *s, char *text, struct failure *f);

/* The same from a file, up to its end. Returns 0, or -1 with f set, also when it cannot be read or is no text. */
int settings_read(struct settings *s, int fd, struct failure *f);

/*
 * The settings as a policy file that makes them, every one in a fixed order: equal settings have equal texts. Returns a
 * string to free(), or NULL when memory runs out.
 */
char *settings_text(const struct settings *s);

/* Free the expressions. Safe on a zero-initialised struct. */
void settings_free(struct settings *s);

#endif

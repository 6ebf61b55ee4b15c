/*
 * What may decide on a packet, and why it is cut or kept: the words that policies, reports and people share.
 */
#ifndef PCAPSLIM_REASON_H
#define PCAPSLIM_REASON_H

#include <stdbool.h>

enum policy_kind {
    POLICY_PACKET, /* each packet by itself: the default */
    POLICY_FLOW,   /* following flows */
    POLICY_KINDS,
};

enum policy_reason {
    /* Reasons to cut */
    POLICY_TLS,
    POLICY_SSH,
    POLICY_QUIC,
    POLICY_IPSEC,
    POLICY_RULE_CUT, /* the operator's own: rules.h */
    POLICY_DTLS,     /* these of the policy `flow` only */
    POLICY_SRTP,
    POLICY_WIREGUARD,
    POLICY_OPENVPN,
    POLICY_SMB,
    POLICY_CUT_REASONS,
    /* Reasons to keep */
    POLICY_CLEARTEXT = POLICY_CUT_REASONS, /* no rule says that it is encrypted */
    POLICY_SHORT,                          /* no more payload than is to stay of what is cut */
    POLICY_NOT_IP,                         /* these mirror enum located_as */
    POLICY_FRAGMENT,
    POLICY_OTHER_TRANSPORT,
    POLICY_OFFLOADED,
    POLICY_TRUNCATED,
    POLICY_MALFORMED,
    POLICY_LINKTYPE,      /* not looked into: never parsed */
    POLICY_RULE_KEEP,     /* the operator's own, of what would have been cut */
    POLICY_FIRST_PACKETS, /* likewise: of its flow */
    POLICY_HANDSHAKE,     /* these of the policy `flow` only: in the clear before or beside what is encrypted */
    POLICY_UNPROVEN,      /* it may be encrypted, but what was seen of its flow does not prove it */
    POLICY_CUT_BEFORE,    /* packets of its flow were cut in an earlier run */
    POLICY_TUNNEL,        /* at a port of a tunnel that is not looked into, or is not credible */
    POLICY_SIMPLE_PACKET, /* of pcapng: a block that does not say how much of it was captured */
    POLICY_SECRETS,       /* would have been cut, but the file has the keys to it */
    POLICY_REASONS,
};

/* The name of a reason as records and reports show it: "tls", "cleartext", ... */
const char *policy_reason_name(enum policy_reason r);

/* The name of a policy: "packet", "flow". */
const char *policy_kind_name(enum policy_kind k);

/* The policy of a name. Returns false for a name that is none, and for NULL. */
bool policy_kind_of_name(const char *name, enum policy_kind *out);

#endif

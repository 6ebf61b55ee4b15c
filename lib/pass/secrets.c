#include "secrets.h"

#include <string.h>

/* Whose keys are in, or follow from, which secrets. IPsec and SMB have theirs from nothing that files carry. */
static const unsigned READ_WITH[POLICY_CUT_REASONS] = {
    [POLICY_TLS] = FORMAT_SECRETS_TLS | FORMAT_SECRETS_OTHER,
    [POLICY_SSH] = FORMAT_SECRETS_SSH | FORMAT_SECRETS_OTHER,
    [POLICY_QUIC] = FORMAT_SECRETS_TLS | FORMAT_SECRETS_OTHER,
    [POLICY_IPSEC] = FORMAT_SECRETS_OTHER,
    [POLICY_DTLS] = FORMAT_SECRETS_TLS | FORMAT_SECRETS_OTHER,
    [POLICY_SRTP] = FORMAT_SECRETS_TLS | FORMAT_SECRETS_OTHER,    /* RFC 5764: exported from the DTLS handshake */
    [POLICY_OPENVPN] = FORMAT_SECRETS_TLS | FORMAT_SECRETS_OTHER, /* exchanged within TLS */
    [POLICY_WIREGUARD] = FORMAT_SECRETS_WIREGUARD | FORMAT_SECRETS_OTHER,
    [POLICY_SMB] = FORMAT_SECRETS_OTHER,
};

static bool can_read(unsigned known, enum policy_reason reason) {
    return reason < POLICY_CUT_REASONS && (READ_WITH[reason] & known) != 0;
}

int secrets_follow(struct secrets *s, const struct format_state *now, const struct tally *t, struct failure *f) {
    if (now->sections != s->sections) {
        s->sections = now->sections;
        s->known = 0;
        memcpy(s->cut_before, t->packets_by_reason, sizeof s->cut_before);
    }
    const unsigned added = now->secrets & ~s->known;
    s->known = now->secrets;
    for (int r = 0; r < POLICY_CUT_REASONS; r++) {
        if (can_read(added, (enum policy_reason)r) && t->packets_by_reason[r] > s->cut_before[r]) {
            return failure_of(FAILURE_CONTENTS, f,
                              "packet %llu: keys stand behind packets of their section that they make readable, and "
                              "that were taken for unreadable; put them first (editcap --discard-all-secrets "
                              "--inject-secrets TYPE,KEYS IN OUT)",
                              (unsigned long long)t->packets);
        }
    }
    return 0;
}

struct decision secrets_decide(const struct secrets *s, struct decision d) {
    return d.cut && can_read(s->known, d.reason) ? policy_keep(POLICY_SECRETS) : d;
}

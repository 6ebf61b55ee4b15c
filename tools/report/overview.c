#include "overview.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define MINUTE_S 60.0
#define HOUR_S 3600.0
#define DAY_S 86400.0
#define YEAR_S (365.25 * DAY_S)

/* Under either policy: what is cut is payload, and headers stay. */
static const char *const REASON_WORDS[POLICY_REASONS] = {
    [POLICY_TLS] = "TLS: HTTPS, mail, DNS over TLS",
    [POLICY_SSH] = "SSH behind its first lines",
    [POLICY_QUIC] = "QUIC: HTTP/3",
    [POLICY_IPSEC] = "IPsec: IKE and ESP",
    [POLICY_RULE_CUT] = "what a rule of yours (--cut) names",
    [POLICY_DTLS] = "DTLS: TLS over UDP",
    [POLICY_SRTP] = "SRTP: voice and video with keys from DTLS",
    [POLICY_WIREGUARD] = "WireGuard data",
    [POLICY_OPENVPN] = "OpenVPN data",
    [POLICY_SMB] = "encrypted messages of SMB 3",
    [POLICY_NOT_IP] = "neither IPv4 nor IPv6: ARP; tags, see --tunnels",
    [POLICY_FRAGMENT] = "fragments of IP",
    [POLICY_OTHER_TRANSPORT] = "neither TCP nor UDP: ICMP; tunnels, see --tunnels",
    [POLICY_OFFLOADED] = "an IP length of 0, by offloading; see --policy flow",
    [POLICY_TRUNCATED] = "headers that were not wholly captured",
    [POLICY_MALFORMED] = "headers that contradict themselves",
    [POLICY_LINKTYPE] = "link types that nobody here can read",
    [POLICY_TUNNEL] = "at a tunnel's port: see --tunnels, or not credible",
    [POLICY_SIMPLE_PACKET] = "blocks that do not say how much was captured",
};

static double seconds_of(const struct tally *t, uint32_t sec, uint32_t frac) {
    return (double)sec + (double)frac / (t->savefile.nanoseconds ? 1e9 : 1e6);
}

void overview_count(struct overview *o, const struct record *r) {
    const struct tally *t = &r->tally;
    outcome_count(&o->outcome, r);
    if (r->status != RECORD_OK) {
        return;
    }
    o->packets += t->packets;
    if (!t->has_times) {
        return;
    }
    double first_s = seconds_of(t, t->first_sec, t->first_frac);
    double last_s = seconds_of(t, t->last_sec, t->last_frac);
    if (last_s < first_s) { /* they are those of the first and the last packet in the file's order */
        const double other_s = first_s;
        first_s = last_s;
        last_s = other_s;
    }
    o->first_s = o->has_times && o->first_s < first_s ? o->first_s : first_s;
    o->last_s = o->has_times && o->last_s > last_s ? o->last_s : last_s;
    o->has_times = true;
}

void overview_finish(struct overview *o, const struct account *a) {
    const uint64_t *saved_bytes = o->outcome.saved_bytes_by_reason;
    for (int r = 0; r < POLICY_CUT_REASONS; r++) {
        if (o->outcome.packets_by_reason[r] == 0) {
            continue;
        }
        size_t at = o->reasons++;
        for (; at > 0 && saved_bytes[o->reason[at - 1]] < saved_bytes[r]; at--) {
            o->reason[at] = o->reason[at - 1];
        }
        o->reason[at] = (enum policy_reason)r;
    }
    reach_finish(&o->reach);
    o->ports = account_ports(a, o->port, OVERVIEW_PORTS);
    o->hosts = account_hosts(a, o->host, OVERVIEW_HOSTS);
}

const char *overview_reason(enum policy_reason reason) {
    return REASON_WORDS[reason] != NULL ? REASON_WORDS[reason] : "";
}

double overview_span_s(const struct overview *o) {
    return o->has_times ? o->last_s - o->first_s : 0.0;
}

double overview_slim_span_s(const struct overview *o) {
    const uint64_t out_bytes = o->outcome.out_bytes;
    return out_bytes > 0 ? overview_span_s(o) * (double)o->outcome.in_bytes / (double)out_bytes : 0.0;
}

const char *overview_address(const struct account_host *h, char *out) {
    return inet_ntop(h->ip_version == 4 ? AF_INET : AF_INET6, h->address, out, OVERVIEW_TEXT_BYTES) != NULL ? out : "?";
}

const char *overview_span(double seconds, char *out) {
    static const struct {
        double from_s;
        double unit_s;
        const char *unit;
    } rows[] = {{2 * YEAR_S, YEAR_S, "years"},
                {DAY_S / 2, DAY_S, "days"},
                {2 * HOUR_S, HOUR_S, "hours"},
                {2 * MINUTE_S, MINUTE_S, "minutes"},
                {0.0, 1.0, "seconds"}};
    size_t i = 0;
    while (rows[i].from_s > seconds) {
        i++;
    }
    (void)snprintf(out, OVERVIEW_TEXT_BYTES, "%.1f %s", seconds / rows[i].unit_s, rows[i].unit);
    return out;
}

#include "model.h"

#include <string.h>

enum { KEEP = 24 };

static unsigned be16(const uint8_t *p) {
    return 256U * p[0] + p[1];
}

static void put16(uint8_t *p, size_t value) {
    p[0] = (uint8_t)(value / 256);
    p[1] = (uint8_t)(value % 256);
}

/* RFC 1071 word by word: the ones' complement sum, not yet complemented. */
static unsigned sum16(unsigned sum, const uint8_t *p, size_t length) {
    for (size_t i = 0; i < length; i++) {
        sum += i % 2 == 0 ? 256U * p[i] : p[i];
        sum = sum % 65536 + sum / 65536;
    }
    return sum;
}

static unsigned transport_sum(const uint8_t *frame, const struct model *m, size_t segment_bytes) {
    const size_t address_bytes = m->ip_version == 4 ? 4 : 16;
    const size_t source = m->ip + (m->ip_version == 4 ? 12 : 8);
    const uint8_t rest[4] = {(uint8_t)(segment_bytes / 256), (uint8_t)segment_bytes, 0, m->is_tcp ? 6 : 17};
    unsigned sum = sum16(0, frame + source, address_bytes);
    sum = sum16(sum, frame + m->destination, address_bytes);
    sum = sum16(sum, rest, sizeof rest);
    return sum16(sum, frame + m->transport, segment_bytes);
}

/* ---- locating ---- */

/* end: of the packet, by its length field or by what is there, the nearer. */
static void find_payload(const uint8_t *frame, size_t end, unsigned protocol, struct model *m) {
    size_t header = 0;
    if (protocol == 6 && end >= m->transport + 20) {
        header = (size_t)4 * (frame[m->transport + 12] / 16);
        header = header >= 20 ? header : 0;
    } else if (protocol == 17) {
        header = 8;
    }
    if (header == 0 || m->transport + header > end) {
        return;
    }
    m->has_transport = true;
    m->is_tcp = protocol == 6;
    m->payload = m->transport + header;
    m->payload_bytes = end - m->payload;
}

static void judge_ipv4(const uint8_t *frame, size_t length, struct model *m) {
    const uint8_t *ip = frame + m->ip;
    if (length < m->ip + 20 || ip[0] / 16 != 4 || ip[0] % 16 < 5) {
        return;
    }
    const size_t header = (size_t)4 * (ip[0] % 16);
    const size_t end = m->ip + be16(ip + 2) < length ? m->ip + be16(ip + 2) : length;
    if ((ip[6] & 0x3f) != 0 || ip[7] != 0 || m->ip + header > end) {
        return;
    }
    m->ip_version = 4;
    m->destination = m->ip + 16;
    m->transport = m->ip + header;
    int routes = 0;
    size_t last = m->destination;
    for (size_t at = 20; at < header && ip[at] != 0;) {
        const size_t size = ip[at] == 1 ? 1 : at + 1 < header ? ip[at + 1] : 0;
        if (size == 0 || (size == 1 && ip[at] != 1) || at + size > header) {
            break;
        }
        if (ip[at] == 131 || ip[at] == 137) {
            routes++;
            last = size >= 7 ? m->ip + at + 3 + (size - 3) / 4 * 4 - 4 : last;
        }
        at += size;
    }
    m->destination = routes == 1 ? last : m->destination;
    find_payload(frame, end, ip[9], m);
}

static void judge_ipv6(const uint8_t *frame, size_t length, struct model *m) {
    const uint8_t *ip = frame + m->ip;
    if (length < m->ip + 40 || ip[0] / 16 != 6 || be16(ip + 4) == 0) {
        return;
    }
    const size_t claimed = m->ip + 40 + be16(ip + 4);
    const size_t end = claimed < length ? claimed : length;
    unsigned next = ip[6];
    size_t at = m->ip + 40;
    m->ip_version = 6;
    m->destination = m->ip + 24;
    while (next == 0 || next == 43 || next == 44 || next == 51 || next == 60) {
        if (at + 8 > end) {
            return;
        }
        const uint8_t *header = frame + at;
        const size_t size = next == 44 ? 8 : next == 51 ? (size_t)4 * (header[1] + 2U) : (size_t)8 * (header[1] + 1U);
        if (at + size > end || (next == 44 && (header[2] != 0 || (header[3] & 0xf9) != 0))) {
            return;
        }
        if (next == 43 && header[3] > 0) {
            const size_t addresses = (size - 8) / 16;
            m->destination = m->ip + 24;
            if (addresses > 0 && header[2] == 4) {
                m->destination = at + 8;
            } else if (addresses > 0 && (header[2] == 0 || header[2] == 2)) {
                m->destination = at + 8 + 16 * addresses - 16;
            }
        }
        next = header[0];
        at += size;
    }
    m->transport = at;
    find_payload(frame, end, next, m);
}

static void locate(const uint8_t *frame, size_t length, struct model *m) {
    size_t type = 12;
    if (length < 14) {
        return;
    }
    while (be16(frame + type) == 0x8100 && length >= type + 6) {
        type += 4;
    }
    m->ip = type + 2;
    if (be16(frame + type) == 0x0800) {
        judge_ipv4(frame, length, m);
    } else if (be16(frame + type) == 0x86dd) {
        judge_ipv6(frame, length, m);
    }
}

/* ---- deciding ---- */

static bool is_tls_port(unsigned port) {
    return port == 443 || port == 853 || port == 465 || port == 993 || port == 995 || port == 8443 || port == 5061;
}

static bool wants_cut(const uint8_t *frame, const struct model *m) {
    const unsigned from = be16(frame + m->transport);
    const unsigned to = be16(frame + m->transport + 2);
    const uint8_t *payload = frame + m->payload;
    if (m->payload_bytes <= KEEP) {
        return false;
    }
    if (!m->is_tcp) {
        return from == 443 || to == 443 || from == 500 || to == 500 || from == 4500 || to == 4500;
    }
    if (is_tls_port(from) || is_tls_port(to)) {
        if (payload[0] != 0x14 && payload[0] != 0x15 && payload[0] != 0x16 && payload[0] != 0x18) {
            return true;
        }
    } else if (payload[0] == 0x17) {
        return true;
    }
    return (from == 22 || to == 22) && memcmp(payload, "SSH-", 4) != 0;
}

struct model model_judge(const uint8_t *frame, size_t length) {
    struct model m;
    memset(&m, 0, sizeof m);
    locate(frame, length, &m);
    m.cut = m.has_transport && wants_cut(frame, &m);
    return m;
}

/* ---- cutting ---- */

size_t model_cut(uint8_t *frame, const struct model *m) {
    const size_t end = m->payload + KEEP;
    uint8_t *ip = frame + m->ip;
    uint8_t *transport = frame + m->transport;
    if (m->ip_version == 4) {
        put16(ip + 2, end - m->ip);
        put16(ip + 10, 0);
        put16(ip + 10, 65535 - sum16(0, ip, (size_t)4 * (ip[0] % 16)));
    } else {
        put16(ip + 4, end - m->ip - 40);
    }
    uint8_t *checksum = transport + (m->is_tcp ? 16 : 6);
    if (!m->is_tcp) {
        put16(transport + 4, end - m->transport);
    }
    put16(checksum, 0);
    unsigned sum = 65535 - transport_sum(frame, m, end - m->transport);
    put16(checksum, sum == 0 && !m->is_tcp ? 65535 : sum);
    return end;
}

bool model_is_true(const uint8_t *frame, size_t length) {
    const struct model m = model_judge(frame, length);
    const uint8_t *ip = frame + m.ip;
    if (!m.has_transport || m.payload + m.payload_bytes != length) {
        return false;
    }
    const size_t segment_bytes = length - m.transport;
    const bool lengths = (m.ip_version == 4 ? be16(ip + 2) == length - m.ip : be16(ip + 4) == length - m.ip - 40) &&
                         (m.is_tcp || be16(frame + m.transport + 4) == segment_bytes);
    /* What is summed with its right checksum sums to ffff (or 0 where all of it is 0). */
    const bool header = m.ip_version == 6 || sum16(0, ip, (size_t)4 * (ip[0] % 16)) == 65535;
    return lengths && header && transport_sum(frame, &m, segment_bytes) == 65535;
}

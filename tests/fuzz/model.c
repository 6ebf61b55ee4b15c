#include "model.h"

#include "fuzz.h"
#include "witness_layout.h"

#include <string.h>

enum { KEEP = 24 };

static unsigned be16(const uint8_t *p) {
    return 256U * p[0] + p[1];
}

static void put16(uint8_t *p, size_t value) {
    p[0] = (uint8_t)(value / 256);
    p[1] = (uint8_t)(value % 256);
}

static unsigned link_length(const uint8_t *frame, const struct model *m) {
    const uint8_t *p = frame + m->link_length;
    return m->link_length_is_little ? 256U * p[1] + p[0] : be16(p);
}

static void put_link_length(uint8_t *frame, const struct model *m, size_t value) {
    uint8_t *p = frame + m->link_length;
    put16(p, m->link_length_is_little ? value % 256 * 256 + value / 256 : value);
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

/* What is in front of the IP header, and not a part of the packet. */
static void note_link_length(struct model *m, const struct witness_layout *l) {
    for (size_t i = 0; i < l->layer_count && l->layers[i].length_at < m->ip; i++) {
        FUZZ_MUST(i == 0 && l->layers[i].length != NULL && l->layers[i].sum == NULL);
        m->has_link_length = true;
        m->link_length_is_little = l->layers[i].is_little;
        m->link_length = l->layers[i].length_at;
        m->link_counts = l->layers[i].counted_from;
    }
}

struct model model_judge(const uint8_t *frame, size_t length, uint16_t link_type) {
    struct model m;
    memset(&m, 0, sizeof m);
    const struct witness_frame seen = {.bytes = frame, .length = length, .link_type = link_type};
    struct witness_layout l;
    if (witness_lay_out(&seen, false, &l) == NULL) {
        m.has_transport = true;
        m.is_tcp = l.protocol == 6;
        m.ip_version = (int)l.ip_version;
        m.ip = l.ip_at;
        m.transport = l.l4_at;
        m.payload = l.payload_at;
        m.payload_bytes = l.end_at - l.payload_at;
        m.destination = (size_t)(l.destination - frame);
        note_link_length(&m, &l);
    }
    m.cut = m.has_transport && wants_cut(frame, &m);
    return m;
}

/* ---- cutting ---- */

size_t model_cut(uint8_t *frame, const struct model *m) {
    const size_t end = m->payload + KEEP;
    uint8_t *ip = frame + m->ip;
    uint8_t *transport = frame + m->transport;
    if (m->has_link_length) {
        put_link_length(frame, m, end - m->link_counts);
    }
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

bool model_is_true(const uint8_t *frame, size_t length, uint16_t link_type) {
    const struct model m = model_judge(frame, length, link_type);
    const uint8_t *ip = frame + m.ip;
    if (!m.has_transport || m.payload + m.payload_bytes != length) {
        return false;
    }
    const size_t segment_bytes = length - m.transport;
    const bool lengths = (m.ip_version == 4 ? be16(ip + 2) == length - m.ip : be16(ip + 4) == length - m.ip - 40) &&
                         (m.is_tcp || be16(frame + m.transport + 4) == segment_bytes);
    /* What is summed with its right checksum sums to ffff (or 0 where all of it is 0). */
    const bool header = m.ip_version == 6 || sum16(0, ip, (size_t)4 * (ip[0] % 16)) == 65535;
    const bool link = !m.has_link_length || link_length(frame, &m) == length - m.link_counts;
    return link && lengths && header && transport_sum(frame, &m, segment_bytes) == 65535;
}

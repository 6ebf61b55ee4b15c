#include "witness_tunnel.h"

/* ---- what has an ethertype ---- */

static bool pass_frame(struct witness_way *w) {
    witness_skip(&w->c, 12);
    witness_take_type(w);
    return !w->c.overran;
}

static bool is_other_tag(uint32_t type) {
    return type == 0x88a8 || type == 0x9100 || type == 0x9200;
}

static bool is_tag(const struct witness_way *w) {
    return w->type == WAY_TAG || (is_other_tag(w->type) && witness_is_asked(w, TUNNEL_QINQ));
}

static bool pass_tags(struct witness_way *w) {
    while (is_tag(w)) {
        w->passed |= w->type == WAY_TAG ? 0U : 1U << TUNNEL_QINQ;
        witness_skip(&w->c, 2);
        witness_take_type(w);
    }
    return !w->c.overran;
}

static bool pass_interface(struct witness_way *w) {
    witness_skip(&w->c, 4);
    witness_take_type(w);
    return witness_passes(w, TUNNEL_VNTAG);
}

static bool pass_service(struct witness_way *w) {
    witness_skip(&w->c, 4);
    witness_announce(w, WAY_FRAME);
    return witness_passes(w, TUNNEL_PBB);
}

static bool pass_length(struct witness_way *w) {
    witness_add_length(w, "IEEE 802.3 length", w->c.at - 2, w->c.at);
    if (!witness_narrow(w, w->c.at + w->type)) {
        return false;
    }
    struct witness_cursor behind = w->c;
    witness_announce(w, witness_open_llc(&behind));
    if (w->type == 0 || behind.overran) {
        witness_announce(w, 0); /* neither SNAP nor IP */
        return true;
    }
    w->c = behind;
    return witness_passes(w, TUNNEL_LLC);
}

bool witness_pass_ppp(struct witness_way *w) {
    witness_announce(w, witness_open_ppp(&w->c));
    return !w->c.overran;
}

static bool pass_session(struct witness_way *w) {
    const uint32_t begin = witness_take(&w->c, 2);
    witness_skip(&w->c, 2);
    const size_t length_at = w->c.at;
    const uint32_t length = witness_take(&w->c, 2);
    witness_add_length(w, "PPPoE length", length_at, w->c.at);
    return begin == 0x1100 && witness_passes(w, TUNNEL_PPPOE) && witness_narrow(w, w->c.at + length) &&
           witness_pass_ppp(w);
}

static bool pass_chain(struct witness_way *w) {
    static const uint32_t types[] = {0, WAY_IPV4, WAY_IPV6, WAY_FRAME, WAY_CHAIN, WAY_LABELS};
    const size_t begin = w->c.at;
    const uint32_t word = witness_take(&w->c, 4);
    const size_t length = (word >> 16 & 0x3f) * 4;
    const uint32_t next = word & 0xff;
    if (word >> 29 != 0 || length < 8 || next == 0 || next >= sizeof types / sizeof types[0]) {
        return false;
    }
    witness_skip(&w->c, begin + length - w->c.at);
    witness_announce(w, types[next]);
    return witness_passes(w, TUNNEL_NSH);
}

/* ---- labels, behind which nothing says what there is ---- */

static bool is_ip_at(const struct witness_way *w, size_t skipped, uint32_t *type) {
    struct witness_way inside = *w;
    witness_skip(&inside.c, skipped);
    inside.type = witness_type_of_ip(&inside.c);
    *type = inside.type;
    return !inside.c.overran && inside.type != 0 && witness_believes_ip(&inside);
}

static bool is_llc(struct witness_cursor c) {
    const uint32_t begin = witness_take(&c, 3);
    if (begin == 0x060603) {
        return true;
    }
    const uint32_t organisation = witness_take(&c, 3);
    witness_skip(&c, 2);
    return begin == 0xaaaa03 && organisation == 0 && !c.overran;
}

/* How sure it is that an Ethernet frame is there: 2, it leads to an IP packet; 1, to a known tunnel; 0. */
static int is_frame_at(const struct witness_way *w, size_t skipped) {
    struct witness_way inside = *w;
    witness_skip(&inside.c, skipped);
    if (!pass_frame(&inside) || !pass_tags(&inside)) {
        return 0;
    }
    if (inside.type == WAY_IPV4 || inside.type == WAY_IPV6) {
        return witness_believes_ip(&inside) ? 2 : 0;
    }
    struct witness_way behind = inside;
    if (inside.type <= 1500) {
        return witness_narrow(&behind, behind.c.at + inside.type) && is_llc(inside.c);
    }
    return inside.type == WAY_LABELS || inside.type == WAY_LABELS_TO_MANY || inside.type == WAY_SESSION ||
           inside.type == WAY_SERVICE || inside.type == WAY_INTERFACE || inside.type == WAY_CHAIN;
}

/*
 * IP; a frame that leads to IP behind a control word or by itself; IP behind a word; a frame that leads to a tunnel,
 * behind a word or by itself.
 */
bool witness_pass_labels(struct witness_way *w) {
    uint32_t label;
    do {
        label = witness_take(&w->c, 4);
    } while ((label & 0x100) == 0 && !w->c.overran);
    if (!witness_passes(w, TUNNEL_MPLS) || w->c.length - w->c.at < 4) {
        return false;
    }
    uint32_t type;
    if (is_ip_at(w, 0, &type)) {
        witness_announce(w, type);
        return true;
    }
    const bool has_word = w->c.bytes[w->c.at] == 0 && w->c.bytes[w->c.at + 1] == 0;
    const int behind = has_word ? is_frame_at(w, 4) : 0;
    const int alone = is_frame_at(w, 0);
    if (behind < 2 && alone < 2 && has_word && is_ip_at(w, 4, &type)) {
        witness_skip(&w->c, 4);
        witness_announce(w, type);
        return true;
    }
    witness_skip(&w->c, behind >= alone ? 4 : 0);
    witness_announce(w, WAY_FRAME);
    return behind > 0 || alone > 0;
}

/* ---- together ---- */

static bool (*pass_of_type(const struct witness_way *w))(struct witness_way *) {
    switch (w->type) {
    case WAY_FRAME:
        return pass_frame;
    case WAY_TAG:
        return pass_tags;
    case WAY_LABELS:
    case WAY_LABELS_TO_MANY:
        return witness_is_asked(w, TUNNEL_MPLS) ? witness_pass_labels : NULL;
    case WAY_SESSION:
        return witness_is_asked(w, TUNNEL_PPPOE) ? pass_session : NULL;
    case WAY_SERVICE:
        return witness_is_asked(w, TUNNEL_PBB) ? pass_service : NULL;
    case WAY_INTERFACE:
        return witness_is_asked(w, TUNNEL_VNTAG) ? pass_interface : NULL;
    case WAY_CHAIN:
        return witness_is_asked(w, TUNNEL_NSH) ? pass_chain : NULL;
    default:
        if (is_tag(w)) {
            return pass_tags;
        }
        return w->may_be_length && w->type <= 1500 && witness_is_asked(w, TUNNEL_LLC) ? pass_length : NULL;
    }
}

enum witness_reached witness_reach_ip(struct witness_way *w) {
    while (w->type != WAY_IPV4 && w->type != WAY_IPV6) {
        bool (*const pass)(struct witness_way *) = pass_of_type(w);
        if (pass == NULL || w->steps >= WITNESS_STEPS_MAX) {
            return WITNESS_REACHED_OTHER;
        }
        w->steps += w->type != WAY_FRAME;
        if (!pass(w)) {
            return WITNESS_DISBELIEVED;
        }
    }
    return WITNESS_REACHED_IP;
}

bool witness_believes_ip(const struct witness_way *w) {
    struct witness_cursor c = w->c;
    const size_t room = w->bound_at - c.at;
    const uint32_t first = witness_take(&c, 1);
    if (w->type == WAY_IPV6) {
        witness_skip(&c, 3);
        const uint32_t length = witness_take(&c, 2);
        witness_skip(&c, 34);
        return !c.overran && first >> 4 == 6 && 40 + (size_t)length <= room;
    }
    witness_skip(&c, 1);
    const uint32_t length = witness_take(&c, 2);
    witness_skip(&c, 16);
    return !c.overran && first >> 4 == 4 && (first & 0x0f) >= 5 &&
           (length == 0 || (length >= (first & 0x0f) * 4 && length <= room));
}

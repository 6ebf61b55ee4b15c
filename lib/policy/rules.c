#include "rules.h"

#include "link.h"
#include "linktype.h"

#include <string.h>

bool rules_are_set(const struct settings *s) {
    return s->keep.count > 0 || s->cut_always.count > 0 || s->min_packets > 0;
}

static int load(struct matcher **out, const struct settings_expressions *list, struct failure *f) {
    if (list->count > 0) {
        *out = matcher_new(list->at, list->count, f);
        if (*out == NULL) {
            return -1;
        }
        /* One that does not compile for another link type fails when there is a capture of it. */
        const struct link_type *link;
        for (size_t i = 0; (link = link_type_at(i)) != NULL; i++) {
            (void)matcher_compile(*out, link->number, NULL);
        }
        return matcher_compile(*out, LINKTYPE_ETHERNET, f);
    }
    return 0;
}

static int compile(struct rules *r, uint16_t linktype, struct failure *f) {
    return (r->keep != NULL && matcher_compile(r->keep, linktype, f) != 0) ||
                   (r->cut != NULL && matcher_compile(r->cut, linktype, f) != 0)
               ? -1
               : 0;
}

int rules_init(struct rules *r, const struct settings *s, struct failure *f) {
    memset(r, 0, sizeof *r);
    r->min_packets = s->min_packets;
    r->floor_bytes = s->policy.floor_bytes;
    r->match_inner = s->match == SETTINGS_MATCH_INNER;
    if (load(&r->keep, &s->keep, f) != 0 || load(&r->cut, &s->cut_always, f) != 0 ||
        (r->match_inner && compile(r, LINKTYPE_RAW, f) != 0)) {
        return -1;
    }
    if (s->min_packets > 0) {
        r->flows = flow_count_new(s->policy.flows, f);
        return r->flows != NULL ? 0 : -1;
    }
    return 0;
}

int rules_select(struct rules *r, uint16_t linktype, struct failure *f) {
    r->linktype = linktype;
    return compile(r, linktype, f);
}

int rules_begin(struct rules *r, uint16_t linktype, struct failure *f) {
    if (rules_select(r, linktype, f) != 0) {
        return -1;
    }
    if (r->flows != NULL) {
        flow_count_clear(r->flows);
    }
    return 0;
}

/* Whether an expression matches: of the frame, or of the IP packet in a tunnel, which has no link header. */
static bool matches(const struct rules *r, struct matcher *m, const struct located *l,
                    const struct matcher_packet *packet, bool in_tunnel) {
    if (!r->match_inner || !in_tunnel) {
        return matcher_matches(m, packet);
    }
    const uint32_t before = l->network_offset;
    const struct matcher_packet inner = {
        .bytes = packet->bytes + before,
        .there_bytes = packet->there_bytes - before,
        .origlen_bytes = packet->origlen_bytes > before ? packet->origlen_bytes - before : 0,
    };
    const bool is_matched = matcher_compile(m, LINKTYPE_RAW, NULL) == 0 && matcher_matches(m, &inner);
    (void)matcher_compile(m, r->linktype, NULL); /* was compiled before */
    return is_matched;
}

struct decision rules_decide(struct rules *r, const struct located *l, const struct matcher_packet *packet,
                             bool in_tunnel, struct decision d) {
    const bool has_ports = l->as == LOCATED_TCP || l->as == LOCATED_UDP;
    if (!has_ports && l->as != LOCATED_ESP) {
        return d;
    }
    const bool first = r->flows != NULL && flow_count_add(r->flows, packet->bytes, l) <= r->min_packets;
    if (l->payload_bytes <= r->floor_bytes) {
        return d;
    }
    const bool at_floor = d.cut && d.keep_payload_bytes == r->floor_bytes;
    /* ESP is cut by the policy that knows it, or not at all. */
    const bool forced =
        r->cut != NULL && (has_ports || d.cut) && (first || !at_floor) && matches(r, r->cut, l, packet, in_tunnel);
    if (forced && !at_floor) {
        d = (struct decision){.reason = POLICY_RULE_CUT, .cut = true, .keep_payload_bytes = r->floor_bytes};
    }
    if (d.cut && r->keep != NULL && matches(r, r->keep, l, packet, in_tunnel)) {
        return policy_keep(POLICY_RULE_KEEP);
    }
    return d.cut && first && !forced ? policy_keep(POLICY_FIRST_PACKETS) : d;
}

void rules_free(struct rules *r) {
    matcher_free(r->keep);
    matcher_free(r->cut);
    flow_count_free(r->flows);
    memset(r, 0, sizeof *r);
}

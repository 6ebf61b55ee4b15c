/*
 * Looking ahead, for policies that want to (policy_ahead.h): what is in the buffer is shown before it has its turn.
 */
#include "walk.h"

/*
 * Shown at a time. Packets are counted, not bytes, so that what is decided on a capture is the same in a tunnel, and
 * when it was cut; with full frames of Ethernet in a tunnel or two they fit in the buffer.
 */
enum { AHEAD_PACKETS = 128 };

static bool looks_ahead(const struct pass *p) {
    return p->policy->ahead != NULL && policy_ahead_looks(p->policy->ahead);
}

/* What is seen ahead, and so what is cut, must not depend on the pieces in which a pipe delivers. */
enum framing_status pass_fill(struct pass *p) {
    if (looks_ahead(p) && framing_fill_up(p->framing, p->failure) != FRAMING_OK) {
        return FRAMING_FAILED;
    }
    const enum framing_status status = framing_fill(p->framing, p->failure);
    if (status == FRAMING_OVERSIZE && p->policy->ahead != NULL) {
        policy_ahead_end(p->policy->ahead); /* the packet is not whole in the buffer */
    }
    return status;
}

static void show(const struct pass *p, const struct framed *r) {
    const struct link_type *link = link_type_find(r->linktype);
    if (link == NULL) {
        return;
    }
    const uint8_t *frame = r->header + r->header_bytes;
    const struct policy_packet packet = {.caplen_bytes = r->is.caplen_bytes, .origlen_bytes = r->is.origlen_bytes};
    struct located l;
    struct envelope around;
    tunnel_locate(&p->policy->tunnels, link, frame, r->visible_bytes, &l, &around);
    policy_ahead_show(p->policy->ahead, r->snaplen_bytes, &packet, &l, frame);
}

void pass_look_ahead(struct pass *p) {
    if (!looks_ahead(p)) {
        return;
    }
    struct framing_look look = framing_look_begin(p->framing);
    struct framed r;
    unsigned packets = 0;
    while (packets < AHEAD_PACKETS && framing_look_next(p->framing, &look, &r)) {
        packets += r.is_packet;
        if (r.is_packet && r.may_be_cut) {
            show(p, &r);
        }
    }
    if (look.is_over) {
        policy_ahead_end(p->policy->ahead);
    } else if (packets > 0) {
        framing_hold_back(p->framing, &look);
    }
}

void pass_turn_over(struct pass *p) {
    if (looks_ahead(p)) {
        policy_ahead_turn(p->policy->ahead);
    }
}

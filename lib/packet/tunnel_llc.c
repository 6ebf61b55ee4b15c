/* IEEE 802.3: a length in place of the ethertype, and LLC, with SNAP or of IP, behind it (IEEE 802.2, RFC 1042). */
#include "tunnel_way.h"

#include "protocols.h"

bool way_pass_llc(struct tunnel_way *w) {
    struct behind behind;
    const uint32_t bytes = w->ethertype;
    if (w->type_at == 0 || bytes > w->end - w->at || !way_may(w, TUNNEL_LLC)) {
        return false;
    }
    w->end = w->at + bytes;
    way_add_layer(w, LAYER_8023, w->type_at, w->end);
    if (llc_pass(w->frame, w->at + way_there(w), w->at, &behind)) {
        way_go(w, behind.offset - w->at, behind.ethertype);
    } else {
        way_go(w, 0, WAY_NOTHING); /* spanning trees, for example: the header is right, and there is no packet */
    }
    return true;
}

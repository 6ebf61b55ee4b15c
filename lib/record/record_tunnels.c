#include "record_tunnels.h"

#include "record_members.h"

static const char BY_TUNNEL[] = "by_tunnel";

static json_t *format_one(const struct tally *t, int kind) {
    json_t *one = json_object();
    int bad = json_object_set_new(one, "packets", record_number(t->packets_by_tunnel[kind]));
    bad |= json_object_set_new(one, "truncated", record_number(t->cut_by_tunnel[kind]));
    return record_whole(one, bad);
}

int record_tunnels_format(json_t *o, const struct tally *t) {
    json_t *all = json_object();
    int bad = 0;
    for (int k = 0; k < TUNNEL_KINDS; k++) {
        if (t->packets_by_tunnel[k] > 0) {
            bad |= json_object_set_new(all, tunnel_kind_name((enum tunnel_kind)k), format_one(t, k));
        }
    }
    if (all != NULL && bad == 0 && json_object_size(all) == 0) {
        json_decref(all);
        return 0;
    }
    return json_object_set_new(o, BY_TUNNEL, record_whole(all, bad));
}

void record_tunnels_parse(const json_t *o, struct tally *t) {
    const json_t *all = json_object_get(o, BY_TUNNEL);
    for (int k = 0; k < TUNNEL_KINDS; k++) {
        const json_t *one = json_object_get(all, tunnel_kind_name((enum tunnel_kind)k));
        t->packets_by_tunnel[k] = record_get_number(one, "packets");
        t->cut_by_tunnel[k] = record_get_number(one, "truncated");
    }
}

/*
 * A frame of any link type through tags and tunnels: the way there is that of the witness, and what is cut there in any
 * length mode the witness takes. An input is two bytes, which choose link type and terms, and a frame.
 */
#include "cut.h"
#include "fuzz.h"
#include "linktype.h"
#include "policy.h"
#include "tunnel.h"
#include "tunnel_plain.h"
#include "tunnels.h"
#include "witness_frame.h"

#include <stdlib.h>
#include <string.h>

static struct witness_tunnels all;
static struct tunnel_terms terms_now;

static const struct cut_terms TERMS[] = {
    {CUT_REWRITE, CUT_COMPUTE}, {CUT_REWRITE, CUT_INCREMENTAL}, {CUT_SNAP, CUT_COMPUTE},
    {CUT_ZERO, CUT_COMPUTE},    {CUT_ZERO, CUT_INCREMENTAL},    {CUT_ZERO, CUT_KEEP},
};

static const struct policy *policy(void) {
    static struct policy p;
    if (p.tunnels.kinds == 0) {
        struct policy_settings settings;
        policy_settings_init(&settings);
        settings.tunnels = TUNNELS_ALL;
        FUZZ_MUST(policy_init(&p, &settings, NULL) == 0);
    }
    return &p;
}

static void must_be_located(const struct located *l, const struct envelope *around, const struct witness_layout *m,
                            const char *reason, const uint8_t *frame) {
    const bool has_transport = l->as == LOCATED_TCP || l->as == LOCATED_UDP || l->as == LOCATED_ESP;
    FUZZ_MUST((unsigned)l->as < LOCATED_KINDS && has_transport == (reason == NULL));
    if (has_transport) {
        FUZZ_MUST(l->ip_version == m->ip_version && l->network_offset == m->ip_at && l->transport_offset == m->l4_at);
        FUZZ_MUST(l->payload_offset == m->payload_at && l->payload_bytes == m->end_at - m->payload_at);
        FUZZ_MUST(l->final_destination_offset == (size_t)(m->destination - frame));
        FUZZ_MUST(around->count <= ENVELOPE_OUTER_MAX);
        FUZZ_MUST(around->count + (l->as == LOCATED_ESP ? 1 : 2) == m->layer_count);
    }
}

/* The shorter way leads to the same place. */
static void must_be_plain(const uint8_t *frame, uint32_t size, const struct located *l, const struct envelope *around) {
    struct located inner;
    const uint8_t *flags = policy()->port_flags;
    if (!tunnel_is_plain(flags, frame, size)) {
        return;
    }
    locate_ethernet(frame + PLAIN_INNER, size - PLAIN_INNER, &inner);
    if (tunnel_plain_agrees(flags, frame, &inner)) {
        FUZZ_MUST(l->as == inner.as && l->payload_offset == inner.payload_offset + PLAIN_INNER);
        FUZZ_MUST(l->payload_bytes == inner.payload_bytes && around->count == 2);
    }
}

static void must_be_cut(const uint8_t *data, size_t size, uint16_t link_type, const struct located *l,
                        const struct envelope *around, struct cut_terms cut) {
    const struct witness_terms terms = {.cut = cut, .floor_bytes = POLICY_KEEP_BYTES, .may_leave_more = true};
    uint8_t *frame = fuzz_exact(data, size);
    struct envelope e = *around;
    struct located again;
    const uint32_t kept = cut_within(&e, frame, (uint32_t)size, l, POLICY_KEEP_BYTES, cut);
    const struct witness_frame slim = {frame, kept, link_type, NULL};
    const struct witness_frame original = {data, size, link_type, &all};
    struct failure why = {.text = ""};
    if (memcmp(frame, data, kept) != 0 || kept < size) {
        FUZZ_MUST(witness_frame_check_cut(&slim, &original, &terms, &why) == 0);
    }
    /* Slimming twice is slimming once. What was no tunnel may look like one of nothing behind zeros, and is kept then.
     */
    tunnel_locate(&terms_now, link_type_find(link_type), frame, kept, &again, &e);
    const bool is_told_by_origlen = terms_now.offloaded && cut.mode == CUT_SNAP; /* by the policy: its end has moved */
    if (!is_told_by_origlen && again.as <= LOCATED_ESP && again.payload_bytes > POLICY_KEEP_BYTES) {
        uint8_t *twice = fuzz_exact(frame, kept);
        FUZZ_MUST(cut_within(&e, twice, kept, &again, POLICY_KEEP_BYTES, cut) == kept);
        FUZZ_MUST(memcmp(twice, frame, kept) == 0);
        free(twice);
    }
    free(frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) {
        return 0;
    }
    size_t rows = 0;
    while (link_type_at(rows) != NULL) {
        rows++;
    }
    const struct link_type *link = link_type_at(data[0] % rows);
    const struct cut_terms cut = TERMS[data[1] % (sizeof TERMS / sizeof TERMS[0])];
    const size_t length = size - 2;
    terms_now = policy()->tunnels;
    all = fuzz_tunnels((data[1] & 0x40) != 0); /* a length of 0 means all there is, or nothing */
    terms_now.offloaded = all.zero_is_all;
    uint8_t *frame = fuzz_exact(data + 2, length);
    const struct witness_frame seen = {frame, length, link->number, &all};
    struct witness_layout layout;
    struct located l;
    struct envelope around;
    memset(&l, 0xee, sizeof l);
    memset(&around, 0xee, sizeof around);
    const char *reason = witness_lay_out(&seen, true, &layout);
    tunnel_locate(&terms_now, link, frame, (uint32_t)length, &l, &around);
    must_be_located(&l, &around, &layout, reason, frame);
    if (link->number == LINKTYPE_ETHERNET) {
        must_be_plain(frame, (uint32_t)length, &l, &around);
    }
    if (reason == NULL && l.payload_bytes > POLICY_KEEP_BYTES) {
        must_be_cut(frame, length, link->number, &l, &around, cut);
    }
    free(frame);
    return 0;
}

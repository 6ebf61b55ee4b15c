/*
 * One frame through locating, deciding and cutting, in memory of exactly its size, against a model of the algorithm
 * that shares no code with them.
 */
#include "cut.h"
#include "fuzz.h"
#include "linktype.h"
#include "locate.h"
#include "model.h"
#include "policy.h"
#include "witness_frame.h"

#include <stdlib.h>
#include <string.h>

static void must_be_located(const struct located *l, const struct model *m, const uint8_t *frame) {
    const bool has_transport = l->as == LOCATED_TCP || l->as == LOCATED_UDP;
    FUZZ_MUST((unsigned)l->as < LOCATED_KINDS && has_transport == m->has_transport);
    if (has_transport) {
        FUZZ_MUST((l->as == LOCATED_TCP) == m->is_tcp && l->ip_version == m->ip_version);
        FUZZ_MUST(l->network_offset == m->ip && l->transport_offset == m->transport);
        FUZZ_MUST(l->payload_offset == m->payload && l->payload_bytes == m->payload_bytes);
        FUZZ_MUST(l->final_destination_offset == m->destination);
        FUZZ_MUST(located_source_port(l, frame) == frame[m->transport] * 256 + frame[m->transport + 1]);
        FUZZ_MUST(located_destination_port(l, frame) == frame[m->transport + 2] * 256 + frame[m->transport + 3]);
    }
}

/* kept: how long the frame is after the cut. */
static void must_be_cut(const uint8_t *was, size_t size, const uint8_t *is, size_t kept, const struct policy *policy) {
    struct located again;
    const struct witness_frame slim = {.bytes = is, .length = kept, .link_type = LINKTYPE_ETHERNET};
    const struct witness_frame original = {.bytes = was, .length = size, .link_type = LINKTYPE_ETHERNET};
    FUZZ_MUST(kept < size);
    FUZZ_MUST(model_is_true(is, kept, LINKTYPE_ETHERNET));
    const struct witness_terms terms = {.floor_bytes = POLICY_KEEP_BYTES};
    FUZZ_MUST(witness_frame_check_cut(&slim, &original, &terms, NULL) == 0);
    locate_ethernet(is, (uint32_t)kept, &again);
    FUZZ_MUST(!policy_packet_decide(policy, &again, is).cut); /* cutting twice is cutting once */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct policy policy;
    struct located l;
    if (policy.port_flags[443] == 0) {
        FUZZ_MUST(policy_init(&policy, NULL, NULL) == 0);
    }
    uint8_t *frame = fuzz_exact(data, size);
    const struct model m = model_judge(data, size, LINKTYPE_ETHERNET);
    memset(&l, 0xee, sizeof l);
    locate_ethernet(frame, (uint32_t)size, &l);
    must_be_located(&l, &m, data);
    const struct decision d = policy_packet_decide(&policy, &l, frame);
    FUZZ_MUST(size == 0 || memcmp(frame, data, size) == 0);
    FUZZ_MUST((unsigned)d.reason < POLICY_REASONS && d.cut == (d.reason < POLICY_CUT_REASONS) && d.cut == m.cut);
    if (d.cut) {
        FUZZ_MUST(d.keep_payload_bytes == POLICY_KEEP_BYTES && d.keep_payload_bytes < l.payload_bytes);
        uint8_t *want = fuzz_exact(data, size);
        const size_t want_bytes = model_cut(want, &m);
        const size_t kept = cut_rewrite(frame, &l, d.keep_payload_bytes);
        FUZZ_MUST(kept == want_bytes && memcmp(frame, want, kept) == 0);
        FUZZ_MUST(memcmp(frame + kept, data + kept, size - kept) == 0);
        must_be_cut(data, size, frame, kept, &policy);
        free(want);
    }
    free(frame);
    return 0;
}

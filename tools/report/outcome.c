#include "outcome.h"

void outcome_count(struct outcome *o, const struct record *r) {
    const struct tally *t = &r->tally;
    o->files[r->status]++;
    if (r->status != RECORD_OK) {
        return;
    }
    o->in_bytes += t->in_bytes;
    o->out_bytes += t->out_bytes;
    o->in_file_bytes += record_in_file_bytes(r);
    o->out_file_bytes += record_out_file_bytes(r);
    o->zeroed_bytes += t->zeroed_bytes;
    o->tail_bytes += t->tail_bytes;
    for (int reason = 0; reason < POLICY_REASONS; reason++) {
        o->packets_by_reason[reason] += t->packets_by_reason[reason];
        if (reason < POLICY_CUT_REASONS) {
            o->saved_bytes_by_reason[reason] += t->saved_bytes_by_reason[reason];
        }
    }
}

bool outcome_is_unseen(enum policy_reason reason) {
    static const bool unseen[POLICY_REASONS] = {
        [POLICY_NOT_IP] = true,    [POLICY_FRAGMENT] = true,  [POLICY_OTHER_TRANSPORT] = true,
        [POLICY_OFFLOADED] = true, [POLICY_TRUNCATED] = true, [POLICY_MALFORMED] = true,
        [POLICY_LINKTYPE] = true,  [POLICY_TUNNEL] = true,    [POLICY_SIMPLE_PACKET] = true,
    };
    return unseen[reason];
}

uint64_t outcome_unseen(const struct outcome *o) {
    uint64_t packets = 0;
    for (int reason = 0; reason < POLICY_REASONS; reason++) {
        packets += outcome_is_unseen((enum policy_reason)reason) ? o->packets_by_reason[reason] : 0;
    }
    return packets;
}

uint64_t outcome_packets(const struct outcome *o) {
    uint64_t packets = 0;
    for (int reason = 0; reason < POLICY_REASONS; reason++) {
        packets += o->packets_by_reason[reason];
    }
    return packets;
}

uint64_t outcome_saved_bytes(const struct outcome *o) {
    return o->in_bytes > o->out_bytes ? o->in_bytes - o->out_bytes : 0;
}

/* What a file costs on top of its bytes: four processes that hand on its record, two syncs, a rename. */
#define FILE_MS 4

uint64_t outcome_run_ms(const struct outcome *o, uint64_t elapsed_ms) {
    const double passes = o->in_bytes > 0 ? 2 + 2 * ((double)o->out_bytes / (double)o->in_bytes) : 0;
    return (uint64_t)((double)elapsed_ms * passes) + o->files[RECORD_OK] * FILE_MS;
}

uint64_t outcome_skipped(const struct outcome *o) {
    uint64_t skipped = 0;
    for (int status = 0; status < RECORD_STATUSES; status++) {
        skipped += record_is_skip((enum record_status)status) ? o->files[status] : 0;
    }
    return skipped;
}

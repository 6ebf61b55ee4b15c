/*
 * The whole filter: a capture in, a slim one out. By read(2) in one piece, from a pipe in many, through a mapping, and
 * without output, it comes to the same; each record is what the model says; slimming it again changes nothing; the
 * witness takes it.
 */
#include "accept.h"
#include "fuzz.h"
#include "model.h"
#include "recount.h"
#include "slim.h"
#include "witness.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct framing framing;
static struct policy policy;
static const struct slim_terms TERMS = {.policy = &policy};
static struct sink *sink;

struct outcome {
    enum framing_status status;
    struct tally tally;
    uint64_t digest;
    struct failure failure;
};

static struct outcome pass(int fd, int to, bool mapped) {
    static volatile sig_atomic_t no_fault = 0;
    const struct source_options options = {.mapped = mapped, .fault = &no_fault};
    struct outcome o = {.failure = {.text = ""}};
    struct source source;
    source_open(&source, fd, &options);
    if (to != SINK_NOWHERE) {
        sink_reset(sink, to);
    }
    o.status = slim_pass(&framing, &source, &TERMS, to != SINK_NOWHERE ? sink : NULL, &o.tally, &o.failure);
    o.digest = to != SINK_NOWHERE ? sink_digest(sink) : 0;
    source_close(&source);
    return o;
}

static void must_agree(const struct outcome *a, const struct outcome *b) {
    FUZZ_MUST(a->status == b->status && strcmp(a->failure.text, b->failure.text) == 0);
    FUZZ_MUST(a->tally.packets == b->tally.packets && a->tally.cut_packets == b->tally.cut_packets);
    FUZZ_MUST(memcmp(a->tally.packets_by_reason, b->tally.packets_by_reason, sizeof a->tally.packets_by_reason) == 0);
    FUZZ_MUST(memcmp(a->tally.saved_bytes_by_reason, b->tally.saved_bytes_by_reason,
                     sizeof a->tally.saved_bytes_by_reason) == 0);
    FUZZ_MUST(memcmp(a->tally.oddities, b->tally.oddities, sizeof a->tally.oddities) == 0);
    FUZZ_MUST(a->tally.out_bytes == b->tally.out_bytes);
    /* Of a damaged capture more may have been read than was used. */
    FUZZ_MUST(a->status != FRAMING_END || a->tally.in_bytes == b->tally.in_bytes);
}

static uint32_t field(const uint8_t *p, bool big_endian) {
    uint32_t value = 0;
    for (size_t i = 0; i < 4; i++) {
        value = value << 8 | p[big_endian ? i : 3 - i];
    }
    return value;
}

/* Record by record, what the model makes of the input. in is whole. */
static void must_be_modelled(const uint8_t *in, size_t in_bytes, const uint8_t *out, size_t out_bytes) {
    const bool big_endian = in[0] == 0xa1;
    const uint16_t link_type = (uint16_t)field(in + 20, big_endian);
    size_t at = 24;
    size_t out_at = 24;
    FUZZ_MUST(out_bytes >= 24 && memcmp(in, out, 24) == 0);
    while (at < in_bytes) {
        const size_t caplen = field(in + at + 8, big_endian);
        const uint8_t *frame = in + at + 16;
        /* Of a frame that does not fit into the buffer the filter sees only what does. */
        const size_t visible = caplen < FRAMING_BUFFER_BYTES - 16 ? caplen : FRAMING_BUFFER_BYTES - 16;
        struct model m = model_judge(frame, visible, link_type);
        uint8_t *want = fuzz_exact(frame, caplen);
        const size_t want_bytes = m.cut ? model_cut(want, &m) : caplen;
        FUZZ_MUST(out_bytes - out_at >= 16 + want_bytes);
        FUZZ_MUST(memcmp(in + at, out + out_at, 8) == 0 && memcmp(in + at + 12, out + out_at + 12, 4) == 0);
        FUZZ_MUST(field(out + out_at + 8, big_endian) == want_bytes);
        FUZZ_MUST(want_bytes == 0 || memcmp(out + out_at + 16, want, want_bytes) == 0);
        free(want);
        at += 16 + caplen;
        out_at += 16 + want_bytes;
    }
    FUZZ_MUST(at == in_bytes && out_at == out_bytes);
}

static void must_recount(int fd, const struct outcome *o, size_t out_bytes) {
    struct source source;
    struct recount counted;
    FUZZ_MUST(lseek(fd, 0, SEEK_SET) == 0);
    source_open(&source, fd, NULL);
    FUZZ_MUST(recount_read(&framing, &source, &counted, NULL) == FRAMING_END);
    source_close(&source);
    FUZZ_MUST(counted.packets == o->tally.packets && counted.bytes == out_bytes && counted.digest == o->digest);
}

static void must_be_slim(const uint8_t *in, size_t in_bytes, int out_fd, const struct outcome *o) {
    size_t out_bytes;
    size_t twice_bytes;
    struct witness_report report;
    const struct witness_options options = {.terms = {.floor_bytes = POLICY_KEEP_BYTES}};
    uint8_t *out = fuzz_contents(out_fd, &out_bytes);
    FUZZ_MUST(o->tally.in_bytes == in_bytes && o->tally.out_bytes == out_bytes);
    must_be_modelled(in, in_bytes, out, out_bytes);
    must_recount(out_fd, o, out_bytes);

    const int twice_fd = fuzz_file(2, NULL, 0);
    FUZZ_MUST(lseek(out_fd, 0, SEEK_SET) == 0);
    const struct outcome twice = pass(out_fd, twice_fd, false);
    uint8_t *again = fuzz_contents(twice_fd, &twice_bytes);
    FUZZ_MUST(twice.status == FRAMING_END && twice.tally.cut_packets == 0 && twice.tally.packets == o->tally.packets);
    FUZZ_MUST(twice_bytes == out_bytes && memcmp(again, out, out_bytes) == 0);

    FUZZ_MUST(lseek(out_fd, 0, SEEK_SET) == 0);
    FUZZ_MUST(witness_compare(out_fd, fuzz_file(3, in, in_bytes), &options, &report, NULL) == WITNESS_GOOD);
    FUZZ_MUST(report.packets == o->tally.packets && report.cut_packets == o->tally.cut_packets);
    free(again);
    free(out);
}

/* What the pass has written before the damage and, where that is a last record that is cut short, the rest as it is. */
static void must_keep_tail(const uint8_t *in, size_t in_bytes, int before_fd) {
    size_t before_bytes;
    size_t out_bytes;
    struct witness_report report;
    const struct witness_options options = {.terms = {.floor_bytes = POLICY_KEEP_BYTES}, .may_be_cut_short = true};
    const int out_fd = fuzz_file(2, NULL, 0);
    framing.accepted = ACCEPT_CUT_TAIL;
    const struct outcome o = pass(fuzz_file(0, in, in_bytes), out_fd, false);
    framing.accepted = ACCEPT_NONE;
    if (o.status == FRAMING_END) {
        uint8_t *before = fuzz_contents(before_fd, &before_bytes);
        uint8_t *out = fuzz_contents(out_fd, &out_bytes);
        const size_t tail_bytes = (size_t)o.tally.tail_bytes;
        FUZZ_MUST(tail_bytes > 0 && out_bytes == before_bytes + tail_bytes && o.tally.out_bytes == out_bytes);
        FUZZ_MUST(memcmp(out, before, before_bytes) == 0);
        FUZZ_MUST(memcmp(out + before_bytes, in + in_bytes - tail_bytes, tail_bytes) == 0);
        FUZZ_MUST(lseek(out_fd, 0, SEEK_SET) == 0);
        FUZZ_MUST(witness_compare(out_fd, fuzz_file(3, in, in_bytes), &options, &report, NULL) == WITNESS_GOOD);
        FUZZ_MUST(report.tail_bytes == tail_bytes && report.packets == o.tally.packets);
        free(before);
        free(out);
    }
}

static void begin(void) {
    const struct sink_options options = {.digest = true};
    if (sink == NULL) {
        FUZZ_MUST(policy_init(&policy, NULL, NULL) == 0);
        sink = sink_open(SINK_NOWHERE, &options, NULL);
        FUZZ_MUST(sink != NULL && framing_init(&framing, NULL) == FRAMING_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    begin();
    const int in_fd = fuzz_file(0, data, size);
    const int out_fd = fuzz_file(1, NULL, 0);
    const struct outcome o = pass(in_fd, out_fd, false);
    FUZZ_MUST((o.status == FRAMING_END) == (o.failure.text[0] == '\0'));

    FUZZ_MUST(lseek(in_fd, 0, SEEK_SET) == 0);
    const struct outcome counted = pass(in_fd, SINK_NOWHERE, false);
    must_agree(&o, &counted);
    FUZZ_MUST(lseek(in_fd, 0, SEEK_SET) == 0);
    const struct outcome mapped = pass(in_fd, fuzz_file(2, NULL, 0), true);
    must_agree(&o, &mapped);
    FUZZ_MUST(mapped.digest == o.digest);
    const int pipe_fd = fuzz_pipe(data, size);
    if (pipe_fd >= 0) {
        const struct outcome piped = pass(pipe_fd, fuzz_file(2, NULL, 0), false);
        must_agree(&o, &piped);
        FUZZ_MUST(o.status != FRAMING_END || piped.digest == o.digest);
        FUZZ_MUST(close(pipe_fd) == 0);
    }
    if (o.status == FRAMING_END) {
        must_be_slim(data, size, out_fd, &o);
    } else if (o.status == FRAMING_DAMAGED) {
        must_keep_tail(data, size, out_fd);
    }
    return 0;
}

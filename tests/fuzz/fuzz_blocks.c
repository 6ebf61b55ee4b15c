/*
 * pcapng through the whole filter. By read(2) in one piece, from a pipe in many and without output it comes to the
 * same; each block is what the model says; slimming it again changes nothing; the witness takes it, and takes nothing
 * else.
 *
 * An input that begins as pcapng does is taken as it is. Any other one says what to make: a letter for each block, how
 * many bytes are in it, and those bytes, so that a fuzzer need not keep lengths right.
 */
#include "accept.h"
#include "bytes.h"
#include "fuzz.h"
#include "model.h"
#include "recount.h"
#include "slim.h"
#include "tunnels.h"
#include "witness.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct framing framing;
static struct policy policy;
static struct policy flow;
static const struct slim_terms TERMS = {.policy = &policy};
static const struct slim_terms FLOW_TERMS = {.policy = &flow};
static struct sink *sink;

struct outcome {
    enum framing_status status;
    struct tally tally;
    uint64_t digest;
    struct failure failure;
};

/* ---- what to make ---- */

struct made {
    uint8_t at[32768];
    size_t length, begun;
    bool big_endian;
};

static void put(struct made *m, const void *bytes, size_t length) {
    FUZZ_MUST(sizeof m->at - m->length >= length);
    if (length > 0) {
        memcpy(m->at + m->length, bytes, length);
    }
    m->length += length;
}

static void set32(const struct made *m, uint8_t *to, uint32_t value) {
    m->big_endian ? bytes_put_be32(to, value) : bytes_put_le32(to, value);
}

static void put32(struct made *m, uint32_t value) {
    uint8_t bytes[4];
    set32(m, bytes, value);
    put(m, bytes, 4);
}

static void put16(struct made *m, unsigned value) {
    const uint8_t bytes[2] = {(uint8_t)(m->big_endian ? value >> 8 : value),
                              (uint8_t)(m->big_endian ? value : value >> 8)};
    put(m, bytes, 2);
}

static void begin_block(struct made *m, uint32_t type) {
    m->begun = m->length;
    put32(m, type);
    put32(m, 0);
}

/* lie: added to the last length. */
static void end_block(struct made *m, uint32_t lie) {
    put(m, "\0\0\0", (4 - (m->length - m->begun) % 4) % 4);
    const uint32_t total = (uint32_t)(m->length - m->begun + 4);
    set32(m, m->at + m->begun + 4, total);
    put32(m, total + lie);
}

static void make_section(struct made *m, bool big_endian) {
    m->big_endian = big_endian;
    begin_block(m, 0x0a0d0d0a);
    put32(m, 0x1a2b3c4d);
    put16(m, 1);
    put16(m, 0);
    put32(m, UINT32_MAX);
    put32(m, UINT32_MAX);
    end_block(m, 0);
}

/* letter: what is asked for. */
static void make_block(struct made *m, uint8_t letter, const uint8_t *bytes, size_t length) {
    static const uint16_t LINK_TYPES[] = {1, 1, 276, 101};
    static const uint32_t OTHERS[] = {4, 5, 9, 10, 0xbad, 0x40000bad, 7, 0x80000006};
    const size_t options = letter & 8 ? length / 4 : 0;
    const uint32_t lie = letter == 0xff ? 4 : 0;
    switch (letter & 7) {
    case 0:
        make_section(m, (letter & 0x10) != 0);
        return;
    case 1:
        begin_block(m, 1);
        put16(m, LINK_TYPES[letter >> 6]);
        put16(m, 0);
        put32(m, letter & 8 ? 64 : 0);
        put(m, bytes, length);
        break;
    case 2:
        begin_block(m, OTHERS[letter >> 5]);
        put(m, bytes, length);
        break;
    case 3:
        begin_block(m, 3);
        put32(m, (uint32_t)length + (letter >> 4));
        put(m, bytes, length);
        break;
    default:
        begin_block(m, letter & 0x10 ? 2 : 6);
        letter & 0x10 ? put16(m, letter >> 6) : put32(m, letter >> 6);
        put(m, "\0\0", letter & 0x10 ? 2 : 0);
        put32(m, length > 3 ? bytes[3] : 0);
        put32(m, length > 9 ? bytes[9] : 0);
        put32(m, (uint32_t)(length - options));
        put32(m, (uint32_t)(length - options) + (letter >> 7));
        put(m, bytes, length - options);
        put(m, "\1\2\3", (4 - (length - options) % 4) % 4);
        put(m, bytes + length - options, options);
        break;
    }
    end_block(m, lie);
}

static void make(struct made *m, const uint8_t *data, size_t size) {
    m->length = 0;
    make_section(m, size > 0 && (data[0] & 1) != 0);
    make_block(m, 1, NULL, 0);
    for (size_t at = 1; at + 3 <= size && m->length + 700 < sizeof m->at;) {
        const size_t claimed = ((size_t)data[at + 1] << 8 | data[at + 2]) % 600;
        const size_t length = claimed < size - at - 3 ? claimed : size - at - 3;
        make_block(m, data[at], data + at + 3, length);
        at += 3 + length;
    }
}

/* ---- passes ---- */

static struct outcome pass(int fd, int to, const struct slim_terms *terms) {
    struct outcome o = {.failure = {.text = ""}};
    struct source source;
    source_open(&source, fd, NULL);
    if (to != SINK_NOWHERE) {
        sink_reset(sink, to);
    }
    o.status = slim_pass(&framing, &source, terms, to != SINK_NOWHERE ? sink : NULL, &o.tally, &o.failure);
    o.digest = to != SINK_NOWHERE ? sink_digest(sink) : 0;
    source_close(&source);
    return o;
}

static void must_agree(const struct outcome *a, const struct outcome *b) {
    FUZZ_MUST(a->status == b->status && strcmp(a->failure.text, b->failure.text) == 0);
    FUZZ_MUST(a->status != FRAMING_END || a->tally.in_bytes == b->tally.in_bytes);
    FUZZ_MUST(a->tally.packets == b->tally.packets && a->tally.out_bytes == b->tally.out_bytes);
    FUZZ_MUST(memcmp(a->tally.packets_by_reason, b->tally.packets_by_reason, sizeof a->tally.packets_by_reason) == 0);
    FUZZ_MUST(memcmp(a->tally.oddities, b->tally.oddities, sizeof a->tally.oddities) == 0);
    FUZZ_MUST(memcmp(a->tally.interfaces, b->tally.interfaces, sizeof a->tally.interfaces) == 0);
    FUZZ_MUST(a->tally.last_sec == b->tally.last_sec && a->tally.last_frac == b->tally.last_frac);
}

/* ---- what must come out ---- */

struct reader {
    const uint8_t *at;
    size_t bytes;
    bool big_endian;
    uint16_t link_types[2048];
    uint32_t interfaces;
};

static uint32_t get(const struct reader *r, size_t at, size_t bytes) {
    uint32_t value = 0;
    FUZZ_MUST(at + bytes <= r->bytes);
    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | r->at[at + (r->big_endian ? i : bytes - 1 - i)];
    }
    return value;
}

/* What the block at in->at + at is to become, in memory to be freed. */
static uint8_t *wanted(const struct reader *in, size_t at, size_t *wanted_bytes) {
    const uint32_t type = get(in, at, 4);
    const size_t total = get(in, at + 4, 4);
    uint8_t *want = fuzz_exact(in->at + at, total);
    *wanted_bytes = total;
    if (type != 6 && type != 2) {
        return want;
    }
    const uint32_t interface = get(in, at + 8, type == 6 ? 4 : 2);
    const size_t caplen = get(in, at + 20, 4);
    FUZZ_MUST(interface < in->interfaces && caplen + 32 <= total);
    struct model m = model_judge(want + 28, caplen, in->link_types[interface]);
    if (m.cut) {
        uint8_t *frame = fuzz_exact(want + 28, caplen);
        const size_t kept = model_cut(frame, &m);
        const size_t behind = 28 + (caplen + 3) / 4 * 4;
        const size_t end = 28 + (kept + 3) / 4 * 4;
        memset(want + 28, 0, behind - 28);
        memcpy(want + 28, frame, kept);
        memmove(want + end, want + behind, total - behind);
        *wanted_bytes = total - behind + end;
        const struct made order = {.big_endian = in->big_endian};
        set32(&order, want + 4, (uint32_t)*wanted_bytes);
        set32(&order, want + *wanted_bytes - 4, (uint32_t)*wanted_bytes);
        set32(&order, want + 20, (uint32_t)kept);
        free(frame);
    }
    return want;
}

static void must_be_modelled(const uint8_t *data, size_t size, const uint8_t *out, size_t out_bytes) {
    static struct reader in;
    in.at = data;
    in.bytes = size;
    size_t out_at = 0;
    for (size_t at = 0; at < size;) {
        if (memcmp(data + at, "\n\r\r\n", 4) == 0) {
            in.big_endian = data[at + 8] == 0x1a;
            in.interfaces = 0;
        }
        if (get(&in, at, 4) == 1) {
            FUZZ_MUST(in.interfaces < 2048);
            in.link_types[in.interfaces++] = (uint16_t)get(&in, at + 8, 2);
        }
        size_t want_bytes;
        uint8_t *want = wanted(&in, at, &want_bytes);
        FUZZ_MUST(out_bytes - out_at >= want_bytes && memcmp(out + out_at, want, want_bytes) == 0);
        free(want);
        at += get(&in, at + 4, 4);
        out_at += want_bytes;
    }
    FUZZ_MUST(out_at == out_bytes);
}

static enum witness_verdict judge(const uint8_t *slim, size_t slim_bytes, const uint8_t *data, size_t size,
                                  bool is_flow, struct witness_report *report) {
    struct witness_options options = {.terms = {.floor_bytes = POLICY_KEEP_BYTES, .may_leave_more = is_flow}};
    if (is_flow) { /* which looks into tunnels unasked */
        options.terms.tunnels = fuzz_tunnels(true);
    }
    return witness_compare(fuzz_file(2, slim, slim_bytes), fuzz_file(3, data, size), &options, report, NULL);
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

/* One byte of it another one: no longer a slim. Where: by the input itself. */
static void must_be_refused_damaged(uint8_t *out, size_t out_bytes, const uint8_t *data, size_t size) {
    struct witness_report report;
    const size_t at = (size_t)(data[size / 2] << 8 | data[size - 1]) * 31 % out_bytes;
    out[at] ^= 0x41;
    FUZZ_MUST(judge(out, out_bytes, data, size, false, &report) != WITNESS_GOOD);
    out[at] ^= 0x41;
    FUZZ_MUST(judge(out, at, data, size, false, &report) != WITNESS_GOOD);
}

static void must_be_slim(const uint8_t *data, size_t size, int out_fd, const struct outcome *o, bool is_flow) {
    size_t out_bytes;
    size_t twice_bytes;
    struct witness_report report;
    uint8_t *out = fuzz_contents(out_fd, &out_bytes);
    FUZZ_MUST(o->tally.in_bytes == size && o->tally.out_bytes == out_bytes);
    if (!is_flow) {
        must_be_modelled(data, size, out, out_bytes);
    }
    must_recount(out_fd, o, out_bytes);
    const int twice_fd = fuzz_file(2, NULL, 0);
    FUZZ_MUST(lseek(out_fd, 0, SEEK_SET) == 0);
    const struct outcome twice = pass(out_fd, twice_fd, is_flow ? &FLOW_TERMS : &TERMS);
    uint8_t *again = fuzz_contents(twice_fd, &twice_bytes);
    FUZZ_MUST(twice.status == FRAMING_END && twice.tally.packets == o->tally.packets);
    FUZZ_MUST(is_flow || (twice_bytes == out_bytes && memcmp(again, out, out_bytes) == 0));
    FUZZ_MUST(judge(out, out_bytes, data, size, is_flow, &report) == WITNESS_GOOD);
    FUZZ_MUST(report.packets == o->tally.packets && report.cut_packets == o->tally.cut_packets);
    if (!is_flow) {
        must_be_refused_damaged(out, out_bytes, data, size);
    }
    free(again);
    free(out);
}

static void begin(void) {
    const struct sink_options options = {.digest = true};
    struct policy_settings settings;
    if (sink == NULL) {
        policy_settings_init(&settings);
        FUZZ_MUST(policy_init(&policy, &settings, NULL) == 0);
        settings.kind = POLICY_FLOW;
        settings.flows = 64;
        FUZZ_MUST(policy_init(&flow, &settings, NULL) == 0);
        sink = sink_open(SINK_NOWHERE, &options, NULL);
        FUZZ_MUST(sink != NULL && framing_init(&framing, NULL) == FRAMING_OK);
        framing.accepted = ACCEPT_ALL;
    }
}

static void try_whole(const uint8_t *data, size_t size) {
    const int in_fd = fuzz_file(0, data, size);
    const int out_fd = fuzz_file(1, NULL, 0);
    const struct outcome o = pass(in_fd, out_fd, &TERMS);
    FUZZ_MUST((o.status == FRAMING_END) == (o.failure.text[0] == '\0'));
    FUZZ_MUST(lseek(in_fd, 0, SEEK_SET) == 0);
    const struct outcome counted = pass(in_fd, SINK_NOWHERE, &TERMS);
    must_agree(&o, &counted);
    const int pipe_fd = fuzz_pipe(data, size);
    if (pipe_fd >= 0) {
        const struct outcome piped = pass(pipe_fd, fuzz_file(2, NULL, 0), &TERMS);
        must_agree(&o, &piped);
        FUZZ_MUST(o.status != FRAMING_END || piped.digest == o.digest);
        FUZZ_MUST(close(pipe_fd) == 0);
    }
    if (o.status == FRAMING_END) {
        must_be_slim(data, size, out_fd, &o, false);
    } else {
        struct witness_report report; /* of a damaged original nothing can be said; nor may it fall over */
        const enum witness_verdict verdict = judge(data, size, data, size, false, &report);
        FUZZ_MUST(verdict != WITNESS_BAD);
    }
    FUZZ_MUST(lseek(in_fd, 0, SEEK_SET) == 0);
    const int flow_fd = fuzz_file(1, NULL, 0);
    const struct outcome by_flow = pass(in_fd, flow_fd, &FLOW_TERMS);
    if (by_flow.status == FRAMING_END) {
        must_be_slim(data, size, flow_fd, &by_flow, true);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct made made;
    begin();
    if (size >= 4 && memcmp(data, "\n\r\r\n", 4) == 0) {
        try_whole(data, size);
    } else {
        make(&made, data, size);
        uint8_t *exact = fuzz_exact(made.at, made.length);
        try_whole(exact, made.length);
        free(exact);
    }
    return 0;
}

/*
 * Every policy and length mode over a capture. An input is a capture with three bytes behind it: policy and mode, the
 * floor, how many flows are remembered. Whatever they say: as many records, each with its times and its original
 * length, a prefix (or, zeroed, a copy) of what it was but for lengths and checksums; the same by all ways of reading;
 * the witness takes it; and slimming it again changes nothing.
 */
#include "fuzz.h"
#include "model.h"
#include "trial.h"
#include "witness_layout.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEADERS_MOST = 2048 };

static uint32_t field(const uint8_t *p, bool big_endian) {
    uint32_t value = 0;
    for (size_t i = 0; i < 4; i++) {
        value = value << 8 | p[big_endian ? i : 3 - i];
    }
    return value;
}

/* Of a frame that was cut: what differs from the original is in the headers, or zeros in payload. */
static void must_be_kept(const struct trial *t, const uint8_t *was, const uint8_t *is, size_t is_bytes) {
    for (size_t i = 0; i < is_bytes; i++) {
        if (was[i] != is[i]) {
            const bool zeroed = t->terms.cut.mode == CUT_ZERO && is[i] == 0;
            FUZZ_MUST(t->terms.cut.mode != CUT_SNAP);
            FUZZ_MUST(zeroed || i < HEADERS_MOST);
        }
    }
}

static void must_keep_records(const struct trial *t, const uint8_t *in, size_t in_bytes, const uint8_t *out,
                              size_t out_bytes, const struct tally *tally) {
    const bool big_endian = in[0] == 0xa1;
    const uint16_t link_type = (uint16_t)field(in + 20, big_endian);
    size_t at = 24;
    size_t out_at = 24;
    uint64_t packets = 0;
    FUZZ_MUST(out_bytes >= 24 && memcmp(in, out, 24) == 0);
    for (; at < in_bytes; packets++) {
        const size_t was_bytes = field(in + at + 8, big_endian);
        FUZZ_MUST(out_bytes - out_at >= 16);
        const size_t is_bytes = field(out + out_at + 8, big_endian);
        FUZZ_MUST(is_bytes <= was_bytes && out_bytes - out_at - 16 >= is_bytes);
        FUZZ_MUST(is_bytes == was_bytes || (witness_link_type_is_known(link_type) && t->terms.cut.mode != CUT_ZERO));
        FUZZ_MUST(memcmp(in + at, out + out_at, 8) == 0 && memcmp(in + at + 12, out + out_at + 12, 4) == 0);
        const uint8_t *was = in + at + 16;
        const uint8_t *is = out + out_at + 16;
        if (is_bytes < was_bytes || t->terms.cut.mode == CUT_ZERO) {
            must_be_kept(t, was, is, is_bytes);
        } else {
            FUZZ_MUST(is_bytes == 0 || memcmp(was, is, is_bytes) == 0);
        }
        if (is_bytes < was_bytes && t->terms.cut.mode == CUT_REWRITE && t->terms.cut.checksum == CUT_COMPUTE) {
            /* ESP has no checksum; only a policy that follows flows cuts it. */
            FUZZ_MUST(t->policy.settings.kind == POLICY_FLOW || model_is_true(is, is_bytes, link_type));
        }
        at += 16 + was_bytes;
        out_at += 16 + is_bytes;
    }
    FUZZ_MUST(at == in_bytes && out_at == out_bytes && packets == tally->packets);
    FUZZ_MUST(tally->in_bytes == in_bytes && tally->out_bytes == out_bytes);
}

static void must_be_slim(struct trial *t, const uint8_t *in, size_t in_bytes, int out_fd, const struct tally *tally) {
    size_t out_bytes;
    struct witness_report report;
    struct failure failure = {.text = ""};
    uint8_t *out = fuzz_contents(out_fd, &out_bytes);
    must_keep_records(t, in, in_bytes, out, out_bytes, tally);

    FUZZ_MUST(lseek(out_fd, 0, SEEK_SET) == 0);
    const enum witness_verdict verdict =
        witness_compare(out_fd, fuzz_file(3, in, in_bytes), &t->witness, &report, &failure);
    if (verdict != WITNESS_GOOD) {
        fuzz_fail(__FILE__, __LINE__, failure.text);
    }
    FUZZ_MUST(report.packets == tally->packets);

    trial_must_be_done(t, out_fd, out, out_bytes);
    free(out);
}

/* The same bytes from a pipe, and the same figures without output. */
static void must_agree(struct trial *t, const uint8_t *in, size_t in_bytes, enum framing_status status,
                       const struct tally *tally, uint64_t digest) {
    struct tally other;
    const int fd = fuzz_pipe(in, in_bytes);
    if (fd >= 0) {
        FUZZ_MUST(trial_pass(t, fd, fuzz_file(2, NULL, 0), &other) == status);
        FUZZ_MUST(close(fd) == 0);
        FUZZ_MUST(status != FRAMING_END || trial_digest(t) == digest);
    }
    FUZZ_MUST(trial_pass(t, fuzz_file(0, in, in_bytes), -1, &other) == status);
    FUZZ_MUST(other.packets == tally->packets && other.out_bytes == tally->out_bytes);
    FUZZ_MUST(memcmp(other.packets_by_reason, tally->packets_by_reason, sizeof other.packets_by_reason) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct trial t;
    struct tally tally;
    if (size < TRIAL_CONTROL_BYTES) {
        return 0;
    }
    const size_t in_bytes = size - TRIAL_CONTROL_BYTES;
    trial_begin(&t, data + in_bytes);
    const int out_fd = fuzz_file(1, NULL, 0);
    const enum framing_status status = trial_pass(&t, fuzz_file(0, data, in_bytes), out_fd, &tally);
    must_agree(&t, data, in_bytes, status, &tally, trial_digest(&t));
    if (status == FRAMING_END) {
        /* trial_digest() is another's by now; the file is still the first one's. */
        must_be_slim(&t, data, in_bytes, out_fd, &tally);
    }
    trial_end(&t);
    return 0;
}

/*
 * The witness. An input is a capture with two bytes behind it that say where to damage its slim. A slim that was
 * damaged must not pass; nor must two unrelated captures make it fall over.
 */
#include "framing.h"
#include "fuzz.h"
#include "slim.h"
#include "witness.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct framing framing;
static struct policy policy;
static const struct slim_terms TERMS = {.policy = &policy};
static struct sink *sink;

static const struct witness_options OPTIONS = {.terms = {.floor_bytes = POLICY_KEEP_BYTES}};

/* The slim of a capture, in memory to be freed; NULL where it is no whole capture. */
static uint8_t *slim_of(const uint8_t *data, size_t size, size_t *slim_bytes) {
    struct source source;
    struct tally tally;
    const int out = fuzz_file(1, NULL, 0);
    source_open(&source, fuzz_file(0, data, size), NULL);
    sink_reset(sink, out);
    const enum framing_status status = slim_pass(&framing, &source, &TERMS, sink, &tally, NULL);
    source_close(&source);
    return status == FRAMING_END ? fuzz_contents(out, slim_bytes) : NULL;
}

static uint32_t field(const uint8_t *p, bool big_endian) {
    uint32_t value = 0;
    for (size_t i = 0; i < 4; i++) {
        value = value << 8 | p[big_endian ? i : 3 - i];
    }
    return value;
}

/* Whether the byte says how long a packet is: with another one the bytes behind it are other packets. */
static bool is_caplen(const uint8_t *slim, size_t slim_bytes, size_t wanted) {
    size_t at = 24;
    while (slim_bytes - at >= 16 && at + 16 <= wanted) {
        at += 16 + (size_t)field(slim + at + 8, slim[0] == 0xa1);
    }
    return wanted >= at + 8 && wanted < at + 12;
}

static enum witness_verdict compare(const uint8_t *slim, size_t slim_bytes, const uint8_t *original, size_t size) {
    struct witness_report report;
    struct failure failure = {.text = ""};
    const enum witness_verdict verdict =
        witness_compare(fuzz_file(2, slim, slim_bytes), fuzz_file(3, original, size), &OPTIONS, &report, &failure);
    FUZZ_MUST((verdict == WITNESS_GOOD) == (failure.text[0] == '\0'));
    FUZZ_MUST(report.cut_packets <= report.packets);
    return verdict;
}

static void begin(void) {
    if (sink == NULL) {
        FUZZ_MUST(policy_init(&policy, NULL, NULL) == 0);
        sink = sink_open(SINK_NOWHERE, NULL, NULL);
        FUZZ_MUST(sink != NULL && framing_init(&framing, NULL) == FRAMING_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t slim_bytes = 0;
    begin();
    if (size < 4) {
        return 0;
    }
    const size_t capture_bytes = size - 3;
    const uint8_t *control = data + capture_bytes;
    uint8_t *slim = slim_of(data, capture_bytes, &slim_bytes);
    if (slim == NULL) {
        /* Two captures of which nothing is known. */
        const size_t half = capture_bytes * control[0] / 256;
        (void)compare(data, half, data + half, capture_bytes - half);
        (void)compare(data, capture_bytes, data, capture_bytes);
        return 0;
    }
    const size_t at = ((size_t)control[0] << 8 | control[1]) % slim_bytes;
    const uint8_t damage = control[2] != 0 ? control[2] : 1;
    FUZZ_MUST(compare(slim, slim_bytes, data, capture_bytes) == WITNESS_GOOD);
    const bool caplen = is_caplen(slim, slim_bytes, at);
    slim[at] ^= damage;
    const enum witness_verdict verdict = compare(slim, slim_bytes, data, capture_bytes);
    FUZZ_MUST(caplen || verdict != WITNESS_GOOD);
    slim[at] ^= damage;
    FUZZ_MUST(at == 0 || compare(slim, at, data, capture_bytes) != WITNESS_GOOD); /* cut short */
    free(slim);
    return 0;
}

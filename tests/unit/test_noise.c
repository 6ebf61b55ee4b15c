/* noise.c: what passes for ciphertext and what does not. */
#include "noise.h"

#include "support.h"

#include <stdio.h>
#include <string.h>

static uint64_t state = 1;

static void fill_random(uint8_t *p, size_t length_bytes) {
    for (size_t i = 0; i < length_bytes; i++) {
        p[i] = (uint8_t)(next_random(&state) >> 8);
    }
}

static void test_noise_passes_at_every_length(void **unused) {
    (void)unused;
    uint8_t bytes[NOISE_MAX_BYTES + 64];
    for (unsigned round = 0; round < 400; round++) {
        for (uint32_t length = NOISE_MIN_BYTES; length <= sizeof bytes; length += 1 + length / 16) {
            fill_random(bytes, sizeof bytes);
            assert_true(noise_is(bytes, length));
        }
    }
}

/* A stretch that is none at the beginning, in the middle or at the end is seen, and noise passes. */
static void test_noise_throughout(void **unused) {
    (void)unused;
    uint8_t bytes[4 * NOISE_MAX_BYTES];
    for (uint32_t length = NOISE_MIN_BYTES; length <= sizeof bytes; length += 7) {
        fill_random(bytes, sizeof bytes);
        assert_true(noise_is_throughout(bytes, length));
        const uint32_t text = length < NOISE_MAX_BYTES ? length : NOISE_MAX_BYTES;
        const uint32_t places[] = {0, length >= 2 * NOISE_MAX_BYTES ? (length - text) / 2 : 0, length - text};
        for (size_t i = 0; i < COUNT_OF(places); i++) {
            fill_random(bytes, sizeof bytes);
            memset(bytes + places[i], 'a', text);
            assert_false(noise_is_throughout(bytes, length));
        }
    }
    assert_false(noise_is_throughout(bytes, NOISE_MIN_BYTES - 1));
}

static void test_too_little_is_no_noise(void **unused) {
    (void)unused;
    uint8_t bytes[NOISE_MIN_BYTES];
    fill_random(bytes, sizeof bytes);
    for (uint32_t length = 0; length < NOISE_MIN_BYTES; length++) {
        assert_false(noise_is(bytes, length));
    }
}

static void test_text_is_no_noise(void **unused) {
    (void)unused;
    static const char text[] = "GET /index.html HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: curl/8.0\r\n\r\n";
    for (uint32_t length = NOISE_MIN_BYTES; length < sizeof text; length++) {
        assert_false(noise_is((const uint8_t *)text, length));
    }
}

/* Words of 32 bits of which most are small. */
static void test_sparse_binary_is_no_noise(void **unused) {
    (void)unused;
    uint8_t bytes[NOISE_MAX_BYTES];
    fill_random(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = i % 4 < 2 ? 0 : bytes[i];
    }
    for (uint32_t length = 32; length <= sizeof bytes; length *= 2) {
        assert_false(noise_is(bytes, length));
    }
}

/* One byte in three is zero, wherever. */
static void test_scattered_zeros_are_no_noise(void **unused) {
    (void)unused;
    for (unsigned round = 0; round < 100; round++) {
        uint8_t bytes[NOISE_MAX_BYTES];
        fill_random(bytes, sizeof bytes);
        for (size_t i = 0; i < sizeof bytes; i++) {
            bytes[i] = bytes[(i * 7 + round) % sizeof bytes] % 3 == 0 ? 0 : bytes[i];
        }
        unsigned zeros = 0;
        for (size_t i = 0; i < sizeof bytes; i++) {
            zeros += bytes[i] == 0;
        }
        assert_true(zeros < 12 || !noise_is(bytes, sizeof bytes));
    }
}

/* Numbers of 16 bits of which the upper four stay for a while. */
static void test_small_changes_are_no_noise(void **unused) {
    (void)unused;
    for (unsigned round = 0; round < 100; round++) {
        uint8_t bytes[NOISE_MAX_BYTES];
        fill_random(bytes, sizeof bytes);
        for (size_t i = 0; i < sizeof bytes; i += 2) {
            bytes[i] = (uint8_t)((i < 32 ? 0x30 : 0x90) | (bytes[i] & 15));
        }
        assert_false(noise_is(bytes, sizeof bytes));
    }
}

static void test_counters_are_no_noise(void **unused) {
    (void)unused;
    uint8_t bytes[NOISE_MAX_BYTES];
    for (unsigned step = 1; step <= 7; step += 2) {
        for (size_t i = 0; i < sizeof bytes; i++) {
            bytes[i] = (uint8_t)(i * step);
        }
        assert_false(noise_is(bytes, sizeof bytes));
    }
}

/* Records of 48 bytes as NetFlow 5 has them, of which a third is the same every time. */
static void test_records_are_no_noise(void **unused) {
    (void)unused;
    uint8_t bytes[NOISE_MAX_BYTES];
    fill_random(bytes, sizeof bytes);
    for (size_t i = 48; i < sizeof bytes; i++) {
        bytes[i] = i % 48 < 16 ? bytes[i - 48] : bytes[i];
    }
    assert_false(noise_is(bytes, sizeof bytes));
}

/* A quiet voice in G.711: the sign and the exponent change slowly. */
static void test_sampled_audio_is_no_noise(void **unused) {
    (void)unused;
    uint8_t bytes[160];
    for (size_t i = 0; i < sizeof bytes; i++) {
        const unsigned phase = (unsigned)(i % 40);
        const unsigned level = phase < 20 ? phase : 40 - phase;
        bytes[i] = (uint8_t)((phase < 20 ? 0x80 : 0) | (level / 5) << 4 | (next_random(&state) >> 8 & 15));
    }
    assert_false(noise_is(bytes, sizeof bytes));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_noise_passes_at_every_length), cmocka_unit_test(test_noise_throughout),
        cmocka_unit_test(test_too_little_is_no_noise),       cmocka_unit_test(test_text_is_no_noise),
        cmocka_unit_test(test_sparse_binary_is_no_noise),    cmocka_unit_test(test_scattered_zeros_are_no_noise),
        cmocka_unit_test(test_small_changes_are_no_noise),   cmocka_unit_test(test_counters_are_no_noise),
        cmocka_unit_test(test_records_are_no_noise),         cmocka_unit_test(test_sampled_audio_is_no_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

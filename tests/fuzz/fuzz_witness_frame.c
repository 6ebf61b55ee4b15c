/*
 * What the witness makes of two frames. An input is a slim frame and an original behind it, with two bytes in front
 * that say where the one ends. What it takes for a right cut must be one by the model.
 */
#include "fuzz.h"
#include "linktype.h"
#include "model.h"
#include "witness_frame.h"

#include <stdlib.h>
#include <string.h>

enum { FLOOR = 24 };

static bool is_right(const uint8_t *slim, size_t slim_bytes, const uint8_t *original, size_t size) {
    struct failure failure = {.text = ""};
    const struct witness_frame a = {.bytes = slim, .length = slim_bytes, .link_type = LINKTYPE_ETHERNET};
    const struct witness_frame b = {.bytes = original, .length = size, .link_type = LINKTYPE_ETHERNET};
    const struct witness_terms terms = {.floor_bytes = FLOOR};
    const int status = witness_frame_check_cut(&a, &b, &terms, &failure);
    FUZZ_MUST((status == 0) == (failure.text[0] == '\0'));
    return status == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 3) {
        return 0;
    }
    const size_t frames = size - 2;
    const size_t slim_bytes = ((size_t)data[0] << 8 | data[1]) % frames;
    const size_t original_bytes = frames - slim_bytes;
    if (slim_bytes < original_bytes) {
        uint8_t *slim = fuzz_exact(data + 2, slim_bytes);
        uint8_t *original = fuzz_exact(data + 2 + slim_bytes, original_bytes);
        const struct model m = model_judge(original, original_bytes, LINKTYPE_ETHERNET);
        if (is_right(slim, slim_bytes, original, original_bytes)) {
            FUZZ_MUST(m.has_transport && m.payload_bytes > FLOOR);
            FUZZ_MUST(model_cut(original, &m) == slim_bytes && memcmp(slim, original, slim_bytes) == 0);
        }
        free(slim);
        free(original);
    }
    /* The frame alone, cut as it should be and cut a byte off. */
    uint8_t *original = fuzz_exact(data + 2, frames);
    uint8_t *slim = fuzz_exact(data + 2, frames);
    const struct model m = model_judge(original, frames, LINKTYPE_ETHERNET);
    if (m.has_transport && m.payload_bytes > FLOOR) {
        const size_t kept = model_cut(slim, &m);
        FUZZ_MUST(is_right(slim, kept, original, frames));
        slim[(size_t)data[0] * data[1] % kept] ^= 1;
        FUZZ_MUST(!is_right(slim, kept, original, frames));
    }
    free(slim);
    free(original);
    return 0;
}

#include "frame_fit.h"

#include <stdbool.h>
#include <string.h>

enum {
    DESCRIPTOR_AT = 4,
    HEADER_MAX_BYTES = 14,
    SINGLE_SEGMENT = 0x20, /* the content size stands for the window, which is not told */
    SIZE_CODE_SHIFT = 6,
    SIZE_CODES = 4,
    KEPT_FLAGS = 0x1f, /* of the descriptor: checksum and what is reserved */
    WINDOW_LOG_MIN = 10,
    WINDOW_EXPONENT_SHIFT = 3,
    EMPTY_BLOCK_BYTES = 3, /* raw, of 0 bytes, not the last: three zeros */
    EMPTY_BLOCKS_MAX = 2,
};
#define TWO_BYTE_SIZE_OFFSET UINT64_C(256)

/* A way to write the header. */
struct shape {
    bool single;
    unsigned code; /* of the width of the content size */
};

static size_t size_field_bytes(struct shape s) {
    static const uint8_t BYTES[SIZE_CODES] = {0, 2, 4, 8};
    return s.code == 0 && s.single ? 1 : BYTES[s.code];
}

static size_t header_bytes(struct shape s) {
    return DESCRIPTOR_AT + 1 + (s.single ? 0u : 1u) + size_field_bytes(s);
}

static bool can_tell(struct shape s, uint64_t content_bytes) {
    switch (size_field_bytes(s)) {
    case 1:
        return content_bytes < TWO_BYTE_SIZE_OFFSET;
    case 2:
        return content_bytes >= TWO_BYTE_SIZE_OFFSET && content_bytes <= UINT16_MAX + TWO_BYTE_SIZE_OFFSET;
    case 4:
        return content_bytes <= UINT32_MAX;
    default:
        return true;
    }
}

static bool fits(size_t frame_bytes, size_t room_bytes) {
    return frame_bytes == room_bytes || frame_bytes + FRAME_FIT_SKIPPABLE_BYTES <= room_bytes;
}

/* The smallest window that holds the content. */
static uint8_t window_of(uint64_t content_bytes) {
    unsigned exponent = 0;
    while (UINT64_C(1) << (WINDOW_LOG_MIN + exponent) < content_bytes) {
        exponent++;
    }
    return (uint8_t)(exponent << WINDOW_EXPONENT_SHIFT);
}

static void put_header(uint8_t *frame, struct shape s, uint8_t window, uint64_t content_bytes) {
    const size_t field_bytes = size_field_bytes(s);
    uint8_t *at = frame + DESCRIPTOR_AT;
    uint64_t value = field_bytes == 2 ? content_bytes - TWO_BYTE_SIZE_OFFSET : content_bytes;
    *at = (uint8_t)((*at & KEPT_FLAGS) | s.code << SIZE_CODE_SHIFT | (s.single ? SINGLE_SEGMENT : 0u));
    at++;
    if (!s.single) {
        *at++ = window;
    }
    for (size_t i = 0; i < field_bytes; i++) {
        *at++ = (uint8_t)value;
        value >>= 8;
    }
}

size_t frame_fit(uint8_t *frame, size_t frame_bytes, uint64_t content_bytes, size_t room_bytes) {
    if (frame_bytes <= HEADER_MAX_BYTES || fits(frame_bytes, room_bytes)) {
        return fits(frame_bytes, room_bytes) ? frame_bytes : 0;
    }
    const unsigned descriptor = frame[DESCRIPTOR_AT];
    const struct shape is = {(descriptor & SINGLE_SEGMENT) != 0, descriptor >> SIZE_CODE_SHIFT};
    const uint8_t window = is.single ? window_of(content_bytes) : frame[DESCRIPTOR_AT + 1];
    const size_t body_bytes = frame_bytes - header_bytes(is);
    for (unsigned i = 0; i < 2 * SIZE_CODES * (EMPTY_BLOCKS_MAX + 1); i++) {
        const struct shape s = {i % 2 == 0, i / 2 % SIZE_CODES};
        const size_t empty_bytes = (size_t)EMPTY_BLOCK_BYTES * (i / (2 * SIZE_CODES));
        const size_t new_bytes = header_bytes(s) + empty_bytes + body_bytes;
        /* With a window that is smaller than the content a frame is not of a single segment. */
        if ((s.single && !is.single) || !can_tell(s, content_bytes) || new_bytes > frame_bytes + FRAME_FIT_MORE_BYTES ||
            !fits(new_bytes, room_bytes)) {
            continue;
        }
        memmove(frame + header_bytes(s) + empty_bytes, frame + header_bytes(is), body_bytes);
        memset(frame + header_bytes(s), 0, empty_bytes);
        put_header(frame, s, window, content_bytes);
        return new_bytes;
    }
    return 0;
}

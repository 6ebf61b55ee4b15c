#include "indexed.h"

#include "framing.h"
#include "savefile.h"

int indexed_check(void *context, const uint8_t *content, size_t length_bytes, bool is_first, struct failure *f) {
    const struct framing *fr = context;
    const struct format *format = fr->format;
    size_t at = is_first ? format->file_header_bytes : 0;
    struct framed r;
    if (format != savefile_format()) {
        return failure_set(f, "has pcapng in it, of which no index is known; say --compress zstd");
    }
    while (at + format->piece_header_bytes <= length_bytes) {
        /* It is only looked at: reading takes what may be changed elsewhere. */
        uint8_t *piece = (uint8_t *)(uintptr_t)content + at;
        if (format->read(&fr->state, piece, length_bytes - at, &r, f) != 0 || r.whole_bytes > length_bytes - at) {
            break;
        }
        at += (size_t)r.whole_bytes;
    }
    return at == length_bytes
               ? 0
               : failure_set(f, "does not end where a record ends, so that the next one does not begin with "
                                "one: no index can be kept true; say --compress zstd");
}

#include "flow_smb.h"

#include "bytes.h"

#include <string.h>

enum {
    FRAME_BYTES = 4, /* type 0 and a length of three bytes */
    MAGIC_BYTES = 4,
    HEAD_BYTES = FRAME_BYTES + MAGIC_BYTES,
    TRANSFORM_HEADER_BYTES = 52,
    KEEP_ALIVE = 0x85, /* RFC 1002 section 4.3.7 */
    ENCRYPTED = 0xfd,
    MAGIC_FIRST = 0xfc, /* compressed, encrypted, SMB 2, SMB 1 */
};

static bool is_magic(const uint8_t *p) {
    return p[0] >= MAGIC_FIRST && p[1] == 'S' && p[2] == 'M' && p[3] == 'B';
}

bool flow_smb_begins(enum flow_where where, const uint8_t *p, uint32_t there_bytes) {
    (void)where;
    return there_bytes >= HEAD_BYTES && p[0] == 0 && is_magic(p + FRAME_BYTES) &&
           (bytes_get_be32(p) & 0xffffff) >= MAGIC_BYTES;
}

struct flow_unit flow_smb_unit(struct flow_stream *s, const uint8_t *p, uint32_t there_bytes) {
    (void)s;
    struct flow_unit u = {.kind = FLOW_UNIT_NONE};
    if (there_bytes >= FRAME_BYTES && p[0] == KEEP_ALIVE && (bytes_get_be32(p) & 0xffffff) == 0) {
        u.kind = FLOW_UNIT_CLEAR;
        u.length_bytes = FRAME_BYTES;
        return u;
    }
    if (there_bytes < HEAD_BYTES) {
        u.kind = FLOW_UNIT_MORE;
        u.clear_bytes = there_bytes;
        return u;
    }
    if (!flow_smb_begins(FLOW_WITHIN, p, there_bytes)) {
        return u;
    }
    u.length_bytes = FRAME_BYTES + (bytes_get_be32(p) & 0xffffff);
    u.kind = FLOW_UNIT_CLEAR;
    if (p[FRAME_BYTES] == ENCRYPTED && u.length_bytes > FRAME_BYTES + TRANSFORM_HEADER_BYTES) {
        u.kind = FLOW_UNIT_SECRET;
        u.clear_bytes = FRAME_BYTES + TRANSFORM_HEADER_BYTES;
    }
    return u;
}

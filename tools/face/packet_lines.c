#include "packet_lines.h"

#include "reason.h"

#include <jansson.h>

void packet_lines_see(void *context, const struct slim_packet *packet) {
    struct packet_lines *lines = context;
    json_t *line = json_pack("{s:I, s:I, s:I, s:b, s:s, s:I}", "packet", (json_int_t)++lines->packets, "caplen",
                             (json_int_t)packet->is->caplen_bytes, "origlen", (json_int_t)packet->is->origlen_bytes,
                             "cut", (int)packet->decision.cut, "reason", policy_reason_name(packet->decision.reason),
                             "kept_bytes", (json_int_t)packet->kept_bytes);
    if (line == NULL || json_dumpf(line, lines->out, JSON_COMPACT) != 0 || putc('\n', lines->out) == EOF) {
        lines->failed = true;
    }
    json_decref(line);
}

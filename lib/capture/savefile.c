#include "savefile.h"

#include <string.h>

#define MAGIC_MICROSECONDS UINT32_C(0xa1b2c3d4)
#define MAGIC_NANOSECONDS UINT32_C(0xa1b23c4d)

static int open_file(const uint8_t *bytes, size_t length_bytes, struct savefile_header *out, struct failure *f) {
    if (length_bytes < SAVEFILE_HEADER_BYTES) {
        return failure_of(FAILURE_CONTENTS, f, "not a capture: %zu bytes, a pcap file header has 24", length_bytes);
    }
    memset(out, 0, sizeof *out);
    const uint32_t magic_be = bytes_get_be32(bytes);
    out->big_endian = magic_be == MAGIC_MICROSECONDS || magic_be == MAGIC_NANOSECONDS;
    out->nanoseconds = bytes_get32(out->big_endian, bytes) == MAGIC_NANOSECONDS;

    const unsigned major = bytes_get16(out->big_endian, bytes + 4);
    const unsigned minor = bytes_get16(out->big_endian, bytes + 6);
    if (major != 2 || minor != 4) {
        return failure_of(FAILURE_CONTENTS, f, "not processed: pcap version %u.%u (only 2.4 is)", major, minor);
    }
    out->snaplen_bytes = bytes_get32(out->big_endian, bytes + 16);
    uint32_t last = bytes_get32(out->big_endian, bytes + 20);
    out->linktype = (uint16_t)(last & 0xffff);
    out->linktype_high = (uint16_t)(last >> 16);
    return 0;
}

static int read_record(const struct format_state *s, uint8_t *at, size_t there_bytes, struct framed *out,
                       struct failure *f) {
    const struct savefile_header *h = &s->savefile;
    (void)there_bytes; /* the header says it all */
    const struct format_packet is = savefile_get_packet(h, at);
    *out = (struct framed){
        .header = at,
        .header_bytes = SAVEFILE_RECORD_HEADER_BYTES,
        .visible_bytes = is.caplen_bytes,
        .whole_bytes = SAVEFILE_RECORD_HEADER_BYTES + (uint64_t)is.caplen_bytes,
        .is_packet = true,
        .has_time = true,
        .may_be_cut = true,
        .linktype = h->linktype,
        .second = h->nanoseconds ? 1000000000 : 1000000,
        .snaplen_bytes = h->snaplen_bytes,
        .is = is,
    };
    return out->is.caplen_bytes <= FORMAT_CAPLEN_MAX_BYTES
               ? 0
               : failure_of(FAILURE_CONTENTS, f, "captured length %lu is over 256 MiB; the capture is damaged",
                            (unsigned long)out->is.caplen_bytes);
}

static uint64_t shorten_record(const struct format_state *s, const struct framed *r, uint32_t caplen_bytes) {
    savefile_put_caplen(&s->savefile, r->header, caplen_bytes);
    return SAVEFILE_RECORD_HEADER_BYTES + (uint64_t)caplen_bytes;
}

const struct format *savefile_format(void) {
    static const struct format format = {
        .piece = "record",
        .file_header_bytes = SAVEFILE_HEADER_BYTES,
        .piece_header_bytes = SAVEFILE_RECORD_HEADER_BYTES,
        .open = open_file,
        .read = read_record,
        .shorten = shorten_record,
    };
    return &format;
}

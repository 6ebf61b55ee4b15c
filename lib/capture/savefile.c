#include "savefile.h"

#include <string.h>

#define MAGIC_MICROSECONDS UINT32_C(0xa1b2c3d4)
#define MAGIC_NANOSECONDS UINT32_C(0xa1b23c4d)

struct signature {
    uint8_t bytes[8];
    uint8_t length;
    const char *what;
};

#define UNPACK_HINT "; unpack it first"

/* Files an operator may well meet under the name *.pcap, each with what to do about it. */
static const struct signature SIGNATURES[] = {
    {{0x0a, 0x0d, 0x0d, 0x0a}, 4, "a pcapng capture; convert it with: editcap -F pcap IN OUT"},
    {{0xa1, 0xb2, 0xcd, 0x34}, 4, "a modified pcap capture (Kuznetzov, magic a1b2cd34, big endian)"},
    {{0x34, 0xcd, 0xb2, 0xa1}, 4, "a modified pcap capture (Kuznetzov, magic a1b2cd34, little endian)"},
    {{0xa1, 0xb2, 0xc3, 0xd5}, 4, "an Arkime short-header capture (magic a1b2c3d5, big endian)"},
    {{0xd5, 0xc3, 0xb2, 0xa1}, 4, "an Arkime short-header capture (magic a1b2c3d5, little endian)"},
    {{0xa1, 0xb2, 0x34, 0xcd}, 4, "a modified pcap capture (Mesquita, magic a1b234cd, big endian)"},
    {{0xcd, 0x34, 0xb2, 0xa1}, 4, "a modified pcap capture (Mesquita, magic a1b234cd, little endian)"},
    {{0xa1, 0x2b, 0x3c, 0x4d}, 4, "a modified pcap capture (Navtel, magic a12b3c4d, big endian)"},
    {{0x4d, 0x3c, 0x2b, 0xa1}, 4, "a modified pcap capture (Navtel, magic a12b3c4d, little endian)"},
    {{0x1c, 0x00, 0x01, 0xac}, 4, "an Ixia lcap capture (magic 1c0001ac, big endian)"},
    {{0xac, 0x01, 0x00, 0x1c}, 4, "an Ixia lcap capture (magic 1c0001ac, little endian)"},
    {{0x1c, 0x00, 0x01, 0xab}, 4, "an Ixia lcap capture (magic 1c0001ab, big endian)"},
    {{0xab, 0x01, 0x00, 0x1c}, 4, "an Ixia lcap capture (magic 1c0001ab, little endian)"},
    {{'s', 'n', 'o', 'o', 'p', 0, 0, 0}, 8, "a snoop capture; convert it with: editcap -F pcap IN OUT"},
    {{0x1f, 0x8b}, 2, "a gzip file" UNPACK_HINT},
    {{0x28, 0xb5, 0x2f, 0xfd}, 4, "a zstd file" UNPACK_HINT},
    {{0x04, 0x22, 0x4d, 0x18}, 4, "an lz4 file" UNPACK_HINT},
    {{0xfd, '7', 'z', 'X', 'Z', 0x00}, 6, "an xz file" UNPACK_HINT},
    {{'B', 'Z', 'h'}, 3, "a bzip2 file" UNPACK_HINT},
};

static const char *known_as(const uint8_t *bytes, size_t length_bytes) {
    for (size_t i = 0; i < sizeof SIGNATURES / sizeof SIGNATURES[0]; i++) {
        const struct signature *s = &SIGNATURES[i];
        if (length_bytes >= s->length && memcmp(bytes, s->bytes, s->length) == 0) {
            return s->what;
        }
    }
    return NULL;
}

int savefile_parse_header(const uint8_t *bytes, size_t length_bytes, struct savefile_header *out, struct failure *f) {
    if (length_bytes == 0) {
        return failure_of(FAILURE_CONTENTS, f, "not a capture: the file is empty");
    }
    const char *what = known_as(bytes, length_bytes);
    if (what != NULL) {
        return failure_of(FAILURE_CONTENTS, f, "not processed: this is %s", what);
    }
    if (length_bytes < SAVEFILE_HEADER_BYTES) {
        return failure_of(FAILURE_CONTENTS, f, "not a capture: %zu bytes, a pcap file header has 24", length_bytes);
    }
    uint32_t magic_le = bytes_get_le32(bytes);
    uint32_t magic_be = bytes_get_be32(bytes);
    memset(out, 0, sizeof *out);
    if (magic_be == MAGIC_MICROSECONDS || magic_be == MAGIC_NANOSECONDS) {
        out->big_endian = true;
    } else if (magic_le != MAGIC_MICROSECONDS && magic_le != MAGIC_NANOSECONDS) {
        return failure_of(FAILURE_CONTENTS, f, "not a capture: it begins with %02x%02x%02x%02x, no pcap magic number",
                          bytes[0], bytes[1], bytes[2], bytes[3]);
    }
    out->nanoseconds = (out->big_endian ? magic_be : magic_le) == MAGIC_NANOSECONDS;

    const uint8_t *v = bytes + 4;
    unsigned major = out->big_endian ? (unsigned)(v[0] << 8 | v[1]) : (unsigned)(v[1] << 8 | v[0]);
    unsigned minor = out->big_endian ? (unsigned)(v[2] << 8 | v[3]) : (unsigned)(v[3] << 8 | v[2]);
    if (major != 2 || minor != 4) {
        return failure_of(FAILURE_CONTENTS, f, "not processed: pcap version %u.%u (only 2.4 is)", major, minor);
    }
    out->snaplen_bytes = savefile_get32(out, bytes + 16);
    uint32_t last = savefile_get32(out, bytes + 20);
    out->linktype = (uint16_t)(last & 0xffff);
    out->linktype_high = (uint16_t)(last >> 16);
    return 0;
}

void savefile_put_header(const struct savefile_header *h, uint8_t *p) {
    memset(p, 0, SAVEFILE_HEADER_BYTES);
    savefile_put32(h, p, h->nanoseconds ? MAGIC_NANOSECONDS : MAGIC_MICROSECONDS);
    p[h->big_endian ? 5 : 4] = 2;
    p[h->big_endian ? 7 : 6] = 4;
    savefile_put32(h, p + 16, h->snaplen_bytes);
    savefile_put32(h, p + 20, (uint32_t)h->linktype_high << 16 | h->linktype);
}

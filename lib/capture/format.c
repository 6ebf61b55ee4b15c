#include "format.h"

#include "accept.h"
#include "pcapng.h"
#include "savefile.h"

#include <string.h>

struct row {
    uint8_t magic[8];
    uint8_t length;
    const char *what;                     /* that it is where it is refused */
    const struct format *(*format)(void); /* NULL: it always is */
    unsigned accept;                      /* that it is processed only with, or unpacked before this is asked */
};

#define UNPACK_HINT "; unpack it first"
#define ACCEPT_HINT(name) "; take it with --accept " name ", or unpack it first"
#define NETSNIFF_HINT "; record with netsniff-ng -T 0xa1b2c3d4"
#define ACCEPT_HINT(name) "; take it with --accept " name ", or unpack it first"

/* Files an operator may well meet under the name *.pcap; those that are refused each with what to do about it. */
static const struct row ROWS[] = {
    {{0xd4, 0xc3, 0xb2, 0xa1}, 4, NULL, savefile_format, ACCEPT_NONE},
    {{0xa1, 0xb2, 0xc3, 0xd4}, 4, NULL, savefile_format, ACCEPT_NONE},
    {{0x4d, 0x3c, 0xb2, 0xa1}, 4, NULL, savefile_format, ACCEPT_NONE},
    {{0xa1, 0xb2, 0x3c, 0x4d}, 4, NULL, savefile_format, ACCEPT_NONE},
    {{0x0a, 0x0d, 0x0d, 0x0a},
     4,
     "a pcapng capture; take it with --accept pcapng, or convert it with: editcap -F pcap IN OUT",
     pcapng_format,
     ACCEPT_PCAPNG},
    {{0xa1, 0xb2, 0xcd, 0x34}, 4, "a modified pcap capture (Kuznetzov, magic a1b2cd34, big endian)", NULL, ACCEPT_NONE},
    {{0x34, 0xcd, 0xb2, 0xa1},
     4,
     "a modified pcap capture (Kuznetzov, magic a1b2cd34, little endian)",
     NULL,
     ACCEPT_NONE},
    {{0xa1, 0xb2, 0xc3, 0xd5}, 4, "an Arkime short-header capture (magic a1b2c3d5, big endian)", NULL, ACCEPT_NONE},
    {{0xd5, 0xc3, 0xb2, 0xa1}, 4, "an Arkime short-header capture (magic a1b2c3d5, little endian)", NULL, ACCEPT_NONE},
    {{0xa1, 0xb2, 0x34, 0xcd}, 4, "a modified pcap capture (Mesquita, magic a1b234cd, big endian)", NULL, ACCEPT_NONE},
    {{0xcd, 0x34, 0xb2, 0xa1},
     4,
     "a modified pcap capture (Mesquita, magic a1b234cd, little endian)",
     NULL,
     ACCEPT_NONE},
    {{0xa1, 0x2b, 0x3c, 0x4d}, 4, "a modified pcap capture (Navtel, magic a12b3c4d, big endian)", NULL, ACCEPT_NONE},
    {{0x4d, 0x3c, 0x2b, 0xa1}, 4, "a modified pcap capture (Navtel, magic a12b3c4d, little endian)", NULL, ACCEPT_NONE},
    {{0xa1, 0xe2, 0xcb, 0x12},
     4,
     "a netsniff-ng capture (Borkmann, magic a1e2cb12, big endian)" NETSNIFF_HINT,
     NULL,
     ACCEPT_NONE},
    {{0x12, 0xcb, 0xe2, 0xa1},
     4,
     "a netsniff-ng capture (Borkmann, magic a1e2cb12, little endian)" NETSNIFF_HINT,
     NULL,
     ACCEPT_NONE},
    {{0xb1, 0xb2, 0xc3, 0xd4},
     4,
     "a netsniff-ng capture (cooked, magic b1b2c3d4, big endian)" NETSNIFF_HINT,
     NULL,
     ACCEPT_NONE},
    {{0xd4, 0xc3, 0xb2, 0xb1},
     4,
     "a netsniff-ng capture (cooked, magic b1b2c3d4, little endian)" NETSNIFF_HINT,
     NULL,
     ACCEPT_NONE},
    {{0xb1, 0xb2, 0x3c, 0x4d},
     4,
     "a netsniff-ng capture (cooked, magic b1b23c4d, big endian)" NETSNIFF_HINT,
     NULL,
     ACCEPT_NONE},
    {{0x4d, 0x3c, 0xb2, 0xb1},
     4,
     "a netsniff-ng capture (cooked, magic b1b23c4d, little endian)" NETSNIFF_HINT,
     NULL,
     ACCEPT_NONE},
    {{0x1c, 0x00, 0x01, 0xac}, 4, "an Ixia lcap capture (magic 1c0001ac, big endian)", NULL, ACCEPT_NONE},
    {{0xac, 0x01, 0x00, 0x1c}, 4, "an Ixia lcap capture (magic 1c0001ac, little endian)", NULL, ACCEPT_NONE},
    {{0x1c, 0x00, 0x01, 0xab}, 4, "an Ixia lcap capture (magic 1c0001ab, big endian)", NULL, ACCEPT_NONE},
    {{0xab, 0x01, 0x00, 0x1c}, 4, "an Ixia lcap capture (magic 1c0001ab, little endian)", NULL, ACCEPT_NONE},
    {{'s', 'n', 'o', 'o', 'p', 0, 0, 0},
     8,
     "a snoop capture; convert it with: editcap -F pcap IN OUT",
     NULL,
     ACCEPT_NONE},
    {{0x1f, 0x8b}, 2, "a gzip file" ACCEPT_HINT("gzip"), NULL, ACCEPT_GZIP},
    {{0x28, 0xb5, 0x2f, 0xfd}, 4, "a zstd file" ACCEPT_HINT("zstd"), NULL, ACCEPT_ZSTD},
    {{0x04, 0x22, 0x4d, 0x18}, 4, "an lz4 file" ACCEPT_HINT("lz4"), NULL, ACCEPT_LZ4},
    {{0x02, 0x21, 0x4c, 0x18},
     4,
     "an lz4 file of the legacy format; pack it anew: lz4 -dc IN | lz4 - OUT",
     NULL,
     ACCEPT_NONE},
    {{0x50, 0x2a, 0x4d, 0x18},
     4,
     "a zstd file that begins with a skippable frame" ACCEPT_HINT("zstd"),
     NULL,
     ACCEPT_ZSTD},
    {{0xfd, '7', 'z', 'X', 'Z', 0x00}, 6, "an xz file" ACCEPT_HINT("xz"), NULL, ACCEPT_XZ},
    {{'B', 'Z', 'h'}, 3, "a bzip2 file" UNPACK_HINT, NULL, ACCEPT_NONE},
};

static const struct row *find(const uint8_t *bytes, size_t length_bytes) {
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        if (length_bytes >= ROWS[i].length && memcmp(bytes, ROWS[i].magic, ROWS[i].length) == 0) {
            return &ROWS[i];
        }
    }
    return NULL;
}

const struct format *format_open(const uint8_t *bytes, size_t length_bytes, unsigned accepted,
                                 struct savefile_header *out, struct failure *f) {
    const struct row *row = find(bytes, length_bytes);
    if (length_bytes == 0) {
        failure_of(FAILURE_CONTENTS, f, "not a capture: the file is empty");
    } else if (row != NULL && row->format != NULL && (row->accept & ~accepted) == 0) {
        return row->format()->open(bytes, length_bytes, out, f) == 0 ? row->format() : NULL;
    } else if (row != NULL && (row->accept & accepted) != 0) { /* it was unpacked, and this came out */
        failure_of(FAILURE_CONTENTS, f, "not processed: it is compressed twice; unpack it once first");
    } else if (row != NULL) {
        failure_of(FAILURE_CONTENTS, f, "not processed: this is %s", row->what);
    } else if (length_bytes < FORMAT_LOOK_BYTES) {
        failure_of(FAILURE_CONTENTS, f, "not a capture: %zu bytes, a pcap file header has 24", length_bytes);
    } else {
        failure_of(FAILURE_CONTENTS, f, "not a capture: it begins with %02x%02x%02x%02x, no pcap magic number",
                   bytes[0], bytes[1], bytes[2], bytes[3]);
    }
    return NULL;
}

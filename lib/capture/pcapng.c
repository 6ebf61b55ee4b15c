#include "pcapng.h"

#include "linktype.h"

#include <inttypes.h>

#define BYTE_ORDER_MAGIC UINT32_C(0x1a2b3c4d)

enum {
    /* Section Header Block */
    MAGIC_AT = 8,
    MAJOR_AT = 12,
    MINOR_AT = 14,
    SECTION_LENGTH_AT = 16,
    SECTION_MIN_BYTES = 28,
    /* Interface Description Block */
    LINKTYPE_AT = 8,
    SNAPLEN_AT = 12,
    OPTIONS_AT = 16,
    INTERFACE_MIN_BYTES = 20,
    OPTION_HEADER_BYTES = 4,
    OPTION_END = 0,
    OPTION_NAME = 2,
    OPTION_RESOLUTION = 9,
    OPTION_FCS = 13,
    OPTION_OFFSET = 14,
    RESOLUTION_OF_2 = 0x80,
    RESOLUTION_USUAL = 6, /* microseconds, where an interface says nothing */
    /* Simple Packet Block */
    SIMPLE_ORIGLEN_AT = 8,
    SIMPLE_HEADER_BYTES = 12,
    SIMPLE_MIN_BYTES = SIMPLE_HEADER_BYTES + PCAPNG_LENGTH_BYTES,
    /* Decryption Secrets Block */
    SECRETS_TYPE_AT = 8,
    SECRETS_MIN_BYTES = 20,
    SECRETS_TLS = 0x544c534b,
    SECRETS_SSH = 0x5353484b,
    SECRETS_WIREGUARD = 0x57474b4c,
};

#define SECOND_NS UINT64_C(1000000000)

/* ---- sections ---- */

/* The byte order that a section is in; where there is none of a section header, as it was. */
static int read_order(const uint8_t *at, bool *big_endian, struct failure *f) {
    *big_endian = bytes_get_be32(at + MAGIC_AT) == BYTE_ORDER_MAGIC;
    return *big_endian || bytes_get_le32(at + MAGIC_AT) == BYTE_ORDER_MAGIC
               ? 0
               : failure_of(FAILURE_CONTENTS, f,
                            "a section header with byte-order magic %08" PRIx32 "; the capture is damaged",
                            bytes_get_be32(at + MAGIC_AT));
}

static int check_version(const uint8_t *at, bool big_endian, struct failure *f) {
    const unsigned major = bytes_get16(big_endian, at + MAJOR_AT);
    const unsigned minor = bytes_get16(big_endian, at + MINOR_AT);
    return major == 1 && (minor == 0 || minor == 2)
               ? 0
               : failure_of(FAILURE_CONTENTS, f, "not processed: pcapng version %u.%u (only 1.0 is)", major, minor);
}

static int open_file(const uint8_t *bytes, size_t length_bytes, struct savefile_header *out, struct failure *f) {
    memset(out, 0, sizeof *out);
    out->container = CONTAINER_PCAPNG;
    if (length_bytes < FORMAT_LOOK_BYTES) {
        return failure_of(FAILURE_CONTENTS, f, "not a capture: %zu bytes, a pcapng section header has 28",
                          length_bytes);
    }
    return read_order(bytes, &out->big_endian, f) != 0 ? -1 : check_version(bytes, out->big_endian, f);
}

/* ---- packets ---- */

static void set_time(struct format_packet *is, uint64_t sec, uint64_t ns, int64_t offset_s) {
    /* What a number of 32 bits cannot say is shown as its end that is nearer. */
    if (offset_s < 0) {
        const uint64_t back_s = 0 - (uint64_t)offset_s;
        ns = sec < back_s ? 0 : ns;
        sec = sec < back_s ? 0 : sec - back_s;
    } else {
        sec = sec > UINT64_MAX - (uint64_t)offset_s ? UINT64_MAX : sec + (uint64_t)offset_s;
    }
    is->ts_sec = sec > UINT32_MAX ? UINT32_MAX : (uint32_t)sec;
    is->ts_frac = (uint32_t)ns;
}

static uint64_t power_of_10(unsigned n) {
    uint64_t power = 1;
    for (; n > 0; n--) {
        power *= 10;
    }
    return power;
}

/* Of a time stamp in units of 2^-n seconds. */
static void read_binary_time(uint64_t ticks, unsigned n, int64_t offset_s, struct format_packet *is) {
    const uint64_t sec = n < 64 ? ticks >> n : 0;
    const uint64_t rest = n < 64 ? ticks & ((UINT64_C(1) << n) - 1) : ticks;
    /* 32 bits of the fraction are a quarter of a nanosecond. */
    const uint64_t fraction = n <= 32 ? rest << (32 - n) : n - 32 < 64 ? rest >> (n - 32) : 0;
    set_time(is, sec, fraction * SECOND_NS >> 32, offset_s);
}

/* In units of 10^-n seconds. */
static void read_decimal_time(uint64_t ticks, unsigned n, int64_t offset_s, struct format_packet *is) {
    enum { NS = 9, DIGITS_MAX = 19 /* of a power of 10 in 64 bits */ };
    uint64_t second = SECOND_NS;
    uint64_t to_ns = 1;
    if (n > NS) {
        ticks = n - NS <= DIGITS_MAX ? ticks / power_of_10(n - NS) : 0;
    } else {
        second = power_of_10(n);
        to_ns = power_of_10(NS - n);
    }
    set_time(is, ticks / second, ticks % second * to_ns, offset_s);
}

static void read_time(const struct format_interface *i, uint64_t ticks, struct format_packet *is) {
    if (i->resolution & RESOLUTION_OF_2) {
        read_binary_time(ticks, i->resolution & ~(unsigned)RESOLUTION_OF_2, i->offset_s, is);
    } else {
        read_decimal_time(ticks, i->resolution, i->offset_s, is);
    }
}

static int set_frame(struct framed *out, const struct format_interface *i, uint32_t header_bytes, uint32_t caplen_bytes,
                     struct failure *f) {
    const uint64_t room_bytes = out->whole_bytes - header_bytes - PCAPNG_LENGTH_BYTES;
    if (caplen_bytes > FORMAT_CAPLEN_MAX_BYTES) {
        return failure_of(FAILURE_CONTENTS, f, "captured length %" PRIu32 " is over 256 MiB; the capture is damaged",
                          caplen_bytes);
    }
    if (caplen_bytes > room_bytes) {
        return failure_of(FAILURE_CONTENTS, f,
                          "captured length %" PRIu32 ", but its block has room for %" PRIu64 "; the capture is damaged",
                          caplen_bytes, room_bytes);
    }
    out->header_bytes = header_bytes;
    out->visible_bytes = out->is.caplen_bytes = caplen_bytes;
    out->padding_bytes = (uint8_t)pcapng_padding_bytes(caplen_bytes);
    out->linktype = i->linktype;
    out->second = (uint32_t)SECOND_NS;
    out->snaplen_bytes = i->snaplen_bytes;
    out->interface = i;
    return 0;
}

static const struct format_interface *find_interface(const struct format_state *s, uint32_t id, struct failure *f) {
    if (id >= s->interface_count) {
        (void)failure_of(FAILURE_CONTENTS, f,
                         "captured on interface %" PRIu32 ", but its section has described %" PRIu32
                         "; the capture is damaged",
                         id, s->interface_count);
        return NULL;
    }
    return &s->interfaces[id];
}

static int read_packet(const struct format_state *s, const uint8_t *at, bool is_obsolete, struct framed *out,
                       struct failure *f) {
    const bool order = s->big_endian;
    const struct format_interface *i = find_interface(
        s, is_obsolete ? bytes_get16(order, at + PCAPNG_INTERFACE_AT) : bytes_get32(order, at + PCAPNG_INTERFACE_AT),
        f);
    if (i == NULL || set_frame(out, i, PCAPNG_PACKET_HEADER_BYTES, bytes_get32(order, at + PCAPNG_CAPLEN_AT), f) != 0) {
        return -1;
    }
    read_time(
        i, (uint64_t)bytes_get32(order, at + PCAPNG_TIME_HIGH_AT) << 32 | bytes_get32(order, at + PCAPNG_TIME_LOW_AT),
        &out->is);
    out->is.origlen_bytes = bytes_get32(order, at + PCAPNG_ORIGLEN_AT);
    out->has_time = out->may_be_cut = true;
    return 0;
}

static int read_simple_packet(const struct format_state *s, const uint8_t *at, struct framed *out, struct failure *f) {
    const struct format_interface *i = find_interface(s, 0, f);
    if (i == NULL) {
        return -1;
    }
    const uint32_t origlen_bytes = bytes_get32(s->big_endian, at + SIMPLE_ORIGLEN_AT);
    const uint64_t room_bytes = out->whole_bytes - SIMPLE_MIN_BYTES;
    uint32_t caplen_bytes = origlen_bytes;
    if (caplen_bytes > i->snaplen_bytes) {
        caplen_bytes = i->snaplen_bytes;
    }
    out->is.origlen_bytes = origlen_bytes;
    /* A snaplen that was not kept to; what there is is all that there can be. */
    return set_frame(out, i, SIMPLE_HEADER_BYTES, caplen_bytes > room_bytes ? (uint32_t)room_bytes : caplen_bytes, f);
}

/* ---- blocks ---- */

/* What is special about the types of blocks that are known. */
struct block_type {
    uint32_t min_bytes;   /* the shortest that there can be */
    uint32_t there_bytes; /* that must be there before what it says can be read */
    bool is_packet;
};

static struct block_type type_of(uint32_t type) {
    switch (type) {
    case PCAPNG_BLOCK_SECTION:
        return (struct block_type){.min_bytes = SECTION_MIN_BYTES, .there_bytes = SECTION_MIN_BYTES};
    case PCAPNG_BLOCK_INTERFACE:
        return (struct block_type){.min_bytes = INTERFACE_MIN_BYTES};
    case PCAPNG_BLOCK_SECRETS:
        return (struct block_type){.min_bytes = SECRETS_MIN_BYTES};
    case PCAPNG_BLOCK_SIMPLE:
        return (struct block_type){SIMPLE_MIN_BYTES, SIMPLE_HEADER_BYTES, true};
    case PCAPNG_BLOCK_ENHANCED:
    case PCAPNG_BLOCK_PACKET:
        return (struct block_type){PCAPNG_PACKET_MIN_BYTES, PCAPNG_PACKET_HEADER_BYTES, true};
    default:
        return (struct block_type){.min_bytes = PCAPNG_BLOCK_HEADER_BYTES};
    }
}

static int check_length(uint32_t type, const struct block_type *t, uint64_t whole_bytes, struct failure *f) {
    return whole_bytes >= t->min_bytes && whole_bytes % 4 == 0
               ? 0
               : failure_of(FAILURE_CONTENTS, f,
                            "a block of type %" PRIu32 " with total length %" PRIu64 " (at least %" PRIu32
                            ", a multiple of 4); the capture is damaged",
                            type, whole_bytes, t->min_bytes);
}

static int check_last_length(const uint8_t *at, size_t there_bytes, uint64_t whole_bytes, struct failure *f) {
    return there_bytes < whole_bytes ||
                   memcmp(at + PCAPNG_LENGTH_AT, at + whole_bytes - PCAPNG_LENGTH_BYTES, PCAPNG_LENGTH_BYTES) == 0
               ? 0
               : failure_of(FAILURE_CONTENTS, f,
                            "the total length at the end of a block is not the one at its beginning (%" PRIu64
                            "); the capture is damaged",
                            whole_bytes);
}

/* Of a block that is known, and of which there is enough. */
static int read_known(const struct format_state *s, uint32_t type, bool big_endian, struct framed *out,
                      struct failure *f) {
    switch (type) {
    case PCAPNG_BLOCK_SECTION:
        return check_version(out->header, big_endian, f);
    case PCAPNG_BLOCK_INTERFACE:
        return s->interface_count < PCAPNG_INTERFACES_MAX
                   ? 0
                   : failure_of(FAILURE_CONTENTS, f, "not processed: more than %d interfaces in one section",
                                PCAPNG_INTERFACES_MAX);
    case PCAPNG_BLOCK_SIMPLE:
        return read_simple_packet(s, out->header, out, f);
    case PCAPNG_BLOCK_ENHANCED:
    case PCAPNG_BLOCK_PACKET:
        return read_packet(s, out->header, type == PCAPNG_BLOCK_PACKET, out, f);
    default:
        return 0;
    }
}

static int read_block(const struct format_state *s, uint8_t *at, size_t there_bytes, struct framed *out,
                      struct failure *f) {
    bool big_endian = s->big_endian;
    const bool is_section = bytes_get_be32(at) == PCAPNG_BLOCK_SECTION;
    if (is_section && read_order(at, &big_endian, f) != 0) {
        return -1;
    }
    const uint32_t type = bytes_get32(big_endian, at);
    const struct block_type t = type_of(type);
    *out = (struct framed){
        .header = at, .whole_bytes = bytes_get32(big_endian, at + PCAPNG_LENGTH_AT), .is_packet = t.is_packet};
    /* In an order that does not depend on how much of it there is, so that of several faults the same one is told. */
    if (check_length(type, &t, out->whole_bytes, f) != 0 ||
        (there_bytes >= t.there_bytes && read_known(s, type, big_endian, out, f) != 0)) {
        return -1;
    }
    return check_last_length(at, there_bytes, out->whole_bytes, f);
}

/* ---- what spans say ---- */

static uint64_t get64(bool big_endian, const uint8_t *p) {
    const uint32_t first = bytes_get32(big_endian, p);
    const uint32_t second = bytes_get32(big_endian, p + 4);
    return big_endian ? (uint64_t)first << 32 | second : (uint64_t)second << 32 | first;
}

static void enter_section(struct format_state *s, const uint8_t *at) {
    (void)read_order(at, &s->big_endian, NULL);
    s->interfaces_before += s->interface_count;
    s->interface_count = 0;
    s->sections++;
    s->sized_sections += get64(s->big_endian, at + SECTION_LENGTH_AT) != UINT64_MAX;
    s->secrets = 0;
}

static void take_option(struct format_interface *i, bool big_endian, unsigned code, const uint8_t *value,
                        size_t length_bytes) {
    if (code == OPTION_NAME && i->name[0] == '\0') {
        memcpy(i->name, value, length_bytes < sizeof i->name ? length_bytes : sizeof i->name - 1);
    } else if (code == OPTION_RESOLUTION && length_bytes == 1) {
        i->resolution = value[0];
    } else if (code == OPTION_FCS && length_bytes == 1) {
        i->fcs_bytes = value[0];
    } else if (code == OPTION_OFFSET && length_bytes == 8) {
        const uint64_t offset = get64(big_endian, value);
        memcpy(&i->offset_s, &offset, sizeof offset);
    }
}

/* Those that are there whole, up to the first that lies about its length. */
static void take_options(struct format_interface *i, bool big_endian, const uint8_t *at, const uint8_t *end) {
    while (end - at >= OPTION_HEADER_BYTES) {
        const unsigned code = bytes_get16(big_endian, at);
        const uint32_t length_bytes = bytes_get16(big_endian, at + 2);
        at += OPTION_HEADER_BYTES;
        if (code == OPTION_END || (size_t)(end - at) < length_bytes) {
            return;
        }
        take_option(i, big_endian, code, at, length_bytes);
        const uint32_t padded_bytes = length_bytes + pcapng_padding_bytes(length_bytes);
        at = (size_t)(end - at) < padded_bytes ? end : at + padded_bytes;
    }
}

static void note_resolution(struct format_interface *i, struct savefile_header *h) {
    enum { NS = 9, US = 6, US_OF_2 = 20 /* 2^-20 is a little less than a microsecond */ };
    const unsigned n = i->resolution & ~(unsigned)RESOLUTION_OF_2;
    const bool of_2 = (i->resolution & RESOLUTION_OF_2) != 0;
    h->nanoseconds = h->nanoseconds || n >= (of_2 ? (unsigned)US_OF_2 : US + 1U);
    if (!of_2 && n <= NS && i->offset_s == 0) {
        i->tick_ns = (uint32_t)power_of_10(NS - n);
        i->ticks_max = (UINT64_C(1) << 32) * power_of_10(n) - 1;
        i->is_ordinary = i->linktype == LINKTYPE_ETHERNET;
    }
}

static void enter_interface(struct format_state *s, const struct framed *r) {
    struct format_interface *i = &s->interfaces[s->interface_count];
    const uint8_t *at = r->header;
    const uint64_t end_bytes = r->whole_bytes - PCAPNG_LENGTH_BYTES;
    const uint32_t snaplen_bytes = bytes_get32(s->big_endian, at + SNAPLEN_AT);
    *i = (struct format_interface){
        .number = s->interfaces_before + s->interface_count,
        .linktype = bytes_get16(s->big_endian, at + LINKTYPE_AT),
        .snaplen_bytes = snaplen_bytes != 0 ? snaplen_bytes : UINT32_MAX,
        .resolution = RESOLUTION_USUAL,
    };
    take_options(i, s->big_endian, at + OPTIONS_AT, at + (end_bytes < r->there_bytes ? end_bytes : r->there_bytes));
    note_resolution(i, &s->savefile);
    if (i->number == 0) {
        s->savefile.linktype = i->linktype;
        s->savefile.snaplen_bytes = snaplen_bytes;
    }
    s->interface_count++;
}

static void enter_secrets(struct format_state *s, const uint8_t *at) {
    switch (bytes_get32(s->big_endian, at + SECRETS_TYPE_AT)) {
    case SECRETS_TLS:
        s->secrets |= FORMAT_SECRETS_TLS;
        break;
    case SECRETS_SSH:
        s->secrets |= FORMAT_SECRETS_SSH;
        break;
    case SECRETS_WIREGUARD:
        s->secrets |= FORMAT_SECRETS_WIREGUARD;
        break;
    default:
        s->secrets |= FORMAT_SECRETS_OTHER;
    }
}

static void enter_block(struct format_state *s, const struct framed *r) {
    if (bytes_get_be32(r->header) == PCAPNG_BLOCK_SECTION) {
        enter_section(s, r->header);
        return;
    }
    const uint32_t type = bytes_get32(s->big_endian, r->header);
    if (type == PCAPNG_BLOCK_INTERFACE) {
        enter_interface(s, r);
    } else if (type == PCAPNG_BLOCK_SECRETS) {
        enter_secrets(s, r->header);
    }
}

/* ---- cutting ---- */

static uint64_t shorten_block(const struct format_state *s, const struct framed *r, uint32_t caplen_bytes) {
    uint8_t *block = r->header;
    const uint64_t behind_at = (uint64_t)r->header_bytes + r->is.caplen_bytes + r->padding_bytes;
    const uint32_t end_at = r->header_bytes + caplen_bytes;
    const uint32_t padding_bytes = pcapng_padding_bytes(caplen_bytes);
    const uint64_t whole_bytes = r->whole_bytes - (behind_at - end_at - padding_bytes);
    bytes_put32(s->big_endian, block + PCAPNG_CAPLEN_AT, caplen_bytes);
    bytes_put32(s->big_endian, block + PCAPNG_LENGTH_AT, (uint32_t)whole_bytes);
    memset(block + end_at, 0, padding_bytes);
    if (r->there_bytes > behind_at) {
        memmove(block + end_at + padding_bytes, block + behind_at, r->there_bytes - behind_at);
    }
    if (r->there_bytes == r->whole_bytes) {
        bytes_put32(s->big_endian, block + whole_bytes - PCAPNG_LENGTH_BYTES, (uint32_t)whole_bytes);
    }
    return whole_bytes;
}

void pcapng_move_options(const struct pcapng_ordinary *o, uint32_t to_bytes) {
    uint8_t *frame = o->block + PCAPNG_PACKET_HEADER_BYTES;
    const uint32_t from_at = pcapng_padded_bytes(o->is.caplen_bytes);
    const uint32_t options_bytes = o->total_bytes - PCAPNG_PACKET_MIN_BYTES - from_at;
    memset(frame + to_bytes, 0, pcapng_padding_bytes(to_bytes));
    memmove(frame + pcapng_padded_bytes(to_bytes), frame + from_at, options_bytes);
}

const struct format *pcapng_format(void) {
    static const struct format format = {
        .piece = "block",
        .file_header_bytes = 0, /* a section header is a block */
        .piece_header_bytes = PCAPNG_BLOCK_HEADER_BYTES,
        .interfaces_max = PCAPNG_INTERFACES_MAX,
        .tail_bytes = PCAPNG_LENGTH_BYTES,
        .tail_at = PCAPNG_LENGTH_AT,
        .open = open_file,
        .read = read_block,
        .enter = enter_block,
        .shorten = shorten_block,
    };
    return &format;
}

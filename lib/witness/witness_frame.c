#include "witness_frame.h"

#include "bytes.h"

#include <inttypes.h>
#include <string.h>

enum {
    IPV4_LENGTH_AT = 2,
    IPV4_SUM_AT = 10,
    IPV6_BYTES = 40,
    IPV6_LENGTH_AT = 4,

    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    TCP_SUM_AT = 16,
    UDP_BYTES = 8,
    UDP_LENGTH_AT = 4,
    UDP_SUM_AT = 6,

    /* Of a longer frame the beginning is looked at: behind it nobody can tell whether a checksum was right. */
    LOOKED_AT_BYTES = 256 * 1024 - 16,

    HOLES_MAX = 4, /* IPv4 with UDP: two fields each */
    ONES = 0xffff, /* the modulus of ones' complement sums of 16 bits */
};

/* What is judged, and by what. */
struct judged {
    const struct witness_frame *slim;
    const struct witness_frame *original;
    const struct witness_terms *terms;
    struct witness_layout at; /* of the original */
    struct failure *failure;
};

/*
 * A running sum of 16-bit big-endian words (RFC 1071). Adding 32 bits at a time comes to the same, as 2^16
 * is 1 modulo 2^16 - 1; 64 bits hold more carries than a frame has words. Only the last piece of a sum may
 * be odd.
 */
static uint64_t sum_add(uint64_t sum, const uint8_t *p, size_t length) {
    for (; length >= 4; p += 4, length -= 4) {
        sum += bytes_get_be32(p);
    }
    if (length >= 2) {
        sum += bytes_get_be16(p);
        p += 2;
        length -= 2;
    }
    return length == 0 ? sum : sum + ((uint64_t)p[0] << 8);
}

/*
 * What a checksum field must hold above data with this sum (the field itself left out) to be wrong by `wrong`; 0 means
 * to be right. From 0 to fffe: 0 and ffff add up alike, and only 0 comes out of complementing a sum that is not 0.
 */
static size_t sum_field(uint64_t sum, uint64_t wrong) {
    return (size_t)((wrong + ONES - sum % ONES) % ONES);
}

static bool is_udp(const struct judged *j) {
    return j->at.protocol == PROTOCOL_UDP;
}

static size_t l4_sum_at(const struct judged *j) {
    return j->at.l4_at + (is_udp(j) ? (size_t)UDP_SUM_AT : (size_t)TCP_SUM_AT);
}

/* The sum of a TCP or UDP segment of said_bytes, of which there_bytes are there, without its checksum. */
static uint64_t l4_sum(const struct judged *j, const struct witness_frame *frame, size_t said_bytes,
                       size_t there_bytes) {
    uint64_t sum = (uint64_t)j->at.protocol + said_bytes;
    sum = sum_add(sum, j->at.source, j->at.address_bytes);
    sum = sum_add(sum, j->at.destination, j->at.address_bytes);
    sum = sum_add(sum, frame->bytes + j->at.l4_at, there_bytes);
    return sum - bytes_get_be16(frame->bytes + l4_sum_at(j));
}

/* The bytes that the original's TCP or UDP checksum covers, by its headers. */
static size_t covered_bytes(const struct judged *j) {
    size_t said = j->at.said_end_at - j->at.l4_at;
    if (is_udp(j)) {
        size_t length = bytes_get_be16(j->original->bytes + j->at.l4_at + UDP_LENGTH_AT);
        if (length >= UDP_BYTES && length < said) {
            return length;
        }
    }
    return said;
}

/* What a field must hold, with its name and how it is written. */
struct field {
    const char *name;
    bool is_sum;
    size_t at;
    size_t expected;
};

/*
 * The TCP or UDP checksum: slim_bytes is the length of the segment in slim, of which there_bytes are there to be
 * summed.
 */
static struct field l4_sum_field(const struct judged *j, size_t slim_bytes, size_t there_bytes) {
    struct field field = {is_udp(j) ? "UDP checksum" : "TCP checksum", true, l4_sum_at(j), 0};
    unsigned was = bytes_get_be16(j->original->bytes + field.at);
    uint64_t wrong = 0;
    if (j->terms->cut.checksum == CUT_INCREMENTAL) {
        size_t covered = covered_bytes(j);
        size_t seen_end = j->at.end_at < LOOKED_AT_BYTES ? j->at.end_at : LOOKED_AT_BYTES;
        size_t captured = seen_end > j->at.l4_at ? seen_end - j->at.l4_at : 0;
        bool ends_behind = j->at.end_at > LOOKED_AT_BYTES;
        if (is_udp(j) && was == 0) { /* there is none, and there must be none */
            return field;
        }
        if (captured >= covered && !(ends_behind && j->terms->cut.mode == CUT_ZERO)) {
            wrong = (l4_sum(j, j->original, covered, covered) + was) % ONES;
        } else if (j->terms->cut.mode == CUT_ZERO && !ends_behind) { /* what was not captured is the same in both */
            wrong = (l4_sum(j, j->original, covered, captured) + was) % ONES;
        }
    }
    field.expected = sum_field(l4_sum(j, j->slim, slim_bytes, there_bytes), wrong);
    if (is_udp(j) && field.expected == 0) {
        field.expected = ONES; /* 0 would say that there is no checksum */
    }
    return field;
}

static uint64_t ipv4_sum(const struct judged *j, const struct witness_frame *frame) {
    const uint8_t *ip = frame->bytes + j->at.ip_at;
    return sum_add(0, ip, j->at.l4_at - j->at.ip_at) - bytes_get_be16(ip + IPV4_SUM_AT);
}

static struct field ipv4_sum_field(const struct judged *j) {
    size_t at = j->at.ip_at + IPV4_SUM_AT;
    uint64_t wrong = 0;
    if (j->terms->cut.checksum == CUT_INCREMENTAL) {
        wrong = (ipv4_sum(j, j->original) + bytes_get_be16(j->original->bytes + at)) % ONES;
    }
    return (struct field){"IPv4 header checksum", true, at, sum_field(ipv4_sum(j, j->slim), wrong)};
}

/*
 * The fields that a cut in mode `rewrite` changes, in the order of their places: what they must hold in slim, whose
 * length must have been found right before. Returns how many there are.
 */
static size_t expect_rewritten(const struct judged *j, struct field fields[HOLES_MAX]) {
    size_t count = 0;
    const struct witness_layout *l = &j->at;
    size_t slim_length = j->slim->length;
    if (l->ip_version == 4) {
        fields[count++] = (struct field){"IPv4 total length", false, l->ip_at + IPV4_LENGTH_AT, slim_length - l->ip_at};
        fields[count++] = ipv4_sum_field(j);
    } else {
        fields[count++] = (struct field){"IPv6 payload length", false, l->ip_at + IPV6_LENGTH_AT,
                                         slim_length - l->ip_at - IPV6_BYTES};
    }
    if (is_udp(j)) {
        fields[count++] = (struct field){"UDP length", false, l->l4_at + UDP_LENGTH_AT, slim_length - l->l4_at};
    }
    if (l->protocol != WITNESS_ESP) {
        fields[count++] = l4_sum_field(j, slim_length - l->l4_at, slim_length - l->l4_at);
    }
    return count;
}

/* The same in mode `zero`: at most the checksum. */
static size_t expect_zeroed(const struct judged *j, struct field fields[HOLES_MAX]) {
    size_t covered = covered_bytes(j);
    size_t captured = j->at.end_at - j->at.l4_at;
    if (j->terms->cut.checksum == CUT_KEEP || j->at.protocol == WITNESS_ESP) {
        return 0;
    }
    fields[0] = l4_sum_field(j, covered, captured < covered ? captured : covered);
    return 1;
}

static int check_field(const struct judged *j, const struct field *field) {
    unsigned found = bytes_get_be16(j->slim->bytes + field->at);
    if (found == field->expected) {
        return 0;
    }
    return field->is_sum ? failure_set(j->failure, "%s is %04x, not %04zx", field->name, found, field->expected)
                         : failure_set(j->failure, "%s is %u, not %zu", field->name, found, field->expected);
}

/* Compare the bytes from `from` up to `to`. */
static int check_same(const struct judged *j, size_t from, size_t to) {
    const uint8_t *slim = j->slim->bytes;
    const uint8_t *original = j->original->bytes;
    if (memcmp(slim + from, original + from, to - from) == 0) {
        return 0;
    }
    while (slim[from] == original[from]) {
        from++;
    }
    return failure_set(j->failure, "byte %zu of the frame is %02x, not %02x", from, (unsigned)slim[from],
                       (unsigned)original[from]);
}

/* That everything up to `to` is as it was but for these fields, and that they hold what they must. */
static int check_kept(const struct judged *j, const struct field *fields, size_t count, size_t to) {
    size_t from = 0;
    for (size_t i = 0; i < count; i++) {
        if (check_same(j, from, fields[i].at) != 0) {
            return -1;
        }
        from = fields[i].at + sizeof(uint16_t);
    }
    if (check_same(j, from, to) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (check_field(j, &fields[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

static int check_shortened(const struct judged *j) {
    const uint32_t floor_bytes = j->terms->floor_bytes;
    if (j->slim->length < j->at.payload_at) {
        return failure_set(j->failure, "the cut leaves %zu bytes of %zu bytes of headers", j->slim->length,
                           j->at.payload_at);
    }
    size_t left_bytes = j->slim->length - j->at.payload_at;
    if (j->terms->may_leave_more && left_bytes >= floor_bytes && j->slim->length < j->at.end_at) {
        return 0;
    }
    if (left_bytes != floor_bytes) {
        return failure_set(j->failure, "the cut leaves %zu bytes of payload, not %" PRIu32 "%s", left_bytes,
                           floor_bytes, j->terms->may_leave_more ? " or more" : "");
    }
    return 0;
}

/* Mode `zero`: where the zeros begin. Whether what is before them is as it was is not asked here. */
static int find_zeros(const struct judged *j, size_t *zeros_at) {
    const uint8_t *slim = j->slim->bytes;
    size_t floor_at = j->at.payload_at + j->terms->floor_bytes;
    *zeros_at = j->at.end_at;
    while (*zeros_at > floor_at && slim[*zeros_at - 1] == 0) {
        --*zeros_at;
    }
    if (!j->terms->may_leave_more && *zeros_at > floor_at) {
        return failure_set(j->failure,
                           "byte %zu of the frame is %02x, not zero, though it is payload behind the first %" PRIu32
                           " bytes",
                           *zeros_at - 1, (unsigned)slim[*zeros_at - 1], j->terms->floor_bytes);
    }
    return 0;
}

static int check_zeroed(const struct judged *j) {
    struct field fields[HOLES_MAX];
    size_t zeros_at;
    if (j->slim->length != j->original->length) {
        return failure_set(j->failure, "%zu bytes, not %zu: no length changes in mode zero", j->slim->length,
                           j->original->length);
    }
    if (find_zeros(j, &zeros_at) != 0 || check_kept(j, fields, expect_zeroed(j, fields), zeros_at) != 0) {
        return -1;
    }
    return check_same(j, j->at.end_at, j->slim->length);
}

int witness_frame_check_cut(const struct witness_frame *slim, const struct witness_frame *original,
                            const struct witness_terms *terms, struct failure *f) {
    struct judged j = {.slim = slim, .original = original, .terms = terms, .failure = f};
    struct field fields[HOLES_MAX];
    const char *reason = witness_lay_out(original, terms->may_leave_more, &j.at);
    if (reason != NULL) {
        return failure_set(f, "cut, though %s", reason);
    }
    if (j.at.end_at - j.at.payload_at <= terms->floor_bytes) {
        return failure_set(f, "cut, though its payload is only %zu bytes", j.at.end_at - j.at.payload_at);
    }
    if (terms->cut.mode == CUT_ZERO) {
        return check_zeroed(&j);
    }
    if (check_shortened(&j) != 0) {
        return -1;
    }
    return check_kept(&j, fields, terms->cut.mode == CUT_REWRITE ? expect_rewritten(&j, fields) : 0, slim->length);
}

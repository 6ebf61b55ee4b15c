#include "witness_frame.h"

#include "bytes.h"

#include <inttypes.h>
#include <string.h>

enum {
    /* Of a longer frame the beginning is looked at: behind it nobody can tell whether a checksum was right. */
    LOOKED_AT_BYTES = 256 * 1024 - 16,

    FIELDS_MAX = 2 * WITNESS_LAYERS_MAX,
    ONES = 0xffff, /* the modulus of ones' complement sums of 16 bits */
};

/* What is judged, and by what. */
struct judged {
    const struct witness_frame *slim;
    const struct witness_frame *original;
    const struct witness_terms *terms;
    const struct witness_layout *at; /* of the original */
    struct failure *failure;
};

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

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

/*
 * The sum that a layer's checksum is taken over, without that checksum, where what it covers ends at said_end_at. What
 * is behind there_end counts as zeros.
 */
static uint64_t layer_sum(const struct witness_layer *layer, const struct witness_frame *frame, size_t said_end_at,
                          size_t there_end_at) {
    uint64_t sum = 0;
    if (layer->address_bytes > 0) {
        sum = (uint64_t)layer->protocol + ((said_end_at - layer->begins_at) & 0xffff);
        sum = sum_add(sum, layer->source, layer->address_bytes);
        sum = sum_add(sum, layer->destination, layer->address_bytes);
    }
    size_t end_at = smaller(said_end_at, there_end_at);
    sum = sum_add(sum, frame->bytes + layer->begins_at, end_at - layer->begins_at);
    return sum - bytes_get_be16(frame->bytes + layer->sum_at);
}

/* What a field must hold, with its name and how it is written. */
struct field {
    const char *name;
    bool is_sum;
    bool is_little;
    size_t at;
    size_t expected;
};

/* By how much the original's checksum was wrong and must stay wrong; 0 where nobody can tell. */
static uint64_t was_wrong_by(const struct judged *j, const struct witness_layer *layer) {
    const bool zero = j->terms->cut.mode == CUT_ZERO;
    const bool ends_behind = j->at->end_at > LOOKED_AT_BYTES;
    const size_t seen_end_at = smaller(j->original->length, LOOKED_AT_BYTES);
    const bool whole = seen_end_at >= layer->said_end_at;
    /* In mode `zero` what was not captured is the same in both. */
    if (j->terms->cut.checksum != CUT_INCREMENTAL || (zero ? ends_behind : !whole)) {
        return 0;
    }
    uint64_t sum = layer_sum(layer, j->original, layer->said_end_at, seen_end_at);
    return (sum + bytes_get_be16(j->original->bytes + layer->sum_at)) % ONES;
}

/* is_own: of the packet that is cut, not of a tunnel around it. slim_end_at: where what it covers ends in slim. */
static struct field sum_field_of(const struct judged *j, const struct witness_layer *layer, bool is_own,
                                 size_t slim_end_at) {
    struct field field = {.name = layer->sum, .is_sum = true, .at = layer->sum_at};
    const bool is_none = layer->may_be_none && bytes_get_be16(j->original->bytes + layer->sum_at) == 0;
    if (is_none && (!is_own || j->terms->cut.checksum == CUT_INCREMENTAL)) {
        return field; /* and must be none */
    }
    field.expected = sum_field(layer_sum(layer, j->slim, slim_end_at, j->slim->length), was_wrong_by(j, layer));
    if (layer->may_be_none && field.expected == 0) {
        field.expected = ONES; /* 0 would say that there is no checksum */
    }
    return field;
}

/*
 * The fields that a cut changes, in the order of their places: what they must hold in slim, whose length must have been
 * found right before. In mode `rewrite` all of all layers, in mode `zero` the checksums over what became zeros, in mode
 * `snap` none. Returns how many there are.
 */
static size_t expect(const struct judged *j, struct field fields[FIELDS_MAX]) {
    const bool rewrite = j->terms->cut.mode == CUT_REWRITE;
    size_t count = 0;
    if (j->terms->cut.mode == CUT_SNAP || (!rewrite && j->terms->cut.checksum == CUT_KEEP)) {
        return 0;
    }
    for (size_t i = 0; i < j->at->layer_count; i++) {
        const struct witness_layer *layer = &j->at->layers[i];
        if (rewrite && layer->length != NULL) {
            fields[count++] = (struct field){.name = layer->length,
                                             .is_little = layer->is_little,
                                             .at = layer->length_at,
                                             .expected = j->slim->length - layer->counted_from};
        }
        if (layer->sum != NULL && (rewrite || !layer->header_only)) {
            const bool to_the_end = rewrite && !layer->header_only;
            fields[count++] =
                sum_field_of(j, layer, i + 1 == j->at->layer_count, to_the_end ? j->slim->length : layer->said_end_at);
        }
    }
    return count;
}

static int check_field(const struct judged *j, const struct field *field) {
    const uint8_t *at = j->slim->bytes + field->at;
    unsigned found = field->is_little ? bytes_get_le16(at) : bytes_get_be16(at);
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
    if (j->slim->length < j->at->payload_at) {
        return failure_set(j->failure, "the cut leaves %zu bytes of %zu bytes of headers", j->slim->length,
                           j->at->payload_at);
    }
    size_t left_bytes = j->slim->length - j->at->payload_at;
    if (j->terms->may_leave_more && left_bytes >= floor_bytes && j->slim->length < j->at->end_at) {
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
    size_t floor_at = j->at->payload_at + j->terms->floor_bytes;
    *zeros_at = j->at->end_at;
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
    struct field fields[FIELDS_MAX];
    size_t zeros_at;
    if (j->slim->length != j->original->length) {
        return failure_set(j->failure, "%zu bytes, not %zu: no length changes in mode zero", j->slim->length,
                           j->original->length);
    }
    if (find_zeros(j, &zeros_at) != 0 || check_kept(j, fields, expect(j, fields), zeros_at) != 0) {
        return -1;
    }
    return check_same(j, j->at->end_at, j->slim->length);
}

int witness_frame_check_laid_out(const struct witness_frame *slim, const struct witness_frame *original,
                                 const struct witness_layout *at, const struct witness_terms *terms,
                                 struct failure *f) {
    const struct judged j = {.slim = slim, .original = original, .terms = terms, .at = at, .failure = f};
    struct field fields[FIELDS_MAX];
    if (j.at->end_at - j.at->payload_at <= terms->floor_bytes) {
        return failure_set(f, "cut, though its payload is only %zu bytes", j.at->end_at - j.at->payload_at);
    }
    if (terms->cut.mode == CUT_ZERO) {
        return check_zeroed(&j);
    }
    if (check_shortened(&j) != 0) {
        return -1;
    }
    return check_kept(&j, fields, expect(&j, fields), slim->length);
}

int witness_frame_check_cut(const struct witness_frame *slim, const struct witness_frame *original,
                            const struct witness_terms *terms, struct failure *f) {
    struct witness_layout at;
    const char *reason = witness_lay_out(original, terms->may_leave_more, &at);
    return reason != NULL ? failure_set(f, "cut, though %s", reason)
                          : witness_frame_check_laid_out(slim, original, &at, terms, f);
}

#include "witness.h"

#include "bytes.h"
#include "witness_blocks.h"
#include "witness_frame.h"
#include "witness_input.h"
#include "witness_tail.h"

#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILE_HEADER_BYTES = 24,
    VERSION_AT = 4,
    SNAPLEN_AT = 16,
    LINK_TYPE_AT = 20,
    LINK_TYPE_MASK = 0xffff, /* the rest of the field says how long the FCS is */
    RECORD_HEADER_BYTES = 16,
    CAPLEN_AT = 8,
    VERSION_2_4_BIG_ENDIAN = 0x00020004,
    VERSION_2_4_LITTLE_ENDIAN = 0x00040002,

    /* Few calls, and yet two of them stay in a processor's cache while libpcap copies out of them. */
    STREAM_BUFFER_BYTES = 256 * 1024,

    /*
     * What libpcap is told instead of the file's own snaplen and link type. It clips a packet that is longer
     * than the snaplen of its file, and what it clips would escape the comparison. For most link types it
     * refuses packets above 256 KiB, and for some it swaps bytes inside of packets when the file is of the
     * other byte order. D-Bus messages it takes up to 128 MiB and leaves alone. The true link type is
     * obeyed here.
     */
    SHOWN_SNAPLEN = INT32_MAX,
    SHOWN_LINK_TYPE = 231,
};

/* How libpcap 1.x begins to say that a packet is larger than it reads: it has no code for that. */
static const char LIBPCAP_TOO_LARGE[] = "invalid packet capture length";

/* One of the two captures. */
struct stream {
    struct witness_input in;
    const char *too_large;                   /* what to say of a packet that is larger than libpcap reads */
    uint8_t header[FILE_HEADER_BYTES];       /* as it is in the file */
    uint8_t shown_header[FILE_HEADER_BYTES]; /* as libpcap is to see it */
    size_t shown_bytes;                      /* of shown_header delivered to libpcap */
    uint64_t offset_bytes;                   /* of the record that is read next */
    uint64_t packets;                        /* read whole */
    struct witness_tail tail;                /* kept where it may be cut short */
    char *buffer;
    FILE *file;
    pcap_t *pcap;
    struct pcap_pkthdr *packet; /* the last one read; libpcap's, valid until the next */
    const uint8_t *bytes;
};

enum step {
    STEP_ON, /* there is a packet, or what else was asked for */
    STEP_END,
    STEP_CUT_SHORT, /* the end, within a record, where that may be */
    STEP_DAMAGED,   /* the bytes are not those of a capture */
    STEP_FAILED,    /* could not tell */
};

static bool is_big_endian(const struct stream *s) {
    return s->header[0] == 0xa1;
}

/* A field of the file header, in the file's byte order. */
static uint32_t header_get(const struct stream *s, size_t at) {
    return bytes_get32(is_big_endian(s), s->header + at);
}

static void shown_header_put(struct stream *s, size_t at, uint32_t value) {
    bytes_put32(is_big_endian(s), s->shown_header + at, value);
}

/* cookie_read_function_t: the file header as libpcap is to see it, then the file as it is. */
static ssize_t cookie_read(void *cookie, char *to, size_t wanted_bytes) {
    struct stream *s = cookie;
    size_t left_bytes = FILE_HEADER_BYTES - s->shown_bytes;
    if (left_bytes == 0) {
        const ssize_t got = witness_input_read(&s->in, to, wanted_bytes);
        witness_tail_add(&s->tail, to, got > 0 ? (size_t)got : 0);
        return got;
    }
    size_t bytes = left_bytes < wanted_bytes ? left_bytes : wanted_bytes;
    memcpy(to, s->shown_header + s->shown_bytes, bytes);
    s->shown_bytes += bytes;
    return (ssize_t)bytes;
}

/* Read the file header, which a pipe may deliver in pieces. */
static enum step stream_read_header(struct stream *s, struct failure *f) {
    size_t have_bytes = 0;
    while (have_bytes < FILE_HEADER_BYTES) {
        ssize_t got = witness_input_read(&s->in, s->header + have_bytes, FILE_HEADER_BYTES - have_bytes);
        if (got < 0) {
            (void)witness_input_failed(&s->in, f);
            return STEP_FAILED;
        }
        if (got == 0) {
            failure_of(FAILURE_CONTENTS, f, "%s: ends after %zu bytes, within the file header", s->in.name, have_bytes);
            return STEP_DAMAGED;
        }
        have_bytes += (size_t)got;
    }
    s->offset_bytes = FILE_HEADER_BYTES;
    return STEP_ON;
}

/*
 * Only the four plain forms of the format, version 2.4: libpcap reads relatives of it, too, whose record
 * headers are longer or hold the lengths the other way round.
 */
static int stream_check_header(const struct stream *s, struct failure *f) {
    uint32_t magic = bytes_get_be32(s->header);
    bool little = magic == 0xd4c3b2a1 || magic == 0x4d3cb2a1;
    bool big = magic == 0xa1b2c3d4 || magic == 0xa1b23c4d;
    if (!little && !big) {
        return failure_of(FAILURE_CONTENTS, f, "%s: not a pcap file (it begins with %08" PRIx32 ")", s->in.name, magic);
    }
    uint32_t version = header_get(s, VERSION_AT);
    if (version != (big ? (uint32_t)VERSION_2_4_BIG_ENDIAN : (uint32_t)VERSION_2_4_LITTLE_ENDIAN)) {
        return failure_of(FAILURE_CONTENTS, f, "%s: not version 2.4 of the pcap format", s->in.name);
    }
    return 0;
}

static int stream_open_pcap(struct stream *s, struct failure *f) {
    char words[PCAP_ERRBUF_SIZE] = "";
    memcpy(s->shown_header, s->header, FILE_HEADER_BYTES);
    shown_header_put(s, SNAPLEN_AT, SHOWN_SNAPLEN);
    shown_header_put(s, LINK_TYPE_AT, SHOWN_LINK_TYPE);
    s->buffer = malloc(STREAM_BUFFER_BYTES);
    if (s->buffer == NULL) {
        return failure_errno(f, ENOMEM, "%s", s->in.name);
    }
    s->file = fopencookie(s, "r", (cookie_io_functions_t){.read = cookie_read});
    if (s->file == NULL || setvbuf(s->file, s->buffer, _IOFBF, STREAM_BUFFER_BYTES) != 0) {
        return failure_errno(f, ENOMEM, "%s", s->in.name);
    }
    (void)__fsetlocking(s->file, FSETLOCKING_BYCALLER); /* no other thread, and two reads a packet */
    s->pcap = pcap_fopen_offline_with_tstamp_precision(s->file, PCAP_TSTAMP_PRECISION_NANO, words);
    if (s->pcap == NULL) {
        return failure_set(f, "%s: %s", s->in.name, words);
    }
    return 0;
}

static void stream_close(struct stream *s) {
    if (s->pcap != NULL) {
        pcap_close(s->pcap); /* closes the file, too */
    } else if (s->file != NULL) {
        (void)fclose(s->file);
    }
    free(s->buffer);
    witness_input_end(&s->in);
    witness_tail_free(&s->tail);
}

static uint64_t behind_last_packet(const struct stream *s) {
    return s->in.read_bytes - s->offset_bytes;
}

/* Whether what is behind the last packet is the beginning of a record that says it is longer. */
static bool is_cut_short(const struct stream *s) {
    const uint64_t there_bytes = behind_last_packet(s);
    const uint8_t *record = there_bytes > 0 ? witness_tail_last(&s->tail, there_bytes) : NULL;
    return record != NULL && (there_bytes < RECORD_HEADER_BYTES ||
                              bytes_get32(is_big_endian(s), record + CAPLEN_AT) > there_bytes - RECORD_HEADER_BYTES);
}

/* The step that an error of libpcap's amounts to. */
static enum step stream_explain(struct stream *s, struct failure *f) {
    const char *words = pcap_geterr(s->pcap);
    uint64_t number = s->packets + 1;
    if (witness_input_has_failed(&s->in)) {
        (void)witness_input_failed(&s->in, f);
        return STEP_FAILED;
    }
    if (feof(s->file) && is_cut_short(s)) {
        return STEP_CUT_SHORT;
    }
    if (feof(s->file)) {
        failure_of(FAILURE_CONTENTS, f, "%s: offset %" PRIu64 ", packet %" PRIu64 ": cut short", s->in.name,
                   s->offset_bytes, number);
        return STEP_DAMAGED;
    }
    if (strncmp(words, LIBPCAP_TOO_LARGE, sizeof LIBPCAP_TOO_LARGE - 1) == 0) {
        failure_set(f, "%s: offset %" PRIu64 ", packet %" PRIu64 ": %s", s->in.name, s->offset_bytes, number,
                    s->too_large);
        return STEP_DAMAGED;
    }
    failure_set(f, "%s: offset %" PRIu64 ", packet %" PRIu64 ": %s", s->in.name, s->offset_bytes, number, words);
    return STEP_FAILED;
}

static enum step stream_next(struct stream *s, struct failure *f) {
    switch (pcap_next_ex(s->pcap, &s->packet, &s->bytes)) {
    case 1:
        s->packets++;
        s->offset_bytes += RECORD_HEADER_BYTES + s->packet->caplen;
        return STEP_ON;
    case PCAP_ERROR_BREAK:
        /* The end. That libpcap has shown every byte on the way there is not taken on trust. */
        if (s->in.read_bytes != s->offset_bytes) {
            failure_set(f, "%s: libpcap showed %" PRIu64 " bytes of %" PRIu64, s->in.name, s->offset_bytes,
                        s->in.read_bytes);
            return STEP_FAILED;
        }
        return STEP_END;
    default:
        return stream_explain(s, f);
    }
}

/* Put the packet's number before what is wrong with it. */
static enum witness_verdict packet_bad(uint64_t number, struct failure *f) {
    failure_before(f, "packet %" PRIu64 ": ", number);
    return WITNESS_BAD;
}

static int check_uncut(const struct stream *slim, const struct stream *original, struct failure *f) {
    uint32_t length = original->packet->caplen;
    if (memcmp(slim->bytes, original->bytes, length) == 0) {
        return 0;
    }
    uint32_t at = 0;
    while (slim->bytes[at] == original->bytes[at]) {
        at++;
    }
    return failure_set(f, "not cut, but byte %" PRIu32 " of the frame is %02x, not %02x", at, (unsigned)slim->bytes[at],
                       (unsigned)original->bytes[at]);
}

static int check_cut(const struct stream *slim, const struct stream *original, const struct witness_terms *terms,
                     struct failure *f) {
    const uint16_t link_type = (uint16_t)(header_get(original, LINK_TYPE_AT) & LINK_TYPE_MASK);
    if (!witness_link_type_is_known(link_type)) {
        return failure_set(f, "cut, though the link type is %" PRIu16 ", not Ethernet", link_type);
    }
    struct witness_frame slim_frame = {slim->bytes, slim->packet->caplen, link_type, NULL};
    struct witness_frame original_frame = {original->bytes, original->packet->caplen, link_type, &terms->tunnels};
    return witness_frame_check_cut(&slim_frame, &original_frame, terms, f);
}

/* Whether the packet is another than the original's, and so must be a right cut of it. */
static bool is_cut(const struct stream *slim, const struct stream *original, const struct witness_terms *terms) {
    return slim->packet->caplen < original->packet->caplen ||
           (terms->cut.mode == CUT_ZERO && memcmp(slim->bytes, original->bytes, original->packet->caplen) != 0);
}

static int check_record(const struct pcap_pkthdr *slim, const struct pcap_pkthdr *original, struct failure *f) {
    /* libpcap has scaled tv_usec to nanoseconds. */
    if (slim->ts.tv_sec != original->ts.tv_sec || slim->ts.tv_usec != original->ts.tv_usec) {
        return failure_set(f, "the timestamp is %jd.%09jd, not %jd.%09jd", (intmax_t)slim->ts.tv_sec,
                           (intmax_t)slim->ts.tv_usec, (intmax_t)original->ts.tv_sec, (intmax_t)original->ts.tv_usec);
    }
    if (slim->len != original->len) {
        return failure_set(f, "the original length is %" PRIu32 ", not %" PRIu32, (uint32_t)slim->len,
                           (uint32_t)original->len);
    }
    if (slim->caplen > original->caplen) {
        return failure_set(f, "%" PRIu32 " bytes, longer than the original's %" PRIu32, (uint32_t)slim->caplen,
                           (uint32_t)original->caplen);
    }
    return 0;
}

static enum witness_verdict compare_packet(const struct stream *slim, const struct stream *original,
                                           const struct witness_options *options, struct witness_report *out,
                                           struct failure *f) {
    if (check_record(slim->packet, original->packet, f) != 0) {
        return packet_bad(original->packets, f);
    }
    const bool cut = is_cut(slim, original, &options->terms);
    if ((cut ? check_cut(slim, original, &options->terms, f) : check_uncut(slim, original, f)) != 0) {
        return packet_bad(original->packets, f);
    }
    out->packets++;
    out->cut_packets += cut;
    return WITNESS_GOOD;
}

/* Both captures have been asked for a packet and at least one has none. */
static enum witness_verdict compare_ends(enum step slim_step, enum step original_step, const struct stream *slim,
                                         const struct stream *original, struct witness_report *out, struct failure *f) {
    if ((slim_step == STEP_ON) != (original_step == STEP_ON)) {
        failure_set(f,
                    original_step == STEP_ON ? "the slim capture ends after %" PRIu64 " packets, the original has more"
                                             : "the original ends after %" PRIu64 " packets, the slim capture has more",
                    out->packets);
        return WITNESS_BAD;
    }
    const uint64_t slim_bytes = behind_last_packet(slim);
    out->tail_bytes = behind_last_packet(original);
    return witness_tail_compare(witness_tail_last(&slim->tail, slim_bytes), slim_bytes,
                                witness_tail_last(&original->tail, out->tail_bytes), out->tail_bytes, f) == 0
               ? WITNESS_GOOD
               : WITNESS_BAD;
}

static enum witness_verdict compare_packets(struct stream *slim, struct stream *original,
                                            const struct witness_options *options, struct witness_report *out,
                                            struct failure *f) {
    for (;;) {
        /* The original first: of a damaged one nothing can be said, whatever the other is like. */
        enum step original_step = stream_next(original, f);
        if (original_step == STEP_DAMAGED || original_step == STEP_FAILED) {
            return WITNESS_FAILED;
        }
        enum step slim_step = stream_next(slim, f);
        if (slim_step == STEP_DAMAGED || slim_step == STEP_FAILED) {
            return slim_step == STEP_DAMAGED ? WITNESS_BAD : WITNESS_FAILED;
        }
        if (original_step != STEP_ON || slim_step != STEP_ON) {
            return compare_ends(slim_step, original_step, slim, original, out, f);
        }
        enum witness_verdict verdict = compare_packet(slim, original, options, out, f);
        if (verdict != WITNESS_GOOD) {
            return verdict;
        }
    }
}

static enum witness_verdict compare_headers(struct stream *slim, struct stream *original, struct failure *f) {
    if (stream_read_header(original, f) != STEP_ON ||
        (!witness_blocks_begin(original->header) && stream_check_header(original, f) != 0)) {
        return WITNESS_FAILED;
    }
    enum step step = stream_read_header(slim, f);
    if (step != STEP_ON) {
        return step == STEP_DAMAGED ? WITNESS_BAD : WITNESS_FAILED;
    }
    for (size_t i = 0; i < FILE_HEADER_BYTES; i++) {
        if (slim->header[i] != original->header[i]) {
            failure_set(f, "slim capture: byte %zu of the file header is %02x, not %02x", i, (unsigned)slim->header[i],
                        (unsigned)original->header[i]);
            return WITNESS_BAD;
        }
    }
    return WITNESS_GOOD;
}

/* Both begin alike. The rest of them. */
static enum witness_verdict compare_rest(struct stream *slim, struct stream *original,
                                         const struct witness_options *options, struct witness_report *out,
                                         struct failure *f) {
    if (witness_blocks_begin(original->header)) {
        return witness_blocks_compare(&slim->in, &original->in, slim->header, original->header, FILE_HEADER_BYTES,
                                      options, out, f);
    }
    if (options->may_be_cut_short &&
        (witness_tail_begin(&slim->tail, f) != 0 || witness_tail_begin(&original->tail, f) != 0)) {
        return WITNESS_FAILED;
    }
    if (stream_open_pcap(slim, f) != 0 || stream_open_pcap(original, f) != 0) {
        return WITNESS_FAILED;
    }
    return compare_packets(slim, original, options, out, f);
}

/* Both have been read to their ends. */
static enum witness_verdict compare_places(const struct witness_input *slim, const struct witness_input *original,
                                           struct failure *f) {
    const struct witness_places s = witness_input_places(slim);
    const struct witness_places o = witness_input_places(original);
    const char *wrong = s.file_bytes != o.file_bytes ? "it is not as long as the original"
                        : s.frames != o.frames || s.places != o.places
                            ? "its zstd frames are not where the original's are"
                        : s.skippable != o.skippable ? "what fills the rooms of its zstd frames is not zeros"
                                                     : NULL;
    if (wrong == NULL) {
        return WITNESS_GOOD;
    }
    (void)failure_set(f, "%s, so an index of it would be wrong", wrong);
    return WITNESS_BAD;
}

enum witness_verdict witness_compare(int slim_fd, int original_fd, const struct witness_options *options,
                                     struct witness_report *out, struct failure *f) {
    struct stream slim = {
        .in = {.name = "slim capture", .fd = slim_fd, .transfer = &options->slim},
        .too_large = "larger than 128 MiB, unlike the original's",
    };
    struct stream original = {
        .in = {.name = "original", .fd = original_fd, .transfer = &options->original},
        .too_large = "larger than libpcap reads (128 MiB); check it with --verify count",
    };
    transfer_begin(slim.in.transfer);
    transfer_begin(original.in.transfer);
    *out = (struct witness_report){0};

    enum witness_verdict verdict = WITNESS_FAILED;
    if (witness_input_begin(&slim.in, options->codecs, f) == 0 &&
        witness_input_begin(&original.in, options->codecs, f) == 0) {
        verdict = compare_headers(&slim, &original, f);
    }
    if (verdict == WITNESS_GOOD) {
        verdict = compare_rest(&slim, &original, options, out, f);
    }
    if (verdict == WITNESS_GOOD && options->keeps_frames && options->terms.cut.mode == CUT_ZERO &&
        witness_input_codec(&slim.in) == CODEC_ZSTD && witness_input_codec(&original.in) == CODEC_ZSTD) {
        verdict = compare_places(&slim.in, &original.in, f);
    }
    if (verdict == WITNESS_FAILED && witness_input_is_damaged(&slim.in)) {
        verdict = WITNESS_BAD;
    }
    out->slim_codec = witness_input_codec(&slim.in);
    stream_close(&slim);
    stream_close(&original);
    return verdict;
}

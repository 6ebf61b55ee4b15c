/*
 * A container is a row and a file: a pass over one that is nothing like a savefile. It stands here instead of the
 * table, whose object the linker then leaves out. Its file header is "TOY!"; a piece is a letter, its whole length (2
 * bytes) and, where the letter is P, link type (1), captured length (2), original length (2), seconds (2), then the
 * frame, and behind it as many spaces as make the length even, and a full stop. Other letters are spans.
 */
#include "format.h"
#include "job.h"
#include "recount.h"
#include "settings.h"
#include "support.h"

static const struct format_interface TOY_INTERFACES[] = {{.linktype = 1, .snaplen_bytes = 65535},
                                                         {.linktype = 113, .snaplen_bytes = 65535}};

enum { PIECE_BYTES = 3, PACKET_BYTES = 10, PER_SECOND = 100 };

static int toy_open(const uint8_t *bytes, size_t length_bytes, struct savefile_header *out, struct failure *f) {
    (void)bytes;
    memset(out, 0, sizeof *out);
    out->linktype = 9; /* of the file; each packet has its own */
    out->snaplen_bytes = 65535;
    return length_bytes >= 4 ? 0 : failure_of(FAILURE_CONTENTS, f, "too short");
}

static int toy_read(const struct format_state *s, uint8_t *at, size_t there_bytes, struct framed *out,
                    struct failure *f) {
    (void)s;
    assert_true(there_bytes >= PIECE_BYTES);
    *out = (struct framed){.header = at, .whole_bytes = bytes_get_be16(at + 1), .is_packet = at[0] == 'P'};
    if (out->whole_bytes < PIECE_BYTES || (out->is_packet && out->whole_bytes < PACKET_BYTES)) {
        return failure_of(FAILURE_CONTENTS, f, "a piece of %u bytes", (unsigned)out->whole_bytes);
    }
    if (out->is_packet && there_bytes >= PACKET_BYTES) {
        out->has_time = out->may_be_cut = true;
        out->snaplen_bytes = 65535;
        out->header_bytes = PACKET_BYTES;
        out->linktype = at[3];
        out->interface = &TOY_INTERFACES[at[3] == 1 ? 0 : 1];
        out->second = PER_SECOND;
        out->visible_bytes = out->is.caplen_bytes = bytes_get_be16(at + 4);
        out->is.origlen_bytes = bytes_get_be16(at + 6);
        out->is.ts_sec = bytes_get_be16(at + 8);
    }
    return 0;
}

static uint64_t put_behind(uint8_t *header, uint32_t caplen_bytes) {
    uint32_t length = PACKET_BYTES + caplen_bytes;
    if (length % 2 == 0) {
        header[length++] = ' ';
    }
    header[length++] = '.';
    bytes_put_be16(header + 1, (uint16_t)length);
    bytes_put_be16(header + 4, (uint16_t)caplen_bytes);
    return length;
}

static uint64_t toy_shorten(const struct format_state *s, const struct framed *r, uint32_t caplen_bytes) {
    (void)s;
    return put_behind(r->header, caplen_bytes);
}

static const struct format TOY = {.piece = "piece",
                                  .interfaces_max = 2, /* a link type each */
                                  .file_header_bytes = 4,
                                  .piece_header_bytes = PIECE_BYTES,
                                  .open = toy_open,
                                  .read = toy_read,
                                  .shorten = toy_shorten};

const struct format *format_open(const uint8_t *bytes, size_t length_bytes, unsigned accepted,
                                 struct savefile_header *out, struct failure *f) {
    (void)accepted;
    return TOY.open(bytes, length_bytes, out, f) == 0 ? &TOY : NULL;
}

static void put_span(struct capture *c, char letter, const char *text) {
    uint8_t header[PIECE_BYTES] = {(uint8_t)letter};
    bytes_put_be16(header + 1, (uint16_t)(PIECE_BYTES + strlen(text)));
    capture_put(c, header, sizeof header);
    capture_put(c, text, strlen(text));
}

/* A TLS record over TCP in a frame of `length` bytes; kept: of them in the file. */
static void put_packet(struct capture *c, uint8_t linktype, uint16_t length, uint32_t kept, uint16_t second) {
    uint8_t piece[1200] = {'P'};
    uint8_t *frame = piece + PACKET_BYTES;
    static const uint8_t headers[] = {[12] = 8, [14] = 0x45, [22] = 64, [23] = 6, [36] = 1, [37] = 187, [46] = 0x50};
    memcpy(frame, headers, sizeof headers);
    bytes_put_be16(frame + 16, (uint16_t)(length - 14));
    frame[54] = 0x17;
    frame[55] = frame[56] = 3;
    bytes_put_be16(frame + 57, (uint16_t)(length - 59));
    piece[3] = linktype;
    bytes_put_be16(piece + 6, length);
    bytes_put_be16(piece + 8, second);
    capture_put(c, piece, (size_t)put_behind(piece, kept));
}

static struct capture toy(bool slim) {
    struct capture c = {0};
    capture_put(&c, "TOY!", 4);
    put_span(&c, 'N', "names, before any packet");
    put_packet(&c, 1, 154, slim ? 54 + 24 : 154, 5); /* cut; one more byte behind it than before */
    put_span(&c, 'S', "");
    put_packet(&c, 113, 155, 155, 7); /* another link type: kept */
    put_packet(&c, 1, 1001, slim ? 54 + 24 : 1001, 6);
    put_span(&c, 'E', "the end, behind every packet");
    return c;
}

static int run(const struct capture *c, int out_fd, struct record *r) {
    static struct job j;
    static struct settings s;
    static const char snap[] = "snap";
    const struct sink_options sink = {.digest = true};
    settings_init(&s);
    assert_int_equal(settings_set(&s, "length", snap, NULL), 0);
    const struct job_options o = {.settings = &s, .sink = out_fd >= 0 ? &sink : NULL, .done = RECORD_OK};
    assert_int_equal(job_init(&j, &o, NULL), 0);
    assert_int_equal(record_init(r, "toy"), 0);
    int fd = memory_file(c->at, c->length);
    int status = job_run(&j, fd, out_fd, r);
    (void)close(fd);
    job_free(&j);
    settings_free(&s);
    return status;
}

static void expect_figures(const struct tally *t, const struct capture *in, const struct capture *out) {
    assert_int_equal(t->packets, 3);
    assert_int_equal(t->cut_packets, 2);
    assert_int_equal(t->in_bytes, in->length);
    assert_int_equal(t->out_bytes, out->length);
    assert_int_equal(t->first_sec, 5);
    assert_int_equal(t->last_sec, 6);
    assert_int_equal(t->oddities[ODDITY_TIME_BACKWARDS], 1);
}

static void test_spans_and_packets(void **state) {
    (void)state;
    struct capture in = toy(false);
    struct capture want = toy(true);
    uint8_t *out = malloc(in.length);
    struct record r;
    int out_fd = memory_file("", 0);
    assert_int_equal(run(&in, out_fd, &r), 0);
    expect_figures(&r.tally, &in, &want);
    assert_int_equal(pread(out_fd, out, in.length, 0), want.length);
    assert_memory_equal(out, want.at, want.length);
    record_free(&r);
    assert_int_equal(run(&in, SINK_NOWHERE, &r), 0); /* counting comes to the same */
    expect_figures(&r.tally, &in, &want);
    record_free(&r);

    /* The quick check counts packets, not pieces, and every byte. */
    struct framing fr;
    struct source source;
    struct recount found;
    assert_int_equal(framing_init(&fr, NULL), FRAMING_OK);
    assert_int_equal(lseek(out_fd, 0, SEEK_SET), 0);
    source_open(&source, out_fd, NULL);
    assert_int_equal(recount_read(&fr, &source, &found, NULL), FRAMING_END);
    assert_int_equal(found.packets, 3);
    assert_int_equal(found.bytes, want.length);
    framing_free(&fr);
    (void)close(out_fd);
    free(out);
    capture_free(&in);
    capture_free(&want);
}

/* Wherever it is cut short, that is said; between two pieces it is none. */
static void test_damage(void **state) {
    (void)state;
    struct capture in = toy(false);
    struct record r;
    const size_t ends[] = {4, 31, 197, 200};
    for (size_t length = 4, at = 0; length < 210; length++) {
        struct capture cut = {.at = in.at, .length = length};
        const bool whole = at < COUNT_OF(ends) && ends[at] == length;
        at += whole;
        assert_int_equal(run(&cut, SINK_NOWHERE, &r), whole ? 0 : -1);
        assert_true(whole || r.error.kind == FAILURE_CONTENTS);
        record_free(&r);
    }
    in.at[5] = in.at[6] = 0; /* a piece of no length would be there for ever */
    assert_int_equal(run(&in, SINK_NOWHERE, &r), -1);
    assert_string_equal(r.error.text, "offset 4, packet 1: a piece of 0 bytes");
    record_free(&r);
    capture_free(&in);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spans_and_packets),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

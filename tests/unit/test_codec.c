/* Compression on the way in and out: by words, in pieces of every size, damaged, and seen by the witness's own glue. */
#include "accept.h"
#include "codec.h"
#include "library.h"
#include "sink.h"
#include "source.h"
#include "support.h"
#include "witness_unpack.h"

#define PLAIN_BYTES ((size_t)700000)

static struct codecs codecs;
static struct witness_codecs witness;
static uint8_t plain[PLAIN_BYTES];

static int load_all(void **state) {
    (void)state;
    uint64_t random = 3;
    for (size_t i = 0; i < PLAIN_BYTES; i++) { /* some of it to be packed, some not */
        plain[i] = (uint8_t)(i / 100000 % 2 == 0 ? next_random(&random) : i / 1000);
    }
    for (int id = CODEC_NONE + 1; id < CODECS; id++) {
        assert_int_equal(witness_codecs_load(&witness, (enum codec_id)id, NULL), 0);
    }
    return codecs_accept(&codecs, ACCEPT_ALL, NULL);
}

static int free_all(void **state) {
    (void)state;
    codecs_free(&codecs);
    witness_codecs_free(&witness);
    return 0;
}

static void test_words(void **state) {
    (void)state;
    static const struct {
        const char *word;
        enum codec_id id;
        int level;
        bool asked;
    } GOOD[] = {
        {"none", CODEC_NONE, 0, false},  {"gzip", CODEC_GZIP, 6, false},    {"gzip:1", CODEC_GZIP, 1, true},
        {"zstd", CODEC_ZSTD, 3, false},  {"zstd:19", CODEC_ZSTD, 19, true}, {"lz4", CODEC_LZ4, 1, false},
        {"lz4:12", CODEC_LZ4, 12, true}, {"gzip:9", CODEC_GZIP, 9, true},
    };
    static const char *const BAD[] = {"",         "xz",      "xz:6",   "none:1",  "gzip:",   "gzip:0",
                                      "gzip:10",  "zstd:20", "zstd:0", "lz4:13",  "zstd:-1", "zstd:1x",
                                      "zstd:100", "GZIP",    "gz",     "zstd:3:4"};
    struct codec_wish wish;
    struct failure f;
    for (size_t i = 0; i < COUNT_OF(GOOD); i++) {
        assert_int_equal(codec_wish_of(GOOD[i].word, &wish, &f), 0);
        assert_true(wish.given);
        assert_int_equal(wish.id, GOOD[i].id);
        assert_int_equal(wish.level.level, GOOD[i].level);
        assert_int_equal(wish.level.asked, GOOD[i].asked);
    }
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        f.text[0] = '\0';
        assert_int_equal(codec_wish_of(BAD[i], &wish, &f), -1);
        assert_string_not_equal(f.text, "");
    }
}

static void test_accept(void **state) {
    (void)state;
    static const char *const BAD[] = {"", ",", "gzip,", ",gzip", "gzip,,xz", "gz", "GZIP", "gzip ", "xz,bzip2"};
    unsigned flags = 99;
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        assert_false(accept_of_words(BAD[i], &flags));
        assert_int_equal(flags, 99);
    }
    assert_true(accept_of_words("none", &flags));
    assert_int_equal(flags, ACCEPT_NONE);
    assert_true(accept_of_words("xz,gzip", &flags));
    assert_int_equal(flags, ACCEPT_XZ | ACCEPT_GZIP);
    assert_true(accept_of_words("none,all", &flags));
    assert_int_equal(flags, ACCEPT_ALL);
}

static void test_library(void **state) {
    (void)state;
    static const char *const NO_FILES[] = {"libof-none.so.1", NULL};
    static const char *const FILES[] = {"libof-none.so.1", "libz.so.1", NULL};
    static const struct library_row ROWS[] = {{"inflate", NULL}, {"inflate_as_nobody_does", NULL}};
    struct library l = LIBRARY_OF("gzip", NO_FILES, ROWS);
    void *functions[2];
    void *handle;
    struct failure f;
    assert_int_equal(library_load(&l, functions, &handle, &f), -1);
    assert_non_null(strstr(f.text, "gzip needs a library that cannot be loaded"));
    assert_null(handle);
    l.files = FILES;
    assert_int_equal(library_load(&l, functions, &handle, &f), -1);
    assert_non_null(strstr(f.text, "it has no inflate_as_nobody_does"));
    assert_null(handle);
    l.count = 1;
    assert_int_equal(library_load(&l, functions, &handle, &f), 0);
    library_unload(handle);
}

/* Into a file, in pieces of up to piece_bytes. Returns its descriptor; digest and length are the sink's. */
static int write_packed(enum codec_id id, size_t length_bytes, size_t piece_bytes, uint64_t *digest) {
    const struct sink_options options = {.digest = true};
    const struct codec_level level = {.level = codec_row(id)->level(NULL, 0)};
    int fd = memory_file("", 0);
    struct sink *sink = sink_open(fd, &options, NULL);
    assert_int_equal(sink_pack(sink, codec_row(id), codecs.library[id], level, NULL), 0);
    for (size_t at = 0; at < length_bytes; at += piece_bytes) {
        const size_t left_bytes = length_bytes - at;
        assert_int_equal(sink_write(sink, plain + at, left_bytes < piece_bytes ? left_bytes : piece_bytes, NULL), 0);
    }
    assert_int_equal(sink_end(sink, NULL), 0);
    assert_int_equal(sink_written_bytes(sink), lseek(fd, 0, SEEK_END));
    *digest = sink_digest(sink);
    sink_free(sink);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* Returns how many bytes came that were right, or -1 where it ended in a failure. */
static ptrdiff_t read_packed(int fd, size_t piece_bytes, enum codec_id id, struct failure *f) {
    static uint8_t piece[PLAIN_BYTES];
    const struct source_options options = {.codecs = &codecs};
    struct source source;
    const struct codec *codec = NULL;
    int level;
    size_t at = 0;
    ptrdiff_t got;
    source_open(&source, fd, &options);
    got = source_look(&source, &codec, &level, f);
    assert_true(got != 0 || codec == codec_row(id));
    while (got == 0 && (got = source_read(&source, piece, piece_bytes, f)) > 0) {
        assert_true((size_t)got <= PLAIN_BYTES - at);
        assert_memory_equal(piece, plain + at, (size_t)got);
        at += (size_t)got;
        got = 0;
    }
    assert_true(got != 0 || source.offset_bytes == at);
    source_close(&source);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return got < 0 ? -1 : (ptrdiff_t)at;
}

static ptrdiff_t feed_file(void *from, void *to, size_t wanted_bytes) {
    return read(*(int *)from, to, wanted_bytes < 1000 ? wanted_bytes : 1000);
}

static ptrdiff_t read_by_witness(int fd, size_t piece_bytes, enum codec_id id, struct failure *f) {
    static uint8_t piece[PLAIN_BYTES];
    struct witness_unpack *u = witness_unpack_new(&witness, feed_file, &fd);
    size_t at = 0;
    ptrdiff_t got;
    while ((got = witness_unpack_read(u, piece, piece_bytes, f)) > 0) {
        assert_true((size_t)got <= PLAIN_BYTES - at);
        assert_memory_equal(piece, plain + at, (size_t)got);
        at += (size_t)got;
    }
    assert_true(got < 0 || witness_unpack_codec(u) == id);
    witness_unpack_free(u);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return got < 0 ? -1 : (ptrdiff_t)at;
}

/* The same bytes however they come, and what went in comes out, in pieces of every size, for both glues. */
static void test_there_and_back(void **state) {
    (void)state;
    static const size_t LENGTHS[] = {0, 1, 131071, 131072, 131073, 262144, PLAIN_BYTES};
    static const enum codec_id WRITTEN[] = {CODEC_GZIP, CODEC_ZSTD, CODEC_LZ4};
    for (size_t i = 0; i < COUNT_OF(WRITTEN) * COUNT_OF(LENGTHS); i++) {
        const enum codec_id id = WRITTEN[i % COUNT_OF(WRITTEN)];
        const size_t length_bytes = LENGTHS[i / COUNT_OF(WRITTEN)];
        uint64_t digest;
        uint64_t same;
        int fd = write_packed(id, length_bytes, PLAIN_BYTES, &digest);
        assert_int_equal(read_packed(fd, PLAIN_BYTES, id, NULL), length_bytes);
        assert_int_equal(read_packed(fd, 4093, id, NULL), length_bytes);
        assert_int_equal(read_by_witness(fd, PLAIN_BYTES, id, NULL), length_bytes);
        assert_int_equal(read_by_witness(fd, 777, id, NULL), length_bytes);
        (void)close(fd);
        for (size_t piece = 17; piece < PLAIN_BYTES; piece = piece * 13 + 5) {
            (void)close(write_packed(id, length_bytes, piece, &same));
            assert_int_equal(same, digest);
        }
    }
}

/* Cut short or with something behind it, both glues refuse it. */
static void test_damaged(void **state) {
    (void)state;
    static const enum codec_id WRITTEN[] = {CODEC_GZIP, CODEC_ZSTD, CODEC_LZ4};
    for (size_t i = 0; i < COUNT_OF(WRITTEN); i++) {
        struct failure f = {.text = ""};
        uint64_t digest;
        int fd = write_packed(WRITTEN[i], PLAIN_BYTES, PLAIN_BYTES, &digest);
        const off_t whole = lseek(fd, 0, SEEK_END);
        assert_int_equal(pwrite(fd, "x", 1, whole), 1);
        (void)lseek(fd, 0, SEEK_SET);
        assert_int_equal(read_packed(fd, 5000, WRITTEN[i], &f), -1);
        assert_int_equal(f.kind, FAILURE_CONTENTS);
        assert_non_null(strstr(f.text, "what follows the "));
        assert_int_equal(read_by_witness(fd, 5000, WRITTEN[i], &f), -1);
        assert_int_equal(f.kind, FAILURE_CONTENTS);
        assert_non_null(strstr(f.text, "what follows is no frame"));
        for (off_t less = 1; less < 9 + 300000; less = less < 9 ? less + 1 : less * 3) {
            assert_int_equal(ftruncate(fd, whole - less), 0);
            assert_int_equal(read_packed(fd, 5000, WRITTEN[i], &f), -1);
            assert_non_null(strstr(f.text, "cut short"));
            assert_int_equal(read_by_witness(fd, 5000, WRITTEN[i], &f), -1);
            assert_non_null(strstr(f.text, "the file ends within compressed data"));
        }
        (void)close(fd);
    }
}

/* What is not packed, where it may be: each byte of the file counts, for offsets in messages. */
static void test_plain(void **state) {
    (void)state;
    const struct source_options options = {.codecs = &codecs};
    static uint8_t piece[PLAIN_BYTES];
    int fd = memory_file(plain, PLAIN_BYTES);
    struct source source;
    size_t at = 0;
    ptrdiff_t got;
    source_open(&source, fd, &options);
    while ((got = source_read(&source, piece, 50000, NULL)) > 0) {
        at += (size_t)got;
        assert_int_equal(source_file_offset_bytes(&source), at);
    }
    assert_int_equal(at, PLAIN_BYTES);
    source_close(&source);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    struct witness_unpack *u = witness_unpack_new(&witness, feed_file, &fd);
    while (witness_unpack_read(u, piece, 50000, NULL) > 0) {
    }
    assert_int_equal(witness_unpack_places(u).file_bytes, PLAIN_BYTES);
    witness_unpack_free(u);
    (void)close(fd);
}

/* What a sink is asked to begin anew is written as it is. */
static void test_sink_again(void **state) {
    (void)state;
    int fd = memory_file("", 0);
    struct sink *sink = sink_open(SINK_NOWHERE, NULL, NULL);
    assert_int_equal(
        sink_pack(sink, codec_row(CODEC_ZSTD), codecs.library[CODEC_ZSTD], (struct codec_level){.level = 1}, NULL), 0);
    assert_int_equal(sink_write(sink, "abc", 3, NULL), 0);
    sink_reset(sink, fd);
    assert_int_equal(sink_write(sink, "abc", 3, NULL), 0);
    assert_int_equal(sink_end(sink, NULL), 0);
    assert_int_equal(sink_written_bytes(sink), 3);
    sink_free(sink);
    (void)close(fd);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),          cmocka_unit_test(test_accept),  cmocka_unit_test(test_library),
        cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_damaged), cmocka_unit_test(test_plain),
        cmocka_unit_test(test_sink_again),
    };
    return cmocka_run_group_tests(tests, load_all, free_all);
}

/* Reading behind who writes: never beyond what is final, to the end once it is whole; what was read is given back. */
#include "follow.h"
#include "source.h"
#include "support.h"
#include "witness_input.h"

#include <errno.h>
#include <fcntl.h>

enum { MIB = 1 << 20 };

/* What more() tells, one step a call. */
struct script {
    const struct step {
        uint64_t final_bytes;
        bool is_whole, ends;
    } * next;
    unsigned calls;
};

static int tell(struct follow *o) {
    struct script *s = o->context;
    const struct step *step = s->next++;
    s->calls++;
    if (step->ends) {
        return failure_of(FAILURE_CHANGED, &o->failure, "given up");
    }
    o->final_bytes = step->final_bytes > o->final_bytes ? step->final_bytes : o->final_bytes;
    o->is_whole = step->is_whole;
    return 0;
}

static void test_how_much_may_be_read(void **state) {
    (void)state;
    static const struct step steps[] = {{10, false, false}, {10, false, false}, {25, false, false}, {0, true, false}};
    struct script script = {.next = steps};
    struct follow o = {.fd = -1, .more = tell, .context = &script};
    assert_int_equal(follow_may_read(NULL, 5, 7), 7);
    assert_int_equal(follow_may_read(&o, 0, 7), 7);
    assert_int_equal(script.calls, 1);
    assert_int_equal(follow_may_read(&o, 7, 7), 3);
    assert_int_equal(script.calls, 1);
    assert_int_equal(follow_may_read(&o, 10, 100), 15); /* the second word said nothing new */
    assert_int_equal(script.calls, 3);
    assert_int_equal(follow_may_read(&o, 25, 100), 100); /* whole: where it ends is read(2)'s to say */
    assert_int_equal(follow_may_read(&o, 1000, 100), 100);
    assert_int_equal(script.calls, 4);
}

static void test_whoever_writes_gives_up(void **state) {
    (void)state;
    static const struct step steps[] = {{3, false, false}, {0, false, true}};
    uint8_t to[8];
    for (int by_witness = 0; by_witness < 2; by_witness++) {
        struct script script = {.next = steps};
        int fd = memory_file("abcdefgh", 8);
        struct follow o = {.fd = fd, .more = tell, .context = &script};
        const struct transfer t = {.follow = &o};
        struct failure f = {.text = ""};
        if (by_witness) {
            struct witness_input in = {.name = "slim capture", .fd = fd, .transfer = &t};
            assert_int_equal(witness_input_read(&in, to, sizeof to), 3);
            assert_int_equal(witness_input_read(&in, to, sizeof to), -1);
            assert_int_equal(witness_input_failed(&in, &f), -1);
        } else {
            const struct source_options options = {.transfer = t};
            struct source s;
            source_open(&s, fd, &options);
            assert_int_equal(source_read(&s, to, sizeof to, &f), 3);
            assert_int_equal(source_read(&s, to, sizeof to, &f), -1);
            source_close(&s);
        }
        assert_memory_equal(to, "abc", 3);
        assert_string_equal(f.text, "given up");
        assert_int_equal(f.kind, FAILURE_CHANGED);
        (void)close(fd);
    }
}

/* A file on a disk; in memory nothing can be given back. */
static int file_of(size_t bytes) {
    char path[] = "follow.XXXXXX";
    int fd = mkstemp(path);
    uint8_t *data = calloc(1, bytes);
    assert_true(fd >= 0 && data != NULL);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(write(fd, data, bytes), bytes);
    free(data);
    return fd;
}

static size_t cached_bytes(int fd, size_t bytes) {
    const size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *pages = calloc(bytes / page_bytes + 1, 1);
    void *at = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
    size_t count = 0;
    assert_true(pages != NULL && at != MAP_FAILED);
    assert_int_equal(mincore(at, bytes, pages), 0);
    for (size_t i = 0; i < (bytes + page_bytes - 1) / page_bytes; i++) {
        count += pages[i] & 1;
    }
    (void)munmap(at, bytes);
    free(pages);
    return count * page_bytes;
}

static void test_pages_are_given_back(void **state) {
    (void)state;
    const size_t bytes = (size_t)32 * MIB;
    for (int is_written = 0; is_written < 2; is_written++) {
        int fd = file_of(bytes);
        struct follow o = {.fd = fd, .is_written = is_written, .is_whole = true};
        if (!is_written) {
            assert_int_equal(fsync(fd), 0);
        }
        for (uint64_t at = 0; at <= bytes; at += 100000) {
            assert_int_equal(follow_has_read(&o, at), 0);
        }
        assert_true(o.begun_bytes > bytes - FOLLOW_PIECE_BYTES - 100000);
        const size_t cached = cached_bytes(fd, bytes);
        if (cached > 3 * FOLLOW_PIECE_BYTES) {
            fail_msg("%zu bytes are cached still", cached);
        }
        assert_int_equal(follow_has_read(&o, 5), 0); /* nothing is given back twice */
        (void)close(fd);
    }
}

/* What precedes is read, and no more than that: the rest stays for who reads it. */
static void test_pages_ahead_stay(void **state) {
    (void)state;
    const size_t bytes = (size_t)16 * MIB;
    int fd = file_of(bytes);
    struct follow o = {.fd = fd, .is_whole = true};
    assert_int_equal(fsync(fd), 0);
    assert_int_equal(follow_has_read(&o, FOLLOW_PIECE_BYTES - 1), 0);
    assert_int_equal(cached_bytes(fd, bytes), bytes);
    assert_int_equal(follow_has_read(&o, (uint64_t)8 * MIB), 0);
    assert_true(cached_bytes(fd, bytes) >= (size_t)8 * MIB);
    assert_int_equal(follow_has_read(NULL, (uint64_t)8 * MIB), 0);
    (void)close(fd);
}

/* Who reads is told how far it is, between two reads. */
static int note(void *context, uint64_t offset_bytes, struct failure *f) {
    uint64_t *told = context;
    told[0]++;
    told[1] = offset_bytes;
    return offset_bytes > 4 * (uint64_t)MIB ? failure_set(f, "enough") : 0;
}

static void test_how_far_reading_has_come(void **state) {
    (void)state;
    static uint8_t to[300000];
    uint64_t told[2] = {0, 0};
    const struct source_options options = {.reached = note, .context = told};
    struct failure f = {.text = ""};
    struct source s;
    int fd = file_of((size_t)8 * MIB);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    source_open(&s, fd, &options);
    ptrdiff_t got;
    while ((got = source_read(&s, to, sizeof to, &f)) > 0) {
        assert_true(s.offset_bytes - told[1] <= SOURCE_STEP_BYTES + sizeof to);
    }
    assert_int_equal(got, -1);
    assert_string_equal(f.text, "enough");
    assert_int_equal(told[0], 4);
    assert_int_equal(told[1], s.offset_bytes);
    source_close(&s);
    (void)close(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_how_much_may_be_read),     cmocka_unit_test(test_whoever_writes_gives_up),
        cmocka_unit_test(test_pages_are_given_back),     cmocka_unit_test(test_pages_ahead_stay),
        cmocka_unit_test(test_how_far_reading_has_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

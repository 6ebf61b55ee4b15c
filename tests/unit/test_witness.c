/* Pairs of captures: the files, records and reading around the frames that test_witness_frame.c is about. */
#include "bytes.h"
#include "pace.h"
#include "witness.h"
#include "witness_pairs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

enum { FILE_HEADER = 24, RECORD_HEADER = 16, ETHERNET = 1, USER0 = 147 };

struct dialect {
    bool big_endian;
    bool nanoseconds;
    uint32_t snaplen;
    uint32_t link_field;
};

static const struct dialect PLAIN = {.snaplen = 262144, .link_field = ETHERNET};

static void put(int fd, const void *bytes, size_t length) {
    assert_int_equal(write(fd, bytes, length), length);
}

static void put32(int fd, const struct dialect *d, uint32_t value) {
    uint8_t bytes[4];
    if (d->big_endian) {
        bytes_put_be32(bytes, value);
    } else {
        bytes_put_le32(bytes, value);
    }
    put(fd, bytes, sizeof bytes);
}

static int capture_begin(const struct dialect *d) {
    int fd = memfd_create("capture", 0);
    assert_true(fd >= 0);
    put32(fd, d, d->nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4);
    put32(fd, d, d->big_endian ? 0x00020004 : 0x00040002);
    put32(fd, d, 0);
    put32(fd, d, 0);
    put32(fd, d, d->snaplen);
    put32(fd, d, d->link_field);
    return fd;
}

static void capture_add(int fd, const struct dialect *d, const void *bytes, size_t length, uint32_t original_length) {
    put32(fd, d, 0xf0000001); /* beyond 2038, where a signed reader would turn negative */
    put32(fd, d, 999999);
    put32(fd, d, (uint32_t)length);
    put32(fd, d, original_length);
    put(fd, bytes, length);
}

/* A capture of every pair, or the slim of it. */
static int capture_of_pairs(const struct dialect *d, bool slim) {
    int fd = capture_begin(d);
    for (size_t i = 0; i < PAIR_COUNT; i++) {
        struct frame original = frame_of(PAIRS[i].original);
        struct frame frame = slim ? frame_of(PAIRS[i].slim) : original;
        capture_add(fd, d, frame.bytes, frame.length, (uint32_t)original.length);
    }
    return fd;
}

static enum witness_verdict compare(int slim_fd, int original_fd, struct witness_report *report, struct failure *f) {
    struct witness_options options = {.terms.floor_bytes = FLOOR};
    (void)lseek(slim_fd, 0, SEEK_SET);
    (void)lseek(original_fd, 0, SEEK_SET);
    return witness_compare(slim_fd, original_fd, &options, report, f);
}

static void expect(int slim_fd, int original_fd, enum witness_verdict verdict, const char *words) {
    struct witness_report report;
    struct failure f = {.text = ""};
    enum witness_verdict found = compare(slim_fd, original_fd, &report, &f);
    if (found != verdict || strstr(f.text, words) == NULL) {
        fail_msg("%d '%s', where %d '%s' was expected", found, f.text, verdict, words);
    }
}

static void test_captures(void **state) {
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct dialect d = {i % 2 != 0, i / 2 != 0, 64, 0xf4000000 | ETHERNET}; /* with an FCS length */
        int original_fd = capture_of_pairs(&d, false);
        int slim_fd = capture_of_pairs(&d, true);
        struct witness_report report;
        struct failure f = {.text = ""};
        assert_int_equal(compare(slim_fd, original_fd, &report, &f), WITNESS_GOOD);
        assert_int_equal(report.packets, PAIR_COUNT);
        assert_int_equal(report.cut_packets, PAIR_COUNT);
        int same_fd = capture_of_pairs(&d, false);
        assert_int_equal(compare(same_fd, original_fd, &report, &f), WITNESS_GOOD);
        assert_int_equal(report.cut_packets, 0);
        expect(original_fd, slim_fd, WITNESS_BAD, "packet 1: 98 bytes, longer than the original's 90");
        (void)close(same_fd);
        (void)close(slim_fd);
        (void)close(original_fd);
    }
}

static void test_every_bit_of_a_slim_capture(void **state) {
    (void)state;
    int original_fd = capture_begin(&PLAIN);
    int slim_fd = capture_begin(&PLAIN);
    struct frame original = frame_of(PAIRS[TCP4].original);
    struct frame slim = frame_of(PAIRS[TCP4].slim);
    capture_add(original_fd, &PLAIN, original.bytes, original.length, 1500);
    capture_add(slim_fd, &PLAIN, slim.bytes, slim.length, 1500);
    capture_add(original_fd, &PLAIN, "uncut", 5, 5);
    capture_add(slim_fd, &PLAIN, "uncut", 5, 5);
    expect(slim_fd, original_fd, WITNESS_GOOD, "");
    off_t length = lseek(slim_fd, 0, SEEK_END);
    for (off_t bit = 0; bit < length * 8; bit++) {
        uint8_t byte;
        assert_int_equal(pread(slim_fd, &byte, 1, bit / 8), 1);
        byte ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(pwrite(slim_fd, &byte, 1, bit / 8), 1);
        expect(slim_fd, original_fd, WITNESS_BAD, bit / 8 < FILE_HEADER ? "file header" : "packet");
        byte ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(pwrite(slim_fd, &byte, 1, bit / 8), 1);
    }
    (void)close(slim_fd);
    (void)close(original_fd);
}

static int copy_of(int fd) {
    off_t length = lseek(fd, 0, SEEK_END);
    uint8_t *bytes = malloc((size_t)length + 1);
    int copy_fd = memfd_create("copy", 0);
    assert_non_null(bytes);
    assert_true(copy_fd >= 0);
    assert_int_equal(pread(fd, bytes, (size_t)length, 0), length);
    put(copy_fd, bytes, (size_t)length);
    free(bytes);
    return copy_fd;
}

static void test_truncated(void **state) {
    (void)state;
    int original_fd = capture_of_pairs(&PLAIN, false);
    int slim_fd = capture_of_pairs(&PLAIN, true);
    int whole_slim_fd = copy_of(slim_fd);
    for (off_t length = lseek(slim_fd, 0, SEEK_END) - 1; length >= 0; length--) {
        assert_int_equal(ftruncate(slim_fd, length), 0);
        expect(slim_fd, original_fd, WITNESS_BAD, length < FILE_HEADER ? "within the file header" : "packet");
    }
    bool ends_at_packet = false;
    for (off_t length = lseek(original_fd, 0, SEEK_END) - 1; length >= 0; length--) {
        struct witness_report report;
        struct failure f;
        assert_int_equal(ftruncate(original_fd, length), 0);
        enum witness_verdict verdict = compare(whole_slim_fd, original_fd, &report, &f);
        assert_int_not_equal(verdict, WITNESS_GOOD);
        ends_at_packet = ends_at_packet || verdict == WITNESS_BAD;
    }
    assert_true(ends_at_packet);
    (void)close(whole_slim_fd);
    (void)close(slim_fd);
    (void)close(original_fd);
}

static void test_counts(void **state) {
    (void)state;
    int original_fd = capture_of_pairs(&PLAIN, false);
    int slim_fd = capture_of_pairs(&PLAIN, true);
    capture_add(slim_fd, &PLAIN, "more", 4, 4);
    expect(slim_fd, original_fd, WITNESS_BAD, "the original ends after 11 packets, the slim capture has more");
    capture_add(original_fd, &PLAIN, "more", 4, 4);
    capture_add(original_fd, &PLAIN, "", 0, 0);
    expect(slim_fd, original_fd, WITNESS_BAD, "the slim capture ends after 12 packets, the original has more");
    capture_add(slim_fd, &PLAIN, "", 0, 0);
    expect(slim_fd, original_fd, WITNESS_GOOD, "");
    put(slim_fd, "garbage", 7);
    expect(slim_fd, original_fd, WITNESS_BAD, "packet 14: cut short");
    put(original_fd, "garbage", 7);
    expect(slim_fd, original_fd, WITNESS_FAILED, "original: offset 1450, packet 14: cut short");
    (void)close(slim_fd);
    (void)close(original_fd);
}

/* A timestamp that is off by one of the file's units. */
static void test_timestamps(void **state) {
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct dialect d = {i % 2 != 0, i / 2 != 0, 65535, ETHERNET};
        int original_fd = capture_of_pairs(&d, false);
        int slim_fd = capture_begin(&d);
        struct frame slim = frame_of(PAIRS[TCP4].slim);
        put32(slim_fd, &d, 0xf0000001);
        put32(slim_fd, &d, 999998);
        put32(slim_fd, &d, (uint32_t)slim.length);
        put32(slim_fd, &d, 98);
        put(slim_fd, slim.bytes, slim.length);
        expect(slim_fd, original_fd, WITNESS_BAD, "packet 1: the timestamp is ");
        (void)close(slim_fd);
        (void)close(original_fd);
    }
}

/* Neither the file's snaplen nor libpcap's limit of 262,144 bytes may hide a byte. */
static void test_large_packet(void **state) {
    (void)state;
    enum { LARGE = 300000 };
    uint8_t *bytes = calloc(LARGE, 1);
    assert_non_null(bytes);
    struct dialect d = {.snaplen = 96, .link_field = ETHERNET};
    int original_fd = capture_begin(&d);
    int slim_fd = capture_begin(&d);
    capture_add(original_fd, &d, bytes, LARGE, LARGE);
    capture_add(slim_fd, &d, bytes, LARGE, LARGE);
    expect(slim_fd, original_fd, WITNESS_GOOD, "");
    static const size_t places[] = {0, 96, 1000, 262144, LARGE - 1};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char words[64];
        off_t at = (off_t)(FILE_HEADER + RECORD_HEADER + places[i]);
        (void)snprintf(words, sizeof words, "packet 1: not cut, but byte %zu of", places[i]);
        assert_int_equal(pwrite(slim_fd, "x", 1, at), 1);
        expect(slim_fd, original_fd, WITNESS_BAD, words);
        assert_int_equal(pwrite(slim_fd, "", 1, at), 1);
    }
    free(bytes);
    (void)close(slim_fd);
    (void)close(original_fd);
}

static void test_larger_than_libpcap_reads(void **state) {
    (void)state;
    enum { TOO_LARGE = 128 * 1024 * 1024 + 1 };
    int original_fd = capture_begin(&PLAIN);
    put32(original_fd, &PLAIN, 0);
    put32(original_fd, &PLAIN, 0);
    put32(original_fd, &PLAIN, TOO_LARGE);
    put32(original_fd, &PLAIN, TOO_LARGE);
    assert_int_equal(ftruncate(original_fd, FILE_HEADER + RECORD_HEADER + TOO_LARGE), 0); /* a hole */
    int slim_fd = capture_of_pairs(&PLAIN, true);
    expect(slim_fd, original_fd, WITNESS_FAILED,
           "original: offset 24, packet 1: larger than libpcap reads (128 MiB); check it with --verify count");
    expect(original_fd, slim_fd, WITNESS_BAD, "slim capture: offset 24, packet 1: larger than 128 MiB");
    (void)close(slim_fd);
    (void)close(original_fd);
}

static void test_other_link_types(void **state) {
    (void)state;
    static const uint32_t fields[] = {USER0, 0xf4000000 | USER0, 257, 231, 220 /* libpcap swaps bytes */};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        struct dialect d = {.big_endian = true, .snaplen = 65535, .link_field = fields[i]};
        char words[80];
        int original_fd = capture_of_pairs(&d, false);
        int slim_fd = capture_of_pairs(&d, true);
        int same_fd = copy_of(original_fd);
        (void)snprintf(words, sizeof words, "packet 1: cut, though the link type is %u, not Ethernet",
                       (unsigned)fields[i] & 0xffff);
        expect(slim_fd, original_fd, WITNESS_BAD, words);
        expect(same_fd, original_fd, WITNESS_GOOD, "");
        (void)close(same_fd);
        (void)close(slim_fd);
        (void)close(original_fd);
    }
}

static void test_not_a_capture(void **state) {
    (void)state;
    static const struct {
        uint8_t header[8];
        const char *words;
    } cases[] = {
        {{0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 0},
         "original: offset 0, packet 1: a section header without the magic number of a byte order"},
        {{0x34, 0xcd, 0xb2, 0xa1, 2, 0, 4, 0}, "not a pcap file"},
        {{0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 3, 0}, "not version 2.4"},
        {{0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 3}, "not version 2.4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int original_fd = capture_of_pairs(&PLAIN, false);
        assert_int_equal(pwrite(original_fd, cases[i].header, 8, 0), 8);
        int slim_fd = copy_of(original_fd);
        expect(slim_fd, original_fd, WITNESS_FAILED, cases[i].words);
        (void)close(slim_fd);
        (void)close(original_fd);
    }
}

/* ---------------------------------------------------------------------------------------- reading */

static void test_unreadable(void **state) {
    (void)state;
    int fd = capture_of_pairs(&PLAIN, false);
    int memory_fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC); /* page 0 is never mapped */
    assert_true(memory_fd >= 0);
    expect(fd, memory_fd, WITNESS_FAILED, "original: cannot read: Input/output error");
    expect(memory_fd, fd, WITNESS_FAILED, "slim capture: cannot read: Input/output error");
    expect(fd, -1, WITNESS_FAILED, "original: cannot read: Bad file descriptor");
    (void)close(memory_fd);

    /* Behind the file header, where libpcap does the reading. */
    int ends[2];
    uint8_t header[FILE_HEADER + 3];
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    assert_int_equal(pread(fd, header, sizeof header, 0), sizeof header);
    put(ends[1], header, sizeof header);
    expect(ends[0], fd, WITNESS_FAILED, "slim capture: cannot read: Resource temporarily unavailable");
    (void)close(ends[0]);
    (void)close(ends[1]);
    (void)close(fd);
}

/* What the handler of SIGALRM works on: a byte of a capture into a pipe each time, and a flag. */
static struct {
    int from_fd, to_fd;
    off_t left_bytes;
    volatile sig_atomic_t raised;
} on_alarm;

static void feed(int signal_number) {
    (void)signal_number;
    uint8_t byte;
    if (on_alarm.left_bytes == 0) {
        (void)close(on_alarm.to_fd);
        on_alarm.left_bytes--;
    } else if (on_alarm.left_bytes > 0 && read(on_alarm.from_fd, &byte, 1) == 1) {
        on_alarm.left_bytes -= write(on_alarm.to_fd, &byte, 1);
    }
}

static void raise_flag(int signal_number) {
    (void)signal_number;
    on_alarm.raised = 1;
}

/* Compare while SIGALRM, every half millisecond, interrupts the reads. */
static enum witness_verdict compare_alarmed(void (*handler)(int), int slim_fd, int original_fd, struct failure *f) {
    struct sigaction action = {.sa_handler = handler};
    struct itimerval often = {{0, 500}, {0, 500}};
    struct itimerval never = {{0, 0}, {0, 0}};
    struct witness_options options = {
        .terms.floor_bytes = FLOOR, .slim.interrupted = &on_alarm.raised, .original.interrupted = &on_alarm.raised};
    struct witness_report report;
    (void)lseek(original_fd, 0, SEEK_SET);
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    enum witness_verdict verdict = witness_compare(slim_fd, original_fd, &options, &report, f);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    action.sa_handler = SIG_DFL;
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    return verdict;
}

/* A pipe that delivers a byte at a time, each behind an interrupted read. */
static void test_pipe_in_pieces(void **state) {
    (void)state;
    int ends[2];
    int original_fd = capture_begin(&PLAIN);
    capture_add(original_fd, &PLAIN, "uncut", 5, 5);
    struct failure f = {.text = ""};
    assert_int_equal(pipe(ends), 0);
    on_alarm.raised = 0;
    on_alarm.from_fd = copy_of(original_fd);
    on_alarm.to_fd = ends[1];
    on_alarm.left_bytes = lseek(on_alarm.from_fd, 0, SEEK_END);
    (void)lseek(on_alarm.from_fd, 0, SEEK_SET);
    assert_int_equal(compare_alarmed(feed, ends[0], original_fd, &f), WITNESS_GOOD);
    (void)close(on_alarm.from_fd);
    (void)close(ends[0]);
    (void)close(original_fd);
}

static void test_interrupted(void **state) {
    (void)state;
    int original_fd = capture_of_pairs(&PLAIN, false);
    int ends[2];
    for (off_t length = 0; length <= FILE_HEADER + 20; length += 11) {
        uint8_t begin[FILE_HEADER + 20];
        struct failure f = {.text = ""};
        assert_int_equal(pread(original_fd, begin, sizeof begin, 0), sizeof begin);
        assert_int_equal(pipe(ends), 0);
        put(ends[1], begin, (size_t)length);
        on_alarm.raised = 0;
        assert_int_equal(compare_alarmed(raise_flag, ends[0], original_fd, &f), WITNESS_FAILED);
        assert_string_equal(f.text, "interrupted");
        assert_int_equal(f.kind, FAILURE_INTERRUPTED);
        (void)close(ends[0]);
        (void)close(ends[1]);
    }
    (void)close(original_fd);
}

/* Under a limit everything is still seen, and both captures are charged for. */
static void test_paced(void **state) {
    (void)state;
    struct pace_limits limits = {.io_mbps = 1};
    struct pace pace = {0};
    struct witness_options options = {.terms.floor_bytes = FLOOR, .slim.pace = &pace, .original.pace = &pace};
    struct witness_report report;
    struct failure f = {.text = ""};
    struct timeval begin, end, took;
    uint8_t *bytes = calloc(100000, 1);
    assert_non_null(bytes);
    int fds[2];
    for (size_t i = 0; i < 2; i++) {
        fds[i] = capture_begin(&PLAIN);
        capture_add(fds[i], &PLAIN, bytes, 100000, 100000);
        (void)lseek(fds[i], 0, SEEK_SET);
    }
    free(bytes);
    int pace_fd = pace_create(&limits, &f);
    assert_int_equal(pace_attach(&pace, pace_fd, &f), 0);
    (void)gettimeofday(&begin, NULL);
    assert_int_equal(witness_compare(fds[0], fds[1], &options, &report, &f), WITNESS_GOOD);
    (void)gettimeofday(&end, NULL);
    timersub(&end, &begin, &took);
    assert_true(took.tv_sec > 0 || took.tv_usec > 100000); /* 0.2 s, less what a burst may take in advance */
    pace_detach(&pace);
    (void)close(pace_fd);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_captures),
        cmocka_unit_test(test_every_bit_of_a_slim_capture),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_timestamps),
        cmocka_unit_test(test_large_packet),
        cmocka_unit_test(test_larger_than_libpcap_reads),
        cmocka_unit_test(test_other_link_types),
        cmocka_unit_test(test_not_a_capture),
        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_pipe_in_pieces),
        cmocka_unit_test(test_interrupted),
        cmocka_unit_test(test_paced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

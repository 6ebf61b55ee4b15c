/* Limits: who may attach, what is moved at once, and that what is promised for a second is kept. */
#include "pace.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

static double now_s(clockid_t which) {
    struct timespec t;
    (void)clock_gettime(which, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void attach(struct pace *p, int *fd, const struct pace_limits *l) {
    struct failure f = {.text = ""};
    *fd = pace_create(l, &f);
    assert_true(*fd >= 0);
    assert_int_equal(pace_attach(p, *fd, &f), 0);
}

static void test_limits_any(void **state) {
    (void)state;
    assert_false(pace_limits_any(&(struct pace_limits){.io_mbps = 0}));
    assert_false(pace_limits_any(&(struct pace_limits){.backoff_above = 50, .backoff_strength = 1}));
    assert_true(pace_limits_any(&(struct pace_limits){.io_mbps = 0.001}));
    assert_true(pace_limits_any(&(struct pace_limits){.cpu_percent = 1}));
    assert_true(pace_limits_any(&(struct pace_limits){.backoff = true}));
}

static void expect_no_attach(int fd, const char *words) {
    struct pace p = {.cpu_charged_ns = 1};
    struct failure f = {.text = ""};
    if (pace_attach(&p, fd, &f) != -1 || strstr(f.text, words) == NULL) {
        fail_msg("'%s' does not say '%s'", f.text, words);
    }
    assert_null(p.shared);
    pace_detach(&p);
}

static void test_wrong_descriptors(void **state) {
    (void)state;
    struct pace_limits limits = {.io_mbps = 1};
    struct stat st;
    int right_fd = pace_create(&limits, NULL);
    assert_true(right_fd >= 0);
    assert_int_equal(fstat(right_fd, &st), 0);
    uint8_t *bytes = calloc(1, (size_t)st.st_size + 1);
    assert_non_null(bytes);

    expect_no_attach(-1, "Bad file descriptor");
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    expect_no_attach(null_fd, "is not the shared state of a run");
    (void)close(null_fd);
    int root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    expect_no_attach(root_fd, "");
    (void)close(root_fd);
    int zeros_fd = memory_file(bytes, (size_t)st.st_size); /* the right size, but nothing in it */
    expect_no_attach(zeros_fd, "is not the shared state of a run");
    (void)close(zeros_fd);
    assert_int_equal(pread(right_fd, bytes, (size_t)st.st_size, 0), st.st_size);
    int longer_fd = memory_file(bytes, (size_t)st.st_size + 1);
    expect_no_attach(longer_fd, "is not the shared state of a run");
    (void)close(longer_fd);
    int shorter_fd = memory_file(bytes, (size_t)st.st_size - 1);
    expect_no_attach(shorter_fd, "is not the shared state of a run");
    (void)close(shorter_fd);
    bytes[0] ^= 1;
    int other_mark_fd = memory_file(bytes, (size_t)st.st_size);
    expect_no_attach(other_mark_fd, "is not the shared state of a run");
    (void)close(other_mark_fd);

    char path[64];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", right_fd);
    int read_only_fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(read_only_fd >= 0);
    expect_no_attach(read_only_fd, "cannot map descriptor");
    (void)close(read_only_fd);

    struct pace p;
    assert_int_equal(pace_attach(&p, right_fd, NULL), 0);
    assert_non_null(p.shared);
    pace_detach(&p);
    assert_null(p.shared);
    pace_detach(&p);
    assert_int_equal(fcntl(right_fd, F_GETFD), 0); /* open, and children inherit it */
    (void)close(right_fd);
    free(bytes);
}

static void test_chunks(void **state) {
    (void)state;
    static const struct {
        double mbps;
        size_t wanted, chunk;
    } rows[] = {
        /* a fiftieth of a second's bytes, but a page at least */
        {10, 1 << 20, 200000},  {10, 200000, 200000}, {10, 199999, 199999},    {10, 1, 1},
        {0.001, 1 << 20, 4096}, {0.001, 100, 100},    {1e6, 1 << 20, 1 << 20}, {0, 1 << 20, 1 << 20},
    };
    struct pace p = {0};
    assert_int_equal(pace_chunk_bytes(NULL, 1 << 20), 1 << 20);
    assert_int_equal(pace_chunk_bytes(&p, 1 << 20), 1 << 20);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct pace_limits limits = {.io_mbps = rows[i].mbps, .cpu_percent = 50};
        int fd;
        attach(&p, &fd, &limits);
        assert_int_equal(pace_chunk_bytes(&p, rows[i].wanted), rows[i].chunk);
        pace_detach(&p);
        (void)close(fd);
    }
}

static void test_no_limits(void **state) {
    (void)state;
    struct pace_limits none = {.io_mbps = 0};
    struct pace p = {0};
    double begin = now_s(CLOCK_MONOTONIC);
    pace_charge(NULL, SIZE_MAX);
    for (unsigned i = 0; i < 1000; i++) {
        pace_charge(&p, (size_t)1 << 40);
    }
    int fd;
    attach(&p, &fd, &none);
    for (unsigned i = 0; i < 1000; i++) {
        pace_charge(&p, (size_t)1 << 40);
    }
    pace_detach(&p);
    (void)close(fd);
    assert_true(now_s(CLOCK_MONOTONIC) - begin < 0.5);
}

enum { STEP_BYTES = 50000 };

/* Two processes move what they are let for 0.7 s; returns how many bytes a second that was. */
struct mover {
    int pace_fd, result_fd;
    double until;
};

static int move_bytes(void *with) {
    const struct mover *m = with;
    struct pace p;
    uint64_t moved = 0;
    if (pace_attach(&p, m->pace_fd, NULL) != 0) {
        return 1;
    }
    while (now_s(CLOCK_MONOTONIC) < m->until) {
        pace_charge(&p, STEP_BYTES);
        moved += STEP_BYTES;
    }
    return write(m->result_fd, &moved, sizeof moved) == (ssize_t)sizeof moved ? 0 : 1;
}

static double rate_of_two(double mbps) {
    struct pace_limits limits = {.io_mbps = mbps};
    int results[2];
    int fd = pace_create(&limits, NULL);
    assert_true(fd >= 0);
    assert_int_equal(pipe(results), 0);
    double begin = now_s(CLOCK_MONOTONIC);
    struct mover m = {.pace_fd = fd, .result_fd = results[1], .until = begin + 0.7};
    pid_t first = start_child(move_bytes, &m);
    pid_t second = start_child(move_bytes, &m);
    assert_int_equal(end_of_child(first), 0);
    assert_int_equal(end_of_child(second), 0);
    double took = now_s(CLOCK_MONOTONIC) - begin;
    uint64_t total = 0;
    for (unsigned i = 0; i < 2; i++) {
        uint64_t moved;
        assert_int_equal(read(results[0], &moved, sizeof moved), sizeof moved);
        assert_true(moved > 0);
        total += moved;
    }
    (void)close(results[0]);
    (void)close(results[1]);
    (void)close(fd);
    return (double)total / took / 1e6;
}

static void test_rate_of_two_processes(void **state) {
    (void)state;
    double rate = 0;
    for (unsigned attempt = 0; attempt < 4 && rate < 10 * 0.85; attempt++) {
        rate = rate_of_two(10); /* a host that is too busy to let us move may make it less, never more */
        assert_true(rate < 10 * 1.15);
    }
    assert_true(rate >= 10 * 0.85);
}

/* An idle run has saved up a twentieth of a second, no more. */
static void test_burst(void **state) {
    (void)state;
    struct pace_limits limits = {.io_mbps = 10};
    struct pace p;
    int fd;
    attach(&p, &fd, &limits);
    (void)usleep(150000);
    double begin = now_s(CLOCK_MONOTONIC);
    pace_charge(&p, 1500000); /* 150 ms */
    double took = now_s(CLOCK_MONOTONIC) - begin;
    assert_true(took > 0.098);
    assert_true(took < 1.0);
    pace_detach(&p);
    (void)close(fd);
}

static void burn_cpu(double seconds) {
    double until = now_s(CLOCK_PROCESS_CPUTIME_ID) + seconds;
    while (now_s(CLOCK_PROCESS_CPUTIME_ID) < until) {
    }
}

/* How long this process was ready to run and did not get a processor, because others had them. */
static double waited_s(void) {
    unsigned long long ran_ns = 0;
    unsigned long long waited_ns = 0;
    FILE *f = fopen("/proc/self/schedstat", "r");
    if (f != NULL) {
        if (fscanf(f, "%llu %llu", &ran_ns, &waited_ns) != 2) {
            waited_ns = 0;
        }
        (void)fclose(f);
    }
    return (double)waited_ns / 1e9;
}

/* 40 ms of one processor, as 20 % of n of them, is 40 / (0.2 n) ms. */
static int use_a_share(void *with) {
    const struct pace_limits *limits = with;
    struct pace p;
    int fd = pace_create(limits, NULL);
    if (fd < 0 || pace_attach(&p, fd, NULL) != 0) {
        return 1;
    }
    double processors = (double)sysconf(_SC_NPROCESSORS_ONLN);
    pace_charge(&p, 0); /* what was used before is paid for first */
    double used = now_s(CLOCK_PROCESS_CPUTIME_ID);
    double begin = now_s(CLOCK_MONOTONIC);
    double waited = waited_s();
    for (unsigned i = 0; i < 10; i++) {
        burn_cpu(0.004);
        pace_charge(&p, 1 << 30);
    }
    used = now_s(CLOCK_PROCESS_CPUTIME_ID) - used;
    double took = now_s(CLOCK_MONOTONIC) - begin;
    waited = waited_s() - waited;
    double due = used / ((double)limits->cpu_percent / 100.0 * processors);
    if (took < (due - 0.05) * 0.9) { /* less what a burst may take in advance */
        return 2;
    }
    return took - waited < due * 1.15 + 0.1 ? 0 : 3;
}

static void test_share_of_the_processors(void **state) {
    (void)state;
    unsigned processors = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    struct pace_limits limits = {.cpu_percent = processors < 20 ? 20 / processors : 1};
    int status = 3;
    for (unsigned attempt = 0; attempt < 30 && status == 3; attempt++) {
        status = run_in_child(use_a_share, &limits); /* another process's load can only make it longer */
    }
    assert_int_equal(status, 0);
}

static volatile sig_atomic_t alarms;

static void count_alarm(int number) {
    (void)number;
    alarms = alarms + 1;
}

/* A wait of ten seconds ends when a handler ran. */
static void test_interrupted(void **state) {
    (void)state;
    struct sigaction action = {.sa_handler = count_alarm, .sa_flags = SA_RESTART};
    struct itimerval soon = {{0, 0}, {0, 50000}};
    struct pace_limits limits = {.io_mbps = 1};
    struct pace p;
    int fd;
    attach(&p, &fd, &limits);
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
    double begin = now_s(CLOCK_MONOTONIC);
    pace_charge(&p, 10000000);
    assert_int_equal(alarms, 1);
    assert_true(now_s(CLOCK_MONOTONIC) - begin < 5);
    pace_detach(&p);
    (void)close(fd);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits_any),
        cmocka_unit_test(test_wrong_descriptors),
        cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_no_limits),
        cmocka_unit_test(test_rate_of_two_processes),
        cmocka_unit_test(test_burst),
        cmocka_unit_test(test_share_of_the_processors),
        cmocka_unit_test(test_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

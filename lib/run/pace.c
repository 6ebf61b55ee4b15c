#include "pace.h"

#include "clock.h"
#include "hostload.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)
#define PACE_MARK UINT64_C(0x70636170736c696d)

/*
 * How far behind real time a virtual clock may be: what an idle run may catch up on in one burst.
 * Small, so that any window of seconds stays close to the cap; large against a scheduler's tick.
 */
#define BURST_NS (NS_PER_S / 20)

/* One call moves at most this share of a second's bytes, so that several users interleave. */
#define CHUNKS_PER_S 50
#define CHUNK_MIN_BYTES 4096

/* Host load is measured over half a second, as the default of top(1) and others is at least that. */
#define LOAD_INTERVAL_NS (NS_PER_S / 2)

/* A target of zero would stop the run for good; this much of the machine always remains. */
#define CPU_FLOOR_PERCENT 1.0

struct pace_shared {
    uint64_t mark;
    struct pace_limits limits;
    uint64_t processors;
    _Atomic uint64_t io_clock_ns;
    _Atomic uint64_t cpu_clock_ns;
    _Atomic uint64_t load_due_ns; /* when the next sample of the host's load is to be taken */
    _Atomic uint64_t load_busy_ticks;
    _Atomic uint64_t load_total_ticks;
    _Atomic uint64_t busy_permille;
};

bool pace_limits_any(const struct pace_limits *l) {
    return l->io_mbps > 0 || l->cpu_percent > 0 || l->backoff;
}

int pace_create(const struct pace_limits *l, struct failure *f) {
    int fd = memfd_create("pcap-slim-pace", 0);
    if (fd < 0) {
        return failure_errno(f, errno, "cannot make the shared state of the limits");
    }
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct pace_shared initial = {
        .mark = PACE_MARK,
        .limits = *l,
        .processors = processors > 0 ? (uint64_t)processors : 1,
    };
    ssize_t written = write(fd, &initial, sizeof initial);
    if (written != (ssize_t)sizeof initial) {
        failure_errno(f, written < 0 ? errno : EIO, "cannot write the shared state of the limits");
        (void)close(fd);
        return -1;
    }
    return fd;
}

int pace_attach(struct pace *p, int fd, struct failure *f) {
    memset(p, 0, sizeof *p);
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return failure_errno(f, errno, "descriptor %d", fd);
    }
    if (st.st_size != (off_t)sizeof(struct pace_shared)) {
        return failure_set(f, "descriptor %d is not the shared state of a run (see pcap-run)", fd);
    }
    void *at = mmap(NULL, sizeof(struct pace_shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) {
        return failure_errno(f, errno, "cannot map descriptor %d", fd);
    }
    struct pace_shared *shared = at;
    if (shared->mark != PACE_MARK || shared->processors == 0) {
        (void)munmap(at, sizeof *shared);
        return failure_set(f, "descriptor %d is not the shared state of a run (see pcap-run)", fd);
    }
    p->shared = shared;
    p->hostload_fd = shared->limits.backoff ? hostload_open() : -1;
    return 0;
}

void pace_detach(struct pace *p) {
    if (p->shared != NULL) {
        (void)munmap(p->shared, sizeof *p->shared);
        p->shared = NULL;
        if (p->hostload_fd >= 0) {
            (void)close(p->hostload_fd);
        }
    }
}

size_t pace_chunk_bytes(const struct pace *p, size_t wanted_bytes) {
    if (p == NULL || p->shared == NULL || p->shared->limits.io_mbps <= 0) {
        return wanted_bytes;
    }
    double share = p->shared->limits.io_mbps * 1e6 / CHUNKS_PER_S;
    size_t chunk_bytes = share < CHUNK_MIN_BYTES ? CHUNK_MIN_BYTES : (size_t)share;
    return chunk_bytes < wanted_bytes ? chunk_bytes : wanted_bytes;
}

/* Move a virtual clock on by cost_ns; the result is the time at which the cost is paid off. */
static uint64_t clock_advance(_Atomic uint64_t *clock, uint64_t now_ns, uint64_t cost_ns) {
    uint64_t seen_ns = atomic_load_explicit(clock, memory_order_relaxed);
    uint64_t next_ns;
    do {
        uint64_t from_ns = seen_ns + BURST_NS < now_ns ? now_ns - BURST_NS : seen_ns;
        next_ns = from_ns + cost_ns;
    } while (
        !atomic_compare_exchange_weak_explicit(clock, &seen_ns, next_ns, memory_order_relaxed, memory_order_relaxed));
    return next_ns;
}

/* Whoever finds the sample due takes it for everybody. */
static void sample_host_load(struct pace *p, uint64_t now_ns) {
    struct pace_shared *s = p->shared;
    uint64_t due_ns = atomic_load_explicit(&s->load_due_ns, memory_order_relaxed);
    if (now_ns < due_ns || !atomic_compare_exchange_strong(&s->load_due_ns, &due_ns, now_ns + LOAD_INTERVAL_NS)) {
        return;
    }
    struct hostload load;
    if (hostload_read(p->hostload_fd, &load) != 0) {
        return;
    }
    uint64_t busy = atomic_exchange(&s->load_busy_ticks, load.busy_ticks);
    uint64_t total = atomic_exchange(&s->load_total_ticks, load.total_ticks);
    if (total != 0 && load.total_ticks > total && load.busy_ticks >= busy) {
        uint64_t permille = (load.busy_ticks - busy) * 1000 / (load.total_ticks - total);
        atomic_store(&s->busy_permille, permille > 1000 ? 1000 : permille);
    }
}

/* The share of the machine the run may use now, in percent. */
static double cpu_target_percent(struct pace *p, uint64_t now_ns) {
    struct pace_shared *s = p->shared;
    const struct pace_limits *l = &s->limits;
    double target = l->cpu_percent > 0 ? (double)l->cpu_percent : 100.0;
    if (l->backoff) {
        sample_host_load(p, now_ns);
        double busy = (double)atomic_load_explicit(&s->busy_permille, memory_order_relaxed) / 10.0;
        double above = (double)l->backoff_above;
        if (busy > above) { /* so above < 100 */
            target *= 1.0 - l->backoff_strength * (busy - above) / (100.0 - above);
        }
    }
    return target < CPU_FLOOR_PERCENT ? CPU_FLOOR_PERCENT : target;
}

static void wait_until(uint64_t when_ns, uint64_t now_ns) {
    if (when_ns > now_ns) {
        struct timespec t = {.tv_sec = (time_t)(when_ns / NS_PER_S), .tv_nsec = (long)(when_ns % NS_PER_S)};
        (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
    }
}

void pace_charge(struct pace *p, size_t moved_bytes) {
    if (p == NULL || p->shared == NULL) {
        return;
    }
    struct pace_shared *s = p->shared;
    const struct pace_limits *l = &s->limits;
    uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
    uint64_t until_ns = 0;
    if (l->io_mbps > 0) {
        double cost_ns = (double)moved_bytes * 1000.0 / l->io_mbps; /* bytes / (MB/s) = microseconds */
        until_ns = clock_advance(&s->io_clock_ns, now_ns, (uint64_t)cost_ns);
    }
    if (l->cpu_percent > 0 || l->backoff) {
        uint64_t used_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
        uint64_t fresh_ns = used_ns - p->cpu_charged_ns;
        p->cpu_charged_ns = used_ns;
        double share = cpu_target_percent(p, now_ns) / 100.0 * (double)s->processors;
        uint64_t cpu_until_ns = clock_advance(&s->cpu_clock_ns, now_ns, (uint64_t)((double)fresh_ns / share));
        until_ns = cpu_until_ns > until_ns ? cpu_until_ns : until_ns;
    }
    wait_until(until_ns, now_ns);
}

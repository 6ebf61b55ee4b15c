#include "progress.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRESS_MARK UINT64_C(0x7063617070726f67)

struct progress_shared {
    uint64_t mark;
    _Atomic uint64_t passed_bytes[PROGRESS_PASSES];
    _Atomic uint32_t takes_part[PROGRESS_PASSES];
    _Atomic int32_t reporter;
};

int progress_create(struct failure *f) {
    int fd = memfd_create("pcap-slim-progress", 0);
    if (fd < 0) {
        return failure_errno(f, errno, "cannot make the shared state of the progress");
    }
    struct progress_shared initial;
    memset(&initial, 0, sizeof initial);
    initial.mark = PROGRESS_MARK;
    ssize_t written = write(fd, &initial, sizeof initial);
    if (written != (ssize_t)sizeof initial) {
        failure_errno(f, written < 0 ? errno : EIO, "cannot write the shared state of the progress");
        (void)close(fd);
        return -1;
    }
    return fd;
}

int progress_attach(struct progress *p, int fd, enum progress_pass pass, struct failure *f) {
    memset(p, 0, sizeof *p);
    p->pass = pass;
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return failure_errno(f, errno, "descriptor %d", fd);
    }
    if (st.st_size != (off_t)sizeof(struct progress_shared)) {
        return failure_set(f, "descriptor %d is not the progress of a run (see pcap-run)", fd);
    }
    void *at = mmap(NULL, sizeof(struct progress_shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) {
        return failure_errno(f, errno, "cannot map descriptor %d", fd);
    }
    struct progress_shared *shared = at;
    if (shared->mark != PROGRESS_MARK) {
        (void)munmap(at, sizeof *shared);
        return failure_set(f, "descriptor %d is not the progress of a run (see pcap-run)", fd);
    }
    p->shared = shared;
    return 0;
}

void progress_take_part(struct progress *p) {
    if (p->shared != NULL) {
        atomic_store(&p->shared->takes_part[p->pass], 1);
    }
}

void progress_begin_file(struct progress *p) {
    if (p != NULL) {
        p->file_bytes = 0;
    }
}

void progress_add(struct progress *p, size_t passed_bytes) {
    if (p != NULL && p->shared != NULL) {
        p->file_bytes += passed_bytes;
        atomic_fetch_add_explicit(&p->shared->passed_bytes[p->pass], passed_bytes, memory_order_relaxed);
    }
}

void progress_take_back(struct progress *p) {
    if (p != NULL && p->shared != NULL) {
        atomic_fetch_sub_explicit(&p->shared->passed_bytes[p->pass], p->file_bytes, memory_order_relaxed);
        p->file_bytes = 0;
    }
}

uint64_t progress_passed_bytes(const struct progress *p, enum progress_pass pass) {
    return p->shared != NULL ? atomic_load_explicit(&p->shared->passed_bytes[pass], memory_order_relaxed) : 0;
}

bool progress_takes_part(const struct progress *p, enum progress_pass pass) {
    return p->shared != NULL && atomic_load(&p->shared->takes_part[pass]) != 0;
}

void progress_set_reporter(struct progress *p, pid_t reporter) {
    if (p->shared != NULL) {
        atomic_store(&p->shared->reporter, (int32_t)reporter);
    }
}

pid_t progress_reporter(const struct progress *p) {
    return p->shared != NULL ? (pid_t)atomic_load(&p->shared->reporter) : 0;
}

void progress_detach(struct progress *p) {
    if (p->shared != NULL) {
        (void)munmap(p->shared, sizeof *p->shared);
        p->shared = NULL;
    }
}

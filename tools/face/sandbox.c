#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A sanitizer's run-time opens files, starts programs and traces. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_POSSIBLE false
#else
#define SANDBOX_POSSIBLE true
#endif

/* ---- Landlock: struct and constants of <linux/landlock.h>, which may be older than the kernel ---- */

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

#define BIT(n) (UINT64_C(1) << (n))

enum { LANDLOCK_VERSION_ASKED = 1, LANDLOCK_BENEATH = 1, LANDLOCK_ABI_REFER = 2, LANDLOCK_ABI_NETWORK = 4 };

#define FS_WRITE_FILE BIT(1)
#define FS_READ_FILE BIT(2)
#define FS_READ_DIRECTORY BIT(3)
#define FS_REMOVE_DIRECTORY BIT(4)
#define FS_REMOVE_FILE BIT(5)
#define FS_MAKE_DIRECTORY BIT(7)
#define FS_MAKE_REGULAR BIT(8)
#define FS_REFER BIT(13) /* rename from one directory to another */
#define FS_TRUNCATE BIT(14)
#define NET_ALL (BIT(0) | BIT(1))

#define FS_TO_READ (FS_READ_FILE | FS_READ_DIRECTORY)
#define FS_TO_CHANGE                                                                                                   \
    (FS_TO_READ | FS_WRITE_FILE | FS_TRUNCATE | FS_REMOVE_DIRECTORY | FS_REMOVE_FILE | FS_MAKE_DIRECTORY |             \
     FS_MAKE_REGULAR | FS_REFER)

struct landlock_ruleset {
    uint64_t handled_fs;
    uint64_t handled_net;
};

struct landlock_beneath {
    uint64_t allowed;
    int32_t parent_fd;
} __attribute__((packed));

/* All rights on files that a version of the interface knows of. */
static uint64_t fs_rights(long abi) {
    static const uint64_t known[] = {0, BIT(13) - 1, BIT(14) - 1, BIT(15) - 1, BIT(15) - 1};
    const size_t last = sizeof known / sizeof known[0] - 1;
    return abi > (long)last ? BIT(16) - 1 : known[abi];
}

static int allow_beneath(int ruleset_fd, uint64_t allowed, int directory_fd) {
    const struct landlock_beneath rule = {.allowed = allowed, .parent_fd = directory_fd};
    return (int)syscall(SYS_landlock_add_rule, ruleset_fd, LANDLOCK_BENEATH, &rule, 0);
}

static int allow_anywhere(int ruleset_fd, uint64_t allowed) {
    int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int status = fd >= 0 ? allow_beneath(ruleset_fd, allowed, fd) : -1;
    if (fd >= 0) {
        (void)close(fd);
    }
    return status;
}

static int allow_files(int ruleset_fd, uint64_t allowed, const int *directories, size_t count) {
    int status = count == 0 ? allow_anywhere(ruleset_fd, allowed) : 0;
    for (size_t i = 0; i < count && status == 0; i++) {
        status = allow_beneath(ruleset_fd, allowed, directories[i]);
    }
    return status;
}

static bool enter_landlock(enum sandbox_need need, const int *directories, size_t count) {
    const long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION_ASKED);
    /* The first version refuses every rename from one directory to another. */
    if (abi < 1 || (abi < LANDLOCK_ABI_REFER && need == SANDBOX_CHANGE && count != 1)) {
        return false;
    }
    const struct landlock_ruleset all = {
        .handled_fs = fs_rights(abi),
        .handled_net = abi >= LANDLOCK_ABI_NETWORK ? NET_ALL : 0,
    };
    const size_t size = abi >= LANDLOCK_ABI_NETWORK ? sizeof all : sizeof all.handled_fs;
    const int ruleset_fd = (int)syscall(SYS_landlock_create_ruleset, &all, size, 0);
    if (ruleset_fd < 0) {
        return false;
    }
    const uint64_t allowed = all.handled_fs & (need == SANDBOX_CHANGE ? FS_TO_CHANGE : FS_TO_READ);
    bool done = (need == SANDBOX_STREAMS || allow_files(ruleset_fd, allowed, directories, count) == 0) &&
                syscall(SYS_landlock_restrict_self, ruleset_fd, 0) == 0;
    (void)close(ruleset_fd);
    return done;
}

/* ---- seccomp ---- */

/*
 * What reading, writing, memory, time and signals take, and what the C library may ask the system without harm. A new
 * call of ours belongs into one of these lists: what is missing here fails with EPERM, which much of the code takes for
 * a matter of rights and goes on.
 */
static const int CALLS_OF_STREAMS[] = {
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(preadv2),
    SCMP_SYS(mincore),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(fstatfs),
    SCMP_SYS(lseek),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fadvise64),
    SCMP_SYS(sync_file_range),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(sched_yield),
    SCMP_SYS(getrandom),
    SCMP_SYS(sysinfo),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

static const int CALLS_TO_READ[] = {SCMP_SYS(getdents64), SCMP_SYS(flock), SCMP_SYS(readlink), SCMP_SYS(readlinkat)};

static const int CALLS_TO_CHANGE[] = {
    SCMP_SYS(openat),    SCMP_SYS(mkdirat),      SCMP_SYS(unlinkat),   SCMP_SYS(renameat),
    SCMP_SYS(renameat2), SCMP_SYS(fsync),        SCMP_SYS(fdatasync),  SCMP_SYS(fchmod),
    SCMP_SYS(fchown),    SCMP_SYS(utimensat),    SCMP_SYS(flistxattr), SCMP_SYS(fgetxattr),
    SCMP_SYS(fsetxattr), SCMP_SYS(fremovexattr), SCMP_SYS(setfsuid), /* whose file it is may ask who writes it: lease.c
                                                                      */
};

static int allow(scmp_filter_ctx filter, const int *calls, size_t count) {
    int status = 0;
    for (size_t i = 0; i < count; i++) {
        status |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
    }
    return status;
}

#define ALLOW(filter, calls) allow(filter, calls, sizeof(calls) / sizeof((calls)[0]))

/* The others have somebody signalled: the owner of a descriptor (F_SETOWN), with any signal (F_SETSIG). */
static const unsigned COMMANDS_OF_FCNTL[] = {
    F_GETFD, F_SETFD, F_GETFL, F_SETLK, F_SETLKW, F_OFD_SETLK, F_SETLEASE, F_GETLEASE,
};

static int allow_fcntl(scmp_filter_ctx filter) {
    int status = 0;
    for (size_t i = 0; i < sizeof COMMANDS_OF_FCNTL / sizeof COMMANDS_OF_FCNTL[0]; i++) {
        status |=
            seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1, SCMP_A1(SCMP_CMP_EQ, COMMANDS_OF_FCNTL[i]));
    }
    return status;
}

/*
 * Memory, but none that can be executed; whether a descriptor is a terminal, which stdio asks, and its width; a signal
 * to the process itself, as abort(3) sends it.
 */
static int allow_with_conditions(scmp_filter_ctx filter) {
    const struct scmp_arg_cmp not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    const struct scmp_arg_cmp to_itself = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid());
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, not_executable) |
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, to_itself) | allow_fcntl(filter) |
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, not_executable) |
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, TCGETS)) |
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, TIOCGWINSZ));
}

static int allow_needed(scmp_filter_ctx filter, enum sandbox_need need) {
    int status = ALLOW(filter, CALLS_OF_STREAMS) | allow_with_conditions(filter);
    if (need >= SANDBOX_READ) {
        status |= ALLOW(filter, CALLS_TO_READ);
    }
    if (need == SANDBOX_READ) {
        status |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                                   SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY));
    }
    if (need == SANDBOX_CHANGE) {
        status |= ALLOW(filter, CALLS_TO_CHANGE);
    }
    return status;
}

static bool enter_seccomp(enum sandbox_need need) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (filter == NULL) {
        return false;
    }
    /* Without this some kernels slow the process down for the rest of its life, against an attack on interpreters. */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree: the kernel loads it faster */
    bool done = allow_needed(filter, need) == 0 && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return done;
}

unsigned sandbox_enter(enum sandbox_need need, const int *directories, size_t count) {
    /* The condition of both, for who is not root; and it holds where they are missing. */
    if (!SANDBOX_POSSIBLE || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return 0;
    }
    unsigned in_force = enter_landlock(need, directories, count) ? SANDBOX_HAS_LANDLOCK : 0;
    if (enter_seccomp(need)) {
        in_force |= SANDBOX_HAS_SECCOMP;
    }
    return in_force;
}

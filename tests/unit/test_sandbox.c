/* What a process may still do inside. Each case is a child of its own, because there is no way back. */
#include "folders.h"
#include "sandbox.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* What the child finds out is its exit status: 0, or the number of the line. */
#define MUST(condition) ((condition) ? (void)0 : _exit(child_line(__LINE__)))

static int child_line(int line) {
    return line % 250 + 1;
}

static bool refused(int status) {
    return status < 0 && (errno == EPERM || errno == EACCES);
}

static void in_child(void (*what)(void)) {
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        what();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) != 0) {
        fail_msg("line %d (modulo 250)", WEXITSTATUS(status) - 1);
    }
}

/* What nobody inside may do. */
static void must_be_shut_in(void) {
    char *const nothing[] = {NULL};
    MUST(refused(execve("/bin/true", nothing, nothing)));
    MUST(refused(socket(AF_INET, SOCK_STREAM, 0)));
    MUST(refused(socket(AF_UNIX, SOCK_STREAM, 0)));
    MUST(refused(fork()));
    MUST(refused(symlink("x", "sandbox-link")));
    MUST(refused(mknod("sandbox-fifo", S_IFIFO | 0600, 0)));
    MUST(refused(chmod("/", 0755)));
    MUST(refused(setuid(0)));
    MUST(refused(kill(getppid(), 0)));
    MUST(refused((int)syscall(SYS_tgkill, getppid(), getppid(), 0)));
    MUST(syscall(SYS_tgkill, getpid(), getpid(), 0) == 0);
    MUST(refused(fcntl(STDERR_FILENO, F_SETOWN, getppid())));
    MUST(refused(fcntl(STDERR_FILENO, F_SETSIG, SIGCONT)));
    MUST(fcntl(STDERR_FILENO, F_GETFD) == 0);
    MUST(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
}

static void streams(void) {
    char byte;
    int fd = open("/dev/zero", O_RDONLY);
    MUST(sandbox_enter(SANDBOX_STREAMS, NULL, 0) != 0);
    must_be_shut_in();
    MUST(refused(open("/etc/passwd", O_RDONLY)));
    MUST(refused(open(".", O_RDONLY | O_DIRECTORY)));
    MUST(refused(unlink("sandbox-file")));
    MUST(read(fd, &byte, 1) == 1 && byte == 0);
    free(malloc(1 << 20));
}

static const char *folder;

static void reading(void) {
    const int inside = open(folder, O_PATH | O_DIRECTORY);
    const int directory = open(folder, O_RDONLY | O_DIRECTORY);
    const bool has_landlock = (sandbox_enter(SANDBOX_READ, &inside, 1) & SANDBOX_HAS_LANDLOCK) != 0;
    must_be_shut_in();
    MUST(openat(directory, "capture", O_RDONLY | O_NOFOLLOW) >= 0);
    MUST(openat(directory, ".", O_RDONLY | O_DIRECTORY) >= 0);
    MUST(refused(openat(directory, "capture", O_RDWR)));
    MUST(refused(openat(directory, "new", O_WRONLY | O_CREAT | O_EXCL, 0600)));
    MUST(refused(unlinkat(directory, "capture", 0)));
    MUST(!has_landlock || refused(open("/etc/passwd", O_RDONLY)));
    MUST(!has_landlock || refused(openat(directory, "..", O_RDONLY | O_DIRECTORY)));
}

static void changing(void) {
    const int inside = open(folder, O_PATH | O_DIRECTORY);
    const int directory = open(folder, O_RDONLY | O_DIRECTORY);
    const bool has_landlock = (sandbox_enter(SANDBOX_CHANGE, &inside, 1) & SANDBOX_HAS_LANDLOCK) != 0;
    must_be_shut_in();
    const int fd = openat(directory, "capture.tmp", O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    MUST(fd >= 0 && write(fd, "x", 1) == 1 && fchmod(fd, 0640) == 0 && fsync(fd) == 0);
    MUST(mkdirat(directory, "markers", 0755) == 0);
    MUST(openat(directory, "markers/x", O_WRONLY | O_CREAT | O_EXCL, 0600) >= 0);
    MUST(renameat(directory, "capture.tmp", directory, "capture") == 0);
    MUST(unlinkat(directory, "markers/x", 0) == 0 && unlinkat(directory, "markers", AT_REMOVEDIR) == 0);
    if (has_landlock) {
        MUST(refused(open("/etc/passwd", O_RDONLY)));
        MUST(refused(openat(directory, "../sandbox-escape", O_WRONLY | O_CREAT | O_EXCL, 0600)));
        MUST(refused(renameat(directory, "capture", directory, "../sandbox-escape")) || errno == EXDEV);
        MUST(refused(mkdirat(directory, "../sandbox-escape", 0755)));
    }
}

static void changing_anywhere(void) {
    char path[4096];
    MUST(sandbox_enter(SANDBOX_CHANGE, NULL, 0) != 0);
    must_be_shut_in();
    (void)snprintf(path, sizeof path, "%s/capture", folder);
    MUST(open(path, O_RDWR) >= 0);
    MUST(open("/etc/passwd", O_RDONLY) >= 0);
}

/* Whether there is anything to test: not under sanitizers, not on a kernel without either. */
static unsigned in_force;

static void probe(void) {
    _exit((int)sandbox_enter(SANDBOX_STREAMS, NULL, 0));
}

static int find_out(void **state) {
    (void)state;
    int status;
    pid_t child = fork();
    if (child == 0) {
        probe();
    }
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
        return -1;
    }
    in_force = (unsigned)WEXITSTATUS(status);
    return 0;
}

static void in_sandbox(void **state, void (*what)(void)) {
    struct folder *f = *state;
    if (in_force == 0) {
        skip();
    }
    folder = f->path;
    const int fd = openat(f->fd, "capture", O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    (void)close(fd);
    in_child(what);
}

static void test_streams(void **state) {
    in_sandbox(state, streams);
}

static void test_reading(void **state) {
    in_sandbox(state, reading);
}

static void test_changing(void **state) {
    in_sandbox(state, changing);
}

static void test_changing_anywhere(void **state) {
    in_sandbox(state, changing_anywhere);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_streams, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(test_reading, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(test_changing, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(test_changing_anywhere, make_folder, drop_folder),
    };
    return cmocka_run_group_tests(tests, find_out, NULL);
}

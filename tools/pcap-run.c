/*
 * pcap-run: set up what the processes of one run share (limits, claims on a directory), start them, pass signals on to
 * them and wait for the last one.
 */
#include "claim.h"
#include "cli.h"
#include "failure.h"
#include "marker.h"
#include "options.h"
#include "pace.h"
#include "place.h"
#include "progress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct face FACE = {
    IN_RUN,
    .usage = "Usage: pcap-run [OPTION...] [--] COMMAND [ARG...]\n"
             "Run COMMAND as one run: its processes share limits and the claims on files of a\n"
             "directory, and signals reach all; it ends when the last of them has ended.\n"
             "\n",
    .examples = "\n"
                "Example:\n"
                "  pcap-run --max-io-mbps 50 --pace-fd 8 --claim-fd 9 sh -c '\n"
                "    pcap-truncate --files0-from=list --pace-fd 8 --claim-fd 9 |\n"
                "    pcap-verify --records --pace-fd 8 |\n"
                "    pcap-commit --records --pace-fd 8 --claim-fd 9 | pcap-report'\n",
};

#define OWN_FDS_FROM (OPTIONS_DESCRIPTOR_MAX + 1)

static volatile sig_atomic_t group_of_command = 0;
static struct progress progress;

static int take_options(struct options *o, char **argv) {
    if (options_take_all(o, &FACE, argv) != 0) {
        return CLI_MISUSE;
    }
    const int pace_fd = o->limits.pace_fd;
    const int progress_fd = o->limits.progress_fd;
    if (o->operand_count == 0) {
        return cli_misuse("a COMMAND is needed");
    }
    if (pace_limits_any(&o->limits.are) && pace_fd < 0) {
        return cli_misuse("limits need --pace-fd N, and COMMAND's programs the same, to be kept");
    }
    if (o->claim_fd >= 0 && o->claim_fd == pace_fd) {
        return cli_misuse("--claim-fd and --pace-fd need different descriptors");
    }
    if (progress_fd >= 0 && (progress_fd == o->claim_fd || progress_fd == pace_fd)) {
        return cli_misuse("--progress-fd needs a descriptor of its own");
    }
    o->directory = o->directory != NULL ? o->directory : ".";
    return 0;
}

/* Those in force, as one line. */
static void print_limits(const struct options *o) {
    const struct pace_limits *l = &o->limits.are;
    const char *separator = "limits: ";
    if (!pace_limits_any(l) || o->quiet || cli_is_quiet()) {
        return;
    }
    (void)fputs(cli_level(CLI_INFO), stderr);
    if (l->io_mbps > 0) {
        (void)fprintf(stderr, "%sread + write %g MB/s", separator, l->io_mbps);
        separator = ", ";
    }
    if (l->cpu_percent > 0) {
        (void)fprintf(stderr, "%sCPU %u %% of the machine", separator, l->cpu_percent);
        separator = ", ";
    }
    if (l->backoff) {
        (void)fprintf(stderr, "%sbacking off above %u %% host load (strength %g)", separator, l->backoff_above,
                      l->backoff_strength);
    }
    (void)fputc('\n', stderr);
}

/*
 * Descriptors of our own are kept above the numbers that the command is to find its own at: those may be any that the
 * caller names, and ours any that were free.
 */
static int out_of_the_way(int fd) {
    int moved = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, OWN_FDS_FROM) : -1;
    if (moved >= 0) {
        (void)close(fd);
    }
    return moved >= 0 ? moved : fd;
}

/* Make fd known to the command as descriptor number `wanted`. */
static int hand_down(int fd, int wanted) {
    if (dup2(fd, wanted) < 0 || fcntl(wanted, F_SETFD, 0) != 0) {
        return cli_fail(NULL, "cannot make descriptor %d: %s", wanted, strerror(errno));
    }
    return 0;
}

static int hand_down_pace(const struct limits *l) {
    struct failure failure;
    if (l->pace_fd < 0) {
        return 0;
    }
    int fd = pace_create(&l->are, &failure);
    if (fd < 0) {
        return cli_fail(NULL, "%s", failure.text);
    }
    int status = hand_down(fd, l->pace_fd);
    if (fd != l->pace_fd) {
        (void)close(fd);
    }
    return status;
}

/* Our own hold on the counters says to whom questions about the progress go. */
static int hand_down_progress(const struct limits *l) {
    struct failure failure;
    if (l->progress_fd < 0) {
        return 0;
    }
    int fd = progress_create(&failure);
    if (fd < 0 || progress_attach(&progress, fd, PROGRESS_CUT, &failure) != 0) {
        return cli_fail(NULL, "%s", failure.text);
    }
    int status = hand_down(fd, l->progress_fd);
    if (fd != l->progress_fd) {
        (void)close(fd);
    }
    return status;
}

/*
 * Not being able to share claims (a read-only directory) ends nothing here: each file will say so for itself, in the
 * report where the operator looks for it.
 */
static int hand_down_claims(struct options *o, struct claims *claims) {
    claims_init(claims);
    if (o->claim_fd < 0) {
        return 0;
    }
    struct failure failure;
    int directory_fd = place_open_directory(o->directory, o->beneath, &failure);
    if (directory_fd < 0) {
        return o->nested ? 0 : cli_fail(o->directory, "%s", failure.text);
    }
    directory_fd = out_of_the_way(directory_fd);
    struct marker_owner owner = marker_owner_find();
    if (options_open_markers(o, &owner) != 0) {
        return CLI_FAILED;
    }
    owner.root_fd = out_of_the_way(owner.root_fd);
    if (claims_open(claims, directory_fd, -1, &owner, NULL) != 0) {
        return 0;
    }
    claims->markers_fd = out_of_the_way(claims->markers_fd);
    claims->lock_fd = out_of_the_way(claims->lock_fd);
    return hand_down(claims->lock_fd, o->claim_fd);
}

/*
 * Again and again until the last process has ended, soon at first, later every second: a stage that is only now being
 * started ignores the signal until it has a handler for it (see HOLD in pcap-slim/run.sh).
 */
#define PASS_ON_AGAIN_FIRST_US 10000
#define PASS_ON_AGAIN_LAST_US 999999

static volatile sig_atomic_t pass_on_again_us = PASS_ON_AGAIN_FIRST_US;

static void pass_on(int number) {
    cli_interrupted = number;
    if (group_of_command > 0) {
        (void)kill(-(pid_t)group_of_command, number);
    }
    const struct itimerval soon = {.it_interval = {0, 0}, .it_value = {0, pass_on_again_us}};
    (void)setitimer(ITIMER_REAL, &soon, NULL);
    pass_on_again_us = pass_on_again_us < PASS_ON_AGAIN_LAST_US / 2 ? pass_on_again_us * 2 : PASS_ON_AGAIN_LAST_US;
}

static void pass_on_again(int number) {
    (void)number;
    pass_on(cli_interrupted);
}

/*
 * How far is it (SIGUSR1), how wide is the window (SIGWINCH): that is for the report alone. To xargs, SIGUSR1 means one
 * worker more. A number that is no process of the run any more is not believed.
 */
static void pass_to_reporter(int number) {
    const int error = errno;
    pid_t reporter = progress_reporter(&progress);
    if (reporter > 0 && group_of_command > 0 && getpgid(reporter) == (pid_t)group_of_command) {
        (void)kill(reporter, number);
    }
    errno = error;
}

static void pause_all(int number) {
    (void)number;
    if (group_of_command > 0) {
        (void)kill(-(pid_t)group_of_command, SIGSTOP);
    }
    (void)raise(SIGSTOP);
    if (group_of_command > 0) {
        (void)kill(-(pid_t)group_of_command, SIGCONT);
    }
}

/* Nested, a signal comes to the whole group from the run that this is part of. */
static void note_signal(int number) {
    cli_interrupted = number;
}

static void catch_signals(bool nested) {
    static const int passed_on[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction a;
    memset(&a, 0, sizeof a);
    (void)sigemptyset(&a.sa_mask);
    a.sa_flags = SA_RESTART;
    a.sa_handler = nested ? note_signal : pass_on;
    for (size_t i = 0; i < sizeof passed_on / sizeof passed_on[0]; i++) {
        (void)sigaction(passed_on[i], &a, NULL);
    }
    if (nested) {
        return;
    }
    a.sa_handler = pass_on_again;
    (void)sigaction(SIGALRM, &a, NULL);
    a.sa_handler = pass_to_reporter;
    (void)sigaction(SIGUSR1, &a, NULL);
    (void)sigaction(SIGWINCH, &a, NULL);
    a.sa_handler = pause_all;
    (void)sigaction(SIGTSTP, &a, NULL);
}

/*
 * The command gets a process group of its own, so that a signal can reach everything it starts; a shell in between may
 * have started us with SIGINT ignored (it does so for a job in the background), which is not passed down.
 */
static pid_t start(const struct options *o, const sigset_t *usual) {
    char **command = o->operands;
    pid_t child = fork();
    if (child == 0) {
        if (!o->nested) {
            (void)setpgid(0, 0);
        }
        (void)signal(SIGINT, SIG_DFL);
        (void)signal(SIGTERM, SIG_DFL);
        (void)signal(SIGHUP, SIG_DFL);
        (void)signal(SIGTSTP, SIG_DFL);
        (void)signal(SIGIO, SIG_DFL);
        (void)signal(SIGALRM, SIG_DFL);
        (void)signal(SIGQUIT, SIG_DFL);
        (void)signal(SIGWINCH, SIG_DFL);
        (void)signal(SIGUSR1, SIG_IGN); /* what asks for the progress may be sent to every process there is */
        (void)signal(SIGTTOU, SIG_IGN); /* its group is not the terminal's; it writes there all the same */
        (void)sigprocmask(SIG_SETMASK, usual, NULL);
        (void)execvp(command[0], command);
        int error = errno;
        (void)cli_fail(command[0], "cannot run: %s", strerror(error));
        _exit(error == ENOENT ? 127 : 126);
    }
    if (child > 0 && !o->nested) {
        (void)setpgid(child, child);
        group_of_command = (sig_atomic_t)child;
    }
    (void)sigprocmask(SIG_SETMASK, usual, NULL);
    return child;
}

/* Until the last descendant has ended: processes whose parent died come to us (PR_SET_CHILD_SUBREAPER). */
static int wait_for_all(pid_t command) {
    int status = CLI_FAILED;
    for (;;) {
        int how = 0;
        pid_t ended = wait(&how);
        if (ended < 0 && errno == EINTR) {
            continue;
        }
        if (ended < 0) {
            return cli_status_if_interrupted(status);
        }
        if (ended == command) {
            status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
        }
    }
}

int main(int argc, char **argv) {
    (void)argc;
    struct options o;
    struct claims claims;
    cli_start("pcap-run");
    int status = take_options(&o, argv);
    if (status != 0) {
        return status;
    }
    /* A signal that comes before there is a command to pass it on to waits until there is. */
    sigset_t all;
    sigset_t usual;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, &usual);
    print_limits(&o);
    if (hand_down_pace(&o.limits) != 0 || hand_down_progress(&o.limits) != 0 || hand_down_claims(&o, &claims) != 0) {
        return CLI_FAILED;
    }
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    catch_signals(o.nested);
    pid_t command = start(&o, &usual);
    if (command < 0) {
        status = cli_fail(NULL, "cannot start %s: %s", o.operands[0], strerror(errno));
    } else {
        status = wait_for_all(command);
    }
    claims_close(&claims);
    return status;
}

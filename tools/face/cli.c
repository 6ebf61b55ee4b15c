#include "cli.h"

#include "names.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

volatile sig_atomic_t cli_interrupted = 0;

static const char *program_name = "pcap-slim";
static const char *misuse_origin = "";

static bool to_journal = false;

/* stream: DEVICE:INODE. */
static bool is_stream(const char *stream, const struct stat *st) {
    char *colon;
    char *end;
    const unsigned long long device = strtoull(stream, &colon, 10);
    if (colon == stream || *colon != ':') {
        return false;
    }
    const unsigned long long inode = strtoull(colon + 1, &end, 10);
    return end != colon + 1 && *end == '\0' && st->st_dev == device && st->st_ino == inode;
}

/* JOURNAL_STREAM: device and inode of the stream that systemd connected, see systemd.exec(5). */
static bool is_journal(void) {
    const char *asked = getenv("PCAP_SLIM_LOG");
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat st;
    if (asked != NULL && (strcmp(asked, "journal") == 0 || strcmp(asked, "plain") == 0)) {
        return asked[0] == 'j';
    }
    return stream != NULL && fstat(STDERR_FILENO, &st) == 0 && is_stream(stream, &st);
}

const char *cli_level(enum cli_level level) {
    const char *error_or_info = level == CLI_ERROR ? "<3>" : "<6>";
    return !to_journal ? "" : level == CLI_WARNING ? "<4>" : error_or_info;
}

bool cli_is_quiet(void) {
    const char *asked = getenv("PCAP_SLIM_QUIET");
    return asked != NULL && asked[0] != '\0';
}

/*
 * A program that is started without standard descriptors would get their numbers for the files it opens, and write
 * messages into a capture. They are taken, each in the direction that it is not used in: to use it still fails.
 */
static void reserve_descriptors(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0) {
            (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY); /* the lowest number that is free: fd */
        }
    }
}

void cli_start(const char *program) {
    reserve_descriptors();
    program_name = program;
    to_journal = is_journal();
    (void)signal(SIGUSR1, SIG_IGN);
    (void)signal(SIGIO, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is an error of write(2), like a full disk */
}

static void note_signal(int number) {
    cli_interrupted = number;
}

static void catch_signals(int flags) {
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_handler = note_signal;
    a.sa_flags = flags;
    (void)sigemptyset(&a.sa_mask);
    (void)sigaction(SIGINT, &a, NULL);
    (void)sigaction(SIGTERM, &a, NULL);
    (void)sigaction(SIGHUP, &a, NULL);
    (void)sigaction(SIGQUIT, &a, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

void cli_catch_signals(void) {
    catch_signals(0); /* no SA_RESTART: a waiting call is to return */
}

void cli_outlive_signals(void) {
    catch_signals(SA_RESTART); /* standard output that a signal breaks off in the middle is lost (stdio) */
}

/* One write(2) a line, so that the lines of parallel processes do not mix. file: may quote a name, and so may the body.
 */
static void print_line(enum cli_level level, const char *prefix, const char *file, const char *fmt, va_list args) {
    char text[8192];
    char body[4096];
    (void)vsnprintf(body, sizeof body, fmt, args);
    char *shown_file = file != NULL ? names_printable(file) : NULL;
    char *shown_body = names_printable(body);
    (void)snprintf(text, sizeof text, "%s%s: %s%s%s%s\n", cli_level(level), program_name, prefix,
                   shown_file != NULL ? shown_file : "", shown_file != NULL ? ": " : "",
                   shown_body != NULL ? shown_body : body);
    free(shown_body);
    free(shown_file);
    (void)fputs(text, stderr);
}

int cli_fail(const char *file, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    print_line(CLI_ERROR, "", file, fmt, args);
    va_end(args);
    return CLI_FAILED;
}

int cli_open(const char *path) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        (void)cli_fail(path, "cannot open: %s", strerror(errno));
    }
    return fd;
}

void cli_warn(const char *fmt, ...) {
    va_list args;
    if (cli_is_quiet()) {
        return;
    }
    va_start(args, fmt);
    print_line(CLI_WARNING, "warning: ", NULL, fmt, args);
    va_end(args);
}

void cli_misuse_from(const char *origin) {
    misuse_origin = origin;
}

int cli_misuse(const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    print_line(CLI_ERROR, misuse_origin, NULL, fmt, args);
    va_end(args);
    (void)fprintf(stderr, "%sTry '%s --help'.\n", cli_level(CLI_ERROR), program_name);
    return CLI_MISUSE;
}

const char *cli_version_number(void) {
    return PCAPSLIM_VERSION;
}

int cli_version(void) {
    (void)printf("%s %s\n", program_name, cli_version_number());
    return cli_end(CLI_DONE);
}

int cli_end(int status) {
    bool bad = ferror(stdout) != 0;
    errno = 0;
    if (fclose(stdout) != 0 || bad) {
        return cli_fail("standard output", "cannot write: %s", errno != 0 ? strerror(errno) : "error");
    }
    return status;
}

int cli_status_if_interrupted(int status) {
    return cli_interrupted != 0 ? 128 + (int)cli_interrupted : status;
}

bool cli_parse_unsigned(const char *text, unsigned long min, unsigned long max, unsigned long *out) {
    if (!isdigit((unsigned char)text[0])) {
        return false;
    }
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (errno != 0 || *end != '\0' || value < min || value > max) {
        return false;
    }
    *out = value;
    return true;
}

bool cli_parse_decimal(const char *text, double min, double max, double *out) {
    size_t length = strlen(text);
    if (length == 0 || length > 18 || strspn(text, "0123456789.") != length || strcmp(text, ".") == 0) {
        return false;
    }
    char *end;
    double value = strtod(text, &end);
    if (*end != '\0' || value < min || value > max) {
        return false;
    }
    *out = value;
    return true;
}

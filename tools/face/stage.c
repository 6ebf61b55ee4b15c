#include "stage.h"

#include "cli.h"
#include "clock.h"
#include "tokens.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * A pipe keeps writes of up to PIPE_BUF bytes whole (pipe(7)); a record with a long path may be longer. So
 * writers lock the pipe; where the system has no locks on pipes, short records still arrive whole. The lock
 * goes with its process.
 */
static int lock_range(int fd, short type, off_t start, off_t length) {
    struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    int status;
    do {
        status = fcntl(fd, F_SETLKW, &l);
    } while (status != 0 && errno == EINTR);
    return status;
}

static int lock(int fd, short type) {
    return lock_range(fd, type, 0, 1);
}

static int write_all(int fd, const char *p, size_t left_bytes) {
    while (left_bytes > 0) {
        ssize_t put = write(fd, p, left_bytes);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return -1;
        }
        p += put;
        left_bytes -= (size_t)put;
    }
    return 0;
}

static int put_terminated(int fd, char *line, size_t length_bytes) {
    line[length_bytes] = '\n';
    (void)lock(fd, F_WRLCK);
    int status = write_all(fd, line, length_bytes + 1);
    int error = errno;
    (void)lock(fd, F_UNLCK);
    line[length_bytes] = '\0';
    return status == 0 ? 0 : cli_fail(NULL, "cannot hand on a record: %s", strerror(error));
}

int stage_put(int fd, const struct record *r, bool between_stages) {
    char *line = record_format(r, between_stages);
    if (line == NULL) {
        return cli_fail(r->file, "out of memory");
    }
    /* the terminating NUL's place takes the newline */
    int status = put_terminated(fd, line, strlen(line));
    free(line);
    return status;
}

/* ---- records that are held ---- */

static void hold(struct stage *s) {
    if (!s->is_holding) {
        s->held_since_ns = clock_ns(CLOCK_MONOTONIC);
    }
    s->is_holding = true;
}

static int settle(struct stage *s) {
    const bool was_holding = s->is_holding;
    s->is_holding = false;
    return was_holding ? s->settle(s->context) : CLI_DONE;
}

/* Whether more of the input, or its end, comes before what is held has waited long enough. */
static bool comes_in_time(const struct stage *s) {
    const uint64_t held_ms = (clock_ns(CLOCK_MONOTONIC) - s->held_since_ns) / 1000000;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    return tokens_at_hand(&s->lines) || (held_ms < STAGE_HOLD_MS && poll(&input, 1, STAGE_HOLD_MS - (int)held_ms) == 1);
}

/* As tokens_next(); status: set to CLI_FAILED where the reader went away meanwhile. */
static int next_line(struct stage *s, char **line, int *status, struct failure *f) {
    if (s->is_holding && !comes_in_time(s)) {
        *status = settle(s);
    }
    return *status == CLI_DONE ? tokens_next(&s->lines, line, f) : 0;
}

enum line_result { LINE_DONE, LINE_BAD, LINE_NO_READER };

static enum line_result work_on_line(struct stage *s, char *line) {
    struct record r;
    struct failure failure;
    if (record_parse(line, &r, &failure) != 0) {
        (void)cli_fail("standard input", "%s", failure.text);
        return LINE_BAD;
    }
    const bool is_accepted = s->accept(&r);
    const enum stage_outcome outcome = is_accepted                  ? s->work(s->context, &r)
                                       : r.status == RECORD_CUTTING ? STAGE_DROP
                                                                    : STAGE_HAND_ON;
    int status = CLI_DONE;
    if (outcome == STAGE_HOLD) {
        hold(s);
    } else if (outcome == STAGE_HAND_ON) {
        status = settle(s);
        if (status == CLI_DONE) {
            status = is_accepted ? stage_put(STDOUT_FILENO, &r, s->between_stages)
                                 : put_terminated(STDOUT_FILENO, line, strlen(line)); /* as it came */
        }
    }
    record_free(&r);
    return status == CLI_DONE ? LINE_DONE : LINE_NO_READER;
}

bool stage_next(struct stage *s, struct record *out) {
    struct failure failure;
    char *line;
    if (tokens_next(&s->lines, &line, &failure) != 1) {
        return false;
    }
    if (record_parse(line, out, &failure) != 0) {
        tokens_put_back(&s->lines);
        return false;
    }
    return true;
}

void stage_put_back(struct stage *s) {
    tokens_put_back(&s->lines);
}

int stage_run(struct stage *s) {
    struct failure failure;
    if (tokens_open(&s->lines, STDIN_FILENO, '\n', &failure) != 0) {
        return cli_fail(NULL, "%s", failure.text);
    }
    int status = CLI_DONE;
    enum line_result result = LINE_DONE;
    char *line;
    int more = 0;
    /* Without a reader there is no point in going on: the stage before is to notice, too. */
    int settled = CLI_DONE;
    while (result != LINE_NO_READER && (more = next_line(s, &line, &settled, &failure)) == 1) {
        if (line[0] != '\0') {
            result = work_on_line(s, line);
            status = result == LINE_DONE ? status : CLI_FAILED;
        }
    }
    if (settle(s) != CLI_DONE || settled != CLI_DONE) {
        status = CLI_FAILED;
    }
    tokens_close(&s->lines);
    return more < 0 ? cli_fail("standard input", "%s", failure.text) : status;
}

int stage_open_names(const char *list) {
    return strcmp(list, "-") == 0 ? STDIN_FILENO : cli_open(list);
}

int stage_each_name(int fd, const char *list, int (*work)(void *context, const char *name), void *context) {
    struct tokens names;
    struct failure failure;
    if (tokens_open(&names, fd, '\0', &failure) != 0) {
        return cli_fail(NULL, "%s", failure.text);
    }
    int status = CLI_DONE;
    char *name;
    int more = 0;
    bool too_long = false;
    while (status == CLI_DONE && (more = tokens_next(&names, &name, &failure)) == 1) {
        if (strlen(name) >= PATH_MAX) {
            too_long = true;
            (void)cli_fail(list, "a name of %zu bytes is longer than any path can be", strlen(name));
        } else if (name[0] != '\0') {
            status = work(context, name);
        }
    }
    tokens_close(&names);
    status = status == CLI_DONE && too_long ? CLI_FAILED : status;
    return more < 0 ? cli_fail(list, "%s", failure.text) : status;
}

/* ---- lists that several share, and that may still grow ---- */

/* Far behind any name: a lock on it is a word between processes that ends with the one that gave it. */
#define GROWING_AT (INT64_C(1) << 62)

void stage_list_grows(int fd) {
    (void)lock_range(fd, F_WRLCK, GROWING_AT, 1);
}

void stage_list_await(int fd) {
    if (lock_range(fd, F_RDLCK, GROWING_AT, 1) == 0) {
        (void)lock_range(fd, F_UNLCK, GROWING_AT, 1);
    }
}

/*
 * The next name to `name`, of PATH_MAX bytes. Returns 1, 0 at the end, or -1 with errno set; EAGAIN: there is only the
 * beginning of one, which is still there then. The lock is held.
 */
static int take_next(int fd, char *name) {
    ssize_t got;
    do {
        got = read(fd, name, PATH_MAX);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) {
        return (int)got;
    }
    const char *end = memchr(name, '\0', (size_t)got);
    /* The others go on behind it. */
    if (lseek(fd, end != NULL ? (end + 1 - name) - got : -got, SEEK_CUR) < 0) {
        return -1;
    }
    errno = got < PATH_MAX ? EAGAIN : ENAMETOOLONG;
    return end != NULL ? 1 : -1;
}

static int take_name(int fd, char *name) {
    if (lock(fd, F_WRLCK) != 0) {
        return -1;
    }
    const int more = take_next(fd, name);
    const int error = errno;
    (void)lock(fd, F_UNLCK);
    errno = error;
    return more;
}

/* The same when there is no more to come. */
static int take_name_of_whole(int fd, char *name) {
    stage_list_await(fd);
    const int more = take_name(fd, name);
    if (more < 0 && errno == EAGAIN) {
        errno = ENAMETOOLONG; /* what has no end is none */
    }
    return more;
}

int stage_each_shared_name(int fd, const char *list, int (*work)(void *context, const char *name), void *context) {
    char name[PATH_MAX];
    int status = CLI_DONE;
    int more = 1;
    bool is_whole = false;
    while (status == CLI_DONE && more == 1) {
        more = is_whole ? take_name_of_whole(fd, name) : take_name(fd, name);
        if (!is_whole && (more == 0 || (more < 0 && errno == EAGAIN))) {
            is_whole = true;
            more = 1;
        } else if (more == 1 && name[0] != '\0') {
            status = work(context, name);
        }
    }
    return more < 0 ? cli_fail(list, "cannot take a name from the list: %s", strerror(errno)) : status;
}

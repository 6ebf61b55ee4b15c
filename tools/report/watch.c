#include "watch.h"

#include "cli.h"
#include "clock.h"
#include "marker.h"
#include "progress_line.h"
#include "stage.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define NS_PER_MS UINT64_C(1000000)
#define REDRAW_NS (200 * NS_PER_MS)
#define COLUMNS_DEFAULT 80
#define COLUMNS_MAX 1000

static volatile sig_atomic_t asked = 0;
static volatile sig_atomic_t resized = 0;

static void note_question(int number) {
    asked = asked || number == SIGUSR1;
    resized = resized || number == SIGWINCH;
}

static bool is_set(const char *variable) {
    const char *value = getenv(variable);
    return value != NULL && value[0] != '\0';
}

static bool cursor_can_move(void) {
    const char *terminal = getenv("TERM");
    return isatty(STDERR_FILENO) && terminal != NULL && terminal[0] != '\0' && strcmp(terminal, "dumb") != 0;
}

void watch_begin(struct watch *w, json_t *expected, bool wanted, bool check_only, uint64_t now_ns) {
    struct sigaction a;
    memset(&a, 0, sizeof a);
    (void)sigemptyset(&a.sa_mask);
    a.sa_handler = note_question; /* no SA_RESTART: poll(2) is to return */
    (void)sigaction(SIGUSR1, &a, NULL);
    (void)sigaction(SIGWINCH, &a, NULL);
    w->expected = expected;
    if (getcwd(w->here, sizeof w->here) == NULL) {
        w->here[0] = '\0';
    }
    w->on_terminal = wanted && expected != NULL && !w->hands_on && cursor_can_move();
    w->color = !is_set("NO_COLOR");
    w->check_only = check_only;
    w->started_ns = w->drawn_ns = now_ns; /* a run that is over at once draws nothing */
    progress_set_reporter(&w->progress, getpid());
}

/* ---- what is to come ---- */

/* Names in a directory or a tree go through no link, so that where markers stand is told by the name alone. */
static bool is_marked(const struct watch *w, const char *name) {
    char path[2 * PATH_MAX];
    const char *slash = strrchr(name, '/');
    const int directory_length = slash != NULL ? (int)(slash - name) + 1 : 0;
    const bool is_elsewhere = w->markers_path != NULL;
    const char *here = is_elsewhere && name[0] != '/' ? w->here : "";
    const int length =
        snprintf(path, sizeof path, "%s%s%s%.*s" MARKER_DIRECTORY "/%s", is_elsewhere ? w->markers_path : "", here,
                 is_elsewhere ? "/" : "", directory_length, name, name + directory_length);
    struct stat st;
    return length > 0 && (size_t)length < sizeof path && lstat(path, &st) == 0;
}

/*
 * Looked up when first needed, which for most runs is never. Files in work are among those expected: what is done of
 * them is in the counters.
 */
static void find_sizes(struct watch *w) {
    if (w->sized) {
        return;
    }
    w->sized = true;
    w->files_total = w->files_done;
    w->bytes_total = w->bytes_done;
    void *next = json_object_iter(w->expected);
    for (; next != NULL; next = json_object_iter_next(w->expected, next)) {
        const char *name = json_object_iter_key(next);
        struct stat st;
        if (lstat(name, &st) == 0 && S_ISREG(st.st_mode) && !is_marked(w, name)) {
            w->files_total++;
            w->bytes_total += (uint64_t)st.st_size;
            (void)json_object_iter_set_new(w->expected, next, json_integer((json_int_t)st.st_size));
        }
    }
}

void watch_count(struct watch *w, const struct record *r) {
    const json_t *size = w->expected != NULL ? json_object_get(w->expected, r->file) : NULL;
    const bool in_total = json_is_integer(size);
    const uint64_t bytes = in_total ? (uint64_t)json_integer_value(size) : r->has_tally ? record_in_file_bytes(r) : 0;
    if (in_total || r->has_tally || r->status == RECORD_FAIL) {
        w->files_done++;
        w->bytes_done += bytes;
    }
    if (w->sized && !in_total && (r->has_tally || r->status == RECORD_FAIL)) { /* taken for slim, or not there then */
        w->files_total++;
        w->bytes_total += bytes;
    }
    w->at_work_bytes -= bytes < w->at_work_bytes ? bytes : w->at_work_bytes;
    if (r->status == RECORD_OK && record_in_file_bytes(r) > record_out_file_bytes(r)) {
        w->saved_bytes += record_in_file_bytes(r) - record_out_file_bytes(r);
    }
    if (r->has_tally) {
        w->counted_bytes[PROGRESS_CUT] += record_in_file_bytes(r);
        if (r->check == RECORD_CHECK_FULL && r->verdict == RECORD_VERDICT_GOOD) {
            w->counted_bytes[PROGRESS_CHECKED] += record_in_file_bytes(r);
        }
    }
}

/* Bytes of files in work: the mean of the passes that take part. */
static uint64_t bytes_in_work(const struct watch *w) {
    uint64_t sum_bytes = 0;
    uint64_t passes = 0;
    for (int pass = 0; pass < PROGRESS_PASSES; pass++) {
        if (progress_takes_part(&w->progress, (enum progress_pass)pass)) {
            const uint64_t passed_bytes = progress_passed_bytes(&w->progress, (enum progress_pass)pass);
            const uint64_t counted_bytes = w->counted_bytes[pass];
            sum_bytes += passed_bytes > counted_bytes ? passed_bytes - counted_bytes : 0;
            passes++;
        }
    }
    return passes > 0 ? sum_bytes / passes : w->at_work_bytes;
}

void watch_note_at_work(struct watch *w, uint64_t bytes) {
    w->at_work_bytes = bytes;
}

/* As an announcement, which nobody else minds. */
static void hand_on(struct watch *w) {
    struct record r;
    const uint64_t bytes = bytes_in_work(w);
    w->drawn_ns = clock_ns(CLOCK_MONOTONIC);
    if (bytes == w->at_work_bytes || record_init(&r, ".") != 0) {
        return;
    }
    r.status = RECORD_CUTTING;
    r.read_bytes = w->at_work_bytes = bytes;
    (void)stage_put(STDOUT_FILENO, &r, true);
    record_free(&r);
}

static struct progress_view view(struct watch *w) {
    find_sizes(w);
    const uint64_t left_bytes = w->bytes_total - w->bytes_done;
    const uint64_t in_work_bytes = bytes_in_work(w);
    const struct progress_view v = {
        .files_done = w->files_done,
        .files_total = w->files_total,
        .bytes_done = w->bytes_done + (in_work_bytes < left_bytes ? in_work_bytes : left_bytes),
        .bytes_total = w->bytes_total,
        .saved_bytes = w->saved_bytes,
        .seconds = (double)(clock_ns(CLOCK_MONOTONIC) - w->started_ns) / 1e9,
        .would_save = w->check_only,
    };
    return v;
}

/* ---- the terminal ---- */

static void put(const char *text) {
    size_t left_bytes = strlen(text);
    while (left_bytes > 0) {
        ssize_t bytes = write(STDERR_FILENO, text, left_bytes);
        if (bytes <= 0) {
            return; /* a terminal that is gone shows no progress */
        }
        text += bytes;
        left_bytes -= (size_t)bytes;
    }
}

/* What the terminal says, or $COLUMNS where that is less: it is somebody's wish, or was true before the window grew. */
static size_t columns(void) {
    struct winsize size;
    unsigned long wished = 0;
    const char *variable = getenv("COLUMNS");
    size_t there = 0;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0) {
        there = size.ws_col;
    }
    if (variable != NULL && cli_parse_unsigned(variable, 1, COLUMNS_MAX, &wished) && (there == 0 || wished < there)) {
        there = wished;
    }
    return there > 0 ? there : COLUMNS_DEFAULT;
}

/*
 * The cursor stays in the first column: what another process prints begins there, and a terminal that breaks the line
 * when its window gets narrower keeps the cursor in front of it, so that all of it can be erased. The last column stays
 * free, since some terminals go on to the next line when it is written.
 */
static void draw(struct watch *w) {
    char line[PROGRESS_LINE_BYTES];
    char out[PROGRESS_LINE_BYTES + 16];
    const struct progress_view v = view(w);
    const size_t width = columns();
    (void)progress_line_fit(line, &v, width > 1 ? width - 1 : 0, w->color);
    (void)snprintf(out, sizeof out, "\r%s\033[J\r", line);
    put(out);
    w->drawn = true;
    w->drawn_ns = clock_ns(CLOCK_MONOTONIC);
}

void watch_clear(struct watch *w) {
    if (w->drawn) {
        (void)fflush(stdout);
        put("\r\033[J");
        w->drawn = false;
        w->drawn_ns = 0; /* it is to come back as soon as nothing more is printed */
    }
}

static void answer(struct watch *w) {
    char line[PROGRESS_LINE_BYTES];
    const struct progress_view v = view(w);
    progress_line_full(line, &v);
    watch_clear(w);
    (void)fprintf(stderr, "%s%s\n", cli_level(CLI_INFO), line);
}

void watch_until_input(struct watch *w) {
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    const bool is_busy = w->on_terminal || w->hands_on;
    for (;;) {
        if (asked && !w->hands_on) {
            asked = 0;
            answer(w);
        }
        const uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
        const bool is_due = now_ns - w->drawn_ns >= REDRAW_NS;
        if (w->hands_on && is_due) {
            hand_on(w);
        } else if (w->on_terminal && (resized || is_due)) {
            resized = 0;
            draw(w);
        }
        int ready = poll(&input, 1, is_busy ? (int)(REDRAW_NS / NS_PER_MS) : -1);
        if (ready > 0 || (ready < 0 && errno != EINTR) || cli_interrupted != 0) {
            return;
        }
    }
}

void watch_end(struct watch *w) {
    watch_clear(w);
    w->on_terminal = false;
    progress_set_reporter(&w->progress, 0);
    progress_detach(&w->progress);
}

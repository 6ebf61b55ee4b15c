#include "metrics.h"

#include "cli.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LAST_SUCCESS "pcap_slim_last_success_timestamp_seconds"

/* More than any file of ours has: what is behind that is not read. */
#define OLD_FILE_BYTES 65536

/* What is being written, and what the file had before: a NUL behind it. */
struct page {
    FILE *to;
    const char *label;
    const char *old;
};

static void head(const struct page *p, const char *name, const char *type, const char *help) {
    (void)fprintf(p->to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* What goes between a name and its value. more: a label and its value, or NULL. */
static void labels(const struct page *p, char *out, size_t out_bytes, const char *more, const char *value) {
    if (more == NULL) {
        (void)snprintf(out, out_bytes, "{%s}", p->label);
    } else {
        (void)snprintf(out, out_bytes, "{%s,%s=\"%s\"}", p->label, more, value);
    }
}

/* PATH_MAX bytes, each escaped, and a label of ours. */
#define LABELS_BYTES 8400

static void put_with(const struct page *p, const char *name, const char *more, const char *of, uint64_t value) {
    char text[LABELS_BYTES];
    labels(p, text, sizeof text, more, of);
    (void)fprintf(p->to, "%s%s %" PRIu64 "\n", name, text, value);
}

static void put_one(const struct page *p, const char *name, const char *help, uint64_t value) {
    head(p, name, "gauge", help);
    put_with(p, name, NULL, NULL, value);
}

/* The value that the old file has for this very sample; 0 where it has none, or none that is a whole number. */
static uint64_t old_value(const struct page *p, const char *name, const char *more, const char *of) {
    char text[LABELS_BYTES];
    labels(p, text, sizeof text, more, of);
    const size_t name_bytes = strlen(name);
    const size_t text_bytes = strlen(text);
    for (const char *line = p->old; line != NULL && *line != '\0';) {
        unsigned long value;
        char number[24];
        if (strncmp(line, name, name_bytes) == 0 && strncmp(line + name_bytes, text, text_bytes) == 0 &&
            line[name_bytes + text_bytes] == ' ') {
            const char *from = line + name_bytes + text_bytes + 1;
            const size_t length = strcspn(from, "\n");
            (void)snprintf(number, sizeof number, "%.*s", length < sizeof number ? (int)length : 0, from);
            return cli_parse_unsigned(number, 0, UINT64_MAX / 2, &value) ? value : 0;
        }
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    return 0;
}

static void count(const struct page *p, const char *name, const char *more, const char *of, uint64_t by) {
    put_with(p, name, more, of, old_value(p, name, more, of) + by);
}

static void count_one(const struct page *p, const char *name, const char *help, uint64_t by) {
    head(p, name, "counter", help);
    count(p, name, NULL, NULL, by);
}

static bool is_final(int status) {
    return status == RECORD_OK || status == RECORD_FAIL || record_is_skip((enum record_status)status);
}

/* Every final status and every reason, also those at 0: a series that comes and goes is hard to alert on. */
static void put_files(const struct page *p, const struct outcome *o) {
    static const char last[] = "pcap_slim_run_files";
    static const char all[] = "pcap_slim_files_total";
    head(p, last, "gauge", "Files of the last run by what happened to them.");
    for (int status = 0; status < RECORD_STATUSES; status++) {
        if (is_final(status)) {
            put_with(p, last, "status", record_status_name((enum record_status)status), o->files[status]);
        }
    }
    head(p, all, "counter", "Files of all runs by what happened to them.");
    for (int status = 0; status < RECORD_STATUSES; status++) {
        if (is_final(status)) {
            count(p, all, "status", record_status_name((enum record_status)status), o->files[status]);
        }
    }
}

static void put_reasons(const struct page *p, const struct outcome *o) {
    static const char saved[] = "pcap_slim_run_reason_saved_bytes";
    static const char packets[] = "pcap_slim_run_reason_packets";
    head(p, saved, "gauge", "Bytes that the last run cut away, by reason.");
    for (int reason = 0; reason < POLICY_CUT_REASONS; reason++) {
        put_with(p, saved, "reason", policy_reason_name((enum policy_reason)reason), o->saved_bytes_by_reason[reason]);
    }
    head(p, packets, "gauge", "Packets of the last run, by the reason to cut or keep them.");
    for (int reason = 0; reason < POLICY_REASONS; reason++) {
        put_with(p, packets, "reason", policy_reason_name((enum policy_reason)reason), o->packets_by_reason[reason]);
    }
}

static void put_bytes(const struct page *p, const struct outcome *o) {
    const uint64_t saved_bytes = o->in_bytes - o->out_bytes;
    put_one(p, "pcap_slim_run_input_bytes", "Bytes of the captures that the last run slimmed, before.", o->in_bytes);
    put_one(p, "pcap_slim_run_output_bytes", "The same captures, after.", o->out_bytes);
    put_one(p, "pcap_slim_run_input_file_bytes", "Bytes on the disk of the files that the last run slimmed, before.",
            o->in_file_bytes);
    put_one(p, "pcap_slim_run_output_file_bytes", "The same files, after.", o->out_file_bytes);
    put_one(p, "pcap_slim_run_saved_bytes", "The difference.", saved_bytes);
    put_one(p, "pcap_slim_run_tail_bytes", "Bytes of last packets that are cut short, kept with --cut-tail keep.",
            o->tail_bytes);
    count_one(p, "pcap_slim_input_bytes_total", "Bytes of the captures that all runs slimmed, before.", o->in_bytes);
    count_one(p, "pcap_slim_output_bytes_total", "The same captures, after.", o->out_bytes);
    count_one(p, "pcap_slim_saved_bytes_total", "The difference.", saved_bytes);
    put_one(p, "pcap_slim_pending_files", "Captures that the last run listed and that are not slim after it.",
            o->pending_files);
    put_one(p, "pcap_slim_pending_bytes", "How long they are.", o->pending_bytes);
}

static void put_all(const struct page *p, const struct outcome *o, bool success, uint64_t elapsed_ms) {
    const uint64_t now_s = (uint64_t)time(NULL);
    put_files(p, o);
    put_bytes(p, o);
    put_reasons(p, o);
    count_one(p, "pcap_slim_runs_total", "Runs that have ended.", 1);
    count_one(p, "pcap_slim_failed_runs_total", "Those that did not end with 0.", success ? 0 : 1);
    head(p, "pcap_slim_run_duration_seconds", "gauge", "How long the last run took.");
    (void)fprintf(p->to, "pcap_slim_run_duration_seconds{%s} %" PRIu64 ".%03" PRIu64 "\n", p->label, elapsed_ms / 1000,
                  elapsed_ms % 1000);
    put_one(p, "pcap_slim_run_timestamp_seconds", "When the last run ended.", now_s);
    put_one(p, LAST_SUCCESS, "When a run last ended in which no file failed; 0: never.",
            success ? now_s : old_value(p, LAST_SUCCESS, NULL, NULL));
    head(p, "pcap_slim_info", "gauge", "The version of pcap-slim.");
    put_with(p, "pcap_slim_info", "version", cli_version_number(), 1);
}

/* The directory at hand as the value of a label: UTF-8, with backslash, quote and line break escaped. */
static char *directory_label(void) {
    struct text t = {0};
    char *path = getcwd(NULL, 0);
    json_t *valid = path != NULL ? json_string(path) : NULL;
    int status = path != NULL ? text_add(&t, "directory=\"") : -1;
    for (const char *c = path; status == 0 && *c != '\0' && c - path < PATH_MAX; c++) {
        if (*c == '\n') {
            status = text_add(&t, "\\n");
        } else {
            const bool shown = valid != NULL || (unsigned char)*c < 0x80;
            status = text_add(&t, "%s%c", *c == '\\' || *c == '"' ? "\\" : "", shown ? *c : '?');
        }
    }
    (void)text_add(&t, status == 0 ? "\"" : "");
    json_decref(valid);
    free(path);
    return text_take(&t);
}

static int cannot(const char *path, int error) {
    return cli_fail(path, "cannot write the metrics: %s", strerror(error));
}

/* Beside path; its name ends in no .prom, so that the collector passes it over. Returns a descriptor, or -1. */
static int create_beside(const char *path, char **tmp) {
    *tmp = malloc(strlen(path) + 8);
    if (*tmp == NULL) {
        return -1;
    }
    (void)stpcpy(stpcpy(*tmp, path), ".XXXXXX");
    return mkostemp(*tmp, O_CLOEXEC);
}

int metrics_prepare(struct metrics *m, const char *path) {
    const char *slash = strrchr(path, '/');
    struct stat st;
    char *tmp = NULL;
    m->path = path;
    m->label = directory_label();
    char *directory = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
    int fd = directory != NULL && m->label != NULL ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int error = errno;
    free(directory);
    if (fd >= 0) {
        const bool is_directory = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
        const int tmp_fd = is_directory ? -1 : create_beside(path, &tmp);
        error = is_directory ? EISDIR : errno;
        if (tmp_fd < 0) {
            (void)close(fd);
            fd = -1;
        } else {
            (void)close(tmp_fd);
            (void)unlink(tmp);
        }
        free(tmp);
    }
    if (fd < 0) {
        (void)cannot(path, error);
    }
    return fd;
}

/* The old file as a string to free; NULL where there is none. */
static char *read_old(const char *path) {
    char *text = calloc(1, OLD_FILE_BYTES + 1);
    const int fd = text != NULL ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
    if (fd >= 0) {
        size_t have_bytes = 0;
        ssize_t got;
        while (have_bytes < OLD_FILE_BYTES && (got = read(fd, text + have_bytes, OLD_FILE_BYTES - have_bytes)) > 0) {
            have_bytes += (size_t)got;
        }
        (void)close(fd);
    }
    return text;
}

static int write_page(const struct metrics *m, int fd, const char *tmp, const char *old, const struct outcome *o,
                      bool success, uint64_t elapsed_ms) {
    const struct page p = {.to = fdopen(fd, "w"), .label = m->label, .old = old};
    if (p.to == NULL) {
        (void)close(fd);
        return -1;
    }
    put_all(&p, o, success, elapsed_ms);
    int status = ferror(p.to) != 0 || fflush(p.to) != 0 || fchmod(fd, 0644) != 0 ? -1 : 0;
    int error = errno;
    if (fclose(p.to) != 0 && status == 0) {
        status = -1;
        error = errno;
    }
    errno = error;
    return status == 0 ? renameat(AT_FDCWD, tmp, AT_FDCWD, m->path) : -1;
}

int metrics_write(const struct metrics *m, const struct outcome *o, bool success, uint64_t elapsed_ms) {
    char *tmp;
    char *old = read_old(m->path);
    const int fd = create_beside(m->path, &tmp);
    const int status = fd >= 0 ? write_page(m, fd, tmp, old, o, success, elapsed_ms) : -1;
    const int error = errno;
    if (status != 0 && fd >= 0) {
        (void)unlinkat(AT_FDCWD, tmp, 0);
    }
    free(tmp);
    free(old);
    return status == 0 ? 0 : cannot(m->path, error);
}

void metrics_free(struct metrics *m) {
    free(m->label);
}

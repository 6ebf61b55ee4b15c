#include "metrics.h"

#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LAST_SUCCESS "pcap_slim_last_success_timestamp_seconds"

static void head(FILE *to, const char *name, const char *help) {
    (void)fprintf(to, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void put_one(FILE *to, const char *name, const char *help, uint64_t value) {
    head(to, name, help);
    (void)fprintf(to, "%s %" PRIu64 "\n", name, value);
}

/* Every final status and every reason, also those at 0: a series that comes and goes is hard to alert on. */
static void put_files(FILE *to, const struct outcome *o) {
    static const char name[] = "pcap_slim_run_files";
    head(to, name, "Files of the last run by what happened to them.");
    for (int status = 0; status < RECORD_STATUSES; status++) {
        if (status == RECORD_OK || status == RECORD_FAIL || record_is_skip((enum record_status)status)) {
            (void)fprintf(to, "%s{status=\"%s\"} %" PRIu64 "\n", name, record_status_name((enum record_status)status),
                          o->files[status]);
        }
    }
}

static void put_reasons(FILE *to, const struct outcome *o) {
    static const char saved[] = "pcap_slim_run_reason_saved_bytes";
    static const char packets[] = "pcap_slim_run_reason_packets";
    head(to, saved, "Bytes that the last run cut away, by reason.");
    for (int reason = 0; reason < POLICY_CUT_REASONS; reason++) {
        (void)fprintf(to, "%s{reason=\"%s\"} %" PRIu64 "\n", saved, policy_reason_name((enum policy_reason)reason),
                      o->saved_bytes_by_reason[reason]);
    }
    head(to, packets, "Packets of the last run, by the reason to cut or keep them.");
    for (int reason = 0; reason < POLICY_REASONS; reason++) {
        (void)fprintf(to, "%s{reason=\"%s\"} %" PRIu64 "\n", packets, policy_reason_name((enum policy_reason)reason),
                      o->packets_by_reason[reason]);
    }
}

/* 0 where the old file has none. */
static uint64_t last_success(const char *path) {
    static const char name[] = LAST_SUCCESS " ";
    uint64_t seconds = 0;
    char line[256];
    FILE *old = fopen(path, "re");
    while (old != NULL && fgets(line, sizeof line, old) != NULL) {
        const char *value = line + strlen(name);
        char *end = line;
        const uint64_t number = strncmp(line, name, strlen(name)) == 0 ? strtoull(value, &end, 10) : 0;
        if (end > value) {
            seconds = number;
        }
    }
    if (old != NULL) {
        (void)fclose(old);
    }
    return seconds;
}

static void put_all(FILE *to, const struct outcome *o, uint64_t elapsed_ms, uint64_t now_s, uint64_t last_success_s) {
    put_files(to, o);
    put_one(to, "pcap_slim_run_input_bytes", "Bytes of the captures that the last run slimmed, before.", o->in_bytes);
    put_one(to, "pcap_slim_run_output_bytes", "The same captures, after.", o->out_bytes);
    put_one(to, "pcap_slim_run_saved_bytes", "The difference.", o->in_bytes - o->out_bytes);
    put_reasons(to, o);
    head(to, "pcap_slim_run_duration_seconds", "How long the last run took.");
    (void)fprintf(to, "pcap_slim_run_duration_seconds %" PRIu64 ".%03" PRIu64 "\n", elapsed_ms / 1000,
                  elapsed_ms % 1000);
    put_one(to, "pcap_slim_run_timestamp_seconds", "When the last run ended.", now_s);
    put_one(to, LAST_SUCCESS, "When a run last ended in which no file failed; 0: never.", last_success_s);
    head(to, "pcap_slim_info", "The version of pcap-slim.");
    (void)fprintf(to, "pcap_slim_info{version=\"%s\"} 1\n", cli_version_number());
}

int metrics_open_directory(const char *path) {
    const char *slash = strrchr(path, '/');
    char *directory = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
    int fd = directory != NULL ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0) {
        (void)cli_fail(path, "cannot write the metrics: %s", strerror(errno));
    }
    free(directory);
    return fd;
}

int metrics_write(const char *path, const struct outcome *o, bool success, uint64_t elapsed_ms) {
    const uint64_t now_s = (uint64_t)time(NULL);
    const size_t tmp_bytes = strlen(path) + 8;
    char *tmp = malloc(tmp_bytes);
    if (tmp == NULL) {
        return cli_fail(path, "out of memory");
    }
    (void)snprintf(tmp, tmp_bytes, "%s.XXXXXX", path); /* which ends in no .prom: the collector passes it over */
    int fd = mkostemp(tmp, O_CLOEXEC);
    FILE *to = fd >= 0 ? fdopen(fd, "w") : NULL;
    int error = errno;
    int status = to != NULL ? 0 : -1;
    if (to != NULL) {
        put_all(to, o, elapsed_ms, now_s, success ? now_s : last_success(path));
        status = ferror(to) != 0 || fflush(to) != 0 || fchmod(fd, 0644) != 0 ? -1 : 0;
        error = errno;
        if (fclose(to) != 0 && status == 0) {
            status = -1;
            error = errno;
        }
        if (status == 0 && renameat(AT_FDCWD, tmp, AT_FDCWD, path) != 0) {
            status = -1;
            error = errno;
        }
    }
    if (status != 0 && fd >= 0) {
        (void)unlinkat(AT_FDCWD, tmp, 0);
    }
    free(tmp);
    return status == 0 ? 0 : cli_fail(path, "cannot write the metrics: %s", strerror(error));
}

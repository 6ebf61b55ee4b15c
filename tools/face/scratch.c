#include "scratch.h"

#include "assignments.h"
#include "cli.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *scratch;

int scratch_make(const char *within) {
    const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    char *made = NULL;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        (void)signal(signals[i], SIG_IGN);
    }
    if (asprintf(&made, "%s/pcap-slim.XXXXXXXX", within) > 0) {
        scratch = mkdtemp(made);
    }
    if (scratch == NULL) {
        (void)cli_fail(NULL, "cannot make a folder for temporary files in %s: %s", within, strerror(errno));
        free(made);
        return CLI_FAILED;
    }
    assign("scratch", scratch);
    return 0;
}

char *scratch_path(const char *name) {
    char *path = NULL;
    return asprintf(&path, "%s/%s", scratch, name) > 0 ? path : NULL;
}

FILE *scratch_create(const char *name) {
    char *path = scratch_path(name);
    FILE *file = path != NULL ? fopen(path, "wxe") : NULL;
    if (file == NULL) {
        (void)cli_fail(path, "cannot make this file: %s", strerror(errno));
    }
    free(path);
    return file;
}

int scratch_create_pipe(const char *name) {
    char *path = scratch_path(name);
    const bool made = path != NULL && mkfifo(path, 0600) == 0;
    const int status = made ? 0 : cli_fail(path, "cannot make this pipe: %s", strerror(errno));
    free(path);
    return status;
}

int scratch_end(FILE *file) {
    const bool bad = ferror(file) != 0;
    return fclose(file) == 0 && !bad ? 0 : cli_fail(scratch, "cannot write in it: %s", strerror(errno));
}

void scratch_remove(const char *const *names) {
    if (scratch == NULL) {
        return;
    }
    for (; *names != NULL; names++) {
        char *path = scratch_path(*names);
        if (path != NULL) {
            (void)unlink(path);
        }
        free(path);
    }
    (void)rmdir(scratch);
}

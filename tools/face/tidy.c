#include "tidy.h"

#include "cli.h"
#include "names.h"
#include "note.h"
#include "record.h"
#include "replace.h"
#include "stage.h"
#include "tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int tidy_stale(struct site *s, const struct confine *confine, const char *directory, const char *const *globs) {
    struct failure failure;
    unsigned long removed = 0;
    int fd = place_open_directory(directory, s->place.beneath, &failure);
    if (fd < 0) {
        return cli_fail(directory, "%s", failure.text);
    }
    confine_to_directory(confine, SANDBOX_CHANGE, fd, s->place.stage_fd);
    int status = replace_clean_stale(fd, s->place.stage_fd, globs, &s->owner, &removed, &failure);
    (void)close(fd);
    if (removed > 0 && !cli_is_quiet()) {
        (void)fprintf(stderr, "%scleaned %lu stale .pcap.tmp file(s)\n", cli_level(CLI_INFO), removed);
    }
    return status == 0 ? CLI_DONE : cli_fail(directory, "%s", failure.text);
}

/*
 * A stage that died took its records with it, and nobody behind it knew of the temporary files in them. A capture that
 * is marked, or in another run's work, has none of ours.
 */
static int clean_one(void *context, const char *name) {
    struct site *s = context;
    struct record r;
    if (record_init(&r, name) != 0) {
        return cli_fail(name, "out of memory");
    }
    site_inspect(s, name, &r);
    if (r.status == RECORD_WOULD_SLIM && replace_has_tmp(&s->place)) {
        site_claim(s, &r);
        if (r.status == RECORD_WOULD_SLIM) {
            replace_remove_leftover(&s->place);
            site_release(s);
        }
    }
    record_free(&r);
    return CLI_DONE;
}

/* ---- notes ---- */

struct noting {
    struct site *site;
    const struct policy_options *policy;
    unsigned long unnoted; /* how many notes could not be made, and why the first of them */
    struct failure why;
};

/* With the file that failed, and the policy: what fails under one may pass under another. */
static char *format_note(const struct noting *n, struct record *failed) {
    const struct policy_options *p = n->policy;
    return record_set_policy(failed, p->settings.cut, p->digest, p->is_default ? NULL : p->text) == 0
               ? record_format_line(failed, true)
               : NULL;
}

/*
 * Only about a capture that is there, is not slim and is in nobody's work. A directory that cannot be entered, looked
 * at or claimed in was no better for the run, which has said so.
 */
static void note_one(struct noting *n, struct record *failed) {
    struct site *s = n->site;
    struct record r;
    if (record_init(&r, failed->file) != 0) {
        return;
    }
    site_inspect(s, r.file, &r);
    if (r.status == RECORD_WOULD_SLIM) {
        site_claim(s, &r);
    }
    if (r.status == RECORD_WOULD_SLIM) {
        struct failure why = {.text = "out of memory"};
        char *text = format_note(n, failed);
        if (text == NULL || note_put(s->claims.markers_fd, s->place.name, text, &s->owner, &why) != 0) {
            n->why = n->unnoted++ == 0 ? why : n->why;
        }
        free(text);
        site_release(s);
    }
    record_free(&r);
}

/* A capture whose work was interrupted has nothing wrong with it. */
static bool is_worth_a_note(const struct record *r) {
    return r->status == RECORD_FAIL && r->error.kind != FAILURE_INTERRUPTED;
}

static int note_failed(struct noting *n, const char *path) {
    struct tokens lines;
    struct failure failure;
    char *line;
    int more = -1;
    int fd = cli_open(path);
    if (fd < 0) {
        return CLI_FAILED;
    }
    if (tokens_open(&lines, fd, '\n', &failure) == 0) {
        while ((more = tokens_next(&lines, &line, &failure)) == 1) {
            struct record r;
            if (record_parse(line, &r, NULL) == 0) {
                if (is_worth_a_note(&r)) {
                    note_one(n, &r);
                }
                record_free(&r);
            }
        }
    }
    tokens_close(&lines);
    (void)close(fd);
    if (n->unnoted > 0 && !cli_is_quiet()) {
        (void)fprintf(stderr, "%swarning: %lu failure(s) could not be noted for --status: %s\n", cli_level(CLI_WARNING),
                      n->unnoted, n->why.text);
    }
    return more == 0 ? CLI_DONE : cli_fail(path, "%s", failure.text);
}

int tidy_after_run(struct site *s, const char *list, const char *failed_path, const struct policy_options *policy) {
    struct noting noting = {.site = s, .policy = policy};
    const int names_fd = stage_open_names(list);
    int status = names_fd < 0 ? CLI_FAILED : stage_each_name(names_fd, list, clean_one, s);
    if (failed_path != NULL && note_failed(&noting, failed_path) != CLI_DONE) {
        status = CLI_FAILED;
    }
    return status;
}

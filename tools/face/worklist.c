#include "worklist.h"

#include "capture_names.h"
#include "cli.h"
#include "listing.h"
#include "record.h"
#include "site_options.h"
#include "stage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

static enum record_status look_at(struct site *site, const char *path) {
    struct record r;
    if (record_init(&r, path) != 0) {
        return RECORD_FAIL;
    }
    site_inspect(site, path, &r);
    const enum record_status status = r.status;
    record_free(&r);
    return status;
}

static bool is_pending(enum record_status status) {
    return status == RECORD_WOULD_SLIM || status == RECORD_FAIL; /* who takes it up says why */
}

/* Of one that is not pending. Where it is known to be marked it need not be looked at again. */
static void put_record(struct site *site, const char *path, bool is_marked) {
    struct record r;
    if (record_init(&r, path) != 0) {
        return;
    }
    r.status = RECORD_SKIPPED_MARKER;
    if (!is_marked) {
        site_inspect(site, path, &r);
    }
    (void)stage_put(STDOUT_FILENO, &r, false);
    record_free(&r);
}

/*
 * Where one has no room for a copy, its slim capture may have none, either: the smallest come first then, which makes
 * room for the others. Returns whether it is so.
 */
static bool put_what_fits_first(struct listing *l, struct site *site, uint64_t free_bytes) {
    bool fit = true;
    for (size_t i = 0; i < l->count && fit; i++) {
        fit = l->at[i].size_bytes <= free_bytes || !is_pending(look_at(site, l->at[i].path));
    }
    if (!fit) {
        cli_warn("%" PRIu64 " bytes are free, fewer than a capture has: the smallest come first", free_bytes);
        listing_sort_by_size(l);
    }
    return !fit;
}

/* marked: gets which of those that were looked at are. */
static bool is_any_pending(const struct listing *l, struct site *site, bool *marked) {
    bool any = false;
    for (size_t i = l->count; i > 0 && !any; i--) { /* the youngest that is tells */
        const enum record_status status = look_at(site, l->at[i - 1].path);
        marked[i - 1] = status == RECORD_SKIPPED_MARKER;
        any = is_pending(status);
    }
    return any;
}

static void put_name(const struct listed *l, FILE *list) {
    (void)fwrite(l->path, 1, strlen(l->path) + 1, list);
}

static size_t put_names(const struct listing *l, struct site *site, bool only_pending, FILE *list) {
    size_t listed = 0;
    for (size_t i = 0; i < l->count; i++) {
        if (l->at[i].is_begun) {
            listed++;
        } else if (!only_pending || is_pending(look_at(site, l->at[i].path))) {
            put_name(l->at + i, list);
            listed++;
        }
    }
    return listed;
}

/* ---- the first names of many, so that nobody waits for the others ---- */

struct head {
    const struct options *options;
    struct site *site;
    uint64_t free_bytes;
    FILE *list;
};

/* So many keep the workers at work until the rest is there, or nearly so, and few are out of their turn. */
enum { HEAD_NAMES = 256 };

static bool all_fit(const struct listing *l, uint64_t free_bytes) {
    size_t i = 0;
    while (i < l->count && l->at[i].size_bytes <= free_bytes) {
        i++;
    }
    return i == l->count;
}

/* Those that are pending of what was found so far, the oldest first. If there are none, all are waited for. */
static void put_head(void *context, struct listing *l) {
    const struct head *head = context;
    size_t listed = 0;
    if (!all_fit(l, head->free_bytes)) {
        return;
    }
    listing_sort_by_age(l);
    for (size_t i = 0; i < l->count && listed < HEAD_NAMES; i++) {
        if (is_pending(look_at(head->site, l->at[i].path))) {
            put_name(l->at + i, head->list);
            l->at[i].is_begun = true;
            listed++;
        }
    }
    if (listed > 0 && fflush(head->list) == 0) { /* who writes the rest says what is wrong */
        (void)printf("%zu 3 %zu 0 0\n", listed, listed);
        (void)fflush(stdout);
        (void)close(head->options->begin_fd);
    }
}

/*
 * Write the names to the list. On standard output goes a line of numbers: how many names; whether there is anything to
 * do, 0, 1, or 2 where room is short; and for who asks why there is nothing, how many were looked at, how many were too
 * young for that, and, where there are none of either, how many are called otherwise. If there is nothing to do, the
 * records of the names follow on lines of their own. What a run that was killed left of its claims is something to do.
 */
static int put_list(struct listing *l, const struct options *o, struct site *site, uint64_t free_bytes, FILE *list) {
    bool *marked = calloc(l->count + 1, sizeof *marked);
    if (marked == NULL) {
        return cli_fail(NULL, "out of memory");
    }
    const bool any = is_any_pending(l, site, marked);
    const bool is_short = any && put_what_fits_first(l, site, free_bytes);
    const bool is_work = any || l->has_claims;
    const size_t listed = put_names(l, site, o->pending, list);
    (void)printf("%zu %d %zu %zu %zu\n", listed, is_short ? 2 : is_work, l->count, l->young,
                 l->count + l->young == 0 ? l->others : 0);
    (void)fflush(stdout); /* records are written without its buffer */
    for (size_t i = 0; i < l->count && !is_work && listed > 0; i++) {
        put_record(site, l->at[i].path, marked[i]);
    }
    free(marked);
    return ferror(list) == 0 && fflush(list) == 0 ? CLI_DONE
                                                  : cli_fail(o->list_path, "cannot write: %s", strerror(errno));
}

static uint64_t free_bytes_here(void) {
    struct statvfs is;
    return statvfs(".", &is) == 0 ? (uint64_t)is.f_bavail * is.f_frsize : UINT64_MAX;
}

/* usual: what captures are called, as long as the terms. */
static struct listing_terms terms_of(const struct options *o, const char *const *usual) {
    const struct words *globs = &o->globs;
    struct listing_terms terms = {.globs = globs->count > 0 ? globs->at : usual,
                                  .excludes = o->excludes.at,
                                  .recursive = o->recursive,
                                  .only_files =
                                      globs->count > 1 || (globs->count == 1 && strcmp(globs->at[0], usual[0]) != 0),
                                  .one_filesystem = o->one_filesystem};
    (void)clock_gettime(CLOCK_REALTIME, &terms.youngest);
    terms.youngest.tv_sec -= (time_t)o->age_minutes * 60;
    if (options_given(o, "age-minutes") == NULL) {
        terms.youngest = (struct timespec){.tv_sec = INT64_MAX};
    }
    return terms;
}

int worklist_write(struct options *o) {
    const char *usual[CAPTURE_NAMES_MAX + 1];
    (void)capture_names(o->accept, usual);
    struct listing l = {.at = NULL};
    struct listing_terms terms = terms_of(o, usual);
    struct site site;
    if (site_options_begin(&site, o, -1, -1) != 0) {
        return CLI_FAILED;
    }
    terms.owner = &site.owner;
    site.place.beneath = true;
    FILE *list = fopen(o->list_path, "we");
    if (list == NULL) {
        return cli_fail(o->list_path, "cannot write: %s", strerror(errno));
    }
    const uint64_t free_bytes = free_bytes_here(); /* the sandbox would not say */
    struct head head = {.options = o, .site = &site, .free_bytes = free_bytes, .list = list};
    if (o->begin_fd >= 0) {
        stage_list_grows(fileno(list));
        terms.show_head = put_head;
        terms.context = &head;
    }
    int status = confine_to_within(&o->confine, SANDBOX_READ, -1);
    status = status == CLI_DONE ? listing_read(&l, &terms) : status;
    status = status == CLI_DONE ? put_list(&l, o, &site, free_bytes, list) : status;
    if (fclose(list) != 0 && status == CLI_DONE) {
        status = cli_fail(o->list_path, "cannot write: %s", strerror(errno));
    }
    status = l.incomplete ? CLI_FAILED : status;
    site_leave(&site);
    listing_free(&l);
    return status;
}

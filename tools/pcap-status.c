/*
 * pcap-status: what is slim in a directory, what is not, and whether what is marked is still what its marker says.
 */
#include "accept.h"
#include "capture_names.h"
#include "claim.h"
#include "cli.h"
#include "failure.h"
#include "framing.h"
#include "hash.h"
#include "identity.h"
#include "listing.h"
#include "mark.h"
#include "marker.h"
#include "note.h"
#include "options.h"
#include "place.h"
#include "record.h"
#include "recount.h"
#include "replace.h"
#include "source.h"
#include "status_lines.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const struct face FACE = {
    IN_STATUS,
    .usage = "Usage: pcap-status [OPTION...] DIR\n"
             "Say of each capture in DIR whether it is slim, pending, too young or failed last\n"
             "time, and whether a marked one still is what its marker says.\n"
             "\n",
    .examples = "\n"
                "Exit status: 0, or 1 when a file failed or is not what its marker says.\n"
                "Example:\n"
                "  pcap-status --hash sha256 /srv/pcap\n",
};

struct status {
    struct options options;
    char *below; /* the directory that is looked at, from the one that was named: "" or with a slash at its end */
    int directory_fd;
    int markers_fd; /* -1: there are none */
    int notes_fd;   /* of failures, likewise */
    time_t now;
    struct marker_owner owner; /* nobody is given anything; where markers are */
    struct framing framing;
    struct tap *sha256; /* NULL: not asked for */
    struct status_lines lines;
    char **pending_directories; /* of a tree, still to be looked at, as paths from the one that was named */
    size_t pending_count;
    bool failed;
};

static int take_options(struct options *o, char **argv) {
    int status = options_take_all(o, &FACE, argv);
    return status == 0 && o->operand_count != 1 ? cli_misuse("one DIR is needed") : status;
}

static bool is_sha256(const struct options *o) {
    return o->hash == HASH_SHA256;
}

/* ---- what is found, said ---- */

static void say_when(struct status *s, const char *name, enum state state, const char *why, const char *when) {
    status_lines_put(&s->lines, s->below, name, state, why, when);
}

static void say(struct status *s, const char *name, enum state state, const char *why) {
    say_when(s, name, state, why, NULL);
}

/* About the directory at hand. */
static int fail_here(struct status *s, const char *why) {
    s->failed = true;
    (void)cli_fail(s->below[0] != '\0' ? s->below : s->options.operands[0], "%s", why);
    return CLI_FAILED;
}

/* ---- a marked file ---- */

/*
 * Read the capture and compare. Of the digests that its marker holds SHA-256 counts where that was asked for and is
 * there, and XXH3 in any case. Returns whether it is what the record says; else f says what is wrong.
 */
static bool has_digest_of(struct status *s, const char *name, const struct record *r, struct failure *f) {
    struct source source;
    struct recount found;
    uint8_t sha256[HASH_SHA256_BYTES];
    const struct source_options options = {.transfer.tap = s->sha256};
    int fd = openat(s->directory_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        (void)failure_errno(f, errno, "cannot open");
        return false;
    }
    source_open(&source, fd, &options);
    enum framing_status end = r->out_codec == CODEC_NONE ? recount_read(&s->framing, &source, &found, f)
                                                         : recount_digest(&s->framing, &source, &found, f);
    source_close(&source);
    (void)close(fd);
    if (end != FRAMING_END) {
        return false;
    }
    if (r->has_digest && found.digest != r->digest) {
        (void)failure_set(f, "digest %016" PRIx64 ", its marker says %016" PRIx64, found.digest, r->digest);
        return false;
    }
    if (tap_end(s->sha256, sha256) && r->has_out_sha256 && memcmp(sha256, r->out_sha256, sizeof sha256) != 0) {
        (void)failure_set(f, "its SHA-256 digest is not that of its marker");
        return false;
    }
    return true;
}

static void say_slim(struct status *s, const char *name, const struct record *r) {
    char why[80] = "";
    if (r->has_tally && r->tally.tail_bytes > 0) {
        (void)snprintf(why, sizeof why, "%" PRIu64 " bytes of a packet that is cut short stand at its end",
                       r->tally.tail_bytes);
    }
    say(s, name, STATE_SLIM, why[0] != '\0' ? why : NULL);
}

static void look_at_described(struct status *s, const char *name, const struct record *r) {
    struct failure failure;
    s->lines.in_bytes += r->has_tally ? r->tally.in_bytes : 0;
    s->lines.out_bytes += r->has_tally ? r->tally.out_bytes : 0;
    const bool can_hash =
        options_given(&s->options, "hash") != NULL && (r->has_digest || (is_sha256(&s->options) && r->has_out_sha256));
    if (can_hash && !has_digest_of(s, name, r, &failure)) {
        say(s, name, STATE_CHANGED, failure.text);
    } else if (is_sha256(&s->options) && !r->has_out_sha256) {
        say(s, name, STATE_SLIM, "its marker holds no SHA-256 digest");
    } else {
        say_slim(s, name, r);
    }
}

/*
 * Returns whether there is a marker that speaks of the file; all is said then. Else other says what speaks against it,
 * or is empty: a file of another size or time was restored or has a name that is used again, and is slimmed anew.
 */
static bool look_at_marked(struct status *s, const char *name, const struct stat *st, struct failure *other) {
    struct record r;
    struct stat marker;
    const struct identity file = identity_of(st);
    other->text[0] = '\0';
    if (!marker_exists(s->markers_fd, name)) {
        return false;
    }
    if (!mark_read_record(s->markers_fd, name, &r, &marker)) {
        say(s, name, STATE_SLIM, "its marker holds no record to compare with");
        return true;
    }
    const bool is_described = mark_describes(&r, &file, other);
    if (is_described) {
        look_at_described(s, name, &r);
    }
    record_free(&r);
    return is_described;
}

/* ---- one that failed last time ---- */

static bool has_note(const struct status *s, const char *name) {
    struct stat st;
    return s->notes_fd >= 0 && fstatat(s->notes_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

static void say_failed(struct status *s, const char *name) {
    struct record r;
    struct stat note;
    struct tm t;
    char when[80] = "";
    if (!mark_read_record(s->notes_fd, name, &r, &note)) {
        say(s, name, STATE_FAILED, "the note about it holds no record");
        return;
    }
    if (gmtime_r(&note.st_mtime, &t) != NULL) {
        (void)snprintf(when, sizeof when, "%04d-%02d-%02dT%02d:%02d:%02dZ", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                       t.tm_hour, t.tm_min, t.tm_sec);
    }
    say_when(s, name, STATE_FAILED, r.error.text[0] != '\0' ? r.error.text : "no reason is noted",
             when[0] != '\0' ? when : NULL);
    record_free(&r);
}

/* ---- the three directories ---- */

static void look_at_file(struct status *s, const char *name) {
    struct stat st;
    struct failure other;
    if (fstatat(s->directory_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return; /* gone since it was listed */
    }
    if (!S_ISREG(st.st_mode)) {
        say(s, name, STATE_LEFT_ALONE, S_ISLNK(st.st_mode) ? "symbolic link" : "not a regular file");
    } else if (look_at_marked(s, name, &st, &other)) {
        return;
    } else if (st.st_nlink > 1) {
        say(s, name, STATE_LEFT_ALONE, "several hard links");
    } else if (has_note(s, name)) {
        say_failed(s, name);
    } else {
        const bool young = s->options.age_minutes > 0 && st.st_mtime > s->now - (time_t)s->options.age_minutes * 60;
        say(s, name, young ? STATE_TOO_YOUNG : STATE_PENDING, other.text[0] != '\0' ? other.text : NULL);
    }
}

/* ---- which names ---- */

static bool has_globs(const struct status *s) {
    return s->options.globs.count > 0;
}

static bool is_left_out(const struct status *s, const char *name) {
    return listing_is_left_out(s->options.excludes.at, name);
}

static bool is_wanted(const struct status *s, const char *name) {
    return !is_left_out(s, name) &&
           (has_globs(s) ? listing_matches(s->options.globs.at, name) : capture_names_have(s->options.accept, name));
}

/* Without patterns all that was slimmed or failed is of interest, whatever its name. */
static bool is_unusual(const struct status *s, const char *name) {
    return !has_globs(s) && !is_left_out(s, name) && !is_wanted(s, name);
}

/* A marker or note whose file is gone. */
static void orphan(struct status *s, int directory_fd, const char *name, const char *what) {
    if (!s->options.prune) {
        say(s, name, STATE_ORPHAN_MARKER, what);
    } else if (unlinkat(directory_fd, name, 0) == 0) {
        say(s, name, STATE_PRUNED_MARKER, NULL);
    } else {
        s->failed = true;
        (void)cli_fail(name, "cannot delete its marker: %s", strerror(errno));
    }
}

/* Whether a regular file of that name is in the directory of markers or notes, and if so whether its capture is there.
 */
enum found { FOUND_NONE, FOUND_WITH_FILE, FOUND_ORPHAN };

static enum found look_for_file(const struct status *s, int directory_fd, const char *name) {
    struct stat st;
    if (fstatat(directory_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode)) {
        return FOUND_NONE;
    }
    if (fstatat(s->directory_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        return FOUND_WITH_FILE;
    }
    return errno == ENOENT ? FOUND_ORPHAN : FOUND_NONE;
}

static void look_at_marker(struct status *s, const char *name) {
    const enum found found = strcmp(name, CLAIM_LOCK_NAME) != 0 ? look_for_file(s, s->markers_fd, name) : FOUND_NONE;
    if (found == FOUND_ORPHAN) {
        orphan(s, s->markers_fd, name, "there is no such file any more");
    } else if (found == FOUND_WITH_FILE && is_unusual(s, name)) {
        look_at_file(s, name);
    }
}

/* Of a dead process: whoever lives makes a note in no time. */
static bool is_old(int directory_fd, const char *name, time_t now) {
    struct stat st;
    return fstatat(directory_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && now - st.st_mtime > REPLACE_STALE_S;
}

static bool is_marked(const struct status *s, const char *name) {
    struct stat st;
    if (fstatat(s->directory_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return false;
    }
    const struct identity file = identity_of(&st);
    return mark_look(s->markers_fd, name, &file) == MARK_SLIM;
}

static void look_at_note(struct status *s, const char *name) {
    if (note_is_temporary(name)) {
        if (s->options.prune && is_old(s->notes_fd, name, s->now)) {
            (void)unlinkat(s->notes_fd, name, 0);
        }
        return;
    }
    const enum found found = look_for_file(s, s->notes_fd, name);
    if (found == FOUND_ORPHAN) {
        orphan(s, s->notes_fd, name, "it failed last time, and there is no such file any more");
    } else if (found == FOUND_WITH_FILE && is_marked(s, name)) {
        if (s->options.prune) {
            (void)unlinkat(s->notes_fd, name, 0); /* it was slimmed at that very moment */
        }
    } else if (found == FOUND_WITH_FILE && is_unusual(s, name) && !marker_exists(s->markers_fd, name)) {
        say_failed(s, name);
    }
}

static int names_anything(const struct dirent *entry) {
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int each_name(struct status *s, int fd, void (*look)(struct status *, const char *)) {
    struct dirent **names;
    char why[128];
    int count = scandirat(fd, ".", &names, names_anything, alphasort);
    if (count < 0) {
        (void)snprintf(why, sizeof why, "cannot list this directory: %s", strerror(errno));
        return fail_here(s, why);
    }
    for (int i = 0; i < count; i++) {
        look(s, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    return 0;
}

/* ---- the directories of a tree ---- */

static void add_directory(struct status *s, const char *name) {
    char **more = reallocarray(s->pending_directories, s->pending_count + 1, sizeof *more);
    if (more == NULL || asprintf(&more[s->pending_count], "%s%s/", s->below, name) < 0) {
        s->pending_directories = more != NULL ? more : s->pending_directories;
        s->failed = true;
        (void)cli_fail(name, "out of memory");
        return;
    }
    s->pending_directories = more;
    s->pending_count++;
}

static void look_at_name(struct status *s, const char *name) {
    struct stat st;
    const bool is_directory =
        s->options.recursive && fstatat(s->directory_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
    if (is_directory && !is_left_out(s, name)) {
        add_directory(s, name);
    } else if (!is_directory && is_wanted(s, name)) {
        look_at_file(s, name);
    }
}

static int open_markers(struct status *s, struct failure *f) {
    s->markers_fd = marker_directory_open(s->directory_fd, false, &s->owner, f);
    s->notes_fd = s->markers_fd != -1 ? note_directory_open(s->markers_fd, f) : -2;
    return s->markers_fd == -1 || s->notes_fd == -1 ? -1 : 0;
}

static void close_directory(struct status *s) {
    const int fds[] = {s->notes_fd, s->markers_fd, s->directory_fd};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (fds[i] >= 0) {
            (void)close(fds[i]);
        }
    }
}

/* The one that s->directory_fd is open on. */
static int look_at_directory(struct status *s) {
    struct failure failure;
    if (open_markers(s, &failure) != 0) {
        close_directory(s);
        return fail_here(s, failure.text);
    }
    int status = each_name(s, s->directory_fd, look_at_name);
    if (status == 0 && s->markers_fd >= 0) {
        status = each_name(s, s->markers_fd, look_at_marker);
    }
    if (status == 0 && s->notes_fd >= 0) {
        status = each_name(s, s->notes_fd, look_at_note);
        if (s->options.prune) {
            (void)unlinkat(s->markers_fd, NOTE_DIRECTORY, AT_REMOVEDIR); /* where it is empty */
        }
    }
    close_directory(s);
    return status;
}

static int by_path(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Level by level, each in the order of names. One that cannot be looked at keeps nobody from the others. */
static void look_below(struct status *s) {
    while (s->pending_count > 0) {
        char **level = s->pending_directories;
        const size_t count = s->pending_count;
        s->pending_directories = NULL;
        s->pending_count = 0;
        qsort(level, count, sizeof *level, by_path);
        for (size_t i = 0; i < count; i++) {
            struct failure failure;
            s->below = level[i];
            s->directory_fd = place_open_directory(level[i], true, &failure);
            if (s->directory_fd < 0) {
                (void)fail_here(s, failure.text);
            } else {
                (void)look_at_directory(s);
            }
            free(level[i]);
        }
        free(level);
    }
}

/* Into the directory that was named, so that others are found from it. */
static int enter(struct status *s) {
    struct failure failure;
    const char *named = s->options.operands[0];
    s->directory_fd = open(named, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->directory_fd < 0 || fchdir(s->directory_fd) != 0) {
        return cli_fail(named, "cannot open: %s", strerror(errno));
    }
    s->sha256 = is_sha256(&s->options) ? hash_new(&failure) : NULL;
    const bool ready = framing_init(&s->framing, &failure) == FRAMING_OK;
    s->framing.accepted = ACCEPT_ALL | ACCEPT_CUT_TAIL; /* whatever it is, it has been slimmed */
    return ready && (s->sha256 != NULL || !is_sha256(&s->options)) &&
                   status_lines_begin(&s->lines, s->options.output == OUTPUT_JSON) == 0
               ? 0
               : cli_fail(NULL, "%s", failure.text);
}

int main(int argc, char **argv) {
    (void)argc;
    struct status s;
    memset(&s, 0, sizeof s);
    cli_start("pcap-status");
    int status = take_options(&s.options, argv);
    if (status != 0) {
        return status;
    }
    s.now = time(NULL);
    tzset(); /* gmtime_r(3) reads the local time zone's file all the same, which it cannot later */
    s.below = (char[]){""};
    status = options_open_markers(&s.options, &s.owner) == 0 ? enter(&s) : CLI_FAILED;
    if (status == 0) {
        confine_to_directory(&s.options.confine, s.options.prune ? SANDBOX_CHANGE : SANDBOX_READ, s.directory_fd, -1);
        status = look_at_directory(&s);
        if (status == 0) {
            look_below(&s);
        }
    }
    if (status == 0) {
        status_lines_conclude(&s.lines);
        const bool is_bad = s.failed || s.lines.count[STATE_CHANGED] > 0 || s.lines.count[STATE_FAILED] > 0;
        status = is_bad ? CLI_FAILED : CLI_DONE;
    }
    status_lines_end(&s.lines);
    framing_free(&s.framing);
    hash_free(s.sha256);
    return cli_end(status);
}

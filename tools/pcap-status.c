/*
 * pcap-status: what is slim in a directory, what is not, and whether what is marked is still what its marker says.
 */
#include "claim.h"
#include "cli.h"
#include "failure.h"
#include "framing.h"
#include "hash.h"
#include "identity.h"
#include "mark.h"
#include "marker.h"
#include "names.h"
#include "note.h"
#include "options.h"
#include "record.h"
#include "recount.h"
#include "replace.h"
#include "source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const struct face FACE = {
    IN_STATUS,
    .usage = "Usage: pcap-status [OPTION...] DIR\n"
             "Say of each *.pcap directly in DIR whether it is slim, pending, too young or\n"
             "failed last time, and whether a marked one still is what its marker says.\n"
             "\n",
    .examples = "\n"
                "Exit status: 0, or 1 when a marked file is not what its marker says.\n"
                "Example:\n"
                "  pcap-status --hash sha256 /srv/pcap\n",
};

enum state {
    STATE_SLIM,
    STATE_CHANGED,
    STATE_FAILED,
    STATE_PENDING,
    STATE_TOO_YOUNG,
    STATE_LEFT_ALONE,
    STATE_ORPHAN_MARKER,
    STATE_PRUNED_MARKER,
    STATES,
};

static const char *const STATE_NAMES[STATES] = {
    [STATE_SLIM] = "slim",
    [STATE_CHANGED] = "changed",
    [STATE_FAILED] = "failed",
    [STATE_PENDING] = "pending",
    [STATE_TOO_YOUNG] = "too_young",
    [STATE_LEFT_ALONE] = "left_alone",
    [STATE_ORPHAN_MARKER] = "orphan_marker",
    [STATE_PRUNED_MARKER] = "pruned_marker",
};

struct status {
    struct options options;
    int directory_fd;
    int markers_fd; /* -1: there are none */
    int notes_fd;   /* of failures, likewise */
    time_t now;
    struct framing framing;
    struct tap *sha256; /* NULL: not asked for */
    uint64_t count[STATES];
    json_t *files; /* JSON: the entries */
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

/* why: NULL, or more about it; it may quote a name, or come from a file that anybody has written. when: NULL, or a
 * time.
 */
static void say_when(struct status *s, const char *name, enum state state, const char *why, const char *when) {
    s->count[state]++;
    if (s->options.output == OUTPUT_JSON) {
        char *shown = names_utf8(name);
        char *reason = why != NULL ? names_utf8(why) : NULL;
        json_t *entry = json_pack("{s:s,s:s}", "file", shown != NULL ? shown : "?", "state", STATE_NAMES[state]);
        if (reason != NULL) {
            json_object_set_new(entry, "why", json_string(reason));
        }
        if (when != NULL) {
            json_object_set_new(entry, "when", json_string(when));
        }
        if (!names_is_utf8(name)) {
            char *hex = names_to_hex(name);
            json_object_set_new(entry, "file_hex", json_string(hex != NULL ? hex : ""));
            free(hex);
        }
        json_array_append_new(s->files, entry);
        free(shown);
        free(reason);
        return;
    }
    char *shown = names_printable(name);
    char *reason = why != NULL ? names_printable(why) : NULL;
    (void)printf("%-13s %s%s%s%s%s%s\n", STATE_NAMES[state], shown != NULL ? shown : "?", reason != NULL ? ": " : "",
                 reason != NULL ? reason : "", when != NULL ? " (" : "", when != NULL ? when : "",
                 when != NULL ? ")" : "");
    free(shown);
    free(reason);
}

static void say(struct status *s, const char *name, enum state state, const char *why) {
    say_when(s, name, state, why, NULL);
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
    enum framing_status end = recount_read(&s->framing, &source, &found, f);
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

static void look_at_described(struct status *s, const char *name, const struct record *r) {
    struct failure failure;
    const bool can_hash =
        options_given(&s->options, "hash") != NULL && (r->has_digest || (is_sha256(&s->options) && r->has_out_sha256));
    if (can_hash && !has_digest_of(s, name, r, &failure)) {
        say(s, name, STATE_CHANGED, failure.text);
    } else if (is_sha256(&s->options) && !r->has_out_sha256) {
        say(s, name, STATE_SLIM, "its marker holds no SHA-256 digest");
    } else {
        say(s, name, STATE_SLIM, NULL);
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

static bool is_capture_name(const char *name) {
    const size_t length = strlen(name);
    return length >= 5 && strcmp(name + length - 5, ".pcap") == 0;
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
    if (strcmp(name, CLAIM_LOCK_NAME) != 0 && look_for_file(s, s->markers_fd, name) == FOUND_ORPHAN) {
        orphan(s, s->markers_fd, name, "there is no such file any more");
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
    } else if (found == FOUND_WITH_FILE && !is_capture_name(name)) {
        say_failed(s, name); /* of another pattern: not among the captures */
    }
}

static int names_capture(const struct dirent *entry) {
    return is_capture_name(entry->d_name);
}

static int names_anything(const struct dirent *entry) {
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int each_name(struct status *s, int fd, int (*filter)(const struct dirent *),
                     void (*look)(struct status *, const char *)) {
    struct dirent **names;
    int count = scandirat(fd, ".", &names, filter, alphasort);
    if (count < 0) {
        return cli_fail(s->options.operands[0], "cannot list this directory: %s", strerror(errno));
    }
    for (int i = 0; i < count; i++) {
        look(s, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    return 0;
}

static void conclude(const struct status *s) {
    if (s->options.output == OUTPUT_JSON) {
        json_t *summary = json_object();
        for (int i = 0; i < STATES; i++) {
            json_object_set_new(summary, STATE_NAMES[i], json_integer((json_int_t)s->count[i]));
        }
        json_t *all = json_pack("{s:o,s:O}", "summary", summary, "files", s->files);
        (void)json_dumpf(all, stdout, JSON_COMPACT);
        (void)putchar('\n');
        json_decref(all);
        return;
    }
    (void)fputs("status:", stdout);
    for (int i = 0; i < STATES; i++) {
        (void)printf(" %s=%" PRIu64, STATE_NAMES[i], s->count[i]);
    }
    (void)putchar('\n');
}

static int open_directories(struct status *s) {
    struct failure failure;
    const struct marker_owner nobody = {.known = false};
    s->directory_fd = open(s->options.operands[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->directory_fd < 0) {
        return cli_fail(s->options.operands[0], "cannot open: %s", strerror(errno));
    }
    s->markers_fd = marker_directory_open(s->directory_fd, false, &nobody, &failure);
    if (s->markers_fd == -1) {
        return cli_fail(s->options.operands[0], "%s", failure.text);
    }
    s->notes_fd = note_directory_open(s->markers_fd, &failure);
    if (s->notes_fd == -1) {
        return cli_fail(s->options.operands[0], "%s", failure.text);
    }
    s->sha256 = is_sha256(&s->options) ? hash_new(&failure) : NULL;
    return framing_init(&s->framing, &failure) == FRAMING_OK && (s->sha256 != NULL || !is_sha256(&s->options))
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
    s.files = json_array();
    status = open_directories(&s);
    if (status == 0) {
        confine_to_directory(&s.options.confine, s.options.prune ? SANDBOX_CHANGE : SANDBOX_READ, s.directory_fd, -1);
        status = each_name(&s, s.directory_fd, names_capture, look_at_file);
    }
    if (status == 0 && s.markers_fd >= 0) {
        status = each_name(&s, s.markers_fd, names_anything, look_at_marker);
    }
    if (status == 0 && s.notes_fd >= 0) {
        status = each_name(&s, s.notes_fd, names_anything, look_at_note);
        if (s.options.prune) {
            (void)unlinkat(s.markers_fd, NOTE_DIRECTORY, AT_REMOVEDIR); /* where it is empty */
        }
    }
    if (status == 0) {
        conclude(&s);
        status = s.failed || s.count[STATE_CHANGED] > 0 ? CLI_FAILED : CLI_DONE;
    }
    json_decref(s.files);
    framing_free(&s.framing);
    hash_free(s.sha256);
    return cli_end(status);
}

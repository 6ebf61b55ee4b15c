#include "status_lines.h"

#include "names.h"
#include "quantity.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int status_lines_begin(struct status_lines *l, bool json) {
    memset(l, 0, sizeof *l);
    l->json = json;
    l->files = json_array();
    return l->files != NULL ? 0 : -1;
}

static void put_json(struct status_lines *l, const char *path, enum state state, const char *why, const char *when) {
    char *shown = names_utf8(path);
    char *reason = why != NULL ? names_utf8(why) : NULL;
    json_t *entry = json_pack("{s:s,s:s}", "file", shown != NULL ? shown : "?", "state", STATE_NAMES[state]);
    if (reason != NULL) {
        json_object_set_new(entry, "why", json_string(reason));
    }
    if (when != NULL) {
        json_object_set_new(entry, "when", json_string(when));
    }
    if (!names_is_utf8(path)) {
        char *hex = names_to_hex(path);
        json_object_set_new(entry, "file_hex", json_string(hex != NULL ? hex : ""));
        free(hex);
    }
    json_array_append_new(l->files, entry);
    free(shown);
    free(reason);
}

static void put_human(const char *path, enum state state, const char *why, const char *when) {
    char *shown = names_printable(path);
    char *reason = why != NULL ? names_printable(why) : NULL;
    (void)printf("%-13s %s%s%s%s%s%s\n", STATE_NAMES[state], shown != NULL ? shown : "?", reason != NULL ? ": " : "",
                 reason != NULL ? reason : "", when != NULL ? " (" : "", when != NULL ? when : "",
                 when != NULL ? ")" : "");
    free(shown);
    free(reason);
}

void status_lines_put(struct status_lines *l, const char *directory, const char *name, enum state state,
                      const char *why, const char *when) {
    char *path = malloc(strlen(directory) + strlen(name) + 1);
    l->count[state]++;
    if (path != NULL) {
        (void)stpcpy(stpcpy(path, directory), name);
    }
    if (l->json) {
        put_json(l, path != NULL ? path : name, state, why, when);
    } else {
        put_human(path != NULL ? path : name, state, why, when);
    }
    free(path);
}

static json_t *number(uint64_t value) {
    return json_integer((json_int_t)value);
}

void status_lines_conclude(const struct status_lines *l) {
    const uint64_t saved_bytes = l->in_bytes > l->out_bytes ? l->in_bytes - l->out_bytes : 0;
    if (l->json) {
        json_t *summary = json_object();
        for (int i = 0; i < STATES; i++) {
            json_object_set_new(summary, STATE_NAMES[i], number(l->count[i]));
        }
        json_object_set_new(summary, "in_bytes", number(l->in_bytes));
        json_object_set_new(summary, "out_bytes", number(l->out_bytes));
        json_object_set_new(summary, "saved_bytes", number(saved_bytes));
        json_t *all = json_pack("{s:o,s:O}", "summary", summary, "files", l->files);
        (void)json_dumpf(all, stdout, JSON_COMPACT);
        (void)putchar('\n');
        json_decref(all);
        return;
    }
    (void)fputs("status:", stdout);
    for (int i = 0; i < STATES; i++) {
        (void)printf(" %s=%" PRIu64, STATE_NAMES[i], l->count[i]);
    }
    (void)printf(" in=%" PRIu64 " out=%" PRIu64 " saved=%" PRIu64 " (%u %%)\n", l->in_bytes, l->out_bytes, saved_bytes,
                 (unsigned)quantity_percent(saved_bytes, l->in_bytes));
}

void status_lines_end(struct status_lines *l) {
    json_decref(l->files);
}

#include "site.h"

#include "accept.h"
#include "mark.h"
#include "mirror.h"
#include "note.h"
#include "replace.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

void site_init(struct site *s, int inherited_claim_fd, int stage_fd) {
    place_init(&s->place);
    s->place.stage_fd = stage_fd;
    claims_init(&s->claims);
    s->markers_fd = s->notes_fd = -1;
    s->skips_failed = false;
    s->policy_digest = 0;
    s->accepted = ACCEPT_NONE;
    s->is_of_markers = false;
    s->inherited_claim_fd = inherited_claim_fd;
    s->owner = marker_owner_find();
}

static void leave_directory(struct site *s) {
    claims_close(&s->claims);
    if (s->markers_fd >= 0) {
        (void)close(s->markers_fd);
        s->markers_fd = -1;
    }
    if (s->notes_fd >= 0) {
        (void)close(s->notes_fd);
        s->notes_fd = -1;
    }
}

/* The old directory's claims go before the directory itself does. */
static int go(struct site *s, const char *path, struct failure *f) {
    char whole[PATH_MAX];
    if (!place_is_in(&s->place, path)) {
        leave_directory(s);
        place_leave(&s->place);
    }
    const int went = place_go(&s->place, path, f);
    if (went > 0) {
        s->is_of_markers = mirror_path(s->place.directory_fd, whole, sizeof whole, NULL) == 0
                               ? mirror_is_of_markers(whole)
                               : mirror_is_of_markers(s->place.directory);
    }
    return went < 0 ? -1 : 0;
}

/* For looking, where there are any. Notes that cannot be looked at are as good as none. */
static int open_markers(struct site *s, struct failure *f) {
    if (s->markers_fd < 0) {
        s->markers_fd = marker_directory_open(s->place.directory_fd, false, &s->owner, f);
        s->notes_fd = s->skips_failed ? note_directory_open(s->markers_fd, NULL) : -1;
    }
    return s->markers_fd == -1 ? -1 : 0;
}

/* What stands at the place, and whether its marker speaks of it. */
static void look(const struct site *s, int markers_fd, struct record *r) {
    static const enum record_status status_of[] = {
        [REPLACE_OK] = RECORD_WOULD_SLIM,
        [REPLACE_SYMLINK] = RECORD_SKIPPED_SYMLINK,
        [REPLACE_HARDLINKED] = RECORD_SKIPPED_HARDLINK,
        [REPLACE_NOT_REGULAR] = RECORD_SKIPPED_NOT_REGULAR,
        [REPLACE_ERROR] = RECORD_FAIL,
    };
    const enum replace_target target = replace_inspect(&s->place, &r->source, &r->error);
    const bool is_file = target == REPLACE_OK || target == REPLACE_HARDLINKED;
    r->status = status_of[target];
    if (mark_look(markers_fd, s->place.name, is_file ? &r->source : NULL) == MARK_SLIM) {
        r->status = RECORD_SKIPPED_MARKER;
        r->error.text[0] = '\0';
    } else if (r->status == RECORD_WOULD_SLIM && s->skips_failed &&
               mark_failed_before(s->notes_fd, s->place.name, &r->source, s->policy_digest, s->accepted, &r->error)) {
        r->status = RECORD_SKIPPED_FAILED;
    }
    r->has_source = r->status == RECORD_WOULD_SLIM;
}

void site_inspect(struct site *s, const char *path, struct record *r) {
    r->status = RECORD_FAIL;
    if (go(s, path, &r->error) != 0) {
        return;
    }
    if (s->is_of_markers) { /* find(1) finds them under the captures' names */
        r->status = RECORD_SKIPPED_IS_MARKER;
        return;
    }
    if (open_markers(s, &r->error) != 0) {
        return;
    }
    if (strcmp(s->place.name, CLAIM_LOCK_NAME) == 0 || strcmp(s->place.name, NOTE_DIRECTORY) == 0) {
        (void)failure_set(&r->error, "a capture of this name cannot have a marker; rename it");
        return;
    }
    look(s, s->markers_fd, r);
}

static int join_claims(struct site *s, struct failure *f) {
    return s->claims.lock_fd >= 0 ? 0
                                  : claims_open(&s->claims, s->place.directory_fd, s->inherited_claim_fd, &s->owner, f);
}

void site_claim(struct site *s, struct record *r) {
    r->status = RECORD_FAIL;
    if (join_claims(s, &r->error) != 0) {
        return;
    }
    int taken = claims_take(&s->claims, s->place.name, &r->error);
    if (taken < 0) {
        return;
    }
    if (taken == 0) {
        r->status = RECORD_SKIPPED_BUSY;
        return;
    }
    look(s, s->claims.markers_fd, r); /* another run may have finished it just now */
    if (r->status != RECORD_WOULD_SLIM) {
        site_release(s);
    }
}

int site_enter(struct site *s, const char *path, struct failure *f) {
    return go(s, path, f) == 0 ? join_claims(s, f) : -1;
}

void site_release(struct site *s) {
    if (s->claims.lock_fd >= 0) {
        claims_give_back(&s->claims, s->place.name);
    }
}

bool site_claims_are_shared(const struct site *s) {
    return s->claims.inherited;
}

void site_leave(struct site *s) {
    leave_directory(s);
    place_leave(&s->place);
}

#include "placing.h"

#include "cli.h"
#include "codec.h"
#include "marker.h"
#include "note.h"
#include "replace.h"
#include "stage.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* As it has been put in place, so that a change is seen later without reading. */
static void note_mtime(struct record *r, int fd) {
    struct stat st;
    r->has_mtime = fstat(fd, &st) == 0;
    if (r->has_mtime) {
        r->mtime_sec = st.st_mtim.tv_sec;
        r->mtime_ns = st.st_mtim.tv_nsec;
    }
}

static void mark(const struct site *s, struct record *r, const char *name) {
    char *text = record_format_line(r, false);
    if (text == NULL) {
        record_fail(r, FAILURE_SYSTEM, "slimmed, but there is no memory for its marker");
        return;
    }
    if (marker_create(s->claims.markers_fd, name, text, &s->owner, &r->error) != 0) {
        r->status = RECORD_FAIL;
        (void)failure_before(&r->error, "slimmed, but ");
    } else {
        note_remove(s->claims.markers_fd, s->place.name);
    }
    free(text);
}

/* What is behind the last step: the marker, or the end of the temporary file. name: the slim capture's. */
static void finish(const struct site *s, struct record *r, const char *name, int original_fd, int tmp_fd, bool replaced,
                   bool is_done) {
    (void)close(original_fd); /* on a full disk its room is the marker's */
    r->status = is_done ? RECORD_OK : RECORD_FAIL;
    if (replaced) {
        note_mtime(r, tmp_fd);
    } else {
        r->has_out_sha256 = false; /* no file has it */
        replace_remove_tmp(&s->place, &r->tmp);
    }
    /* On the disk now, and not needed before somebody reads it: the cache is the sensor's. */
    (void)posix_fadvise(tmp_fd, 0, 0, POSIX_FADV_DONTNEED);
    r->has_tmp = false;
    record_stop(r);
    if (is_done) {
        mark(s, r, name);
    }
}

/* Under another name, which no other run may be at work on. */
static int put_beside(const struct site *s, struct record *r, const char *name, int original_fd, int tmp_fd,
                      bool *replaced) {
    const int taken = claims_take(&s->claims, name, &r->error);
    if (taken != 1) {
        return taken < 0 ? -1 : failure_of(FAILURE_CHANGED, &r->error, "another run is at work on %s", name);
    }
    const int status = replace_commit_as(&s->place, name, original_fd, &r->source, tmp_fd, replaced, &r->error);
    claims_give_back(&s->claims, name);
    return status;
}

/* Whether the slim capture is to have another name than its original. name: set to the one that it is to have. */
static bool gets_another_name(const struct site *s, const struct record *r, char *name) {
    if (codec_rename(s->place.name, r->in_codec, r->out_codec, name, REPLACE_NAME_BYTES)) {
        return true;
    }
    (void)snprintf(name, REPLACE_NAME_BYTES, "%s", s->place.name); /* to which a suffix was added already, in it */
    return false;
}

void placing_put(struct placing *p, struct record *r, int original_fd, int tmp_fd) {
    const struct site *s = p->site;
    char name[REPLACE_NAME_BYTES];
    bool replaced = false;
    const int status = gets_another_name(s, r, name)
                           ? put_beside(s, r, name, original_fd, tmp_fd, &replaced)
                           : replace_commit(&s->place, original_fd, &r->source, tmp_fd, &replaced, &r->error);
    finish(s, r, name, original_fd, tmp_fd, replaced, status == 0);
}

bool placing_add(struct placing *p, struct record *r, int original_fd, int tmp_fd) {
    char name[REPLACE_NAME_BYTES];
    if (gets_another_name(p->site, r, name)) {
        placing_put(p, r, original_fd, tmp_fd);
        return false;
    }
    if (replace_prepare(&p->site->place, original_fd, &r->source, tmp_fd, &r->error) != 0) {
        finish(p->site, r, name, original_fd, tmp_fd, false, false);
        return false;
    }
    p->waiting[p->count++] =
        (struct placing_one){.record = *r, .original_fd = original_fd, .tmp_fd = tmp_fd, .is_done = true};
    p->bytes += r->tmp.size_bytes;
    return true;
}

bool placing_is_full(const struct placing *p) {
    return p->count == PLACING_MAX || p->bytes >= PLACING_BYTES;
}

/* The site is in its directory still: its name is the one at hand again. */
static void come_back_to(struct placing *p, const struct placing_one *one) {
    (void)site_enter(p->site, one->record.file, NULL);
}

/* The directory once for all of them: a power cut before that may undo any of the renames. */
static void sync_directory(struct placing *p) {
    struct failure failure;
    bool is_any_replaced = false;
    for (size_t i = 0; i < p->count; i++) {
        is_any_replaced |= p->waiting[i].replaced;
    }
    if (!is_any_replaced || replace_sync_directory(&p->site->place, &failure) == 0) {
        return;
    }
    for (size_t i = 0; i < p->count; i++) {
        struct placing_one *one = &p->waiting[i];
        if (one->is_done) {
            one->record.error = failure;
            one->is_done = false;
        }
    }
}

static void replace_all(struct placing *p) {
    for (size_t i = 0; i < p->count; i++) {
        struct placing_one *one = &p->waiting[i];
        one->is_done = transfer_may_go_on(p->transfer, &one->record.error) == 0 &&
                       replace_make_durable(one->tmp_fd, &one->record.error) == 0;
    }
    for (size_t i = 0; i < p->count; i++) {
        struct placing_one *one = &p->waiting[i];
        come_back_to(p, one);
        one->is_done = one->is_done && replace_rename(&p->site->place, one->original_fd, &one->record.source,
                                                      one->tmp_fd, &one->replaced, &one->record.error) == 0;
    }
    sync_directory(p);
}

int placing_settle(struct placing *p) {
    replace_all(p);
    for (size_t i = 0; i < p->count; i++) {
        struct placing_one *one = &p->waiting[i];
        come_back_to(p, one);
        finish(p->site, &one->record, p->site->place.name, one->original_fd, one->tmp_fd, one->replaced, one->is_done);
        site_release(p->site);
        (void)close(one->tmp_fd);
        if (!p->is_reader_gone) {
            p->is_reader_gone = stage_put(STDOUT_FILENO, &one->record, false) != CLI_DONE;
        }
        record_free(&one->record);
    }
    p->count = 0;
    p->bytes = 0;
    return p->is_reader_gone ? CLI_FAILED : CLI_DONE;
}

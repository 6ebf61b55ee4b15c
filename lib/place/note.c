#include "note.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEMPORARY ".new-" /* and the process's number */
#define TEMPORARY_BYTES 32

/* A directory that vanishes under us this often is being played with. */
#define ATTEMPTS 4

int note_directory_open(int markers_fd, struct failure *f) {
    const struct marker_owner nobody = {.known = false};
    return markers_fd >= 0 ? marker_subdirectory_open(markers_fd, NOTE_DIRECTORY, false, &nobody, f) : -2;
}

bool note_is_temporary(const char *name) {
    return strncmp(name, TEMPORARY, sizeof TEMPORARY - 1) == 0;
}

/* Returns 0, 1 where the directory was removed meanwhile, -1 with f set. */
static int put_in(int notes_fd, const char *name, const char *text, const struct marker_owner *owner,
                  struct failure *f) {
    char temporary[TEMPORARY_BYTES];
    (void)snprintf(temporary, sizeof temporary, TEMPORARY "%ld", (long)getpid());
    int status = marker_write_new(notes_fd, temporary, text, owner, f);
    if (status != 0 && errno == EEXIST) { /* of a dead process that had our number */
        (void)unlinkat(notes_fd, temporary, 0);
        status = marker_write_new(notes_fd, temporary, text, owner, f);
    }
    if (status != 0) {
        return errno == ENOENT ? 1 : -1;
    }
    if (renameat(notes_fd, temporary, notes_fd, name) != 0) {
        failure_errno(f, errno, "cannot put a note in its place");
        (void)unlinkat(notes_fd, temporary, 0);
        return -1;
    }
    return 0;
}

int note_put(int markers_fd, const char *name, const char *text, const struct marker_owner *owner, struct failure *f) {
    int status = 1;
    for (int attempt = 0; attempt < ATTEMPTS && status == 1; attempt++) {
        int notes_fd = marker_subdirectory_open(markers_fd, NOTE_DIRECTORY, true, owner, f);
        if (notes_fd == -1) {
            return -1;
        }
        if (notes_fd >= 0) {
            status = put_in(notes_fd, name, text, owner, f);
            (void)close(notes_fd);
        }
    }
    return status == 1 ? failure_set(f, "the directory of notes comes and goes; is somebody removing it?") : status;
}

void note_remove(int markers_fd, const char *name) {
    int notes_fd = note_directory_open(markers_fd, NULL);
    if (notes_fd >= 0) {
        (void)unlinkat(notes_fd, name, 0);
        (void)close(notes_fd);
        (void)unlinkat(markers_fd, NOTE_DIRECTORY, AT_REMOVEDIR);
    }
}

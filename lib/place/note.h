/*
 * Notes of failures: `.slim_markers/.failed/NAME` beside a capture NAME says that it could not be slimmed last time.
 * Its content is the report record, with the reason and what the capture was; its modification time is when. It is for
 * people, and of a capture whose contents failed and that is still the same it says that there is no use in trying
 * again (mark.h). It goes when the capture is slim.
 */
#ifndef PCAPSLIM_NOTE_H
#define PCAPSLIM_NOTE_H

#include "failure.h"
#include "marker.h"

#include <stdbool.h>

/* Inside the marker directory. */
#define NOTE_DIRECTORY ".failed"

/*
 * Open the directory of notes for looking, never through a symbolic link. markers_fd: of marker_directory_open(), or
 * negative. Returns a descriptor; -2 where there is none; -1 with f set.
 */
int note_directory_open(int markers_fd, struct failure *f);

/*
 * Leave a note about name that holds text, in the place of the last one: made exclusively under another name, mode
 * 0644, owned like a marker, then renamed. Returns 0, or -1 with f set; then there is no new note.
 */
int note_put(int markers_fd, const char *name, const char *text, const struct marker_owner *owner, struct failure *f);

/* Remove the note about name if there is one, and the directory of notes with the last of them. */
void note_remove(int markers_fd, const char *name);

/* Whether a name in the directory of notes is that of one on its way, perhaps a dead run's. */
bool note_is_temporary(const char *name);

#endif

/*
 * What the marker of a capture says of the file that has its name now, and the note of a failure likewise. A marker
 * with a record speaks of the file that it describes: a ring of captures uses its names again, and a backup brings an
 * older state back. One without a record (another program's, or one that cannot be read) speaks of whatever has the
 * name.
 */
#ifndef PCAPSLIM_MARK_H
#define PCAPSLIM_MARK_H

#include "identity.h"
#include "record.h"

#include <stdbool.h>
#include <sys/stat.h>

/* The longest record that is read. */
#define MARK_MAX_BYTES ((size_t)64 << 10)

enum mark {
    MARK_NONE,
    MARK_SLIM,  /* the file is slim */
    MARK_OTHER, /* it describes another file: size or modification time differ */
};

/* markers_fd: of marker_directory_open(), or negative: none. file: what has the name, NULL where that is no file. */
enum mark mark_look(int markers_fd, const char *name, const struct identity *file);

/*
 * The record in a marker or a note, the first line of it. st: what the marker or note itself is. Returns false where
 * it holds none: one that another program made, or that was lost half-way, or a second name of somebody else's file.
 * Else out is to be freed with record_free().
 */
bool mark_read_record(int directory_fd, const char *name, struct record *out, struct stat *st);

/*
 * Whether the note about a file says that its contents failed and it is still that file: one of the same size and
 * modification time, under the same policy, with no more accepted (flags of accept.h). Then it fails again. notes_fd:
 * of note_directory_open(), or negative: no. why: what was wrong.
 */
bool mark_failed_before(int notes_fd, const char *name, const struct identity *file, uint64_t policy_digest,
                        unsigned accepted, struct failure *why);

/* Whether the file has the size and the modification time that the record says of it. f: what differs; may be NULL. */
bool mark_describes(const struct record *r, const struct identity *file, struct failure *f);

#endif

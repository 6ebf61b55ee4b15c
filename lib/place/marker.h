/*
 * Markers: `.slim_markers/NAME` beside a capture NAME says that it is slim. The content is the report record of the run
 * that made it, and tells of which file it speaks (mark.h); an empty one is a signal by its existence.
 */
#ifndef PCAPSLIM_MARKER_H
#define PCAPSLIM_MARKER_H

#include "failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define MARKER_DIRECTORY ".slim_markers"

/* Who is to own markers: sensor:sensor where there is such a user; and whether they are beside the captures. */
struct marker_owner {
    bool known;
    uid_t user;
    gid_t group;
    bool is_elsewhere; /* --marker-dir: beneath root_fd, mirror.h */
    int root_fd;       /* the caller's to close */
};

/* Look the owner up, once for a process: it reads the system's user database. */
struct marker_owner marker_owner_find(void);

/*
 * Open the marker directory of the captures in directory_fd, never through a symbolic link: inside it, or elsewhere.
 * create: make it (mode 0755, owned by owner as far as the process may) where there is none.
 * Returns a descriptor; -2 where there is none and create is false; -1 with f set.
 */
int marker_directory_open(int directory_fd, bool create, const struct marker_owner *owner, struct failure *f);

/*
 * The same for a directory of another name in an open one: what is beneath the marker directory is made and opened with
 * the same care.
 */
int marker_subdirectory_open(int parent_fd, const char *name, bool create, const struct marker_owner *owner,
                             struct failure *f);

/* Whether name has a marker. markers_fd: of marker_directory_open(), or negative: no. */
bool marker_exists(int markers_fd, const char *name);

/*
 * Create the marker of name, exclusively, mode 0644, owned as above, holding text. One that exists already speaks of a
 * file that had the name before, and goes. Not synced: a marker lost to a power cut costs one more pass over a capture
 * that is slim already. Returns 0, or -1 with f set; then there is none that speaks of the file.
 */
int marker_create(int markers_fd, const char *name, const char *text, const struct marker_owner *owner,
                  struct failure *f);

/*
 * The same in any directory, and one that exists already is an error.
 * Returns 0, or -1 with f and errno set; then nothing of ours is there.
 */
int marker_write_new(int directory_fd, const char *name, const char *text, const struct marker_owner *owner,
                     struct failure *f);

/* Give a file or directory just made to the owner of markers, as far as the process may. */
void marker_give_away(int fd, const struct marker_owner *owner);

#endif

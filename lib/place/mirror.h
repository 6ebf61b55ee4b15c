/*
 * One directory for the markers of many trees (--marker-dir): beneath it, a directory of captures has one of its own at
 * the path that it has from the root, and in that one stands the marker directory that would else stand beside the
 * captures. So two directories never share one, and none of their names is longer than it is.
 */
#ifndef PCAPSLIM_MIRROR_H
#define PCAPSLIM_MIRROR_H

#include "failure.h"
#include "marker.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The path of an open directory from the root, through no symbolic link, as /proc tells it. Returns 0, or -1 with f
 * set: it is longer than room_bytes, was removed, or is not beneath the root.
 */
int mirror_path(int directory_fd, char *out, size_t room_bytes, struct failure *f);

/*
 * Open what stands beneath root_fd for the directory behind directory_fd, never through a symbolic link. create: make
 * what is missing of it, as marker directories are made. Returns as marker_directory_open().
 */
int mirror_open(int root_fd, int directory_fd, bool create, const struct marker_owner *owner, struct failure *f);

/* Whether one of the components of a path is the name of marker directories: what is there is no capture. */
bool mirror_is_of_markers(const char *path);

#endif

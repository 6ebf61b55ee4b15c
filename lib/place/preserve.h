/*
 * What a file is besides its bytes: mode, owner, extended attributes with the ACLs among them, timestamps.
 */
#ifndef PCAPSLIM_PRESERVE_H
#define PCAPSLIM_PRESERVE_H

#include "failure.h"

/*
 * Give the file behind to_fd the owner, mode, ACLs, extended attributes and times of the one behind from_fd,
 * as far as the process may: what the system refuses (another owner, a security attribute, a filesystem
 * without attributes) is left out. Where the owner or group cannot be kept, set-id bits are not either.
 * Returns 0, or -1 with f set for what is not a matter of rights (I/O error, no space, memory).
 */
int preserve_attributes(int from_fd, int to_fd, struct failure *f);

#endif

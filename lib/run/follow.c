#include "follow.h"

#include <errno.h>
#include <fcntl.h>

size_t follow_may_read(struct follow *o, uint64_t at_bytes, size_t wanted_bytes) {
    if (o == NULL) {
        return wanted_bytes;
    }
    while (!o->is_whole && o->final_bytes <= at_bytes) {
        if (o->more(o) != 0) {
            return 0;
        }
    }
    const uint64_t there_bytes = o->final_bytes - at_bytes;
    return o->is_whole || there_bytes > wanted_bytes ? wanted_bytes : (size_t)there_bytes;
}

/*
 * A failed write is told once to all who ask: here, and then perhaps not to the sync any more. Other errors mean that
 * the filesystem cannot be asked, and then the pages stay until the sync.
 */
static bool is_of_the_disk(int error) {
    return error == EIO || error == ENOSPC || error == EDQUOT;
}

/* Begin to write [begun, at) to the disk, and wait for [freed, begun), which was begun a piece ago. */
static int write_out(struct follow *o, uint64_t at_bytes) {
    int status =
        sync_file_range(o->fd, (off_t)o->begun_bytes, (off_t)(at_bytes - o->begun_bytes), SYNC_FILE_RANGE_WRITE);
    if (status == 0 && o->begun_bytes > o->freed_bytes) {
        status = sync_file_range(o->fd, (off_t)o->freed_bytes, (off_t)(o->begun_bytes - o->freed_bytes),
                                 SYNC_FILE_RANGE_WAIT_BEFORE);
    }
    return status == 0 || !is_of_the_disk(errno) ? 0
                                                 : failure_errno(&o->failure, errno, "cannot write the slim capture");
}

int follow_has_read(struct follow *o, uint64_t at_bytes) {
    if (o == NULL || at_bytes < o->begun_bytes || at_bytes - o->begun_bytes < FOLLOW_PIECE_BYTES) {
        return 0;
    }
    if (o->is_written && write_out(o, at_bytes) != 0) {
        return -1;
    }
    /* From the piece before on: a page, or several that the kernel keeps as one, may lie across the border. */
    const uint64_t end_bytes = o->is_written ? o->begun_bytes : at_bytes;
    if (end_bytes > o->freed_bytes) {
        (void)posix_fadvise(o->fd, (off_t)o->freed_bytes, (off_t)(end_bytes - o->freed_bytes), POSIX_FADV_DONTNEED);
    }
    o->freed_bytes = o->begun_bytes;
    o->begun_bytes = at_bytes;
    return 0;
}

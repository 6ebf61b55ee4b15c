#include "lease.h"

#include "writers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define CIFS_MAGIC 0xff534d42u
#define SMB2_MAGIC 0xfe534d42u

/* There a lease is refused for want of a delegation or oplock, which says nothing about writers. */
static bool is_on_network(int fd) {
    struct statfs fs;
    if (fstatfs(fd, &fs) != 0) {
        return false; /* then the refusal is taken at its word: better a file left alone than a writer missed */
    }
    const unsigned long type = (unsigned long)fs.f_type & 0xffffffffu;
    return type == NFS_SUPER_MAGIC || type == SMB_SUPER_MAGIC || type == CIFS_MAGIC || type == SMB2_MAGIC;
}

/*
 * The kernel lets a file's owner ask, and who has CAP_LEASE, which root has not in a container. So ask as the owner,
 * where that is allowed: what counts is the identity towards filesystems (setfsuid(2)), and that alone is changed, for
 * the time of the question. Of somebody else's rights root's are not asked for: to come back from them drops the
 * capabilities that a user who is not root was given (capabilities(7), effect of user ID changes).
 */
static int ask_as_owner(int fd, int lease) {
    struct stat st;
    int status = -1;
    const uid_t self = (uid_t)setfsuid((uid_t)-1); /* changes nothing, says who */
    if (fstat(fd, &st) == 0 && st.st_uid != self && (st.st_uid != 0 || self == 0)) {
        (void)setfsuid(st.st_uid);
        if ((uid_t)setfsuid((uid_t)-1) == st.st_uid) {
            status = fcntl(fd, F_SETLEASE, lease);
            const int error = errno;
            (void)setfsuid(self);
            errno = error;
            return status;
        }
    }
    errno = EACCES;
    return status;
}

static int set_lease(int fd, int lease) {
    const int status = fcntl(fd, F_SETLEASE, lease);
    return status != 0 && errno == EACCES ? ask_as_owner(fd, lease) : status;
}

enum lease lease_take(int fd) {
    if (set_lease(fd, F_RDLCK) == 0) {
        return LEASE_NO_WRITER;
    }
    const int error = errno;
    if (is_on_network(fd)) {
        return LEASE_UNKNOWN; /* and no more than this host's writers are in /proc */
    }
    if (error == EAGAIN) {
        return LEASE_WRITER;
    }
    static const enum lease lease_of[] = {
        [WRITERS_NONE] = LEASE_NONE_SEEN, [WRITERS_SEEN] = LEASE_WRITER, [WRITERS_UNKNOWN] = LEASE_UNKNOWN};
    return lease_of[writers_look("/proc", fd)];
}

bool lease_is_contested(int fd) {
    return fcntl(fd, F_GETLEASE) == F_UNLCK; /* what it is about to be broken to */
}

void lease_give_back(int fd) {
    (void)set_lease(fd, F_UNLCK);
}

enum lease lease_probe(int fd) {
    enum lease lease = lease_take(fd);
    if (lease == LEASE_NO_WRITER) {
        lease_give_back(fd);
    }
    return lease;
}

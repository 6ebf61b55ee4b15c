#include "lease.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
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

enum lease lease_take(int fd) {
    if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
        return LEASE_NO_WRITER;
    }
    return errno == EAGAIN && !is_on_network(fd) ? LEASE_WRITER : LEASE_UNKNOWN;
}

bool lease_is_contested(int fd) {
    return fcntl(fd, F_GETLEASE) == F_UNLCK; /* what it is about to be broken to */
}

void lease_give_back(int fd) {
    (void)fcntl(fd, F_SETLEASE, F_UNLCK);
}

enum lease lease_probe(int fd) {
    enum lease lease = lease_take(fd);
    if (lease == LEASE_NO_WRITER) {
        lease_give_back(fd);
    }
    return lease;
}

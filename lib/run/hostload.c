#include "hostload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIELD_IDLE = 3, FIELD_IOWAIT = 4, FIELDS_COUNTED = 8 }; /* guest time is part of user time */

int hostload_parse(const char *text, struct hostload *out) {
    if (strncmp(text, "cpu ", 4) != 0) {
        return -1;
    }
    const char *p = text + 4;
    struct hostload sum = {0, 0};
    int field = 0;
    for (; field < FIELDS_COUNTED; field++) {
        char *end;
        errno = 0;
        unsigned long long ticks = strtoull(p, &end, 10);
        if (end == p || errno != 0) {
            break;
        }
        sum.total_ticks += ticks;
        if (field != FIELD_IDLE && field != FIELD_IOWAIT) {
            sum.busy_ticks += ticks;
        }
        p = end;
    }
    if (field <= FIELD_IDLE) {
        return -1;
    }
    *out = sum;
    return 0;
}

int hostload_open(void) {
    return open("/proc/stat", O_RDONLY | O_CLOEXEC);
}

int hostload_read(int fd, struct hostload *out) {
    char line[256];
    ssize_t got = pread(fd, line, sizeof line - 1, 0);
    if (got <= 0) {
        return -1;
    }
    line[got] = '\0';
    char *newline = strchr(line, '\n');
    if (newline != NULL) {
        *newline = '\0';
    }
    return hostload_parse(line, out);
}

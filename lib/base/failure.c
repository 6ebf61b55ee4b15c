#include "failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int failure_set(struct failure *f, const char *fmt, ...) {
    if (f != NULL) {
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(f->text, sizeof f->text, fmt, args);
        va_end(args);
    }
    return -1;
}

int failure_errno(struct failure *f, int error, const char *fmt, ...) {
    if (f != NULL) {
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(f->text, sizeof f->text, fmt, args);
        va_end(args);
        size_t used_bytes = strlen(f->text);
        /* strerrordesc_np, unlike strerror, has no static buffer and is the same in every locale. */
        const char *words = strerrordesc_np(error);
        (void)snprintf(f->text + used_bytes, sizeof f->text - used_bytes, ": %s",
                       words != NULL ? words : "unknown error");
    }
    return -1;
}

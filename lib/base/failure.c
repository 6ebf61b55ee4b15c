#include "failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Without a function for the four lines: va_start() must stand where the arguments are. */
#define PUT(f, its_kind, fmt)                                                                                          \
    if ((f) != NULL) {                                                                                                 \
        va_list args;                                                                                                  \
        va_start(args, fmt);                                                                                           \
        (void)vsnprintf((f)->text, sizeof(f)->text, fmt, args);                                                        \
        va_end(args);                                                                                                  \
        (f)->kind = its_kind;                                                                                          \
    }

static void append(struct failure *f, const char *separator, const char *text) {
    if (f != NULL) {
        const size_t used_bytes = strlen(f->text);
        (void)snprintf(f->text + used_bytes, sizeof f->text - used_bytes, "%s%s", separator, text);
    }
}

int failure_of(enum failure_kind kind, struct failure *f, const char *fmt, ...) {
    PUT(f, kind, fmt)
    return -1;
}

int failure_set(struct failure *f, const char *fmt, ...) {
    PUT(f, FAILURE_OTHER, fmt)
    return -1;
}

int failure_errno(struct failure *f, int error, const char *fmt, ...) {
    /* strerrordesc_np, unlike strerror, has no static buffer and is the same in every locale. */
    const char *words = strerrordesc_np(error);
    PUT(f, FAILURE_SYSTEM, fmt)
    append(f, ": ", words != NULL ? words : "unknown error");
    if (error == EROFS) { /* the mount is seldom meant: a unit that protects the system shows everything so */
        append(f, "; under systemd, ReadWritePaths= must name the directory", "");
    }
    return -1;
}

int failure_memory(struct failure *f) {
    return failure_of(FAILURE_SYSTEM, f, "out of memory");
}

int failure_before(struct failure *f, const char *fmt, ...) {
    const struct failure is = f != NULL ? *f : (struct failure){.text = ""};
    PUT(f, is.kind, fmt)
    append(f, "", is.text);
    return -1;
}

int failure_after(struct failure *f, const char *words) {
    append(f, "", words);
    return -1;
}

const char *failure_kind_name(enum failure_kind kind) {
    static const char *const names[FAILURE_KINDS] = {
        [FAILURE_OTHER] = "other",       [FAILURE_INTERRUPTED] = "interrupted", [FAILURE_SYSTEM] = "system",
        [FAILURE_CONTENTS] = "contents", [FAILURE_CHANGED] = "changed",
    };
    return (unsigned)kind < FAILURE_KINDS ? names[kind] : names[FAILURE_OTHER];
}

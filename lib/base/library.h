/*
 * Functions of a library that is loaded when it is needed, not linked: each library makes a program start later (one of
 * a codec 0.1 to 0.3 ms, libpcap 0.9 ms), and most runs need none. In programs that are linked statically nothing is
 * loaded: there the linker has put the functions in.
 */
#ifndef PCAPSLIM_LIBRARY_H
#define PCAPSLIM_LIBRARY_H

#include "failure.h"

#include <stddef.h>

/*
 * The functions of a library, once for each use of a list `#define NAMES(EACH) EACH(inflate) EACH(inflateEnd)`: fields
 * of a struct, and the table that library_load() takes. Their types come from the library's header.
 */
#define LIBRARY_FIELD(name) __typeof__(name) *name;

#ifdef PCAPSLIM_STATIC
#define LIBRARY_ROW(name)                                                                                              \
    { #name, (void (*)(void))name }
#else
#define LIBRARY_ROW(name)                                                                                              \
    { #name, NULL }
#endif
#define LIBRARY_ROWS_EACH(name) LIBRARY_ROW(name),

struct library_row {
    const char *name;
    void (*linked)(void); /* NULL: it is to be loaded */
};

struct library {
    const char *purpose;      /* what needs it, for a person: "zstd" */
    const char *const *files; /* names of the library, the first that there is; a NULL behind the last */
    const struct library_row *rows;
    size_t count;
};

/*
 * Find the functions. to: an array of as many pointers to functions, in the order of the rows. handle: set, for
 * library_unload(). Files are opened and mapped executable for this: before a sandbox.
 * Returns 0, or -1 with f set.
 */
int library_load(const struct library *l, void *to, void **handle, struct failure *f);

/* Give back what library_load() has set; NULL is fine. */
void library_unload(void *handle);

#endif

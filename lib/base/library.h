/*
 * Functions of a library that is loaded when it is needed, not linked: each library makes a program start later (one of
 * a codec 0.1 to 0.3 ms, libpcap 0.9 ms), and most runs need none. In programs that are linked statically nothing is
 * loaded, for a library would bring a C library of its own, and crash: there the linker has put the functions in.
 */
#ifndef PCAPSLIM_LIBRARY_H
#define PCAPSLIM_LIBRARY_H

#include "failure.h"

#include <stddef.h>

/*
 * The functions of a library, once for each use of a list `#define NAMES(EACH) EACH(inflate) EACH(inflateEnd)`: fields
 * of a struct (all of those of library_new()), and the table that library_load() takes. Their types come from the
 * library's header.
 */
#define LIBRARY_FIELD(name) __typeof__(name) *name;
#define LIBRARY_FIELDS(NAMES)                                                                                          \
    void *handle;                                                                                                      \
    NAMES(LIBRARY_FIELD)

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
    const char *missing;      /* how it is said that it cannot be loaded: "zstd needs a library that" */
    const char *other;        /* and that it is another one "than the one there is" */
    const char *const *files; /* names of the library, the first that there is; a NULL behind the last */
    const struct library_row *rows;
    size_t count;
};

/* That of a purpose, a literal: its names and its table, an array. */
#define LIBRARY_OF(purpose, names, table)                                                                              \
    {                                                                                                                  \
        .missing = purpose " needs a library that", .other = purpose " needs another version of its library",          \
        .files = (names), .rows = (table), .count = sizeof(table) / sizeof(table)[0]                                   \
    }

/*
 * Find the functions. to: an array of as many pointers to functions, in the order of the rows. handle: set, for
 * library_unload(). Files are opened and mapped executable for this: before a sandbox.
 * Returns 0, or -1 with f set.
 */
int library_load(const struct library *l, void *to, void **handle, struct failure *f);

/* Give back what library_load() has set; NULL is fine. */
void library_unload(void *handle);

/*
 * The same in memory of its own. Returns what is to be taken for a struct of LIBRARY_FIELDS, or NULL with f set.
 * library_free() gives all of it back; NULL is fine.
 */
void *library_new(const struct library *l, struct failure *f);
void library_free(void *loaded);

#endif

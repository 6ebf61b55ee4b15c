#include "library.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *open_first(const char *const *files) {
    void *handle = NULL;
    for (; handle == NULL && *files != NULL; files++) {
        handle = dlopen(*files, RTLD_NOW | RTLD_LOCAL);
    }
    return handle;
}

/* POSIX (dlsym): a pointer to a function comes as one to an object. */
static int find(void *handle, const struct library_row *row, uint8_t *to) {
    void *symbol = handle != NULL ? dlsym(handle, row->name) : NULL;
    _Static_assert(sizeof symbol == sizeof row->linked, "pointers to functions are as large as those to objects");
    if (row->linked != NULL) {
        memcpy(to, &row->linked, sizeof row->linked);
        return 0;
    }
    memcpy(to, &symbol, sizeof symbol);
    return symbol != NULL ? 0 : -1;
}

int library_load(const struct library *l, void *to, void **handle, struct failure *f) {
    *handle = NULL;
    if (l->rows[0].linked == NULL) {
        *handle = open_first(l->files);
        if (*handle == NULL) {
            return failure_set(f, "%s cannot be loaded: %s", l->missing, dlerror());
        }
    }
    for (size_t i = 0; i < l->count; i++) {
        if (find(*handle, &l->rows[i], (uint8_t *)to + i * sizeof(void *)) != 0) {
            library_unload(*handle);
            *handle = NULL;
            return failure_set(f, "%s than the one there is: it has no %s", l->other, l->rows[i].name);
        }
    }
    return 0;
}

void library_unload(void *handle) {
    if (handle != NULL) {
        (void)dlclose(handle);
    }
}

/* As LIBRARY_FIELDS has it. */
struct loaded {
    void *handle;
    void *functions[];
};

void *library_new(const struct library *l, struct failure *f) {
    struct loaded *n = calloc(1, sizeof *n + l->count * sizeof n->functions[0]);
    if (n == NULL) {
        failure_memory(f);
    } else if (library_load(l, n->functions, &n->handle, f) != 0) {
        free(n);
        n = NULL;
    }
    return n;
}

void library_free(void *loaded) {
    if (loaded != NULL) {
        library_unload(((struct loaded *)loaded)->handle);
        free(loaded);
    }
}

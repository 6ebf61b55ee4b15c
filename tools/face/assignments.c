#include "assignments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool memory_ran_out;

void assign_quote(struct text *to, const char *value) {
    (void)text_add(to, "'");
    for (const char *quote; (quote = strchr(value, '\'')) != NULL; value = quote + 1) {
        (void)text_add(to, "%.*s'\\''", (int)(quote - value), value);
    }
    (void)text_add(to, "%s'", value);
}

void assign(const char *name, const char *value) {
    struct text quoted = {.at = NULL};
    assign_quote(&quoted, value != NULL ? value : "");
    char *whole = text_take(&quoted);
    memory_ran_out |= value == NULL || whole == NULL;
    (void)printf("%s=%s\n", name, whole != NULL ? whole : "");
    free(whole);
}

void assign_if(const char *name, bool there, const char *value) {
    assign(name, there ? value : "");
}

void assign_number(const char *name, unsigned long number) {
    (void)printf("%s=%lu\n", name, number);
}

void assign_each(const char *name, const char *option, const char *const *values) {
    struct text words = {.at = NULL};
    if (*values == NULL) {
        assign(name, "");
        return;
    }
    for (; *values != NULL; values++) {
        (void)text_add(&words, " --%s=", option);
        assign_quote(&words, *values);
    }
    char *whole = text_take(&words);
    assign(name, whole);
    free(whole);
}

bool assign_lost(void) {
    return memory_ran_out;
}

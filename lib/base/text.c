#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for so many bytes and a NUL. */
static bool make_room(struct text *t, size_t wanted_bytes) {
    if (wanted_bytes < t->room_bytes) {
        return true;
    }
    const size_t room_bytes = 2 * (wanted_bytes + 1);
    char *more = realloc(t->at, room_bytes);
    if (more == NULL) {
        return false;
    }
    t->at = more;
    t->room_bytes = room_bytes;
    return true;
}

int text_add(struct text *t, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int wanted = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (wanted < 0 || t->lost || !make_room(t, t->length_bytes + (size_t)wanted)) {
        t->lost = true;
        return -1;
    }
    va_start(arguments, format);
    (void)vsnprintf(t->at + t->length_bytes, (size_t)wanted + 1, format, arguments);
    va_end(arguments);
    t->length_bytes += (size_t)wanted;
    return 0;
}

char *text_take(struct text *t) {
    char *taken = t->at;
    if (t->lost) {
        free(taken);
        taken = NULL;
    }
    memset(t, 0, sizeof *t);
    return taken;
}

char *text_trimmed(char *text) {
    text += strspn(text, TEXT_BLANKS);
    size_t length_bytes = strlen(text);
    while (length_bytes > 0 && strchr(TEXT_BLANKS, text[length_bytes - 1]) != NULL) {
        length_bytes--;
    }
    text[length_bytes] = '\0';
    return text;
}

char *text_on_one_line(const char *value) {
    char *copy = strdup(value);
    for (char *c = copy; c != NULL && *c != '\0'; c++) {
        if (strchr(TEXT_BLANKS, *c) != NULL) {
            *c = ' ';
        }
    }
    return copy;
}

void text_free(struct text *t) {
    free(t->at);
    memset(t, 0, sizeof *t);
}

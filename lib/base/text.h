/*
 * Text that grows piece by piece. Not open_memstream(3): in the C library of Debian 12 its fclose(3) says that all is
 * well when memory ran out on the way, and the text ends early.
 */
#ifndef PCAPSLIM_TEXT_H
#define PCAPSLIM_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Zero-initialised it is empty. */
struct text {
    char *at; /* with a NUL behind it; NULL while nothing was added */
    size_t length_bytes, room_bytes;
    bool lost; /* a piece could not be added: nothing more is */
};

/* Add what printf(3) would print. Returns 0, or -1 when memory runs out, now or before. */
int text_add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The text as a string to free(), or NULL when a piece was lost or nothing was added. t is empty again. */
char *text_take(struct text *t);

/* White space, as it may be around a word. */
#define TEXT_BLANKS " \t\r\n\v\f"

/* The same text without blanks at its ends, in place. */
char *text_trimmed(char *text);

/* A copy to free() with a blank for each white space, line breaks too. Returns it, or NULL without memory. */
char *text_on_one_line(const char *value);

/* Free. Safe on a zero-initialised struct. */
void text_free(struct text *t);

#endif

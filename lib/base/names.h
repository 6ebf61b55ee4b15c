/*
 * File names as they are (any bytes but NUL and, in one component, '/') and as they can be shown.
 */
#ifndef PCAPSLIM_NAMES_H
#define PCAPSLIM_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A name for a person's terminal: control characters (newline, escape, DEL, C1 ...) and bytes that are not UTF-8 as
 * \ooo, a backslash as \\, all else as is.
 * Returns a string to free(), or NULL when memory runs out.
 */
char *names_printable(const char *name);

/* Whether the bytes are well-formed UTF-8 (Unicode 15, table 3-7). */
bool names_is_utf8(const char *name);

/*
 * A name for JSON: what is not UTF-8 becomes U+FFFD, a replacement character a byte.
 * Returns a string to free(), or NULL when memory runs out.
 */
char *names_utf8(const char *name);

/* The bytes of a name in hexadecimal, lower case. Returns a string to free(), or NULL when memory runs out.
 */
char *names_to_hex(const char *name);

/* The reverse; hex must have an even number of digits and no 00. Returns a string to free(), or NULL. */
char *names_from_hex(const char *hex);

#endif

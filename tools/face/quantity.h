/*
 * Figures as a person reads them.
 */
#ifndef PCAPSLIM_QUANTITY_H
#define PCAPSLIM_QUANTITY_H

#include <stdint.h>

/* Room for any of these texts and its NUL. */
#define QUANTITY_TEXT_BYTES 32

/* Bytes in units of a thousand: "999 B", "1.5 kB", "28.4 MB". Returns out. */
const char *quantity_bytes(char *out, uint64_t bytes);

/* A time: "0:07", "12:34", "1:02:03", from two days on "3 d 4 h". Returns out. */
const char *quantity_seconds(char *out, uint64_t seconds);

/* A whole number with a comma between each three digits. Returns out. */
const char *quantity_grouped(char *out, uint64_t n);

/* part of whole in percent, 0 where whole is 0. */
double quantity_percent(uint64_t part, uint64_t whole);

#endif

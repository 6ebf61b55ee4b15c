/*
 * Which files are taken besides plain pcap, as an operator says it: --accept none|all|NAME,...
 */
#ifndef PCAPSLIM_ACCEPT_H
#define PCAPSLIM_ACCEPT_H

#include <stdbool.h>

/* Flags, so that a list of names is a number. */
enum accept {
    ACCEPT_NONE = 0,
    ACCEPT_PCAPNG = 1 << 0,
    ACCEPT_ALL = ACCEPT_PCAPNG,
};

/* The words that accept_of_words() takes, for messages. */
#define ACCEPT_WORDS "none, all, pcapng"

/*
 * Read a list of names, separated by commas. out: the flags, unchanged on failure. Returns false where a word is none
 * of these, or there is none.
 */
bool accept_of_words(const char *words, unsigned *out);

/* The words of flags that are not none: the one list that accept_of_words() reads back as they are. */
const char *accept_words(unsigned flags);

#endif

/*
 * Words of which one is to be chosen, written as in a program's help: "rewrite|snap|zero".
 */
#ifndef PCAPSLIM_CHOICE_H
#define PCAPSLIM_CHOICE_H

#include <stddef.h>

/* Which of the choices, from 0 on, a word is; -1: none. */
int choice_of(const char *choices, const char *word);

/* Write the one of that number, which must be there, to `to`. Returns to. */
char *choice_word(const char *choices, unsigned number, char *to, size_t to_bytes);

/* Write them all as in a sentence, "rewrite, snap or zero", to `to`. Returns to. */
char *choice_sentence(const char *choices, char *to, size_t to_bytes);

#endif

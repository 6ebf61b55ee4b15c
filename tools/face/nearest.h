/*
 * Which of the words that somebody may have meant is nearest to the one that was typed. Pure.
 */
#ifndef PCAPSLIM_NEAREST_H
#define PCAPSLIM_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *word; /* as typed, word_bytes of it */
    size_t word_bytes;
    const char *best; /* NULL: none was near enough */
    unsigned best_distance;
};

/* Longer words are not compared: nothing is near them. */
#define NEAREST_WORD_BYTES_MAX 64

/*
 * Edits from a to b: a letter put in, left out or changed, or two neighbours swapped, each counts one, and no part is
 * edited twice ("optimal string alignment"). Of a the first a_bytes count. Words longer than NEAREST_WORD_BYTES_MAX:
 * UINT_MAX.
 */
unsigned nearest_distance(const char *a, size_t a_bytes, const char *b);

/* Begin with the first word_bytes of word, which must stay in memory. */
void nearest_begin(struct nearest *n, const char *word, size_t word_bytes);

/*
 * Offer a word that may have been meant. It is near enough at one edit for every three letters typed, or when one of
 * the two is the beginning of the other, three letters at least. The nearest is kept in n->best; of several equally
 * near the first.
 */
void nearest_offer(struct nearest *n, const char *candidate);

#endif

#include "nearest.h"

#include <limits.h>
#include <string.h>

#define PREFIX_BYTES_MIN 3
#define LETTERS_PER_EDIT 3

static unsigned least(unsigned a, unsigned b) {
    return a < b ? a : b;
}

/* Three rows of the table are enough: this letter's, the one's before, and the one's before that for a swap. */
unsigned nearest_distance(const char *a, size_t a_bytes, const char *b) {
    const size_t b_bytes = strlen(b);
    unsigned rows[3][NEAREST_WORD_BYTES_MAX + 1];
    if (a_bytes > NEAREST_WORD_BYTES_MAX || b_bytes > NEAREST_WORD_BYTES_MAX) {
        return UINT_MAX;
    }
    for (size_t j = 0; j <= b_bytes; j++) {
        rows[0][j] = (unsigned)j;
    }
    for (size_t i = 1; i <= a_bytes; i++) {
        unsigned *now = rows[i % 3];
        const unsigned *before = rows[(i + 2) % 3];
        const unsigned *two_before = rows[(i + 1) % 3];
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= b_bytes; j++) {
            const unsigned changed = before[j - 1] + (a[i - 1] != b[j - 1]);
            now[j] = least(changed, least(before[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                now[j] = least(now[j], two_before[j - 2] + 1);
            }
        }
    }
    return rows[a_bytes % 3][b_bytes];
}

void nearest_begin(struct nearest *n, const char *word, size_t word_bytes) {
    n->word = word;
    n->word_bytes = word_bytes;
    n->best = NULL;
    n->best_distance = UINT_MAX;
}

void nearest_offer(struct nearest *n, const char *candidate) {
    const size_t candidate_bytes = strlen(candidate);
    const size_t common_bytes = n->word_bytes < candidate_bytes ? n->word_bytes : candidate_bytes;
    unsigned distance = nearest_distance(n->word, n->word_bytes, candidate);
    if (common_bytes >= PREFIX_BYTES_MIN && memcmp(n->word, candidate, common_bytes) == 0) {
        distance = least(distance, 1);
    }
    if (distance <= n->word_bytes / LETTERS_PER_EDIT && distance < n->best_distance) {
        n->best = candidate;
        n->best_distance = distance;
    }
}

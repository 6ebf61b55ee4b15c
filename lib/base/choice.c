#include "choice.h"

#include <stdio.h>
#include <string.h>

int choice_of(const char *choices, const char *word) {
    const size_t word_bytes = strlen(word);
    for (int number = 0;; number++) {
        const size_t bytes = strcspn(choices, "|");
        if (bytes == word_bytes && memcmp(choices, word, bytes) == 0) {
            return number;
        }
        if (choices[bytes] == '\0') {
            return -1;
        }
        choices += bytes + 1;
    }
}

char *choice_word(const char *choices, unsigned number, char *to, size_t to_bytes) {
    for (; number > 0 && choices[strcspn(choices, "|")] == '|'; number--) {
        choices += strcspn(choices, "|") + 1;
    }
    (void)snprintf(to, to_bytes, "%.*s", (int)strcspn(choices, "|"), choices);
    return to;
}

char *choice_sentence(const char *choices, char *to, size_t to_bytes) {
    size_t at = 0;
    to[0] = '\0';
    for (const char *bar = ""; *choices != '\0' && at < to_bytes; bar = strchr(choices, '|') != NULL ? ", " : " or ") {
        const int bytes = (int)strcspn(choices, "|");
        const int added = snprintf(to + at, to_bytes - at, "%s%.*s", bar, bytes, choices);
        at += added > 0 ? (size_t)added : to_bytes;
        choices += bytes;
        choices += *choices == '|';
    }
    return to;
}

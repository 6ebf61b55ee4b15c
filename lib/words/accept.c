#include "accept.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *word;
    unsigned flags;
} ROWS[] = {
    {"none", ACCEPT_NONE},
    {"all", ACCEPT_ALL},
    {"pcapng", ACCEPT_PCAPNG},
};

static bool flags_of_word(const char *word, size_t length, unsigned *flags) {
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        if (strlen(ROWS[i].word) == length && memcmp(ROWS[i].word, word, length) == 0) {
            *flags |= ROWS[i].flags;
            return true;
        }
    }
    return false;
}

const char *accept_words(unsigned flags) {
    return flags == ACCEPT_NONE ? "none" : "pcapng";
}

bool accept_of_words(const char *words, unsigned *out) {
    unsigned flags = ACCEPT_NONE;
    for (;;) {
        const size_t length = strcspn(words, ",");
        if (!flags_of_word(words, length, &flags)) {
            return false;
        }
        if (words[length] == '\0') {
            *out = flags;
            return true;
        }
        words += length + 1;
    }
}

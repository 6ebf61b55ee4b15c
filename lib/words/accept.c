#include "accept.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *word;
    unsigned flags;
} ROWS[] = {
    {"none", ACCEPT_NONE}, {"all", ACCEPT_ALL}, {"pcapng", ACCEPT_PCAPNG}, {"gzip", ACCEPT_GZIP},
    {"zstd", ACCEPT_ZSTD}, {"lz4", ACCEPT_LZ4}, {"xz", ACCEPT_XZ},
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

/* Whether a row is one name, neither none nor several. */
static bool is_single(unsigned flags) {
    return flags != 0 && (flags & (flags - 1)) == 0;
}

const char *accept_words(unsigned flags, char out[static ACCEPT_LIST_BYTES]) {
    char *end = out;
    *end = '\0';
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        if (is_single(ROWS[i].flags) && (flags & ROWS[i].flags) != 0) {
            end = stpcpy(end, end > out ? "," : "");
            end = stpcpy(end, ROWS[i].word);
        }
    }
    if (end == out) {
        (void)stpcpy(end, ROWS[0].word);
    }
    return out;
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

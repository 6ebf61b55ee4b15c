#include "capture_names.h"

#include "accept.h"

#include <fnmatch.h>

static const struct {
    unsigned accept;
    const char *pattern;
} ROWS[CAPTURE_NAMES_MAX] = {
    {ACCEPT_NONE, "*.pcap"},
    {ACCEPT_PCAPNG, "*.pcapng"},
};

size_t capture_names(unsigned accepted, const char **out) {
    size_t count = 0;
    for (size_t i = 0; i < CAPTURE_NAMES_MAX; i++) {
        if ((ROWS[i].accept & ~accepted) == 0) {
            out[count++] = ROWS[i].pattern;
        }
    }
    out[count] = NULL;
    return count;
}

bool capture_names_have(unsigned accepted, const char *name) {
    const char *patterns[CAPTURE_NAMES_MAX + 1];
    const char **pattern = patterns;
    (void)capture_names(accepted, patterns);
    while (*pattern != NULL && fnmatch(*pattern, name, 0) != 0) {
        pattern++;
    }
    return *pattern != NULL;
}

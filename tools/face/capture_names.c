#include "capture_names.h"

#include "accept.h"

#include <fnmatch.h>

static const struct {
    unsigned accept;
    const char *pattern;
} ROWS[CAPTURE_NAMES_MAX] = {
    {ACCEPT_NONE, "*.pcap"},
    {ACCEPT_PCAPNG, "*.pcapng"},
    {ACCEPT_GZIP, "*.pcap.gz"},
    {ACCEPT_ZSTD, "*.pcap.zst"},
    {ACCEPT_LZ4, "*.pcap.lz4"},
    {ACCEPT_XZ, "*.pcap.xz"},
    {ACCEPT_PCAPNG | ACCEPT_GZIP, "*.pcapng.gz"},
    {ACCEPT_PCAPNG | ACCEPT_ZSTD, "*.pcapng.zst"},
    {ACCEPT_PCAPNG | ACCEPT_LZ4, "*.pcapng.lz4"},
    {ACCEPT_PCAPNG | ACCEPT_XZ, "*.pcapng.xz"},
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

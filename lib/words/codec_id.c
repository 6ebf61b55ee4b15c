#include "codec_id.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *suffix;
} WORDS[CODECS] = {
    [CODEC_NONE] = {"none", ""},   [CODEC_GZIP] = {"gzip", ".gz"}, [CODEC_ZSTD] = {"zstd", ".zst"},
    [CODEC_LZ4] = {"lz4", ".lz4"}, [CODEC_XZ] = {"xz", ".xz"},
};

const char *codec_name(enum codec_id id) {
    return WORDS[id].name;
}

const char *codec_suffix(enum codec_id id) {
    return WORDS[id].suffix;
}

bool codec_of_name(const char *name, size_t length_bytes, enum codec_id *out) {
    for (int id = 0; id < CODECS; id++) {
        if (strlen(WORDS[id].name) == length_bytes && memcmp(WORDS[id].name, name, length_bytes) == 0) {
            *out = (enum codec_id)id;
            return true;
        }
    }
    return false;
}

bool codec_rename(const char *name, enum codec_id from, enum codec_id to, char *out, size_t out_bytes) {
    const size_t suffix_bytes = strlen(codec_suffix(from));
    size_t length_bytes = strlen(name);
    if (length_bytes > suffix_bytes && strcmp(name + length_bytes - suffix_bytes, codec_suffix(from)) == 0) {
        length_bytes -= suffix_bytes;
    }
    const int made = snprintf(out, out_bytes, "%.*s%s", (int)length_bytes, name, codec_suffix(to));
    return from != to && made >= 0 && (size_t)made < out_bytes && strcmp(out, name) != 0;
}

#include "codec.h"

#include <stdlib.h>
#include <string.h>

const struct codec *codec_row(enum codec_id id) {
    static const struct codec *(*const ROWS[CODECS])(void) = {
        [CODEC_GZIP] = codec_of_gzip,
        [CODEC_ZSTD] = codec_of_zstd,
        [CODEC_LZ4] = codec_of_lz4,
        [CODEC_XZ] = codec_of_xz,
    };
    return ROWS[id] != NULL ? ROWS[id]() : NULL;
}

bool codec_begins(const struct codec *c, const uint8_t *bytes, size_t length_bytes) {
    return length_bytes >= c->magic_bytes && memcmp(bytes, c->magic, c->magic_bytes) == 0;
}

int codecs_accept(struct codecs *c, unsigned flags, struct failure *f) {
    for (int id = CODEC_NONE + 1; id < CODECS; id++) {
        c->accepted[id] = (flags & 1u << id) != 0;
        if (c->accepted[id] && codecs_load(c, (enum codec_id)id, f) != 0) {
            return -1;
        }
    }
    return 0;
}

int codecs_load(struct codecs *c, enum codec_id id, struct failure *f) {
    const struct codec *row = codec_row(id);
    if (c->library[id] == NULL && row != NULL) {
        c->library[id] = library_new(row->library, f);
    }
    return c->library[id] != NULL ? 0 : -1;
}

void codecs_free(struct codecs *c) {
    for (int id = 0; id < CODECS; id++) {
        library_free(c->library[id]);
    }
    memset(c, 0, sizeof *c);
}

/* Returns false where the digits are no level of the codec. */
static bool take_level(const struct codec *c, const char *digits, struct codec_level *out) {
    const size_t length = strlen(digits);
    if (length == 0 || length > 2 || strspn(digits, "0123456789") != length) {
        return false;
    }
    *out = (struct codec_level){.level = (int)strtol(digits, NULL, 10), .asked = true};
    return out->level >= c->level_min && out->level <= c->level_max;
}

int codec_wish_of(const char *word, struct codec_wish *out, struct failure *f) {
    const size_t length = strcspn(word, ":");
    memset(out, 0, sizeof *out);
    out->given = codec_of_name(word, length, &out->id);
    const struct codec *c = out->given ? codec_row(out->id) : NULL;
    if (!out->given || (c == NULL && word[length] != '\0') || (c != NULL && c->pack == NULL)) {
        return failure_set(f, "it takes none, gzip, zstd or lz4, each but none with :LEVEL or without");
    }
    if (c != NULL) {
        out->level.level = c->level(NULL, 0);
    }
    if (word[length] == ':' && !take_level(c, word + length + 1, &out->level)) {
        return failure_set(f, "%s has levels %d to %d", codec_name(out->id), c->level_min, c->level_max);
    }
    return 0;
}

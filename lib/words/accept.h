/*
 * Which files are taken besides whole ones in plain pcap, as an operator says it: --accept none|all|NAME,..., and
 * --cut-tail keep.
 */
#ifndef PCAPSLIM_ACCEPT_H
#define PCAPSLIM_ACCEPT_H

#include "codec_id.h"

#include <stdbool.h>

/* Flags, so that a list of names is a number. Those of compressions go by the number of the codec, from 1 on. */
enum accept {
    ACCEPT_NONE = 0,
    ACCEPT_PCAPNG = 1 << 0,
    ACCEPT_GZIP = 1 << CODEC_GZIP,
    ACCEPT_ZSTD = 1 << CODEC_ZSTD,
    ACCEPT_LZ4 = 1 << CODEC_LZ4,
    ACCEPT_XZ = 1 << CODEC_XZ,
    ACCEPT_CONTAINERS = ACCEPT_PCAPNG,
    ACCEPT_COMPRESSED = ACCEPT_GZIP | ACCEPT_ZSTD | ACCEPT_LZ4 | ACCEPT_XZ,
    ACCEPT_ALL = ACCEPT_CONTAINERS | ACCEPT_COMPRESSED,
    ACCEPT_CUT_TAIL = 1 << 15, /* whose last record is cut short; no word of --accept */
};

/* The words that accept_of_words() takes, for messages. */
#define ACCEPT_WORDS "none, all, pcapng, gzip, zstd, lz4, xz"

/* Room for any list of them. */
#define ACCEPT_LIST_BYTES 32

/*
 * Read a list of names, separated by commas. out: the flags, unchanged on failure. Returns false where a word is none
 * of these, or there is none.
 */
bool accept_of_words(const char *words, unsigned *out);

/* The flags in words: the list, in out, that accept_of_words() reads back as they are. Returns out. */
const char *accept_words(unsigned flags, char out[static ACCEPT_LIST_BYTES]);

#endif

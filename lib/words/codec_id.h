/*
 * The names of compressions, and the suffixes that files have by them.
 */
#ifndef PCAPSLIM_CODEC_ID_H
#define PCAPSLIM_CODEC_ID_H

#include <stdbool.h>
#include <stddef.h>

enum codec_id { CODEC_NONE, CODEC_GZIP, CODEC_ZSTD, CODEC_LZ4, CODEC_XZ, CODECS };

/* "none", "gzip", "zstd", "lz4", "xz". */
const char *codec_name(enum codec_id id);

/* The suffix of file names: ".gz" and so on; "" for CODEC_NONE. */
const char *codec_suffix(enum codec_id id);

/* The codec of a name of length_bytes bytes. Returns false for a name that is none. */
bool codec_of_name(const char *name, size_t length_bytes, enum codec_id *out);

/*
 * The name of a file when its compression has changed from `from` to `to`: without the suffix of the one, if it has it,
 * and with that of the other. out: room for out_bytes. Returns whether the name has another name then that fits in
 * there.
 */
bool codec_rename(const char *name, enum codec_id from, enum codec_id to, char *out, size_t out_bytes);

#endif

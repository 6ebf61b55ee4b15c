/*
 * How to cut, in words: length modes, and what becomes of checksums. packet/cut.h says what each means.
 */
#ifndef PCAPSLIM_CUT_TERMS_H
#define PCAPSLIM_CUT_TERMS_H

enum cut_mode { CUT_REWRITE, CUT_SNAP, CUT_ZERO, CUT_MODES };

enum cut_checksum { CUT_COMPUTE, CUT_INCREMENTAL, CUT_KEEP, CUT_CHECKSUMS };

/* How to cut. All zeros is the default: rewrite, compute. */
struct cut_terms {
    enum cut_mode mode;
    enum cut_checksum checksum; /* CUT_SNAP leaves checksums as they are, whatever is said here */
};

/* The names that options, policy files and records have for them; "unknown" for a number that is none. */
const char *cut_mode_name(enum cut_mode m);
const char *cut_checksum_name(enum cut_checksum c);

#endif

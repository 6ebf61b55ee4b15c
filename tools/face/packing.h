/*
 * What the options --accept and --compress ask for, made ready: before the sandbox, for libraries are loaded.
 */
#ifndef PCAPSLIM_PACKING_H
#define PCAPSLIM_PACKING_H

#include "codec.h"
#include "witness_unpack.h"

/* What is loaded. Zero-initialised: nothing. */
struct packing {
    struct codecs codecs;
    struct witness_codecs witness;
    bool any;          /* is accepted or written */
    bool keeps_frames; /* what is compressed stays as it came, and so may be indexed */
};

/*
 * Make ready for reading what is accepted (flags of accept.h), and for writing what is wanted. Returns 0, or CLI_FAILED
 * after having said why.
 */
int packing_begin(struct packing *p, unsigned accepted, const struct codec_wish *wanted);

/* Likewise for the witness, which has its own and only reads: what is accepted, and what was wanted. */
int packing_begin_witness(struct packing *p, unsigned accepted, const struct codec_wish *wanted);

/* Of the source: NULL where nothing is compressed. */
static inline const struct codecs *packing_codecs(const struct packing *p) {
    return p->any ? &p->codecs : NULL;
}

/* Of the witness, likewise. */
static inline const struct witness_codecs *packing_witness(const struct packing *p) {
    return p->any ? &p->witness : NULL;
}

/* Give the libraries back. */
void packing_end(struct packing *p);

#endif

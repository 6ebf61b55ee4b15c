#include "packing.h"

#include "cli.h"

static bool is_any(unsigned accepted, const struct codec_wish *wanted) {
    return (accepted & ACCEPT_COMPRESSED) != 0 || wanted->id != CODEC_NONE;
}

int packing_begin(struct packing *p, unsigned accepted, const struct codec_wish *wanted) {
    struct failure failure;
    p->any |= is_any(accepted, wanted);
    return codecs_accept(&p->codecs, accepted, &failure) == 0 &&
                   (wanted->id == CODEC_NONE || codecs_load(&p->codecs, wanted->id, &failure) == 0)
               ? 0
               : cli_fail(NULL, "%s", failure.text);
}

int packing_begin_witness(struct packing *p, unsigned accepted, const struct codec_wish *wanted) {
    struct failure failure;
    p->any |= is_any(accepted, wanted);
    p->keeps_frames = !wanted->given;
    for (int id = CODEC_NONE + 1; id < CODECS; id++) {
        const bool needed = (accepted & 1u << id) != 0 || wanted->id == (enum codec_id)id;
        if (needed && witness_codecs_load(&p->witness, (enum codec_id)id, &failure) != 0) {
            return cli_fail(NULL, "%s", failure.text);
        }
    }
    return 0;
}

void packing_end(struct packing *p) {
    codecs_free(&p->codecs);
    witness_codecs_free(&p->witness);
}

/*
 * What becomes of a frame under policy `packet` and length mode `rewrite`: deciding and cutting, written from
 * docs/ALGORITHM.md alone, slow and plain, with no code of what decides and cuts. Where headers are it is told by the
 * witness, so that a harness that holds `locate` against it holds one of the two locators against the other; the third
 * is the oracle's, over the same table of frames.
 */
#ifndef PCAPSLIM_FUZZ_MODEL_H
#define PCAPSLIM_FUZZ_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct model {
    bool has_transport; /* TCP or UDP was found; the rest is set then */
    bool is_tcp;
    int ip_version;
    size_t ip, transport, payload, payload_bytes;
    size_t destination; /* where the pseudo-header's destination address is */
    /* The length that a link header has: of NFLOG's payload attribute, or of PPPoE. Tunnels are not looked into. */
    bool has_link_length;
    bool link_length_is_little;      /* of byte order */
    size_t link_length, link_counts; /* where it is, and what the bytes that it counts begin at */
    bool cut;
};

/* Judge the length bytes of a frame of this link type (LINKTYPE_). */
struct model model_judge(const uint8_t *frame, size_t length, uint16_t link_type);

/* Cut the frame as the model says, in place: m->cut. Returns its new length. */
size_t model_cut(uint8_t *frame, const struct model *m);

/* Whether length and checksum fields of a frame with TCP or UDP are true for what is there. */
bool model_is_true(const uint8_t *frame, size_t length, uint16_t link_type);

#endif

/*
 * Whether a key exchange of SSH can end without encryption, read byte by byte, so that the message may come in any
 * number of pieces. Pure.
 *
 * What is chosen is in the lists of both sides (RFC 4253 section 7.1), so one side that does not offer "none" in either
 * direction is proof enough.
 */
#ifndef PCAPSLIM_SSH_KEXINIT_H
#define PCAPSLIM_SSH_KEXINIT_H

#include <stdint.h>

enum ssh_offer {
    SSH_OFFER_NOT_KNOWN, /* not all of the lists is there */
    SSH_OFFERS_ENCRYPTION,
    SSH_OFFERS_NONE, /* among others, in one of the directions at least; or a list is empty */
};

/* How far a message was read. All zero: not begun. */
struct ssh_kexinit {
    uint32_t left_bytes; /* of the field that is read */
    uint8_t field;
    uint8_t matched; /* characters of "none" at the beginning of a name; more: it is another name */
    uint8_t offers_none;
};

/*
 * Read on. p: the next length_bytes bytes of the message behind its number. Returns what it offers, once, when both
 * lists of ciphers have been read; else SSH_OFFER_NOT_KNOWN.
 */
enum ssh_offer ssh_kexinit_read(struct ssh_kexinit *k, const uint8_t *p, uint32_t length_bytes);

#endif

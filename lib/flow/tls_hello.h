/*
 * What the hellos of TLS and DTLS agree on, read byte by byte, so that a hello may come in any number of pieces. Pure.
 *
 * Standards: RFC 8446 section 4.1, RFC 5246 section 7.4.1, RFC 6347 section 4.2 (DTLS: a longer header, a cookie).
 */
#ifndef PCAPSLIM_TLS_HELLO_H
#define PCAPSLIM_TLS_HELLO_H

#include <stdbool.h>
#include <stdint.h>

#define TLS_CLIENT_HELLO 1
#define TLS_SERVER_HELLO 2

enum tls_agreement {
    TLS_AGREES_ON_NOTHING, /* not all of it is there, or it is no hello */
    TLS_ENCRYPTS,          /* the server chose a suite that encrypts; or a client offers only such */
    TLS_ENCRYPTS_NOT,      /* a suite without encryption, or one that is not known; or a client offers only such */
    TLS_MAY_ENCRYPT,       /* a client offers both */
};

/* How far a hello was read. All zero: not begun. */
struct tls_hello {
    uint16_t left_bytes; /* of the field that is read */
    uint16_t message_bytes;
    uint8_t field;
    uint8_t type; /* TLS_CLIENT_HELLO or TLS_SERVER_HELLO; 0: not known yet */
    uint8_t high; /* the first byte of a number of two */
    uint8_t offers;
};

/*
 * Read on. p: the next length_bytes bytes of the handshake message, its header included, without the headers of records
 * in between. is_dtls: it has the header of DTLS, whose fragments are in order. What comes behind the suites is not
 * looked at. What cannot be a hello is not read to its end. Returns what it agrees on, once, when that has become
 * known; else TLS_AGREES_ON_NOTHING.
 */
enum tls_agreement tls_hello_read(struct tls_hello *h, const uint8_t *p, uint32_t length_bytes, bool is_dtls);

#endif

/*
 * TCP streams of honest protocols, made byte by byte together with the truth about them: which bytes are in the clear
 * and have to stay, whatever way they come. It shares nothing with lib/. What is in the clear is small letters, what is
 * encrypted looks random, and nothing looks like a header that is none.
 */
#ifndef PCAPSLIM_FUZZ_STREAM_H
#define PCAPSLIM_FUZZ_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STREAM_BYTES = 8192 };

enum stream_protocol { STREAM_TLS, STREAM_SSH, STREAM_SMB, STREAM_OPENVPN, STREAM_PROTOCOLS };

/* One direction of a connection. Zero-initialised it is empty, of TLS. */
struct stream {
    uint8_t at[STREAM_BYTES];
    bool clear[STREAM_BYTES]; /* has to stay */
    size_t bytes;
    enum stream_protocol protocol;
    bool secret; /* from here on the peer may encrypt what used to be in the clear */
};

/* Add a unit: what kind of the protocol's, and how long (a hint). Does nothing where there is no more room. */
void stream_add(struct stream *s, bool from_client, unsigned kind, size_t length_bytes);

#endif

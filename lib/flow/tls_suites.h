/*
 * Which cipher suites of TLS and DTLS encrypt. Pure.
 *
 * Standards: the IANA registry "TLS Cipher Suites" (RFC 8447); RFC 9150 (integrity alone in TLS 1.3); GOST suites of
 * before there was a registration (draft-chudov-cryptopro-cptls); SSL 3.0 (RFC 6101 appendix C) and its relatives.
 */
#ifndef PCAPSLIM_TLS_SUITES_H
#define PCAPSLIM_TLS_SUITES_H

#include <stdbool.h>
#include <stdint.h>

/* Whether a suite is known, and known to encrypt. One that is not known may be anything. */
bool tls_suite_encrypts(uint16_t suite);

/*
 * Whether a number in a client's list stands for no suite: RFC 5746 section 3.3, RFC 7507 section 2, RFC 8701 section 2
 * (GREASE). A server cannot choose it.
 */
bool tls_suite_is_signal(uint16_t suite);

#endif

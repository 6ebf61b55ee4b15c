#include "tls_suites.h"

#include <stddef.h>

/*
 * Those that encrypt, from and to, in ascending order. What lies between is not assigned or does not encrypt: 0000 to
 * 0002, 001c, 002c to 002e, 003b, 0082, 0083, 00b0, 00b1, 00b4, 00b5, 00b8, 00b9, c001, c006, c00b, c010, c015, c039 to
 * c03b, c0b4, c0b5, ff87.
 */
static const struct {
    uint16_t first;
    uint16_t last;
} ENCRYPTING[] = {
    {0x0003, 0x001b},                   /* RSA, DH, anonymous: RC4, RC2, IDEA, DES, 3DES, export */
    {0x001d, 0x001d},                   /* FORTEZZA of SSL 3.0 */
    {0x001e, 0x002b},                   /* Kerberos */
    {0x002f, 0x003a},                   /* AES */
    {0x003c, 0x0046},                   /* AES with SHA-256, Camellia */
    {0x0060, 0x006d},                   /* 56 bits for export; AES with SHA-256 */
    {0x0080, 0x0081},                   /* GOST 28147 */
    {0x0084, 0x00af},                   /* Camellia, PSK, SEED, AES-GCM */
    {0x00b2, 0x00b3},                   /* PSK with SHA-256 and SHA-384 */
    {0x00b6, 0x00b7}, {0x00ba, 0x00c7}, /* Camellia with SHA-256, SM4 */
    {0x1301, 0x1307},                   /* TLS 1.3 */
    {0xc002, 0xc005},                   /* elliptic curves */
    {0xc007, 0xc00a}, {0xc00c, 0xc00f}, {0xc011, 0xc014}, {0xc016, 0xc038}, /* and SRP, PSK */
    {0xc03c, 0xc0b3},                                                       /* ARIA, Camellia, CCM, ECCPWD */
    {0xc100, 0xc106},                                                       /* GOST R 34.12-2015, GOST 28147 */
    {0xcc13, 0xcc15},                                                       /* ChaCha20 as it was drafted */
    {0xcca8, 0xccae}, {0xd001, 0xd003},                                     /* PSK with elliptic curves: GCM, CCM */
    {0xd005, 0xd005}, {0xfefe, 0xfeff},                                     /* SSL 3.0 in FIPS mode */
    {0xff85, 0xff85},                                                       /* GOST R 34.11-2012 with GOST 28147 */
    {0xffe0, 0xffe1},
};

bool tls_suite_encrypts(uint16_t suite) {
    size_t from = 0;
    size_t to = sizeof ENCRYPTING / sizeof ENCRYPTING[0];
    while (from < to) { /* the first range that does not end before it */
        const size_t middle = (from + to) / 2;
        if (ENCRYPTING[middle].last < suite) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from < sizeof ENCRYPTING / sizeof ENCRYPTING[0] && suite >= ENCRYPTING[from].first;
}

bool tls_suite_is_signal(uint16_t suite) {
    enum { RENEGOTIATION_INFO = 0x00ff, FALLBACK = 0x5600 };
    const bool is_grease = (suite & 0x0f0f) == 0x0a0a && suite >> 8 == (suite & 0xff);
    return suite == RENEGOTIATION_INFO || suite == FALLBACK || is_grease;
}

#include "names.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_continuation(unsigned char c) {
    return (c & 0xc0) == 0x80;
}

/* Length of the well-formed sequence at p, 0 when there is none. A NUL ends every sequence, so none is
 * overrun. */
static size_t sequence_bytes(const unsigned char *p) {
    if (p[0] < 0x80) {
        return 1;
    }
    if (p[0] >= 0xc2 && p[0] <= 0xdf) {
        return is_continuation(p[1]) ? 2 : 0;
    }
    if (p[0] >= 0xe0 && p[0] <= 0xef) {
        unsigned char low = p[0] == 0xe0 ? 0xa0 : 0x80;
        unsigned char high = p[0] == 0xed ? 0x9f : 0xbf; /* no surrogates */
        return p[1] >= low && p[1] <= high && is_continuation(p[2]) ? 3 : 0;
    }
    if (p[0] >= 0xf0 && p[0] <= 0xf4) {
        unsigned char low = p[0] == 0xf0 ? 0x90 : 0x80;
        unsigned char high = p[0] == 0xf4 ? 0x8f : 0xbf;
        return p[1] >= low && p[1] <= high && is_continuation(p[2]) && is_continuation(p[3]) ? 4 : 0;
    }
    return 0;
}

static char *put_octal(char *to, unsigned char c) {
    *to++ = '\\';
    *to++ = (char)('0' + (c >> 6));
    *to++ = (char)('0' + (c >> 3 & 7));
    *to++ = (char)('0' + (c & 7));
    return to;
}

/* Bytes that make a terminal do something: C0 and C1 controls (ECMA-48), the latter raw or in UTF-8, and DEL. */
static bool is_control(const unsigned char *p, size_t sequence) {
    return *p < 0x20 || *p == 0x7f || sequence == 0 || (sequence == 2 && p[0] == 0xc2 && p[1] < 0xa0);
}

char *names_printable(const char *name) {
    char *out = malloc(strlen(name) * 4 + 1);
    if (out == NULL) {
        return NULL;
    }
    char *to = out;
    const unsigned char *p = (const unsigned char *)name;
    while (*p != '\0') {
        size_t sequence = sequence_bytes(p);
        size_t length = sequence > 0 ? sequence : 1;
        if (is_control(p, sequence)) {
            for (size_t i = 0; i < length; i++) {
                to = put_octal(to, p[i]);
            }
        } else {
            if (*p == '\\') {
                *to++ = '\\';
            }
            memcpy(to, p, length);
            to += length;
        }
        p += length;
    }
    *to = '\0';
    return out;
}

bool names_is_utf8(const char *name) {
    const unsigned char *p = (const unsigned char *)name;
    while (*p != '\0') {
        size_t n = sequence_bytes(p);
        if (n == 0) {
            return false;
        }
        p += n;
    }
    return true;
}

char *names_utf8(const char *name) {
    char *out = malloc(strlen(name) * 3 + 1);
    if (out == NULL) {
        return NULL;
    }
    char *to = out;
    const unsigned char *p = (const unsigned char *)name;
    while (*p != '\0') {
        size_t n = sequence_bytes(p);
        if (n == 0) {
            memcpy(to, "\xef\xbf\xbd", 3);
            to += 3;
            p++;
        } else {
            memcpy(to, p, n);
            to += n;
            p += n;
        }
    }
    *to = '\0';
    return out;
}

char *names_to_hex(const char *name) {
    static const char digits[] = "0123456789abcdef";
    size_t length_bytes = strlen(name);
    char *out = malloc(length_bytes * 2 + 1);
    if (out == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < length_bytes; i++) {
        unsigned char c = (unsigned char)name[i];
        out[2 * i] = digits[c >> 4];
        out[2 * i + 1] = digits[c & 15];
    }
    out[2 * length_bytes] = '\0';
    return out;
}

static int digit_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *names_from_hex(const char *hex) {
    size_t digits = strlen(hex);
    if (digits % 2 != 0) {
        return NULL;
    }
    char *out = malloc(digits / 2 + 1);
    if (out == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < digits / 2; i++) {
        int high = digit_value(hex[2 * i]);
        int low = digit_value(hex[2 * i + 1]);
        if (high < 0 || low < 0 || (high == 0 && low == 0)) {
            free(out);
            return NULL;
        }
        out[i] = (char)(high << 4 | low);
    }
    out[digits / 2] = '\0';
    return out;
}

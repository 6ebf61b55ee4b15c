/*
 * What the unit tests have in common: bytes written in hexadecimal, frames in memory of exactly their size,
 * captures, and a plain RFC 1071 sum to check the real one by.
 */
#ifndef PCAPSLIM_TESTS_SUPPORT_H
#define PCAPSLIM_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT_OF(a) (sizeof(a) / sizeof(a)[0])

/* ---- bytes ---- */

struct bytes {
    uint8_t at[4096];
    size_t length;
};

static inline unsigned hex_value(char c) {
    assert_true((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Spaces between bytes are passed over. */
static inline void put_hex(struct bytes *b, const char *text) {
    while (*text != '\0') {
        if (*text == ' ') {
            text++;
            continue;
        }
        assert_true(b->length < sizeof b->at);
        b->at[b->length++] = (uint8_t)(hex_value(text[0]) << 4 | hex_value(text[1]));
        text += 2;
    }
}

static inline struct bytes hex(const char *text) {
    struct bytes b = {.length = 0};
    put_hex(&b, text);
    return b;
}

/* count bytes: 40 41 42 ... */
static inline void put_pattern(struct bytes *b, size_t count) {
    assert_true(b->length + count <= sizeof b->at);
    for (size_t i = 0; i < count; i++) {
        b->at[b->length++] = (uint8_t)(0x40 + i);
    }
}

/* A copy in memory of exactly its size, so that a sanitizer sees what is read behind it. */
static inline uint8_t *exact_copy(const void *from, size_t length) {
    uint8_t *copy = malloc(length);
    assert_true(copy != NULL || length == 0);
    if (length > 0) {
        memcpy(copy, from, length);
    }
    return copy;
}

/* RFC 1071 as plainly as it can be put: words in wire order, an odd byte as the high half of one. */
static inline uint32_t plain_sum(uint32_t sum, const uint8_t *at, size_t length) {
    for (size_t i = 0; i < length; i++) {
        sum += i % 2 == 0 ? (uint32_t)at[i] << 8 : at[i];
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

/* A reproducible sequence (Knuth's MMIX generator); not good, but good enough to shake frames with. */
static inline uint32_t next_random(uint64_t *state) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

/* ---- files ---- */

/* A file in memory, at its beginning. */
static inline int memory_file(const void *from, size_t length) {
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_true(fd >= 0);
    const uint8_t *p = from;
    for (size_t done = 0; done < length;) {
        ssize_t put = write(fd, p + done, length - done);
        assert_true(put > 0);
        done += (size_t)put;
    }
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* ---- captures ---- */

struct capture {
    uint8_t *at;
    size_t length;
    size_t room;
    bool big_endian;
};

static inline void capture_put(struct capture *c, const void *from, size_t length) {
    if (c->length + length > c->room) {
        c->room = (c->length + length) * 2;
        c->at = realloc(c->at, c->room);
        assert_non_null(c->at);
    }
    if (length > 0) {
        memcpy(c->at + c->length, from, length);
        c->length += length;
    }
}

static inline void capture_put32(struct capture *c, uint32_t value) {
    uint8_t little[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
    uint8_t big[4] = {little[3], little[2], little[1], little[0]};
    capture_put(c, c->big_endian ? big : little, 4);
}

/* A file header; link: the whole last field. */
static inline struct capture capture_begin(bool big_endian, bool nanoseconds, uint32_t snaplen, uint32_t link) {
    struct capture c = {.big_endian = big_endian};
    capture_put32(&c, nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4);
    capture_put32(&c, big_endian ? 0x00020004 : 0x00040002);
    capture_put32(&c, 0);
    capture_put32(&c, 0);
    capture_put32(&c, snaplen);
    capture_put32(&c, link);
    return c;
}

static inline void capture_record(struct capture *c, uint32_t sec, uint32_t frac, uint32_t caplen, uint32_t origlen) {
    capture_put32(c, sec);
    capture_put32(c, frac);
    capture_put32(c, caplen);
    capture_put32(c, origlen);
}

/* A packet taken whole at second 1700000000. */
static inline void capture_packet(struct capture *c, const void *from, size_t length) {
    capture_record(c, 1700000000, 0, (uint32_t)length, (uint32_t)length);
    capture_put(c, from, length);
}

static inline void capture_free(struct capture *c) {
    free(c->at);
    memset(c, 0, sizeof *c);
}

/* ---- processes ---- */

/* Start a child that ends with work's value as its exit status. It must not use assertions. */
static inline pid_t start_child(int (*work)(void *), void *with) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(work(with));
    }
    return child;
}

/* The exit status of a child, or 1000 and the signal that killed it. */
static inline int end_of_child(pid_t child) {
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static inline int run_in_child(int (*work)(void *), void *with) {
    return end_of_child(start_child(work, with));
}

struct feed {
    const struct capture *from;
    size_t piece;
    int to_fd;
};

static inline int feed_pieces(void *with) {
    const struct feed *f = with;
    for (size_t done = 0; done < f->from->length;) {
        size_t left = f->from->length - done;
        ssize_t put = write(f->to_fd, f->from->at + done, left < f->piece ? left : f->piece);
        if (put <= 0) {
            return 1;
        }
        done += (size_t)put;
    }
    return 0;
}

/* A child that writes a capture into a pipe, so many bytes at once. Returns where it comes out. */
static inline int feed_by_pipe(const struct capture *c, size_t piece, pid_t *child) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct feed feed = {.from = c, .piece = piece, .to_fd = ends[1]};
    *child = start_child(feed_pieces, &feed);
    (void)close(ends[1]);
    return ends[0];
}

#endif

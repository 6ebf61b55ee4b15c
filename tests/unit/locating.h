/* Frames for the tests of locating: their beginnings in hexadecimal, and locating where no byte may be read beyond. */
#ifndef PCAPSLIM_TESTS_LOCATING_H
#define PCAPSLIM_TESTS_LOCATING_H

#include "locate.h"
#include "support.h"

#define ETHERNET "020000000002 020000000001"
#define ADDRESSES4 "c0000201 c6336402"
#define ADDRESSES6 "20010db8000000000000000000000001 20010db8000000000000000000000002"
#define TCP_HEADER "c35001bb 00000001 00000002 50182000 00000000"
#define UDP_HEADER "c35001bb 00280000"

/* With 32 bytes of payload these are right. */
#define TCP4 ETHERNET "0800 45000048 00010000 40060000" ADDRESSES4 TCP_HEADER
#define UDP4 ETHERNET "0800 4500003c 00010000 40110000" ADDRESSES4 UDP_HEADER
#define TCP6 ETHERNET "86dd 60000000 0034 06 40" ADDRESSES6 TCP_HEADER
#define UDP6 ETHERNET "86dd 60000000 0028 11 40" ADDRESSES6 UDP_HEADER

static inline struct bytes with_payload(const char *headers, size_t payload_bytes) {
    struct bytes b = hex(headers);
    put_pattern(&b, payload_bytes);
    return b;
}

/* Memory whose last byte is the last that may be read. */
static inline uint8_t *before_the_cliff(const uint8_t *from, size_t length) {
    static uint8_t *area;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (area == NULL) {
        area = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(area != MAP_FAILED);
        assert_int_equal(mprotect(area + 2 * page, page, PROT_NONE), 0);
    }
    assert_true(length <= 2 * page);
    uint8_t *at = area + 2 * page - length;
    memcpy(at, from, length);
    return at;
}

/* Locate a copy that ends at a page that cannot be read, and one that a sanitizer watches. */
static inline struct located locate_exact(const uint8_t *frame, size_t length) {
    struct located l, again;
    memset(&l, 0xee, sizeof l);
    memset(&again, 0x11, sizeof again);
    locate_ethernet(before_the_cliff(frame, length), (uint32_t)length, &l);
    uint8_t *copy = exact_copy(frame, length);
    locate_ethernet(copy, (uint32_t)length, &again);
    free(copy);
    assert_int_equal(l.as, again.as);
    if (l.as == LOCATED_TCP || l.as == LOCATED_UDP || l.as == LOCATED_ESP) {
        assert_int_equal(l.ip_version, again.ip_version);
        assert_int_equal(l.network_offset, again.network_offset);
        assert_int_equal(l.transport_offset, again.transport_offset);
        assert_int_equal(l.payload_offset, again.payload_offset);
        assert_int_equal(l.payload_bytes, again.payload_bytes);
        assert_int_equal(l.final_destination_offset, again.final_destination_offset);
    }
    return l;
}

static inline void expect_as(const struct bytes *b, size_t length, enum located_as as) {
    struct located l = locate_exact(b->at, length);
    if (l.as != as) {
        fail_msg("%zu bytes located as %d, not %d", length, (int)l.as, (int)as);
    }
}

/* TCP or UDP with so many bytes of payload. */
static inline void expect_payload(const struct bytes *b, size_t length, enum located_as as, size_t payload_bytes) {
    struct located l = locate_exact(b->at, length);
    if (l.as != as || l.payload_bytes != payload_bytes) {
        fail_msg("%zu bytes located as %d with %u bytes of payload, not as %d with %zu", length, (int)l.as,
                 l.payload_bytes, (int)as, payload_bytes);
    }
}

#endif

#include "matcher.h"

#include "bytes.h"
#include "library.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What packet sizes a filter is to allow for; it is also what it returns for a match, so not 0. */
#define FILTER_SNAPLEN_BYTES 262144

enum { FILE_HEADER_BYTES = 24, LINKTYPES_MAX = 32 };

#define NAMES(EACH)                                                                                                    \
    EACH(pcap_fopen_offline)                                                                                           \
    EACH(pcap_compile)                                                                                                 \
    EACH(pcap_offline_filter)                                                                                          \
    EACH(pcap_freecode)                                                                                                \
    EACH(pcap_geterr)                                                                                                  \
    EACH(pcap_close)

struct libpcap {
    LIBRARY_FIELDS(NAMES)
};

struct matcher {
    struct libpcap *pcap;
    char *const *expressions;
    size_t count;
    struct compiled {
        uint16_t linktype;
        struct bpf_program *programs; /* of each expression */
    } compiled[LINKTYPES_MAX];
    size_t linktypes;
    size_t current;
};

/* The names that libpcap's library has: Debian's, and everybody else's. */
static const char *const FILES[] = {"libpcap.so.0.8", "libpcap.so.1", NULL};
static const struct library_row ROWS[] = {NAMES(LIBRARY_ROWS_EACH)};
static const struct library LIBRARY = {.missing = "expressions need libpcap, which",
                                       .other = "expressions need another libpcap",
                                       .files = FILES,
                                       .rows = ROWS,
                                       .count = sizeof ROWS / sizeof ROWS[0]};

struct matcher *matcher_new(char *const *expressions, size_t count, struct failure *f) {
    struct matcher *m = calloc(1, sizeof *m);
    if (m == NULL) {
        (void)failure_errno(f, ENOMEM, "expressions");
        return NULL;
    }
    m->expressions = expressions;
    m->count = count;
    m->pcap = library_new(&LIBRARY, f);
    if (m->pcap == NULL) {
        matcher_free(m);
        return NULL;
    }
    return m;
}

/*
 * A handle to compile for a link type. libpcap's own numbers for link types differ from those in files here and there,
 * and its table is not to be had but by opening a file: so it gets an empty capture.
 */
static pcap_t *open_for(const struct matcher *m, uint16_t linktype, struct failure *f) {
    uint8_t header[FILE_HEADER_BYTES] = {0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4};
    char words[PCAP_ERRBUF_SIZE] = "out of memory";
    bytes_put_be32(header + 16, FILTER_SNAPLEN_BYTES);
    bytes_put_be32(header + 20, linktype);
    FILE *file = fmemopen(header, sizeof header, "r");
    pcap_t *p =
        file != NULL ? m->pcap->pcap_fopen_offline(file, words) : NULL; /* reads the header now, and no more later */
    if (p == NULL) {
        (void)failure_set(f, "expressions cannot be compiled for link type %u: %.300s", linktype, words);
        if (file != NULL) {
            (void)fclose(file);
        }
    }
    return p;
}

static void free_programs(const struct matcher *m, struct bpf_program *programs) {
    for (size_t i = 0; i < m->count; i++) {
        m->pcap->pcap_freecode(&programs[i]); /* also of one that was never compiled: all zeros */
    }
    free(programs);
}

static void drop_compiled(struct matcher *m) {
    while (m->linktypes > 0) {
        free_programs(m, m->compiled[--m->linktypes].programs);
    }
}

int matcher_compile(struct matcher *m, uint16_t linktype, struct failure *f) {
    for (m->current = 0; m->current < m->linktypes; m->current++) {
        if (m->compiled[m->current].linktype == linktype) {
            return 0;
        }
    }
    if (m->linktypes == LINKTYPES_MAX) {
        drop_compiled(m);
        m->current = 0;
    }
    pcap_t *p = open_for(m, linktype, f);
    struct bpf_program *programs = calloc(m->count, sizeof programs[0]);
    int status = p == NULL ? -1 : programs == NULL ? failure_errno(f, ENOMEM, "expressions") : 0;
    for (size_t i = 0; status == 0 && i < m->count; i++) {
        if (m->pcap->pcap_compile(p, &programs[i], m->expressions[i], 1, PCAP_NETMASK_UNKNOWN) != 0) {
            status = failure_set(f, "the expression '%.200s': %.250s", m->expressions[i], m->pcap->pcap_geterr(p));
        }
    }
    if (p != NULL) {
        m->pcap->pcap_close(p);
    }
    if (status == 0) {
        m->compiled[m->linktypes++] = (struct compiled){linktype, programs};
    } else if (programs != NULL) {
        free_programs(m, programs);
    }
    return status;
}

bool matcher_matches(const struct matcher *m, const struct matcher_packet *packet) {
    struct pcap_pkthdr header;
    memset(&header, 0, sizeof header);
    header.caplen = packet->there_bytes;
    header.len = packet->origlen_bytes;
    for (size_t i = 0; i < m->count; i++) {
        if (m->pcap->pcap_offline_filter(&m->compiled[m->current].programs[i], &header, packet->bytes) != 0) {
            return true;
        }
    }
    return false;
}

void matcher_free(struct matcher *m) {
    if (m != NULL) {
        drop_compiled(m); /* nothing is without libpcap */
        library_free(m->pcap);
        free(m);
    }
}

/*
 * What is remembered of a flow: two streams of TCP, or the datagrams of UDP. All zero is a flow of which nothing is
 * known. Sequence numbers wrap; they are compared by flow_seq_diff().
 */
#ifndef PCAPSLIM_FLOW_STATE_H
#define PCAPSLIM_FLOW_STATE_H

#include "flow_protocols.h"
#include "ssh_kexinit.h"
#include "tls_hello.h"

#include <stdbool.h>
#include <stdint.h>

/* How a stream, one direction of a TCP connection, is read. */
enum flow_mode {
    FLOW_UNKNOWN,    /* the capture began later, or the flow was forgotten */
    FLOW_BEGIN,      /* its SYN was seen; next_unit is the number of its first byte */
    FLOW_PLAIN,      /* it began in the clear with nothing that is followed */
    FLOW_SSH_SECRET, /* behind NEWKEYS: nothing is in the clear any more */
#define ROW(MODE, name, cut_reason, clear_reason, within, in_clear) FLOW_##MODE,
    FLOW_OVER_TCP(ROW) /* these are followed unit by unit: records, packets, messages */
#undef ROW
};

enum flow_stream_flags {
    FLOW_SECRET_RUN = 1,      /* from secret_from up to next_unit all is encrypted */
    FLOW_UNITS_SEEN = 2,      /* at least one unit was read */
    FLOW_LOST = 4,            /* next_unit is not where a unit begins */
    FLOW_TLS_CHANGED = 8,     /* ChangeCipherSpec was seen */
    FLOW_TLS_DATA = 16,       /* application data was seen */
    FLOW_SSH_BANNER = 32,     /* the banner's line has ended */
    FLOW_GUESSED = 64,        /* guess_start and guess_next hold where a TLS record may be */
    FLOW_AGREEING = 128,      /* a hello or list of ciphers is being read, up to secret_from */
    FLOW_CHAINED = 256,       /* it began before the capture, and a chain of units held */
    FLOW_PROVEN = 512,        /* encrypted, looks so, nothing is open: what goes on is cut without another look */
    FLOW_CONTRADICTED = 1024, /* what was taken for units were none */
    FLOW_CLEAR_SEEN = 2048,   /* a readable unit was read */
};

#define FLOW_HEAD_BYTES 8

/* Encrypted bytes that are remembered back, for what is sent again. */
#define FLOW_SECRET_WINDOW_BYTES (1 << 24)

/*
 * Segments of cleartext that are looked through for a hello or a banner: behind a PROXY header, a greeting and so on.
 * A long one counts as several, for what comes in front of a handshake is short.
 */
#define FLOW_PLAIN_SCANS 8

/* A segment so far from where a stream was is not of it. */
#define FLOW_STREAM_WINDOW_BYTES (1 << 28)

/* In looks: what should have looked encrypted did not. From there up, how often it has done so again. */
#define FLOW_LOOKS_DOUBT 128

struct flow_stream {
    uint32_t next_unit;   /* where the unit that is read next begins */
    uint32_t secret_from; /* see FLOW_SECRET_RUN */
    union {
        struct {
            uint32_t guess_start; /* where a TLS record may begin, behind a hole; and where it would end */
            uint32_t guess_next;
        };
        struct tls_hello hello; /* FLOW_AGREEING: how far it was read */
        struct ssh_kexinit kexinit;
    };
    uint16_t flags;
    uint8_t mode;
    uint8_t head_bytes;            /* of the next unit, in head; these three are asked for at once */
    uint8_t scans;                 /* segments looked through for something that begins */
    uint8_t looks;                 /* times in a row that bytes looked encrypted */
    uint8_t chain;                 /* units read one behind the other, until that is proof */
    uint8_t head[FLOW_HEAD_BYTES]; /* the beginning of the next unit, when it is spread over segments */
};

enum flow_datagram_flags {
    FLOW_QUIC = 1,          /* a credible long header was seen; or it was guessed */
    FLOW_QUIC_GUESSED = 2,  /* from short headers with one connection ID */
    FLOW_DTLS = 4,          /* a DTLS handshake was seen */
    FLOW_DTLS_13 = 8,       /* of version 1.3 */
    FLOW_SRTP_OFFERED = 16, /* the client offers DTLS-SRTP, with profiles that encrypt and no others */
    FLOW_SRTP = 32,         /* the server has taken up one that encrypts */
    FLOW_SRTP_TAG = 64,     /* whose SRTCP has a tag of ten bytes */
    FLOW_SRTP_GCM = 128,    /* whose SRTCP ends in its index */
    FLOW_WIREGUARD = 256,
    FLOW_VPN_ASKED = 512, /* the sides' numbers are OpenVPN session identifiers */
    FLOW_VPN = 1024,      /* OpenVPN, proven */
    FLOW_IKE = 2048,      /* IKE was seen: what has no header of its is ESP */
    FLOW_STUN = 4096,     /* what may be a channel of TURN is one */
};

/* Whether what a side sends looks like noise. */
enum flow_trust {
    FLOW_NOT_LOOKED_AT,
    FLOW_TRUSTED,                     /* what was cut last did */
    FLOW_DOUBTED = FLOW_TRUSTED + 16, /* what should have did not; from there down, how many have to until one is cut */
};

/* One direction of a UDP flow. What the numbers mean depends on the protocol. */
struct flow_side {
    uint32_t id;            /* WireGuard: receiver index; QUIC: connection ID, its first bytes; OpenVPN: session */
    uint32_t id_more;       /* WireGuard: the index before; QUIC, OpenVPN: the next four bytes */
    uint32_t chain;         /* ESP: SPI; DTLS: epoch */
    uint32_t counter;       /* ESP, DTLS: sequence number; QUIC: first bytes that were seen, a bit each */
    struct tls_hello hello; /* DTLS: how far one was read, and how much of it */
    uint16_t hello_bytes;
    uint8_t has_id;
    uint8_t id_bytes; /* QUIC: of the connection ID that are known, at most eight */
    uint8_t evidence; /* packets in a row that go on */
    uint8_t run;      /* QUIC: packets in a row that may be without a connection ID */
    uint8_t shown;    /* QUIC: this side has sent long headers */
    uint8_t trust;    /* enum flow_trust */
};

struct flow_datagrams {
    uint16_t flags;
    struct flow_side side[2];
};

enum flow_flags {
    FLOW_CUT_BEFORE = 1, /* packets of it were cut before: nothing more is */
    FLOW_SYN_SEEN = 2,
    FLOW_READABLE = 4, /* what was agreed on does not encrypt */
    FLOW_ENCRYPTS = 8, /* it does, whatever was chosen of what was offered */
    FLOW_MET = 16,     /* a hello was seen: what it agrees on counts, or nothing */
};

struct flow_state {
    uint8_t flags;
    union {
        struct flow_stream stream[2]; /* by direction: see flow_key.h */
        struct flow_datagrams datagrams;
    } of;
};

/* Of a TCP connection nothing is cut without another look. */
static inline void flow_look_again(struct flow_state *f) {
    f->of.stream[0].flags &= (uint16_t)~FLOW_PROVEN;
    f->of.stream[1].flags &= (uint16_t)~FLOW_PROVEN;
}

/* a - b in sequence space (RFC 9293 section 3.4). */
static inline int32_t flow_seq_diff(uint32_t a, uint32_t b) {
    return (int32_t)(a - b);
}

#endif

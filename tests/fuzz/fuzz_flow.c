/*
 * TCP connections under the policy flow, delivered in every way: cut into other pieces, out of order, twice and
 * overlapping, with holes, cut short by the capture, from the middle on, while other flows drive them out of a small
 * table. An input is a script: three bytes for the policy, units for streams, then what is captured of them. Whatever
 * way it comes: a byte that is in the clear stays as it was in every packet that holds it; and slimming again changes
 * nothing.
 */
#include "fuzz.h"
#include "stream.h"
#include "trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONNECTIONS = 3,
    UNITS_MAX = 40,
    PACKETS_MAX = 64,
    FILE_HEADER_BYTES = 24,
    RECORD_HEADER_BYTES = 16,
    HEADERS_BYTES = 14 + 20 + 20,
    SEGMENT_MAX_BYTES = 1460,
    CAPTURE_BYTES = FILE_HEADER_BYTES + PACKETS_MAX * (RECORD_HEADER_BYTES + HEADERS_BYTES + SEGMENT_MAX_BYTES),
    FIN = 0x01,
    SYN = 0x02,
    RST = 0x04,
    PSH = 0x08,
    ACK = 0x10,
};

struct script {
    const uint8_t *at;
    size_t bytes;
};

/* A packet of a stream, to look up what it ought to keep. */
struct delivered {
    const struct stream *stream; /* NULL: of another flow */
    size_t from;                 /* in the stream */
    size_t caplen_bytes;
};

struct scene {
    struct stream streams[CONNECTIONS][2];
    size_t sent_bytes[CONNECTIONS][2]; /* of each stream, in order */
    uint32_t first_number[CONNECTIONS][2];
    struct delivered delivered[PACKETS_MAX];
    size_t packets;
    uint16_t others; /* flows beside them, so far */
    uint8_t capture[CAPTURE_BYTES];
    size_t capture_bytes;
};

static uint8_t take(struct script *s) {
    if (s->bytes == 0) {
        return 0;
    }
    s->bytes--;
    return *s->at++;
}

static size_t take_two(struct script *s) {
    const size_t high = take(s);
    return high << 8 | take(s);
}

/* ---- packets ---- */

static void put(struct scene *sc, uint64_t number, unsigned bytes) {
    while (bytes-- > 0) {
        sc->capture[sc->capture_bytes++] = (uint8_t)(number >> (8 * bytes));
    }
}

struct packet {
    unsigned connection, side;
    uint16_t other; /* not 0: of another flow */
    uint32_t number;
    unsigned flags;
    const uint8_t *payload;
    size_t payload_bytes;
    size_t captured_bytes; /* of the payload */
};

static void put_packet(struct scene *sc, const struct packet *p) {
    static const uint16_t ports[CONNECTIONS] = {443, 445, 2222};
    const uint32_t client = 0x0a000001 + (p->other != 0 ? 0x10000U + p->other : p->connection);
    const uint16_t port = ports[p->connection];
    put(sc, sc->packets, 8);
    put(sc, HEADERS_BYTES + p->captured_bytes, 4);
    put(sc, HEADERS_BYTES + p->payload_bytes, 4);
    put(sc, 0x020000000001, 6);
    put(sc, 0x020000000002, 6);
    put(sc, 0x0800, 2);
    put(sc, 0x45000000 | (HEADERS_BYTES - 14 + p->payload_bytes), 4);
    put(sc, 0, 4);
    put(sc, 0x40060000, 4);
    put(sc, p->side == 0 ? client : 0xc0000201, 4);
    put(sc, p->side == 0 ? 0xc0000201 : client, 4);
    put(sc, p->side == 0 ? 50000 : port, 2);
    put(sc, p->side == 0 ? port : 50000, 2);
    put(sc, p->number, 4);
    put(sc, 0, 4);
    put(sc, 0x5000 | p->flags, 2);
    put(sc, 0xffff, 2);
    put(sc, 0, 4);
    if (p->captured_bytes > 0) {
        memcpy(sc->capture + sc->capture_bytes, p->payload, p->captured_bytes);
        sc->capture_bytes += p->captured_bytes;
    }
    sc->delivered[sc->packets++] = (struct delivered){NULL, 0, 0};
}

static void begin_capture(struct scene *sc) {
    put(sc, 0xa1b2c3d4, 4);
    put(sc, 0x00020004, 4);
    put(sc, 0, 8);
    put(sc, 262144, 4);
    put(sc, 1, 4);
}

/* ---- what is captured of the streams ---- */

static void deliver(struct scene *sc, unsigned connection, unsigned side, size_t from, size_t bytes, bool cut_short) {
    const struct stream *s = &sc->streams[connection][side];
    bytes = from + bytes <= s->bytes ? bytes : s->bytes - from;
    bytes = bytes <= SEGMENT_MAX_BYTES ? bytes : SEGMENT_MAX_BYTES;
    struct packet p = {
        .connection = connection,
        .side = side,
        .number = sc->first_number[connection][side] + 1 + (uint32_t)from,
        .flags = ACK | PSH,
        .payload = s->at + from,
        .payload_bytes = bytes,
        .captured_bytes = cut_short ? bytes / 2 : bytes,
    };
    put_packet(sc, &p);
    sc->delivered[sc->packets - 1] = (struct delivered){s, from, p.captured_bytes};
}

static void send_control(struct scene *sc, unsigned connection, unsigned side, unsigned kind) {
    static const uint8_t flags[] = {0, ACK, FIN | ACK, RST};
    struct packet p = {.connection = connection, .side = side, .number = sc->first_number[connection][side]};
    p.flags = flags[kind % 4];
    if (kind % 4 == 0) {
        p.flags = side == 0 ? SYN : SYN | ACK;
    } else {
        p.number += 1 + (uint32_t)sc->sent_bytes[connection][side];
    }
    put_packet(sc, &p);
}

static void send_others(struct scene *sc, unsigned count) {
    static const uint8_t words[] = "something else";
    while (count-- > 0 && sc->packets < PACKETS_MAX) {
        struct packet p = {.flags = ACK, .payload = words, .payload_bytes = 14, .captured_bytes = 14};
        p.other = ++sc->others;
        put_packet(sc, &p);
    }
}

static void act(struct scene *sc, struct script *s) {
    enum { IN_ORDER, IN_ORDER_TOO, ANYWHERE, HOLE, CONTROL, OTHERS, SHORT, BEHIND };
    const uint8_t what = take(s);
    const unsigned connection = (what >> 3) % CONNECTIONS;
    const unsigned side = what >> 7;
    size_t *sent = &sc->sent_bytes[connection][side];
    const struct stream *of = &sc->streams[connection][side];
    size_t bytes;
    switch (what & 7) {
    case ANYWHERE:
        bytes = take_two(s) % (of->bytes + 1);
        deliver(sc, connection, side, bytes, 1 + take_two(s), false);
        break;
    case HOLE:
        bytes = 1 + take_two(s);
        *sent = *sent + bytes < of->bytes ? *sent + bytes : of->bytes;
        break;
    case CONTROL:
        send_control(sc, connection, side, take(s));
        break;
    case OTHERS:
        send_others(sc, 1 + take(s) % 8U);
        break;
    case BEHIND: /* again, with what was sent before */
        bytes = take(s);
        bytes = bytes < *sent ? bytes : *sent;
        deliver(sc, connection, side, *sent - bytes, 2 * bytes, false);
        break;
    default:
        bytes = 1 + take_two(s) % SEGMENT_MAX_BYTES;
        deliver(sc, connection, side, *sent, bytes, (what & 7) == SHORT);
        *sent = *sent + bytes < of->bytes ? *sent + bytes : of->bytes;
    }
}

/* What is large is written before it is read. */
static void empty(struct scene *sc) {
    for (unsigned c = 0; c < CONNECTIONS; c++) {
        for (unsigned side = 0; side < 2; side++) {
            sc->streams[c][side].bytes = 0;
            sc->streams[c][side].secret = false;
            sc->sent_bytes[c][side] = 0;
        }
    }
    sc->packets = sc->capture_bytes = 0;
    sc->others = 0;
}

static void play(struct scene *sc, struct script *s) {
    const unsigned protocols = take(s);
    for (unsigned c = 0; c < CONNECTIONS; c++) {
        for (unsigned side = 0; side < 2; side++) {
            sc->streams[c][side].protocol = (enum stream_protocol)((protocols >> (2 * c)) % STREAM_PROTOCOLS);
            sc->first_number[c][side] = 0U - (uint32_t)take_two(s) % STREAM_BYTES;
        }
    }
    for (unsigned units = take(s) % UNITS_MAX; units > 0; units--) {
        const uint8_t what = take(s);
        const unsigned side = what >> 7;
        stream_add(&sc->streams[(what >> 3) % CONNECTIONS][side], side == 0, what & 7, take_two(s));
    }
    begin_capture(sc);
    while (s->bytes > 0 && sc->packets < PACKETS_MAX) {
        act(sc, s);
    }
}

/* ---- what has to be so ---- */

/* The capture as a file, where $FUZZ_CAPTURE says. */
static void leave_capture(const struct scene *sc) {
    const char *path = getenv("FUZZ_CAPTURE");
    FILE *to = path != NULL ? fopen(path, "wb") : NULL;
    if (to != NULL) {
        (void)fwrite(sc->capture, 1, sc->capture_bytes, to);
        (void)fclose(to);
    }
}

static size_t field(const uint8_t *p) {
    return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

/* Says which byte it is, for whoever looks at a finding. */
static void lost(const struct scene *sc, size_t packet, size_t at, size_t kept_bytes) {
    const struct delivered *d = &sc->delivered[packet];
    (void)fprintf(
        stderr, "packet %zu, of protocol %d, holds bytes %zu to %zu of its stream; %zu is clear; %zu bytes are left\n",
        packet + 1, (int)d->stream->protocol, d->from, d->from + d->caplen_bytes, d->from + at, kept_bytes);
    fuzz_fail(__FILE__, __LINE__, "what is in the clear stays");
}

static void must_stay(const struct scene *sc, size_t packet, const uint8_t *was, const uint8_t *is, size_t is_bytes) {
    const struct delivered *d = &sc->delivered[packet];
    const size_t there_bytes = is_bytes - HEADERS_BYTES < d->caplen_bytes ? is_bytes - HEADERS_BYTES : d->caplen_bytes;
    if (d->stream == NULL || (there_bytes == d->caplen_bytes && memcmp(was, is, HEADERS_BYTES + there_bytes) == 0)) {
        return; /* as most often */
    }
    for (size_t i = 0; i < d->caplen_bytes; i++) {
        if (d->stream->clear[d->from + i] && (i >= there_bytes || was[HEADERS_BYTES + i] != is[HEADERS_BYTES + i])) {
            lost(sc, packet, i, is_bytes);
        }
    }
}

static void must_keep_what_is_clear(const struct scene *sc, const uint8_t *out, size_t out_bytes) {
    size_t at = FILE_HEADER_BYTES;
    size_t out_at = FILE_HEADER_BYTES;
    for (size_t i = 0; i < sc->packets; i++) {
        const uint8_t *was = sc->capture + at;
        FUZZ_MUST(out_bytes - out_at >= RECORD_HEADER_BYTES);
        const uint8_t *is = out + out_at;
        const size_t was_bytes = field(was + 8);
        const size_t is_bytes = field(is + 8);
        FUZZ_MUST(is_bytes <= was_bytes && out_bytes - out_at - RECORD_HEADER_BYTES >= is_bytes);
        FUZZ_MUST(memcmp(was, is, 8) == 0 && memcmp(was + 12, is + 12, 4) == 0);
        FUZZ_MUST(is_bytes >= HEADERS_BYTES);
        must_stay(sc, i, was + RECORD_HEADER_BYTES, is + RECORD_HEADER_BYTES, is_bytes);
        at += RECORD_HEADER_BYTES + was_bytes;
        out_at += RECORD_HEADER_BYTES + is_bytes;
    }
    FUZZ_MUST(at == sc->capture_bytes && out_at == out_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct trial t;
    static struct scene sc;
    struct tally tally;
    size_t out_bytes;
    if (size < TRIAL_CONTROL_BYTES) {
        return 0;
    }
    uint8_t control[TRIAL_CONTROL_BYTES] = {(uint8_t)(data[0] | 1), data[1], data[2]}; /* the policy flow */
    struct script s = {data + TRIAL_CONTROL_BYTES, size - TRIAL_CONTROL_BYTES};
    empty(&sc);
    play(&sc, &s);
    leave_capture(&sc);
    trial_begin(&t, control);
    const int out_fd = fuzz_file(1, NULL, 0);
    FUZZ_MUST(trial_pass(&t, fuzz_file(0, sc.capture, sc.capture_bytes), out_fd, &tally) == FRAMING_END);
    uint8_t *out = fuzz_contents(out_fd, &out_bytes);
    must_keep_what_is_clear(&sc, out, out_bytes);
    trial_must_be_done(&t, out_fd, out, out_bytes);
    free(out);
    trial_end(&t);
    return 0;
}

#include "unpacking.h"

#include "accept.h"
#include "fuzz.h"
#include "sink.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { AS_IT_IS = 0x80, PACK_AGAIN = 0x38, LEVEL_MOST = 6, CALLS_MOST = 4096, PIPE_LEAST_BYTES = 4096 };

struct feed {
    int fd;
    size_t most_bytes;
};

const struct codecs *unpacking_codecs(void) {
    static struct codecs codecs;
    if (codecs.library[CODEC_GZIP] == NULL) {
        FUZZ_MUST(codecs_accept(&codecs, ACCEPT_ALL, NULL) == 0);
    }
    return &codecs;
}

static const struct witness_codecs *witness_codecs(void) {
    static struct witness_codecs codecs;
    for (int id = CODEC_NONE + 1; id < CODECS; id++) {
        FUZZ_MUST(witness_codecs_load(&codecs, (enum codec_id)id, NULL) == 0);
    }
    return &codecs;
}

static void begin(struct unpacked *u, int fd) {
    u->is_whole = u->is_long = false;
    u->failure = (struct failure){.text = ""};
    u->bytes = 0;
    (void)lseek(fd, 0, SEEK_SET); /* a pipe is where it is */
}

static size_t room(const struct unpacked *u, size_t piece_bytes) {
    const size_t left_bytes = sizeof u->at - u->bytes;
    return piece_bytes < left_bytes ? piece_bytes : left_bytes;
}

static void end(struct unpacked *u, ptrdiff_t got) {
    u->is_whole = got == 0;
    u->is_long = got > 0;
    FUZZ_MUST((got < 0) == (u->failure.text[0] != '\0') && (got >= 0 || u->failure.kind == FAILURE_CONTENTS));
}

void unpacking_by_source(struct unpacked *u, int fd, size_t piece_bytes, struct frames *frames) {
    const struct source_options options = {.codecs = unpacking_codecs(), .frames = frames};
    struct source source;
    ptrdiff_t got = 1;
    begin(u, fd);
    source_open(&source, fd, &options);
    while (got > 0 && u->bytes < sizeof u->at) {
        got = source_read(&source, u->at + u->bytes, room(u, piece_bytes), &u->failure);
        FUZZ_MUST(got <= (ptrdiff_t)room(u, piece_bytes));
        u->bytes += got > 0 ? (size_t)got : 0;
    }
    FUZZ_MUST(source.offset_bytes == u->bytes);
    u->file_bytes = source_file_offset_bytes(&source);
    end(u, got);
    source_close(&source);
}

static ptrdiff_t feed_some(void *from, void *to, size_t wanted_bytes) {
    const struct feed *feed = from;
    return read(feed->fd, to, wanted_bytes < feed->most_bytes ? wanted_bytes : feed->most_bytes);
}

void unpacking_by_witness(struct unpacked *u, int fd, size_t piece_bytes, size_t feed_bytes) {
    struct feed feed = {.fd = fd, .most_bytes = feed_bytes};
    ptrdiff_t got = 1;
    begin(u, fd);
    struct witness_unpack *w = witness_unpack_new(witness_codecs(), feed_some, &feed);
    FUZZ_MUST(w != NULL);
    while (got > 0 && u->bytes < sizeof u->at) {
        got = witness_unpack_read(w, u->at + u->bytes, room(u, piece_bytes), &u->failure);
        FUZZ_MUST(got <= (ptrdiff_t)room(u, piece_bytes));
        u->bytes += got > 0 ? (size_t)got : 0;
    }
    u->places = witness_unpack_places(w);
    u->file_bytes = u->places.file_bytes;
    end(u, got);
    witness_unpack_free(w);
}

static void must_agree(const struct unpacked *a, const struct unpacked *b) {
    FUZZ_MUST(a->is_whole == b->is_whole && a->is_long == b->is_long);
    FUZZ_MUST(!a->is_whole || a->bytes == b->bytes);
    FUZZ_MUST(memcmp(a->at, b->at, a->bytes < b->bytes ? a->bytes : b->bytes) == 0);
}

/* Written in pieces of two sizes it is the same file, and the witness finds in it what was written. */
static void must_pack(enum codec_id id, const struct unpacked *what, int level, size_t piece_bytes) {
    static struct unpacked again;
    const struct sink_options options = {.digest = true};
    const struct codec *codec = codec_row(id);
    uint64_t digests[2];
    const int fd = fuzz_file(1, NULL, 0);
    for (size_t i = 0; i < 2; i++) {
        struct sink *sink = sink_open(i == 0 ? fd : SINK_NOWHERE, &options, NULL);
        const struct codec_level asked = {.level = level, .asked = true};
        FUZZ_MUST(sink != NULL && sink_pack(sink, codec, unpacking_codecs()->library[id], asked, NULL) == 0);
        for (size_t at = 0, bytes = 0; at < what->bytes; at += bytes) {
            const size_t left_bytes = what->bytes - at;
            const size_t most_bytes = i == 0 ? left_bytes : piece_bytes;
            bytes = most_bytes < left_bytes ? most_bytes : left_bytes;
            FUZZ_MUST(sink_write(sink, what->at + at, bytes, NULL) == 0);
        }
        FUZZ_MUST(sink_end(sink, NULL) == 0);
        digests[i] = sink_digest(sink);
        sink_free(sink);
    }
    FUZZ_MUST(digests[0] == digests[1]);
    unpacking_by_witness(&again, fd, sizeof again.at, sizeof again.at);
    must_agree(what, &again);
}

static void try_file(enum codec_id id, uint8_t how, const uint8_t *data, size_t size, const struct packed *made) {
    static const size_t PIECES[] = {1, 7, 100, 4096, 65536, 131072, 262144, PACKED_CONTENT_BYTES};
    static struct unpacked whole;
    static struct unpacked pieces;
    const size_t piece_bytes = PIECES[how & 7];
    const int fd = fuzz_file(0, data, size);
    unpacking_by_source(&whole, fd, PACKED_CONTENT_BYTES, NULL);
    if (whole.bytes / piece_bytes < CALLS_MOST) {
        /* Of a piece in a pipe, what there is no room for is lost. */
        const int pipe_fd = piece_bytes >= PIPE_LEAST_BYTES ? fuzz_pipe(data, size) : -1;
        unpacking_by_source(&pieces, pipe_fd >= 0 ? pipe_fd : fd, piece_bytes, NULL);
        FUZZ_MUST(pipe_fd < 0 || close(pipe_fd) == 0);
        must_agree(&whole, &pieces);
    }
    unpacking_by_witness(&pieces, fd, PACKED_CONTENT_BYTES, piece_bytes);
    must_agree(&whole, &pieces);
    FUZZ_MUST(!whole.is_whole || (whole.file_bytes == size && pieces.file_bytes == size));
    if (made != NULL && made->is_good) {
        FUZZ_MUST(whole.is_whole && whole.bytes == made->content_bytes);
        FUZZ_MUST(id == CODEC_XZ || pieces.places.frames == made->frames);
        FUZZ_MUST(memcmp(whole.at, made->content, made->content_bytes) == 0);
    }
    if (whole.is_whole && codec_row(id)->pack != NULL && (how & PACK_AGAIN) == PACK_AGAIN) {
        must_pack(id, &whole, 1 + (int)(size % LEVEL_MOST), 1 + size % 5000);
    }
}

void unpacking_try(enum codec_id id, const uint8_t *data, size_t size) {
    static struct packed made;
    if (size == 0) {
        return;
    }
    if ((data[0] & AS_IT_IS) != 0) {
        try_file(id, data[0], data + 1, size - 1, NULL);
        return;
    }
    packed_make(&made, id, data + 1, size - 1);
    uint8_t *exact = fuzz_exact(made.at, made.length);
    try_file(id, data[0], exact, made.length, &made);
    free(exact);
}

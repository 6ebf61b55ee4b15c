/*
 * A segment on its way through a stream, unit by unit: what every protocol over TCP has in common. Pure.
 */
#ifndef PCAPSLIM_FLOW_WALK_H
#define PCAPSLIM_FLOW_WALK_H

#include "flow_tcp.h"
#include "flow_unit.h"

struct flow_walk {
    struct flow_state *flow;
    struct flow_stream *s;
    struct flow_stream *peer;
    const struct flow_segment *in;
    uint32_t clear_end;    /* payload up to here stays */
    const uint8_t *sample; /* the longest stretch without headers of what is framed as encrypted */
    uint32_t sample_bytes;
};

/* Start reading units of a mode at seq. */
void flow_walk_enter(struct flow_stream *s, enum flow_mode mode, uint32_t seq);

/* From `from` up to next_unit all is encrypted. */
void flow_walk_secret_from(struct flow_stream *s, uint32_t from);

/* In front of what is encrypted in a record: its header, and a nonce that may count. */
#define FLOW_WALK_BEFORE_SAMPLE_BYTES 13

/* Note a stretch of what is framed as encrypted, from one offset of the segment to another: the longest is looked at.
 */
void flow_walk_sample(struct flow_walk *w, uint32_t from, uint32_t to);

/* Whether the segment begins a unit of something, by where it is; if so, it is read, and out says what comes of it. */
bool flow_walk_begins(struct flow_walk *w, enum flow_where where, struct flow_verdict *out);

/* Read units from offset `at` of the segment on, where one begins or goes on. */
struct flow_verdict flow_walk_units(struct flow_walk *w, uint32_t at);

/* Something that is followed begins at an offset within cleartext. */
struct flow_verdict flow_walk_begin_behind(struct flow_walk *w, enum flow_mode mode, uint32_t at);

/* What is known of bytes before next_unit: those of an uninterrupted run are encrypted, the others stay. */
uint32_t flow_walk_clear_before(const struct flow_walk *w, uint32_t up_to);

/* Whether a segment that came before holds, at its end, the beginning of a unit that has to stay. */
bool flow_walk_ends_with_clear_head(const struct flow_walk *w);

/* The segment looks readable where all should be encrypted: once may be chance, twice is none. */
void flow_walk_doubt(struct flow_walk *w);

/*
 * The segment is within what may be a record of a stream whose beginning was not seen: note whether it looks encrypted.
 */
void flow_walk_look(struct flow_walk *w);

/* What the bytes that were read come to; clear_end is set. */
struct flow_verdict flow_walk_conclude(struct flow_walk *w);

#endif

/*
 * The record of one file: what happened to it and the figures, as one line of JSON. Records travel from stage
 * to stage, lie in markers and are what reports are made of. docs/man/pcap-slim-record.5 describes the
 * format.
 */
#ifndef PCAPSLIM_RECORD_H
#define PCAPSLIM_RECORD_H

#include "codec_id.h"
#include "cut_terms.h"
#include "failure.h"
#include "identity.h"
#include "tally.h"

#include <stdbool.h>
#include <stdint.h>

#define RECORD_SHA256_BYTES 32

enum record_status {
    RECORD_OK,       /* all that was to be done is done */
    RECORD_FAIL,     /* error says why; the file is as it was, unless error says otherwise */
    RECORD_CUTTING,  /* an announcement: the slim capture is being written into the temporary file */
    RECORD_CUT,      /* on the way: the slim capture stands in the temporary file */
    RECORD_VERIFIED, /* on the way: it was verified */
    RECORD_WOULD_SLIM,
    RECORD_SKIPPED_MARKER,
    RECORD_SKIPPED_SYMLINK,
    RECORD_SKIPPED_HARDLINK,
    RECORD_SKIPPED_NOT_REGULAR,
    RECORD_SKIPPED_BUSY,      /* another run is at work on it */
    RECORD_SKIPPED_FAILED,    /* its contents failed before, and it has not changed; error says why */
    RECORD_SKIPPED_YOUNG,     /* changed a short while ago, and whether somebody still writes it cannot be told */
    RECORD_SKIPPED_IS_MARKER, /* it stands in a marker directory and is no capture */
    RECORD_STATUSES,
};

enum record_check {
    RECORD_CHECK_NONE,
    RECORD_CHECK_COUNT, /* packet count and digest of what was written */
    RECORD_CHECK_FULL,  /* every packet against the original */
    RECORD_CHECKS,
};

enum record_verdict {
    RECORD_VERDICT_NONE,
    RECORD_VERDICT_GOOD,
    RECORD_VERDICT_BAD,
    RECORD_VERDICT_UNKNOWN, /* it could not be told */
    RECORD_VERDICTS,
};

struct record {
    char *file; /* exact bytes, never NULL in a record that came from record_parse() */
    enum record_status status;
    struct failure error; /* text "" when there is none */
    bool has_tally;
    struct tally tally;
    enum codec_id in_codec, out_codec; /* what the files are compressed with; the tally is of the capture within */
    uint64_t frames, left_frames;      /* of zstd, that kept their places; those that did not fit and are as before */
    uint64_t in_file_bytes, out_file_bytes; /* and their sizes, where one of them is; out: 0 where none was written */
    bool has_policy;
    struct cut_terms cut;   /* how it was cut */
    unsigned accepted;      /* files besides plain pcap: flags of accept.h */
    uint64_t policy_digest; /* XXH3 of the settings' text */
    char *policy_text;      /* that text; NULL: the default's, or not known */
    bool has_digest;
    uint64_t digest; /* XXH3 of the slim file, as it is on the disk */
    bool has_in_sha256;
    uint8_t in_sha256[RECORD_SHA256_BYTES]; /* of the capture as it was read to be cut */
    bool has_out_sha256;
    uint8_t out_sha256[RECORD_SHA256_BYTES]; /* of the slim capture as it was read to be verified */
    enum record_check check;
    enum record_verdict verdict; /* of the check */
    uint64_t checked_packets;
    bool has_elapsed;
    uint64_t elapsed_ms;
    bool has_mtime; /* once it has taken its place */
    int64_t mtime_sec, mtime_ns;
    /* Between stages only */
    uint64_t started_ns; /* CLOCK_MONOTONIC; 0: not known */
    bool has_source;
    struct identity source; /* the capture as it was read */
    bool has_tmp;
    struct identity tmp;                /* the temporary file as it was written; with RECORD_CUTTING as it was made */
    uint64_t read_bytes, written_bytes; /* with RECORD_CUTTING: of the capture; of the temporary file, for good */
};

/* A record of nothing. file: copied, may be NULL. Returns 0, or -1 when memory runs out. */
int record_init(struct record *r, const char *file);

/*
 * Note by what a capture is slimmed (tally.policy has the policy's name). text: copied; NULL for the default. Returns
 * 0, or -1 when memory runs out.
 */
int record_set_policy(struct record *r, struct cut_terms cut, uint64_t digest, const char *text);

/* Mark as failed: status and error, whose text is cut to FAILURE_TEXT_BYTES. */
void record_fail(struct record *r, enum failure_kind kind, const char *error);

/* It failed after all: leave out what a pass has said. */
void record_retract(struct record *r);

/* How long the slim file is on the disk, by a record that has a tally. */
uint64_t record_out_file_bytes(const struct record *r);

/* Likewise the original. */
uint64_t record_in_file_bytes(const struct record *r);

/* Note how long it has taken since started_ns. */
void record_stop(struct record *r);

/* Whether later stages leave the record as it is. */
bool record_is_final(const struct record *r);

/* Whether the status is one of the "skipped_" ones. */
bool record_is_skip(enum record_status s);

/* Why a file was left alone, for a person: "marked", "symbolic link", ...; NULL for a status that is no skip.
 */
const char *record_skip_reason(enum record_status s);

/* The name of a status: "ok", "skipped_marker", ... */
const char *record_status_name(enum record_status s);

/* The status of a name. Returns false for a name that is none, and for NULL. */
bool record_status_of_name(const char *name, enum record_status *out);

/*
 * Write as one line of JSON without a newline. between_stages: with what the next stage needs.
 * Returns a string to free(), or NULL when memory runs out.
 */
char *record_format(const struct record *r, bool between_stages);

/* As it lies in a marker (not between stages) or a note: with a newline. Returns as record_format(). */
char *record_format_line(const struct record *r, bool between_stages);

/*
 * Read a line of JSON. What it does not know it ignores; what is missing or of the wrong type is an error
 * only where a later stage needs it (file, status). out: to be freed with record_free() on success. Returns
 * 0, or -1 with f set.
 */
int record_parse(const char *line, struct record *out, struct failure *f);

/* Free what a record holds. */
void record_free(struct record *r);

#endif

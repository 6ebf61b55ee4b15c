/*
 * A job: what is to become of captures, and one after the other through a pass, with the outcome in a record.
 */
#ifndef PCAPSLIM_JOB_H
#define PCAPSLIM_JOB_H

#include "codec.h"
#include "failure.h"
#include "framing.h"
#include "policy.h"
#include "record.h"
#include "rules.h"
#include "settings.h"
#include "sink.h"
#include "slim.h"
#include "source.h"

#include <stdbool.h>
#include <stdint.h>

struct job_options {
    const struct settings *settings; /* what to cut and how; in memory as long as the job */
    const char *policy_text;         /* they as records have them, likewise; NULL for the default */
    uint64_t policy_digest;
    struct source_options source;
    unsigned accepted;               /* what is taken besides plain pcap: flags of accept.h */
    const struct sink_options *sink; /* NULL: nothing is written, only what slimming would do is found out */
    struct codec_wish compress;      /* of what is written; its library is loaded in source.codecs */
    enum record_status done;         /* of a record whose capture came through; with RECORD_OK it is timed, too */
};

/* Large: not for the stack. Zero-initialised it holds nothing. */
struct job {
    struct job_options options;
    struct policy policy;
    struct rules rules;
    struct slim_terms terms; /* of the two above; who watches sets it */
    struct framing framing;
    struct frames *frames; /* of zstd, in their places; NULL where they need not keep them */
    struct sink *sink;     /* NULL where nothing is written */
    struct tap *written;   /* the sink's */
};

/* Make ready for any number of captures. Returns 0, or -1 with f set; job_free() is to be called either way. */
int job_init(struct job *j, const struct job_options *o, struct failure *f);

/*
 * Pass the capture behind in_fd, from its current position on, to out_fd (SINK_NOWHERE where only the digest is
 * wanted). r: gets figures, digests and policy where that was done, else what went wrong; and its status. What a run's
 * progress counted is taken back from a capture that failed. Returns 0, or -1 for RECORD_FAIL.
 */
int job_run(struct job *j, int in_fd, int out_fd, struct record *r);

/* Free what it holds; taps stay the caller's. */
void job_free(struct job *j);

#endif

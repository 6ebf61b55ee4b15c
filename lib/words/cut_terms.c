#include "cut_terms.h"

static const char *const MODE_NAMES[CUT_MODES] = {
    [CUT_REWRITE] = "rewrite",
    [CUT_SNAP] = "snap",
    [CUT_ZERO] = "zero",
};

static const char *const CHECKSUM_NAMES[CUT_CHECKSUMS] = {
    [CUT_COMPUTE] = "compute",
    [CUT_INCREMENTAL] = "incremental",
    [CUT_KEEP] = "keep",
};

const char *cut_mode_name(enum cut_mode m) {
    return (unsigned)m < CUT_MODES ? MODE_NAMES[m] : "unknown";
}

const char *cut_checksum_name(enum cut_checksum c) {
    return (unsigned)c < CUT_CHECKSUMS ? CHECKSUM_NAMES[c] : "unknown";
}

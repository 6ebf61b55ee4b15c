#include "tally.h"

static const char *const ODDITY_NAMES[ODDITIES] = {
    [ODDITY_CAPLEN_OVER_SNAPLEN] = "caplen_over_snaplen",
    [ODDITY_CAPLEN_OVER_ORIGLEN] = "caplen_over_origlen",
    [ODDITY_SLICED] = "sliced",
    [ODDITY_EMPTY_PACKET] = "empty_packet",
    [ODDITY_OVERSIZE_PACKET] = "oversize_packet",
    [ODDITY_TIME_BACKWARDS] = "time_backwards",
    [ODDITY_FRACTION_OUT_OF_RANGE] = "fraction_out_of_range",
    [ODDITY_SECTION_LENGTH] = "section_length",
};

const char *oddity_name(enum oddity o) {
    return (unsigned)o < ODDITIES ? ODDITY_NAMES[o] : "unknown";
}

#include "tally.h"

static const char *const ODDITY_NAMES[ODDITIES] = {
    [ODDITY_CAPLEN_OVER_SNAPLEN] = "caplen_over_snaplen",
    [ODDITY_CAPLEN_OVER_ORIGLEN] = "caplen_over_origlen",
    [ODDITY_SLICED] = "sliced",
    [ODDITY_EMPTY_PACKET] = "empty_packet",
    [ODDITY_OVERSIZE_PACKET] = "oversize_packet",
    [ODDITY_TIME_BACKWARDS] = "time_backwards",
    [ODDITY_FRACTION_OUT_OF_RANGE] = "fraction_out_of_range",
};

const char *oddity_name(enum oddity o) {
    return (unsigned)o < ODDITIES ? ODDITY_NAMES[o] : "unknown";
}

void tally_count_oddities(struct tally *t, const struct savefile_record *r, uint32_t second) {
    t->oddities[ODDITY_FRACTION_OUT_OF_RANGE] += r->ts_frac >= second;
    t->oddities[ODDITY_CAPLEN_OVER_SNAPLEN] += r->caplen_bytes > t->savefile.snaplen_bytes;
    t->oddities[ODDITY_CAPLEN_OVER_ORIGLEN] += r->caplen_bytes > r->origlen_bytes;
    t->oddities[ODDITY_SLICED] += r->caplen_bytes < r->origlen_bytes;
    t->oddities[ODDITY_EMPTY_PACKET] += r->caplen_bytes == 0;
}

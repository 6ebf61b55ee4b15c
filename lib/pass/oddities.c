#include "oddities.h"

void oddities_count(struct tally *t, const struct format_packet *r, uint32_t second, uint32_t snaplen_bytes) {
    t->oddities[ODDITY_FRACTION_OUT_OF_RANGE] += r->ts_frac >= second;
    t->oddities[ODDITY_CAPLEN_OVER_SNAPLEN] += r->caplen_bytes > snaplen_bytes;
    t->oddities[ODDITY_CAPLEN_OVER_ORIGLEN] += r->caplen_bytes > r->origlen_bytes;
    t->oddities[ODDITY_SLICED] += r->caplen_bytes < r->origlen_bytes;
    t->oddities[ODDITY_EMPTY_PACKET] += r->caplen_bytes == 0;
}

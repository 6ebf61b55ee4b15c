/*
 * What a capture says of itself.
 *
 * Standard: draft-ietf-opsawg-pcap, section 4.
 */
#ifndef PCAPSLIM_SAVEFILE_HEADER_H
#define PCAPSLIM_SAVEFILE_HEADER_H

#include <stdbool.h>
#include <stdint.h>

struct savefile_header {
    bool big_endian;
    bool nanoseconds;
    uint16_t linktype;      /* LINKTYPE_ value: the low 16 bits of the last field */
    uint16_t linktype_high; /* the rest of that field: FCS length and reserved bits, draft section 4 */
    uint32_t snaplen_bytes; /* as the file says, never trusted */
};

#endif

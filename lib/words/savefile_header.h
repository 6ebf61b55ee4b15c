/*
 * What a capture says of itself.
 *
 * Standard: draft-ietf-opsawg-pcap, section 4; of pcapng draft-ietf-opsawg-pcapng, sections 4.1 and 4.2.
 */
#ifndef PCAPSLIM_SAVEFILE_HEADER_H
#define PCAPSLIM_SAVEFILE_HEADER_H

#include <stdbool.h>
#include <stdint.h>

enum container {
    CONTAINER_PCAP,
    CONTAINER_PCAPNG,
    CONTAINERS,
};

/* Of pcapng: the byte order of its first section, link type and snaplen of its first interface. */
struct savefile_header {
    enum container container;
    bool big_endian;
    bool nanoseconds;       /* of pcapng: some interface is more precise than microseconds */
    uint16_t linktype;      /* LINKTYPE_ value: the low 16 bits of the last field */
    uint16_t linktype_high; /* the rest of that field: FCS length and reserved bits, draft section 4 */
    uint32_t snaplen_bytes; /* as the file says, never trusted */
};

#endif

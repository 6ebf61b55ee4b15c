/*
 * The numbers of link types that anything here knows, as file headers have them.
 *
 * Standard: the registry of draft-ietf-opsawg-pcaplinktype.
 */
#ifndef PCAPSLIM_LINKTYPE_H
#define PCAPSLIM_LINKTYPE_H

enum {
    LINKTYPE_ETHERNET = 1,
    LINKTYPE_LINUX_SLL2 = 276,
};

#endif

/*
 * Through tags and tunnels to the innermost packet that a frame carries. A header is believed if it is wholly there,
 * says nothing that the headers around it contradict, and what it announces is there and agrees; else the packet
 * around it is what counts. Pure, like locate.h.
 *
 * Each kind has a file, tunnel_NAME.c, with a function that passes over its header, and a row in tunnel.c by what
 * announces it. Standards stand in these files.
 */
#ifndef PCAPSLIM_TUNNEL_H
#define PCAPSLIM_TUNNEL_H

#include "envelope.h"
#include "link.h"
#include "locate.h"
#include "port.h"
#include "tunnel_kind.h"

#include <stdbool.h>
#include <stdint.h>

/* What is looked into. */
struct tunnel_terms {
    uint32_t kinds;            /* a bit of each enum tunnel_kind; 0: none */
    const uint8_t *port_flags; /* of each port number, enum policy_port; 65536 of them */
    bool offloaded;            /* an IP length of 0 means: to the end of what was captured */
};

/*
 * How many headers of tags and tunnels are passed in a frame, runs of tags of one kind and stacks of labels counting
 * as one: it bounds the work and the envelope.
 */
#define TUNNEL_DEPTH_MAX 12

/*
 * Locate the innermost packet of a frame. out: as link_locate() fills it. around: its layers are those that the packet
 * is within, its kinds what was passed.
 */
void tunnel_locate(const struct tunnel_terms *terms, const struct link_type *link, const uint8_t *frame,
                   uint32_t captured_bytes, struct located *out, struct envelope *around);

#endif

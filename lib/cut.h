/*
 * Shortening a frame and making its headers true again.
 */
#ifndef PCAPSLIM_CUT_H
#define PCAPSLIM_CUT_H

#include "locate.h"

#include <stdint.h>

/*
 * Length mode `rewrite`: the frame ends behind keep_payload_bytes of payload, and IPv4 total length and
 * header checksum (or IPv6 payload length), UDP length, and TCP or UDP checksum are computed for the packet
 * that is left. A UDP checksum that computes to 0 becomes ffff (RFC 768). frame: changed in place. l: where
 * its headers are, LOCATED_TCP or LOCATED_UDP. keep_payload_bytes: at most l->payload_bytes. Returns the new
 * length of the frame in bytes.
 */
uint32_t cut_rewrite(uint8_t *frame, const struct located *l, uint32_t keep_payload_bytes);

#endif

/*
 * IKE messages: how much of one is in the clear. Pure.
 *
 * Standards: RFC 2408 section 3 and RFC 2409 (IKEv1), RFC 7296 section 3 (IKEv2), RFC 7383 (encrypted fragments),
 * RFC 3948 (ESP in UDP), RFC 4303 (ESP).
 */
#ifndef PCAPSLIM_FLOW_IKE_H
#define PCAPSLIM_FLOW_IKE_H

#include <stdbool.h>
#include <stdint.h>

struct flow_ike {
    bool is_ike;
    uint32_t clear_bytes; /* all of it where nothing is encrypted */
};

/* Judge what may be a message of length_bytes of which there_bytes are there. */
struct flow_ike flow_ike_judge(const uint8_t *p, uint32_t there_bytes, uint32_t length_bytes);

/*
 * Whether the payload of an ESP packet (behind SPI and sequence number) is an IP packet as it stands: tunnel mode with
 * NULL encryption (RFC 2410).
 */
bool flow_esp_is_clear(const uint8_t *p, uint32_t there_bytes, uint32_t length_bytes);

#endif

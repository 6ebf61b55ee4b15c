/*
 * ESP, in UDP and as it stands: cut, but for what is not encrypted. Pure.
 *
 * Standards: RFC 4303 (ESP), RFC 3948 (ESP in UDP), RFC 2410 (NULL encryption).
 */
#ifndef PCAPSLIM_FLOW_ESP_H
#define PCAPSLIM_FLOW_ESP_H

#include "flow_udp.h"

/* On the ports of IPsec: in a flow of IKE, or where SPI and sequence number go on. */
bool flow_esp_judge(const struct flow_look *k, struct flow_verdict *out);

/*
 * Whether the payload of an ESP packet (behind SPI and sequence number) is an IP packet as it stands: tunnel mode with
 * NULL encryption.
 */
bool flow_esp_is_clear(const uint8_t *p, uint32_t there_bytes, uint32_t length_bytes);

#endif

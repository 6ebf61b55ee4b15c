/*
 * ESP in UDP: cut, but for what is not encrypted. Pure.
 *
 * Standards: RFC 4303 (ESP), RFC 3948 (ESP in UDP), RFC 2410 (NULL encryption).
 */
#ifndef PCAPSLIM_FLOW_ESP_H
#define PCAPSLIM_FLOW_ESP_H

#include "flow_udp.h"

/*
 * On the ports of IPsec: in a flow of IKE, or where the sequence numbers of an SPI go on. A packet that is readable
 * (esp.h) takes the proof from its SPI until numbers have gone on again without one.
 */
bool flow_esp_judge(const struct flow_look *k, struct flow_verdict *out);

#endif

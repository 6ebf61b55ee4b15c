#include "checksum.h"

#include "bytes.h"

#include <string.h>

/*
 * RFC 1071 section 2 (B): the sum does not depend on byte order, so words are added as this machine loads
 * them and stored the same way. Four bytes at a time into 64 bits cannot overflow below 2^32 additions.
 */
uint64_t checksum_add(uint64_t sum, const uint8_t *bytes, size_t length_bytes) {
    while (length_bytes >= 4) {
        uint32_t word;
        memcpy(&word, bytes, sizeof word);
        sum += word;
        bytes += 4;
        length_bytes -= 4;
    }
    uint8_t tail[4] = {0, 0, 0, 0};
    for (size_t i = 0; i < length_bytes; i++) {
        tail[i] = bytes[i];
    }
    uint32_t word;
    memcpy(&word, tail, sizeof word);
    return sum + word;
}

uint64_t checksum_add_word(uint64_t sum, uint16_t word) {
    uint8_t wire[2];
    bytes_put_be16(wire, word);
    uint16_t loaded;
    memcpy(&loaded, wire, sizeof loaded);
    return sum + loaded;
}

void checksum_put(uint64_t sum, uint8_t *at) {
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    uint16_t folded = (uint16_t)~sum;
    memcpy(at, &folded, sizeof folded);
}

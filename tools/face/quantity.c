#include "quantity.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

const char *quantity_bytes(char *out, uint64_t bytes) {
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    size_t unit = 0;
    double value = (double)bytes;
    if (bytes < 1000) {
        (void)snprintf(out, QUANTITY_TEXT_BYTES, "%" PRIu64 " B", bytes);
        return out;
    }
    while (value >= 999.95 && unit + 1 < sizeof units / sizeof units[0]) { /* what would be shown as 1000.0 */
        value /= 1000;
        unit++;
    }
    (void)snprintf(out, QUANTITY_TEXT_BYTES, "%.1f %s", value, units[unit]);
    return out;
}

const char *quantity_seconds(char *out, uint64_t seconds) {
    const uint64_t minutes = seconds / 60;
    const uint64_t hours = minutes / 60;
    if (hours >= 48) {
        (void)snprintf(out, QUANTITY_TEXT_BYTES, "%" PRIu64 " d %" PRIu64 " h", hours / 24, hours % 24);
    } else if (hours > 0) {
        (void)snprintf(out, QUANTITY_TEXT_BYTES, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, hours, minutes % 60,
                       seconds % 60);
    } else {
        (void)snprintf(out, QUANTITY_TEXT_BYTES, "%" PRIu64 ":%02" PRIu64, minutes, seconds % 60);
    }
    return out;
}

const char *quantity_grouped(char *out, uint64_t n) {
    char digits[QUANTITY_TEXT_BYTES];
    (void)snprintf(digits, sizeof digits, "%" PRIu64, n);
    const size_t length = strlen(digits);
    char *to = out;
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            *to++ = ',';
        }
        *to++ = digits[i];
    }
    *to = '\0';
    return out;
}

double quantity_percent(uint64_t part, uint64_t whole) {
    return whole > 0 ? 100.0 * (double)part / (double)whole : 0.0;
}

#include "progress_line.h"

#include "quantity.h"

#include <stdio.h>
#include <string.h>

/* In the order in which they are shown. */
enum part { PART_PERCENT, PART_BAR, PART_FILES, PART_BYTES, PART_RATE, PART_LEFT, PART_SAVED, PARTS };

#define PART_BYTES_MAX 96
#define GAP 2 /* columns between parts */
#define BAR_MIN 8
#define BAR_MAX 32

/* A rate from less than this is no rate. */
#define SECONDS_MIN 0.5

static double rate(const struct progress_view *v) {
    return v->seconds >= SECONDS_MIN ? (double)v->bytes_done / v->seconds : 0.0;
}

static unsigned percent(const struct progress_view *v) {
    if (v->bytes_total == 0) {
        return v->files_done >= v->files_total ? 100 : 0;
    }
    return (unsigned)quantity_percent(v->bytes_done, v->bytes_total);
}

static void left(char *out, const struct progress_view *v) {
    const double bytes_per_second = rate(v);
    if (bytes_per_second > 0) {
        double seconds = (double)(v->bytes_total - v->bytes_done) / bytes_per_second;
        (void)quantity_seconds(out, seconds < 1e12 ? (uint64_t)(seconds + 0.5) : UINT64_C(1000000000000));
    } else {
        (void)snprintf(out, QUANTITY_TEXT_BYTES, "-:--");
    }
}

/* "1.8/3.5 GB", or "12.0 MB/3.5 GB" where the units differ. */
static void bytes_of(char *out, const struct progress_view *v) {
    char done[QUANTITY_TEXT_BYTES];
    char total[QUANTITY_TEXT_BYTES];
    (void)quantity_bytes(done, v->bytes_done);
    (void)quantity_bytes(total, v->bytes_total);
    char *unit = strchr(done, ' ');
    if (unit != NULL && strcmp(unit, total + strcspn(total, " ")) == 0) {
        *unit = '\0';
    }
    (void)snprintf(out, PART_BYTES_MAX, "%s/%s", done, total);
}

static void make_parts(char parts[PARTS][PART_BYTES_MAX], const struct progress_view *v) {
    char a[QUANTITY_TEXT_BYTES];
    parts[PART_BAR][0] = '\0';
    (void)snprintf(parts[PART_PERCENT], PART_BYTES_MAX, "%3u%%", percent(v));
    (void)snprintf(parts[PART_FILES], PART_BYTES_MAX, "%lu/%lu files", v->files_done, v->files_total);
    bytes_of(parts[PART_BYTES], v);
    (void)snprintf(parts[PART_RATE], PART_BYTES_MAX, "%s/s", quantity_bytes(a, (uint64_t)rate(v)));
    left(a, v);
    (void)snprintf(parts[PART_LEFT], PART_BYTES_MAX, "%s left", a);
    (void)snprintf(parts[PART_SAVED], PART_BYTES_MAX, "%s %s", v->would_save ? "would save" : "saved",
                   quantity_bytes(a, v->saved_bytes));
}

static char *put_bar(char *to, char *end, const struct progress_view *v, size_t width, bool color) {
    const size_t inside = width - 2;
    const size_t full = inside * percent(v) / 100;
    char bar[BAR_MAX + 1];
    memset(bar, '#', full);
    memset(bar + full, '.', inside - full);
    bar[inside] = '\0';
    return to + snprintf(to, (size_t)(end - to), "[%s%.*s%s%s]", color ? "\033[32m" : "", (int)full, bar,
                         color ? "\033[0m" : "", bar + full);
}

size_t progress_line_fit(char *out, const struct progress_view *v, size_t columns, bool color) {
    static const enum part by_worth[] = {PART_PERCENT, PART_FILES, PART_LEFT, PART_BYTES, PART_SAVED, PART_RATE};
    char parts[PARTS][PART_BYTES_MAX];
    bool shown[PARTS] = {false};
    size_t used = 0;
    make_parts(parts, v);
    for (size_t i = 0; i < sizeof by_worth / sizeof by_worth[0]; i++) {
        const size_t wanted = strlen(parts[by_worth[i]]) + (used > 0 ? GAP : 0);
        if (used + wanted > columns) {
            break; /* a lesser part is not shown in the place of a better one */
        }
        shown[by_worth[i]] = true;
        used += wanted;
    }
    size_t bar = shown[PART_RATE] && columns >= used + GAP + BAR_MIN ? columns - used - GAP : 0;
    bar = bar > BAR_MAX ? BAR_MAX : bar;
    used += bar > 0 ? bar + GAP : 0;

    char *to = out;
    char *end = out + PROGRESS_LINE_BYTES;
    *to = '\0';
    for (int part = 0; part < PARTS; part++) {
        if (part == PART_BAR ? bar == 0 : !shown[part]) {
            continue;
        }
        if (to != out) {
            to += snprintf(to, (size_t)(end - to), "%*s", GAP, "");
        }
        to = part == PART_BAR ? put_bar(to, end, v, bar, color)
                              : to + snprintf(to, (size_t)(end - to), "%s", parts[part]);
    }
    return used;
}

void progress_line_full(char *out, const struct progress_view *v) {
    char parts[PARTS][PART_BYTES_MAX];
    make_parts(parts, v);
    (void)snprintf(out, PROGRESS_LINE_BYTES, "progress: %s, %s (%u%%), %s, %s, %s", parts[PART_FILES],
                   parts[PART_BYTES], percent(v), parts[PART_RATE], parts[PART_LEFT], parts[PART_SAVED]);
}

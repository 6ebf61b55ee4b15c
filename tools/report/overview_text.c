#include "overview.h"
#include "quantity.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

/* A row is a margin, a name, a size, a share and a bar. The widest name, an IPv6 address, is 39 columns. */
#define ROW_COLUMNS 80
#define BESIDE_NAME_COLUMNS 24
#define NAME_COLUMNS_MIN 24
#define BAR_COLUMNS_MAX 24

struct columns {
    int name, bar;
};

static struct columns columns_of(const struct overview *o) {
    struct columns c = {.name = NAME_COLUMNS_MIN};
    for (size_t i = 0; i < o->hosts; i++) {
        char address[OVERVIEW_TEXT_BYTES];
        const int length = (int)strlen(overview_address(&o->host[i], address));
        c.name = length > c.name ? length : c.name;
    }
    c.bar = ROW_COLUMNS - BESIDE_NAME_COLUMNS - c.name;
    c.bar = c.bar < BAR_COLUMNS_MAX ? c.bar : BAR_COLUMNS_MAX;
    return c;
}

static void bar(FILE *to, int columns, uint64_t part, uint64_t whole) {
    const int full = (int)(quantity_percent(part, whole) * columns / 100.0 + 0.5);
    for (int i = 0; i < columns && (i < full || (i == 0 && part > 0)); i++) {
        (void)fputc('#', to);
    }
    (void)fputc('\n', to);
}

static void row(FILE *to, struct columns c, const char *name, uint64_t bytes, uint64_t whole) {
    char text[QUANTITY_TEXT_BYTES];
    (void)fprintf(to, "  %-*s %10s  %5.1f %%  ", c.name, name, quantity_bytes(text, bytes),
                  quantity_percent(bytes, whole));
    bar(to, c.bar, bytes, whole);
}

static void head(const struct overview *o, FILE *to) {
    (void)fprintf(to, "What slimming would save, as of %s\n\n  captures  %s\n  settings  %s\n\n", o->title.made,
                  o->title.captures, o->title.policy);
}

static void sizes(const struct overview *o, struct columns c, FILE *to) {
    const struct outcome *is = &o->outcome;
    char packets[QUANTITY_TEXT_BYTES];
    char bytes[QUANTITY_TEXT_BYTES];
    char now[OVERVIEW_TEXT_BYTES];
    char slim[OVERVIEW_TEXT_BYTES];
    (void)fprintf(to, "%" PRIu64 " captures, %s packets, %s bytes", is->files[RECORD_OK],
                  quantity_grouped(packets, o->packets), quantity_grouped(bytes, is->in_bytes));
    if (is->files[RECORD_FAIL] > 0) {
        (void)fprintf(to, "; %" PRIu64 " could not be read", is->files[RECORD_FAIL]);
    }
    (void)fputs("\n\n", to);
    row(to, c, "now", is->in_bytes, is->in_bytes);
    row(to, c, "slim", is->out_bytes, is->in_bytes);
    row(to, c, "saved", is->in_bytes - is->out_bytes, is->in_bytes);
    if (is->zeroed_bytes > 0) {
        row(to, c, "zeros", is->zeroed_bytes, is->in_bytes);
        (void)fputs("\nZeros in the place of payload: the files would be as long as they are, and\n"
                    "shorter once they are compressed.\n",
                    to);
        return;
    }
    if (overview_span_s(o) > 0) {
        (void)fprintf(to, "\nThey span %s. The same space would hold %s of slim captures.\n",
                      overview_span(overview_span_s(o), now), overview_span(overview_slim_span_s(o), slim));
    }
}

static void reasons(const struct overview *o, struct columns c, FILE *to) {
    const struct outcome *is = &o->outcome;
    const uint64_t saved_bytes = is->in_bytes - is->out_bytes;
    (void)fputs("\nSaved by reason\n", to);
    for (size_t i = 0; i < o->reasons; i++) {
        row(to, c, policy_reason_name(o->reason[i]), is->saved_bytes_by_reason[o->reason[i]], saved_bytes);
    }
    (void)fputs("\n", to);
    for (size_t i = 0; i < o->reasons; i++) {
        (void)fprintf(to, "  %-9s  %s\n", policy_reason_name(o->reason[i]), overview_reason(o->reason[i]));
    }
}

static void reach_row(FILE *to, const char *name, const struct reach_row *row) {
    char text[4][QUANTITY_TEXT_BYTES];
    (void)fprintf(to, "  %-24s %12s %13s %12s %12s\n", name, quantity_grouped(text[0], row->packets),
                  quantity_grouped(text[1], row->packets - row->unseen_packets),
                  quantity_grouped(text[2], row->cut_packets), quantity_grouped(text[3], row->unseen_packets));
    for (int r = 0; r < POLICY_REASONS; r++) {
        if (row->unseen_by_reason[r] > 0) {
            (void)fprintf(to, "    %-49s %25s\n", policy_reason_name((enum policy_reason)r),
                          quantity_grouped(text[0], row->unseen_by_reason[r]));
        }
    }
}

/* How much was looked into, and how much not and why. By packets. */
static void reach(const struct overview *o, FILE *to) {
    const struct reach *is = &o->reach;
    const char *title = "\nIn tags and tunnels\n";
    char name[REACH_NAME_BYTES];
    if (o->packets == 0) {
        return;
    }
    (void)fprintf(to, "\n%-26s %12s %13s %12s %12s\n", "By link type", "packets", "looked into", "cut", "not");
    for (size_t i = 0; i < reach_link_rows(is); i++) {
        reach_row(to, reach_link_name(is, i, name), &is->by_link_type[i]);
    }
    for (int k = 0; k < TUNNEL_KINDS; k++) {
        if (is->by_tunnel[k].packets > 0) {
            (void)fputs(title, to);
            title = "";
            reach_row(to, tunnel_kind_name((enum tunnel_kind)k), &is->by_tunnel[k]);
        }
    }
    title = "\nWhy packets were not looked into\n";
    for (int r = POLICY_CUT_REASONS; r < POLICY_REASONS; r++) {
        if (outcome_is_unseen((enum policy_reason)r) && o->outcome.packets_by_reason[r] > 0) {
            (void)fprintf(to, "%s  %-17s  %s\n", title, policy_reason_name((enum policy_reason)r),
                          overview_reason((enum policy_reason)r));
            title = "";
        }
    }
}

static void ports(const struct overview *o, struct columns c, FILE *to) {
    const uint64_t saved_bytes = o->outcome.in_bytes - o->outcome.out_bytes;
    (void)fputs("\nSaved by server port (the lower one of a packet)\n", to);
    for (size_t i = 0; i < o->ports; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "%u/%s", o->port[i].port,
                       o->port[i].transport == LOCATED_TCP ? "tcp" : "udp");
        row(to, c, name, o->port[i].saved_bytes, saved_bytes);
    }
}

static void hosts(const struct overview *o, struct columns c, FILE *to) {
    const uint64_t saved_bytes = o->outcome.in_bytes - o->outcome.out_bytes;
    bool estimated = false;
    (void)fputs("\nSaved by host (each packet counts for both its ends)\n", to);
    for (size_t i = 0; i < o->hosts; i++) {
        char address[OVERVIEW_TEXT_BYTES];
        row(to, c, overview_address(&o->host[i], address), o->host[i].saved_bytes, saved_bytes);
        estimated = estimated || o->host[i].error_bytes > 0;
    }
    if (estimated) {
        (void)fputs("  (at most; there are more hosts than are counted one by one)\n", to);
    }
}

void overview_text(const struct overview *o, FILE *to) {
    const struct columns columns = columns_of(o);
    head(o, to);
    sizes(o, columns, to);
    if (o->outcome.in_bytes > o->outcome.out_bytes) {
        reasons(o, columns, to);
        ports(o, columns, to);
        hosts(o, columns, to);
    }
    reach(o, to);
}

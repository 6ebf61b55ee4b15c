#include "overview.h"
#include "quantity.h"

#include <inttypes.h>
#include <stddef.h>

#define REASON_BYTES 128

static const char HEAD[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<title>What slimming would save</title>\n<style>\n"
    ":root{--paper:#fbfbf9;--card:#fff;--ink:#1d2329;--soft:#5b6670;--line:#e1e4e6;--track:#e9ecee;--main:#0b7a75;"
    "--rest:#e2a03f}\n"
    "@media(prefers-color-scheme:dark){:root{--paper:#14181c;--card:#1c2227;--ink:#e6e9eb;--soft:#9aa6b0;"
    "--line:#2d353c;--track:#2a3238;--main:#3fb8af;--rest:#e2a03f}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,"
    "\"DejaVu Sans\",sans-serif}\n"
    "main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem 3rem}\n"
    "h1{font-size:1.6rem;line-height:1.2;margin:0 0 .25rem}\nh2{font-size:1.1rem;margin:0 0 .5rem}\n"
    "p{margin:.25rem 0}\n.title{font-weight:600;overflow-wrap:anywhere}\n.soft{color:var(--soft)}\n"
    "section{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1rem;margin-top:1rem}\n"
    ".figures{display:grid;grid-template-columns:repeat(3,1fr);gap:1rem;margin:0 0 1rem}\n"
    ".figures dt{color:var(--soft);font-size:.85rem}\n.figures "
    "dd{margin:0;white-space:nowrap;font-size:1.5rem;font-weight:650}\n"
    ".key{display:inline-block;width:.75em;height:.75em;border-radius:.2em;margin-right:.4em}\n"
    ".legend span+span{margin-left:1.2em}\n"
    "svg{display:block;width:100%}\n.whole{height:1.75rem}\n.bar{height:.7rem;min-width:4rem}\n"
    ".track{fill:var(--track)}.main{fill:var(--main)}.rest{fill:var(--rest)}\n"
    "table{width:100%;border-collapse:collapse}\n"
    "th,td{padding:.35rem .5rem .35rem 0;text-align:left;border-top:1px solid var(--line);vertical-align:middle}\n"
    "thead td{border-top:0}thead th{border-top:0;color:var(--soft);font-size:.85rem;font-weight:400}\n"
    "tbody th{font-weight:500;overflow-wrap:anywhere}th small{display:block;color:var(--soft);font-weight:400}\n"
    ".n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}\n.b{width:38%;padding-right:0}\n"
    "@media(max-width:34rem){.x{display:none}.b{width:16%}.bar{min-width:2.5rem}.figures{grid-template-columns:1fr 1fr}"
    ".figures dd{font-size:1.25rem}}\n"
    "@media print{section{break-inside:avoid}}\n"
    "</style>\n</head>\n<body>\n<main>\n<h1>What slimming would save</h1>\n";

/* Names and expressions are the operator's: nothing in them is markup. */
static void escaped(const char *text, FILE *to) {
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            (void)fputs("&amp;", to);
            break;
        case '<':
            (void)fputs("&lt;", to);
            break;
        case '>':
            (void)fputs("&gt;", to);
            break;
        default:
            (void)fputc(*text, to);
        }
    }
}

static void title(const struct overview *o, FILE *to) {
    (void)fputs("<p class=\"title\">", to);
    escaped(o->title.captures, to);
    (void)fputs("</p>\n<p class=\"soft\">as of ", to);
    escaped(o->title.made, to);
    (void)fputs("; ", to);
    escaped(o->title.policy, to);
    (void)fputs("</p>\n", to);
}

static void head(const struct overview *o, FILE *to) {
    const struct outcome *is = &o->outcome;
    char packets[QUANTITY_TEXT_BYTES];
    char bytes[QUANTITY_TEXT_BYTES];
    (void)fputs(HEAD, to);
    title(o, to);
    (void)fprintf(to, "<p class=\"soft\">%" PRIu64 " captures, %s packets, %s bytes", is->files[RECORD_OK],
                  quantity_grouped(packets, o->packets), quantity_grouped(bytes, is->in_bytes));
    if (is->files[RECORD_FAIL] > 0) {
        (void)fprintf(to, "; %" PRIu64 " could not be read", is->files[RECORD_FAIL]);
    }
    (void)fputs("</p>\n", to);
}

static void figure(FILE *to, const char *name, const char *value) {
    (void)fprintf(to, "<div><dt>%s</dt><dd>%s</dd></div>\n", name, value);
}

static void sizes(const struct overview *o, FILE *to) {
    const struct outcome *is = &o->outcome;
    const uint64_t saved_bytes = is->in_bytes - is->out_bytes;
    const double stays = quantity_percent(is->out_bytes, is->in_bytes);
    char text[QUANTITY_TEXT_BYTES];
    char span[OVERVIEW_TEXT_BYTES];
    (void)fputs("<section aria-label=\"Sizes\">\n<dl class=\"figures\">\n", to);
    figure(to, "now", quantity_bytes(text, is->in_bytes));
    figure(to, "would stay", quantity_bytes(text, is->out_bytes));
    figure(to, "saved", quantity_bytes(text, saved_bytes));
    (void)snprintf(span, sizeof span, "%.1f %%", quantity_percent(saved_bytes, is->in_bytes));
    figure(to, "of what is there", span);
    if (overview_span_s(o) > 0) {
        figure(to, "they span", overview_span(overview_span_s(o), span));
        figure(to, "the same space would hold", overview_span(overview_slim_span_s(o), span));
    }
    (void)fprintf(
        to,
        "</dl>\n<svg class=\"whole\" role=\"img\" aria-labelledby=\"whole\" viewBox=\"0 0 100 10\" "
        "preserveAspectRatio=\"none\"><title id=\"whole\">%.1f %% of the bytes would stay</title>"
        "<rect class=\"track\" width=\"100\" height=\"10\"/>"
        "<rect class=\"rest\" width=\"%.2f\" height=\"10\"/>"
        "<rect class=\"main\" x=\"%.2f\" width=\"%.2f\" height=\"10\"/></svg>\n"
        "<p class=\"soft legend\"><span><i class=\"key\" style=\"background:var(--rest)\"></i>would stay</span>"
        "<span><i class=\"key\" style=\"background:var(--main)\"></i>saved</span></p>\n"
        "<p class=\"soft\">Now: the files as they are. Would stay: the same files, slim, with every packet in them. "
        "Nothing was written.</p>\n</section>\n",
        stays, stays, stays, is->in_bytes > 0 ? 100.0 - stays : 0.0);
    if (is->zeroed_bytes > 0) {
        (void)fprintf(
            to,
            "<section><p>%s, %.1f %% of the bytes, would become zeros in the place of payload: the files would "
            "be as long as they are, and shorter once they are compressed.</p></section>\n",
            quantity_bytes(text, is->zeroed_bytes), quantity_percent(is->zeroed_bytes, is->in_bytes));
    }
}

static void table_begin(FILE *to, const char *id, const char *title, const char *name, const char *more) {
    (void)fprintf(to,
                  "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>\n<table aria-labelledby=\"%s\">\n<thead><tr>"
                  "<th scope=\"col\">%s</th><th scope=\"col\" class=\"n x\">%s</th><th scope=\"col\" class=\"n\">saved"
                  "</th><th scope=\"col\" class=\"n\">share</th><td class=\"b\"></td></tr></thead>\n<tbody>\n",
                  id, id, title, id, name, more);
}

static void table_row(FILE *to, const char *name, const char *more, uint64_t saved_bytes, uint64_t whole_bytes) {
    const double share = quantity_percent(saved_bytes, whole_bytes);
    char text[QUANTITY_TEXT_BYTES];
    (void)fprintf(
        to,
        "<tr><th scope=\"row\">%s</th><td class=\"n x\">%s</td><td class=\"n\">%s</td><td class=\"n\">%.1f "
        "%%</td><td class=\"b\"><svg class=\"bar\" role=\"img\" aria-label=\"%.1f percent\" viewBox=\"0 0 100 "
        "10\" preserveAspectRatio=\"none\"><rect class=\"track\" width=\"100\" height=\"10\"/><rect "
        "class=\"main\" width=\"%.2f\" height=\"10\"/></svg></td></tr>\n",
        name, more, quantity_bytes(text, saved_bytes), share, share, share);
}

static void table_end(FILE *to, const char *note) {
    (void)fprintf(to, "</tbody>\n</table>\n%s%s%s</section>\n", note[0] != '\0' ? "<p class=\"soft\">" : "", note,
                  note[0] != '\0' ? "</p>\n" : "");
}

static void reasons(const struct overview *o, FILE *to) {
    const struct outcome *is = &o->outcome;
    table_begin(to, "reasons", "By reason", "reason", "packets");
    for (size_t i = 0; i < o->reasons; i++) {
        char packets[QUANTITY_TEXT_BYTES];
        const enum policy_reason reason = o->reason[i];
        char name[REASON_BYTES];
        (void)snprintf(name, sizeof name, "%s<small>%s</small>", policy_reason_name(reason), overview_reason(reason));
        table_row(to, name, quantity_grouped(packets, is->packets_by_reason[reason]), is->saved_bytes_by_reason[reason],
                  is->in_bytes - is->out_bytes);
    }
    table_end(to, "Packets: how many would be cut. Saved: their payload but for its first bytes.");
}

static void ports(const struct overview *o, FILE *to) {
    table_begin(to, "ports", "By server port", "port", "now");
    for (size_t i = 0; i < o->ports; i++) {
        char name[32];
        char now[QUANTITY_TEXT_BYTES];
        (void)snprintf(name, sizeof name, "%u/%s", o->port[i].port,
                       o->port[i].transport == LOCATED_TCP ? "tcp" : "udp");
        table_row(to, name, quantity_bytes(now, o->port[i].bytes), o->port[i].saved_bytes,
                  o->outcome.in_bytes - o->outcome.out_bytes);
    }
    table_end(to, "The lower port of a packet is taken for the server\xe2\x80\x99s. Now: the bytes of its packets.");
}

static void hosts(const struct overview *o, FILE *to) {
    bool estimated = false;
    table_begin(to, "hosts", "Hosts with most to save", "address", "at least");
    for (size_t i = 0; i < o->hosts; i++) {
        const struct account_host *h = &o->host[i];
        char address[OVERVIEW_TEXT_BYTES];
        char least[QUANTITY_TEXT_BYTES];
        table_row(to, overview_address(h, address), quantity_bytes(least, h->saved_bytes - h->error_bytes),
                  h->saved_bytes, o->outcome.in_bytes - o->outcome.out_bytes);
        estimated = estimated || h->error_bytes > 0;
    }
    table_end(to, estimated ? "Each packet counts for both its ends. There are more hosts than are counted one by one: "
                              "what is saved is at most that, and at least what stands beside it."
                            : "Each packet counts for both its ends. These hosts were counted one by one: at least "
                              "that is what is saved.");
}

/* One row, and under its name why packets of it were not looked into. */
static void reach_row(FILE *to, const char *name, const struct reach_row *row) {
    char text[4][QUANTITY_TEXT_BYTES];
    const char *before = "<small>not: ";
    const char *after = "";
    (void)fprintf(to, "<tr><th scope=\"row\">%s", name);
    for (int r = 0; r < POLICY_REASONS; r++) {
        if (row->unseen_by_reason[r] > 0) {
            (void)fprintf(to, "%s%s %s", before, policy_reason_name((enum policy_reason)r),
                          quantity_grouped(text[0], row->unseen_by_reason[r]));
            before = ", ";
            after = "</small>";
        }
    }
    (void)fprintf(to,
                  "%s</th><td class=\"n x\">%s</td><td class=\"n\">%s</td><td class=\"n\">%s</td>"
                  "<td class=\"n\">%s</td></tr>\n",
                  after, quantity_grouped(text[0], row->packets),
                  quantity_grouped(text[1], row->packets - row->unseen_packets),
                  quantity_grouped(text[2], row->cut_packets), quantity_grouped(text[3], row->unseen_packets));
}

static void reach_begin(FILE *to, const char *id, const char *title, const char *name) {
    (void)fprintf(to,
                  "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>\n<table aria-labelledby=\"%s\">\n<thead><tr>"
                  "<th scope=\"col\">%s</th><th scope=\"col\" class=\"n x\">packets</th><th scope=\"col\" class=\"n\">"
                  "looked into</th><th scope=\"col\" class=\"n\">of these cut</th><th scope=\"col\" class=\"n\">not "
                  "looked into</th>"
                  "</tr></thead>\n<tbody>\n",
                  id, id, title, id, name);
}

static void why_not(const struct overview *o, FILE *to) {
    for (int r = POLICY_CUT_REASONS; r < POLICY_REASONS; r++) {
        if (outcome_is_unseen((enum policy_reason)r) && o->outcome.packets_by_reason[r] > 0) {
            (void)fprintf(to, "<p class=\"soft\">%s: %s</p>\n", policy_reason_name((enum policy_reason)r),
                          overview_reason((enum policy_reason)r));
        }
    }
}

/* How much was looked into, and how much not and why. */
static void reach(const struct overview *o, FILE *to) {
    const struct reach *is = &o->reach;
    bool has_tunnels = false;
    char name[REACH_NAME_BYTES];
    reach_begin(to, "links", "By link type", "captured on");
    for (size_t i = 0; i < reach_link_rows(is); i++) {
        reach_row(to, reach_link_name(is, i, name), &is->by_link_type[i]);
    }
    (void)fputs("</tbody>\n</table>\n", to);
    why_not(o, to);
    (void)fputs("</section>\n", to);
    for (int k = 0; k < TUNNEL_KINDS; k++) {
        if (is->by_tunnel[k].packets > 0) {
            if (!has_tunnels) {
                reach_begin(to, "tunnels", "In tags and tunnels", "kind");
                has_tunnels = true;
            }
            reach_row(to, tunnel_kind_name((enum tunnel_kind)k), &is->by_tunnel[k]);
        }
    }
    if (has_tunnels) {
        table_end(to, "A packet counts for each kind that it was in.");
    }
}

void overview_html(const struct overview *o, FILE *to) {
    head(o, to);
    sizes(o, to);
    if (o->outcome.in_bytes > o->outcome.out_bytes) {
        reasons(o, to);
        ports(o, to);
        hosts(o, to);
    }
    if (o->packets > 0) {
        reach(o, to);
    }
    (void)fputs("</main>\n</body>\n</html>\n", to);
}

#include "report_lines.h"

#include "cli.h"
#include "link.h"
#include "names.h"
#include "quantity.h"
#include "stage.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of which packets stay because of what they were captured on. */
static void put_link_types(const struct tally *t) {
    if (t->savefile.container == CONTAINER_PCAP && link_type_find(t->savefile.linktype) == NULL) {
        (void)fprintf(stderr, " [link type %u is not Ethernet: every packet kept]", t->savefile.linktype);
    }
    uint64_t packets = 0;
    for (uint64_t i = 0; i < t->interface_count && i < TALLY_INTERFACES_MAX; i++) {
        packets += link_type_find(t->interfaces[i].linktype) == NULL ? t->interfaces[i].packets : 0;
    }
    if (packets > 0) {
        (void)fprintf(stderr, " [%" PRIu64 " packets kept for the link types of their interfaces]", packets);
    }
}

static void put_ok(const struct record *r, const char *shown) {
    const struct tally *t = &r->tally;
    (void)fprintf(stderr,
                  "%sok %s pkts=%" PRIu64 " truncated=%" PRIu64 " in=%" PRIu64 " out=%" PRIu64 " (%" PRIu64 "ms)",
                  cli_level(CLI_INFO), shown, t->packets, t->cut_packets, t->in_bytes, t->out_bytes, r->elapsed_ms);
    if (r->in_codec != CODEC_NONE || r->out_file_bytes > 0) {
        (void)fprintf(stderr, " [on the disk: %s %" PRIu64, codec_name(r->in_codec), r->in_file_bytes);
        if (r->out_file_bytes > 0) {
            (void)fprintf(stderr, ", now %s %" PRIu64, codec_name(r->out_codec), r->out_file_bytes);
        }
        (void)fputc(']', stderr);
    }
    if (r->has_tally && t->zeroed_bytes > 0) {
        (void)fprintf(stderr, " [%" PRIu64 " bytes of payload are zeros: the file is as long as before]",
                      t->zeroed_bytes);
    }
    if (r->has_tally && t->tail_bytes > 0) {
        (void)fprintf(stderr, " [%" PRIu64 " bytes of a packet that is cut short stand at its end as before]",
                      t->tail_bytes);
    }
    if (r->has_tally) {
        put_link_types(t);
    }
    (void)fputc('\n', stderr);
}

/*
 * Of what is slim already the summary says how many. In the journal of a timer each would come again every time; and so
 * would what failed before.
 */
static bool is_said(const struct report_lines *l, const struct record *r) {
    const bool is_journal = cli_level(CLI_INFO)[0] != '\0' && !l->all;
    return r->status == RECORD_SKIPPED_MARKER ? !l->dry_run && !is_journal
                                              : r->status != RECORD_SKIPPED_FAILED || !is_journal;
}

static void put_skip(const struct record *r, const char *shown) {
    const bool has_why = r->status == RECORD_SKIPPED_FAILED && r->error.text[0] != '\0';
    char *why = has_why ? names_printable(r->error.text) : NULL;
    (void)fprintf(stderr, "%sskip (%s%s%s): %s\n",
                  cli_level(r->status == RECORD_SKIPPED_MARKER ? CLI_INFO : CLI_WARNING), record_skip_reason(r->status),
                  why != NULL ? ": " : "", why != NULL ? why : "", shown);
    free(why);
}

static void put_human(const struct report_lines *l, const struct record *r) {
    char *printable = names_printable(r->file);
    const char *shown = printable != NULL ? printable : "(out of memory)";
    if (r->status == RECORD_WOULD_SLIM) {
        (void)printf("would slim: %s\n", shown);
    } else if (r->status != RECORD_FAIL && cli_is_quiet()) {
        /* nothing failed */
    } else if (r->status == RECORD_OK) {
        put_ok(r, shown);
    } else if (r->status == RECORD_FAIL) {
        char *error = names_printable(r->error.text); /* it may quote a name */
        (void)fprintf(stderr, "%sFAIL %s: %s\n", cli_level(CLI_ERROR), shown, error != NULL ? error : "out of memory");
        free(error);
    } else if (is_said(l, r)) {
        put_skip(r, shown);
    }
    free(printable);
}

static int put_json(struct report_lines *l, const struct record *r) {
    if (r->status == RECORD_SKIPPED_MARKER && !l->all) {
        return 0; /* a directory of a year's captures would make a report of a year's lines, every time */
    }
    char *line = record_format(r, false);
    int status = line != NULL ? 0 : -1;
    if (line == NULL) {
        /* said below */
    } else if (l->dry_run || l->format == REPORT_NDJSON) {
        (void)printf("%s\n", line);
        (void)fflush(stdout); /* whoever follows the report is to have it now */
    } else {
        status = text_add(&l->files, "%s%s", l->files.length_bytes > 0 ? "," : "", line);
    }
    free(line);
    if (status != 0) {
        (void)cli_fail(r->file, "out of memory");
    }
    return status;
}

int report_lines_put(struct report_lines *l, const struct record *r) {
    if (l->format == REPORT_RECORDS) {
        return stage_put(STDOUT_FILENO, r, true) == CLI_DONE ? 0 : -1;
    }
    if (l->format == REPORT_HUMAN || (l->dry_run && r->status != RECORD_WOULD_SLIM)) {
        put_human(l, r);
        return 0;
    }
    return put_json(l, r);
}

static void put_json_summary(struct report_lines *l, const struct outcome *o, uint64_t elapsed_ms) {
    (void)printf("{\"summary\":{\"ok\":%" PRIu64 ",\"skip\":%" PRIu64 ",\"fail\":%" PRIu64 ",\"elapsed_ms\":%" PRIu64
                 ",\"check_only\":%s,\"in_bytes\":%" PRIu64 ",\"out_bytes\":%" PRIu64 ",\"saved_bytes\":%" PRIu64,
                 o->files[RECORD_OK], l->dry_run ? 0 : outcome_skipped(o), o->files[RECORD_FAIL], elapsed_ms,
                 l->check_only ? "true" : "false", o->in_bytes, o->out_bytes, outcome_saved_bytes(o));
    if (o->tail_bytes > 0) {
        (void)printf(",\"tail_bytes\":%" PRIu64, o->tail_bytes);
    }
    if (l->check_only && o->files[RECORD_OK] > 0) {
        (void)printf(",\"run_ms\":%" PRIu64, outcome_run_ms(o, elapsed_ms));
    }
    if (o->not_begun_files > 0) {
        (void)printf(",\"not_begun\":%" PRIu64, o->not_begun_files);
    }
    (void)putchar('}');
    if (l->format == REPORT_JSON) {
        (void)printf(",\"files\":[%s]", l->files.at != NULL ? l->files.at : "");
    }
    (void)printf("}\n");
}

/* How many packets are many: a tenth of them, where there are so many at all. */
enum { UNSEEN_MIN_PACKETS = 100, UNSEEN_SHARE = 10 };

/* That much was out of reach, and why: a plain ok would hide it. */
static void put_unseen(const struct outcome *o) {
    const uint64_t unseen = outcome_unseen(o);
    const char *before = " (";
    if (unseen < UNSEEN_MIN_PACKETS || unseen < outcome_packets(o) / UNSEEN_SHARE) {
        return;
    }
    (void)fprintf(stderr, "%s%" PRIu64 " of %" PRIu64 " packets could not be looked into", cli_level(CLI_WARNING),
                  unseen, outcome_packets(o));
    for (int r = POLICY_CUT_REASONS; r < POLICY_REASONS; r++) {
        if (outcome_is_unseen((enum policy_reason)r) && o->packets_by_reason[r] > 0) {
            (void)fprintf(stderr, "%s%s %" PRIu64, before, policy_reason_name((enum policy_reason)r),
                          o->packets_by_reason[r]);
            before = ", ";
        }
    }
    (void)fprintf(stderr, "); for tags and tunnels see --tunnels\n");
}

static void put_human_summary(const struct report_lines *l, const struct outcome *o, uint64_t elapsed_ms) {
    char run[QUANTITY_TEXT_BYTES];
    const uint64_t saved_bytes = outcome_saved_bytes(o);
    if (l->check_only && o->files[RECORD_OK] > 0) {
        (void)fprintf(stderr, "%sslimming takes about %s with these settings\n", cli_level(CLI_INFO),
                      quantity_seconds(run, (outcome_run_ms(o, elapsed_ms) + 999) / 1000));
    }
    put_unseen(o);
    (void)fprintf(stderr,
                  "%s%s: ok=%" PRIu64 " skip=%" PRIu64 " fail=%" PRIu64 " elapsed=%" PRIu64 ".%" PRIu64
                  "s saved=%" PRIu64 " (%u %%)\n",
                  cli_level(CLI_INFO), l->check_only ? "check" : "done", o->files[RECORD_OK], outcome_skipped(o),
                  o->files[RECORD_FAIL], elapsed_ms / 1000, elapsed_ms % 1000 / 100, saved_bytes,
                  (unsigned)quantity_percent(saved_bytes, o->in_bytes));
}

void report_lines_summary(struct report_lines *l, const struct outcome *o, uint64_t elapsed_ms, bool nothing) {
    const uint64_t files = o->files[RECORD_OK] + o->files[RECORD_FAIL] + outcome_skipped(o);
    if (l->format == REPORT_RECORDS) {
        return;
    }
    if (l->format != REPORT_HUMAN) {
        if (!l->dry_run || nothing) {
            put_json_summary(l, o, elapsed_ms);
        }
    } else if (!l->dry_run && files > 0 && (o->files[RECORD_FAIL] > 0 || !cli_is_quiet())) {
        put_human_summary(l, o, elapsed_ms);
    }
}

void report_lines_free(struct report_lines *l) {
    text_free(&l->files);
}

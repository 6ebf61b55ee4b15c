#include "accept.h"
#include "options.h"

#define AT(field) offsetof(struct options, field)
#define PASSES (IN_SCAN | IN_TRUNCATE | IN_VERIFY | IN_COMMIT)
#define STAGES (IN_TRUNCATE | IN_VERIFY | IN_COMMIT)
#define BELOW "" /* it is in the line of its neighbour */

#define READS_LINE "  --mmap, --no-mmap         read through a mapping, or with read(2) (default)\n"
#define POLICY_LINES "  --SETTING VALUE, --policy-file FILE  what to cut and how: pcap-slim-policy(5)\n"
#define WITHIN_LINE "  --within DIR, --beneath   stay inside DIR, through no link; or --no-sandbox\n"
#define LIMITS_LINES                                                                                                   \
    "  --max-io-mbps N, --max-cpu-percent N, --cpu-backoff-above N,\n"                                                 \
    "  --cpu-backoff-strength F  limits on I/O and CPU, as pcap-slim(1) has them\n"
#define SHARED_LINE "  --pace-fd N, --progress-fd N  share a run's limits and progress: pcap-run(1)\n"
#define EXPECT_LINE "  --expect F, --foreseen F  names (NUL after each) that must, may have a record\n"
#define OUTPUT_LINES                                                                                                   \
    "  --output human            a line a file on standard error (default)\n"                                          \
    "  --output json             one JSON object on standard output\n"                                                 \
    "  --output ndjson, records  lines of JSON as each arrives; as they came\n"

#define ROW(PROGRAMS, NAME, KIND, AT, TAKES, HELP, ...)                                                                \
    {                                                                                                                  \
        .programs = (PROGRAMS), .name = (NAME), .kind = (KIND), .at = (AT), .takes = (TAKES), .help = (HELP),          \
        __VA_ARGS__                                                                                                    \
    }

/* A row for each option; where programs take it differently, one for each way. In --help they are in this order. */
const struct option_row OPTION_ROWS[] = {
    /* ---- what to work on ---- */
    ROW(IN_SLIM, "dir", OPTION_WORD, AT(directories), "DIR", "slim what is in a directory, oldest first",
        .traits = OPTION_REPEATED),
    ROW(IN_SLIM, "single", OPTION_TEXT, AT(single), "FILE", "slim one capture", .traits = OPTION_HERE_ONLY),
    ROW(IN_SLIM, "recursive", OPTION_FLAG, AT(recursive), NULL, "and in every directory below"),
    ROW(IN_SLIM, "no-recursive", OPTION_CLEAR, AT(recursive), NULL, "not in directories below"),
    ROW(IN_SLIM, "glob", OPTION_PATTERN, AT(globs), "PATTERN", "names of captures (default *.pcap)",
        .says = "a pattern for names, without '/' and line breaks", .traits = OPTION_REPEATED),
    ROW(IN_SLIM | IN_STATUS, "exclude", OPTION_PATTERN, AT(excludes), "PATTERN",
        "not these, nor what is in directories so called", .says = "a pattern for names, without '/' and line breaks",
        .traits = OPTION_REPEATED),
    ROW(IN_STATUS, "glob", OPTION_PATTERN, AT(globs), "PATTERN", "names of captures (default *.pcap)",
        .says = "a pattern for names, without '/' and line breaks", .traits = OPTION_REPEATED),
    ROW(IN_STATUS, "recursive", OPTION_FLAG, AT(recursive), NULL, "and in every directory below"),
    ROW(IN_SLIM | IN_STATUS, "age-minutes", OPTION_WHOLE, AT(age_minutes), "N",
        "what was written in the last N minutes is too young", .says = "a whole number of minutes", .max = 99999999),
    ROW(IN_SLIM, "until-free", OPTION_AMOUNT, AT(until_bytes), "AMOUNT", "stop when so much of the filesystem is free",
        .says = "a share of the filesystem (20%) or an amount (500G, 500GiB, 500GB)"),
    ROW(IN_VERIFY, "original", OPTION_TEXT, AT(original_path), "FILE",
        "every packet against the original, through libpcap"),
    ROW(IN_VERIFY, "record", OPTION_TEXT, AT(record_path), "FILE", "packet count and digests against a record"),
    ROW(IN_VERIFY, "records", OPTION_FLAG, AT(records), NULL, "work as a stage before pcap-commit"),
    ROW(IN_COMMIT, "records", OPTION_FLAG, AT(records), NULL, "work as the last stage, behind pcap-verify"),
    ROW(IN_SCAN, "report", OPTION_MAY_CHOOSE, AT(report), "text|html", "one overview of all",
        .line = "  --report [text|html]      one overview of all: bytes by reason, port and host,\n"
                "                            projected size; FILE may be a directory\n"),
    ROW(IN_SCAN, "packets", OPTION_FLAG, AT(packets), NULL, "a line for each packet first: cut or not, why"),
    ROW(IN_TRUNCATE, "record", OPTION_TEXT, AT(record_path), "FILE", "write the record of the pass to FILE"),
    ROW(IN_SCAN, "files0-from", OPTION_TEXT, AT(files0_from), "F", "read names from F, NUL after each",
        .line = "  --files0-from=F           read names from F, NUL after each (- standard input)\n"),
    ROW(IN_TRUNCATE, "files0-from", OPTION_TEXT, AT(files0_from), "F", "work as a stage over many files",
        .line = "  --files0-from=F           work as a stage over many files\n"),
    ROW(IN_TRUNCATE, "retry-failed", OPTION_FLAG, AT(retry_failed), NULL, "what failed before, too",
        .with = "files0-from"),
    ROW(IN_SLIM, "no-retry-failed", OPTION_CLEAR, AT(retry_failed), NULL, "leave it alone", .traits = OPTION_ON),
    ROW(IN_SCAN, "pending", OPTION_FLAG, AT(pending), NULL, "leave out what is marked, a link or no file",
        .line = "  --pending                 leave out what is marked, has failed, or is no file\n"),
    ROW(IN_SLIM | IN_SCAN, "retry-failed", OPTION_FLAG, AT(retry_failed), NULL, "what failed before, too",
        .line = BELOW),
    ROW(IN_SCAN, "dry-run", OPTION_FLAG, AT(dry_run), NULL, "with --pending: only list",
        .line = "  --dry-run                 with --pending: only list (--print0: names, NULs)\n", .with = "pending"),
    ROW(IN_SCAN, "print0", OPTION_FLAG, AT(print0), NULL, "with --dry-run: names, NUL after each", .line = BELOW,
        .with = "dry-run"),
    ROW(IN_SCAN, "list", OPTION_TEXT, AT(list_path), "FILE", "only write names to FILE, oldest first",
        .line = "  --list FILE               only write to FILE what is here, the oldest first\n"),
    ROW(IN_SCAN, "begin-fd", OPTION_DESCRIPTOR, AT(begin_fd), "N",
        "with --list: close N when first names of many are there", .line = BELOW, .min = 3, .with = "list"),
    ROW(IN_SCAN, "glob", OPTION_WORD, AT(globs), "PATTERN", "with --list: names of captures (default *.pcap)",
        .line = BELOW, .with = "list"),
    ROW(IN_SCAN, "exclude", OPTION_PATTERN, AT(excludes), "PATTERN",
        "with --list: not these, nor what is in directories so called", .line = BELOW,
        .says = "a pattern for names, without '/' and line breaks", .with = "list"),
    ROW(IN_SCAN, "recursive", OPTION_FLAG, AT(recursive), NULL, "with --list: in every directory below", .line = BELOW,
        .with = "list"),
    ROW(IN_SCAN, "age-minutes", OPTION_WHOLE, AT(age_minutes), "N",
        "with --list: not what was written in the last N minutes", .line = BELOW, .says = "a whole number of minutes",
        .max = 99999999, .with = "list"),
    ROW(IN_SCAN, "one-filesystem", OPTION_FLAG, AT(one_filesystem), NULL, "with --list: not what is mounted below",
        .line = BELOW, .with = "list"),
    ROW(PASSES | IN_SLIM | IN_STATUS, "accept", OPTION_ACCEPT, AT(accept), "NAME,...", "take these, too: " ACCEPT_WORDS,
        .line = "  --accept NAME,...         take, too: " ACCEPT_WORDS "\n",
        .says = "names with commas between: " ACCEPT_WORDS),
    ROW(PASSES | IN_SLIM, "cut-tail", OPTION_CUT_TAIL, AT(accept), "refuse|keep",
        "a capture whose last record is cut short"),
    /* ---- what to do ---- */
    ROW(IN_SLIM, "dry-run", OPTION_FLAG, AT(dry_run), NULL, "only list what would be slimmed", .letter = 'n',
        .traits = OPTION_HERE_ONLY),
    ROW(IN_SLIM, "check-only", OPTION_FLAG, AT(check_only), NULL, "say what would be saved, write nothing",
        .traits = OPTION_HERE_ONLY),
    ROW(IN_SLIM, "workers", OPTION_WHOLE, AT(workers), "N", "files in parallel", .letter = 'j', .min = 1, .max = 1024),
    ROW(IN_SLIM, "verify", OPTION_CHOICE, AT(check), "full|count", "how captures are verified"),
    ROW(IN_SLIM, "stage-dir", OPTION_TEXT, AT(stage_directory), "DIR", "temporary files there, on the same filesystem"),
    ROW(IN_TRUNCATE, "stage-dir", OPTION_TEXT, AT(stage_directory), "DIR",
        "temporary files there, on the same filesystem", .with = "files0-from"),
    ROW(IN_SLIM, "marker-dir", OPTION_PATH, AT(marker_directory), "DIR", "markers there, not beside the captures"),
    ROW(IN_SCAN, "marker-dir", OPTION_TEXT, AT(marker_directory), "DIR", "markers are there", .line = BELOW),
    ROW(IN_TRUNCATE | IN_COMMIT | IN_RUN | IN_STATUS, "marker-dir", OPTION_TEXT, AT(marker_directory), "DIR",
        "markers and claims are there", .line = BELOW),
    ROW(IN_REPORT, "marker-dir", OPTION_TEXT, AT(marker_directory), "DIR", "markers are there", .line = BELOW),
    ROW(IN_TRUNCATE, "share-names", OPTION_FLAG, AT(share_names), NULL,
        "others take names from the same open file F, too", .with = "files0-from",
        .line = "  --share-names, --announce  F is shared; tell pcap-verify of what is being cut\n"),
    ROW(IN_TRUNCATE, "announce", OPTION_FLAG, AT(announce), NULL,
        "tell pcap-verify of large captures while they are cut", .with = "files0-from", .line = BELOW),
    ROW(IN_TRUNCATE | IN_COMMIT, "claim-fd", OPTION_DESCRIPTOR, AT(claim_fd), "N", "share the claims of a run",
        .line = "  --claim-fd N, --pace-fd N, --progress-fd N  share what a run has: pcap-run(1)\n"),
    ROW(IN_VERIFY, "stage-dir", OPTION_TEXT, AT(stage_directory), "DIR", "with --records: temporary files are there",
        .with = "records"),
    ROW(IN_COMMIT, "stage-dir", OPTION_TEXT, AT(stage_directory), "DIR",
        "temporary files are there, not beside TARGET"),
    ROW(IN_VERIFY, "check", OPTION_CHOICE, AT(check), "full|count", "a stage: as --original (default) or as --record",
        .with = "records"),
    ROW(IN_COMMIT, "clean-stale", OPTION_TEXT, AT(clean_directory), "DIR", "only delete old DIR/*.pcap.tmp",
        .line = "  --clean-stale DIR         only delete old DIR/*.pcap.tmp (or --glob PATTERN)\n"),
    ROW(IN_COMMIT, "glob", OPTION_WORD, AT(globs), "PATTERN", "with --clean-stale: names of captures", .line = BELOW,
        .with = "clean-stale"),
    ROW(IN_COMMIT, "clean-after", OPTION_TEXT, AT(clean_list), "LIST",
        "only delete what a run left of captures in LIST"),
    ROW(IN_COMMIT, "note-failed", OPTION_TEXT, AT(failed_path), "RECORDS",
        "and note in .slim_markers/.failed which failed", .with = "clean-after"),
    ROW(IN_SCAN | IN_TRUNCATE | IN_SLIM, "mmap", OPTION_FLAG, AT(mapped), NULL, "read through a mapping",
        .line = READS_LINE),
    ROW(IN_SCAN | IN_TRUNCATE | IN_SLIM, "no-mmap", OPTION_CLEAR, AT(mapped), NULL, "read with read(2)", .line = BELOW),
    ROW(STAGES | IN_SLIM, "hash", OPTION_CHOICE, AT(hash), "sha256|xxh3", "which digests",
        .line = "  --hash sha256|xxh3        sha256: digests before and after, in the record\n"),
    ROW(IN_TRUNCATE | IN_VERIFY | IN_SLIM, "compress", OPTION_COMPRESS, AT(compress), "NAME[:LEVEL]",
        "write none, gzip, zstd or lz4 (default: as it came)", .line = BELOW),
    ROW(IN_SLIM, "config", OPTION_PATH, AT(config_path), "FILE", "settings: pcap-slim.conf(5)",
        .traits = OPTION_HERE_ONLY),
    /* ---- reports ---- */
    ROW(IN_SLIM, "output", OPTION_CHOICE, AT(output), "human|json|ndjson", "format of the report"),
    ROW(IN_REPORT, "output", OPTION_CHOICE, AT(output), "human|json|ndjson|records", "format of the report",
        .line = OUTPUT_LINES),
    ROW(IN_REPORT, "expect", OPTION_TEXT, AT(expect_path), "F", "names (NUL after each) that a record must arrive for",
        .line = EXPECT_LINE),
    ROW(IN_REPORT, "foreseen", OPTION_TEXT, AT(foreseen_path), "F", "names that a record may arrive for",
        .line = BELOW),
    ROW(IN_REPORT, "taken", OPTION_TEXT, AT(taken_path), "F", "of those, the ones that were taken up; read last",
        .with = "expect"),
    ROW(IN_REPORT, "failed", OPTION_TEXT, AT(failed_path), "F", "write the records of files that failed to F"),
    ROW(IN_REPORT, "prefix", OPTION_TEXT, AT(prefix), "P", "what to put before each name"),
    ROW(IN_REPORT, "left-out", OPTION_TEXT, AT(left_out), "WHY", "where there is nothing to do: what else there was"),
    ROW(IN_REPORT, "metrics", OPTION_TEXT, AT(metrics_path), "FILE", "write the outcome to FILE for Prometheus"),
    ROW(IN_SLIM, "metrics", OPTION_PATH, AT(metrics_path), "FILE", "write the outcome to FILE for Prometheus"),
    ROW(IN_SLIM | IN_REPORT, "no-progress", OPTION_FLAG, AT(no_progress), NULL, "no line on a terminal"),
    ROW(IN_SLIM, "progress", OPTION_CLEAR, AT(no_progress), NULL, "a line on a terminal", .traits = OPTION_ON),
    ROW(IN_REPORT, "progress-fd", OPTION_DESCRIPTOR, AT(limits.progress_fd), "N",
        "count what is being done: pcap-run(1)"),
    ROW(IN_REPORT, "check-only", OPTION_FLAG, AT(check_only), NULL, "say that nothing was written"),
    ROW(IN_REPORT, "dry-run", OPTION_FLAG, AT(dry_run), NULL, "only list what would be slimmed, on standard output"),
    ROW(IN_SLIM, "quiet", OPTION_FLAG, AT(quiet), NULL, "nothing on standard error unless something failed",
        .letter = 'q'),
    ROW(IN_RUN, "quiet", OPTION_FLAG, AT(quiet), NULL, "do not say which limits are in force", .letter = 'q'),
    ROW(IN_SLIM, "no-quiet", OPTION_CLEAR, AT(quiet), NULL, "as ever on standard error", .traits = OPTION_ON),
    ROW(IN_SLIM | IN_REPORT, "all", OPTION_FLAG, AT(all), NULL, "name what is slim already, too", .letter = 'v'),
    ROW(IN_SLIM, "no-all", OPTION_CLEAR, AT(all), NULL, "only count it", .traits = OPTION_ON),
    ROW(IN_SLIM, "log", OPTION_CHOICE, AT(log), "auto|plain|journal", "levels before lines for the journal"),
    ROW(IN_SLIM, "status", OPTION_PATH, AT(status_directory), "DIR", "what is slim, pending, failed, changed",
        .traits = OPTION_HERE_ONLY),
    ROW(IN_SLIM, "prune-markers", OPTION_FLAG, AT(prune), NULL, "with --status: delete markers without a file",
        .traits = OPTION_HERE_ONLY, .with = "status"),
    ROW(IN_STATUS, "hash", OPTION_CHOICE, AT(hash), "sha256|xxh3", "read marked captures, compare with their markers"),
    ROW(IN_STATUS, "prune-markers", OPTION_FLAG, AT(prune), NULL,
        "delete markers and notes of failures without a file"),
    ROW(IN_STATUS, "output", OPTION_CHOICE, AT(output), "human|json", "format (default human)"),
/* ---- the policy ---- */
#define SETTING(NAME, TAKES, HELP, KIND, FIELD, MIN, MAX)                                                              \
    ROW(PASSES | IN_SLIM, NAME, OPTION_SETTING, 0, TAKES, HELP, .line = BELOW,                                         \
        .traits = EXPRESSIONS_##KIND ? OPTION_REPEATED : 0),
#define EXPRESSIONS_WORD 0
#define EXPRESSIONS_WHOLE 0
#define EXPRESSIONS_PORTS 0
#define EXPRESSIONS_TUNNELS 0
#define EXPRESSIONS_EXPRESSIONS 1
    SETTINGS_EACH(SETTING) ROW(PASSES | IN_SLIM, "keep-checksum", OPTION_CHECKSUM, 0, NULL,
                               "the same as --checksum keep", .line = BELOW, .says = "keep"),
    ROW(IN_SLIM, "no-keep-checksum", OPTION_CHECKSUM, 0, NULL, "the same as --checksum compute", .line = BELOW,
        .says = "compute"),
    ROW(PASSES | IN_SLIM, "inner", OPTION_MATCH, 0, NULL, "the same as --match inner", .line = BELOW, .says = "inner"),
    ROW(PASSES | IN_SLIM, "policy-file", OPTION_ONCE, AT(policy.file), "FILE", "settings: pcap-slim-policy(5)",
        .line = POLICY_LINES),
    ROW(PASSES, "print-policy", OPTION_FLAG, AT(policy.print), NULL, "only print the settings", .line = BELOW),
    /* ---- rights ---- */
    ROW(IN_SCAN, "within", OPTION_TEXT, AT(confine.within), "DIR", "stay inside DIR", .line = WITHIN_LINE),
    ROW(IN_TRUNCATE, "within", OPTION_TEXT, AT(confine.within), "DIR", "stay inside DIR", .line = WITHIN_LINE,
        .with = "files0-from"),
    ROW(IN_VERIFY | IN_COMMIT, "within", OPTION_TEXT, AT(confine.within), "DIR", "stay inside DIR", .line = WITHIN_LINE,
        .with = "records"),
    ROW(IN_SCAN, "beneath", OPTION_FLAG, AT(beneath), NULL, "names lead down, through no link", .line = BELOW,
        .with = "pending"),
    ROW(STAGES, "beneath", OPTION_FLAG, AT(beneath), NULL, "names lead down, through no link", .line = BELOW),
    ROW(PASSES, "no-sandbox", OPTION_FLAG, AT(confine.off), NULL, "keep all rights (for debugging)", .line = BELOW),
    ROW(IN_SLIM | IN_REPORT | IN_STATUS, "no-sandbox", OPTION_FLAG, AT(confine.off), NULL,
        "keep all rights (for debugging)"),
    ROW(IN_SLIM, "sandbox", OPTION_CLEAR, AT(confine.off), NULL, "give up rights", .traits = OPTION_ON),
    /* ---- limits ---- */
    ROW(IN_RUN, "max-io-mbps", OPTION_DECIMAL, AT(limits.are.io_mbps), "N",
        "cap on bytes read and written, 10^6 a second",
        .says = "megabytes (10^6 bytes, not bits) a second: a number above 0", .min = 0.001, .max = 1e6),
    ROW(IN_RUN, "max-cpu-percent", OPTION_WHOLE, AT(limits.are.cpu_percent), "N",
        "cap on the share of the machine's CPU, 1 to 100", .min = 1, .max = 100),
    ROW(IN_RUN, "cpu-backoff-above", OPTION_WHOLE, AT(limits.are.backoff_above), "N",
        "lower the CPU target while the host is busier", .max = 100),
    ROW(IN_RUN, "cpu-backoff-strength", OPTION_DECIMAL, AT(limits.are.backoff_strength), "F",
        "how much, 0.0 to 1.0 (default 0.5)", .says = "a number from 0.0 to 1.0", .max = 1),
    ROW(IN_RUN, "pace-fd", OPTION_DESCRIPTOR, AT(limits.pace_fd), "N", "hand the limits to COMMAND as descriptor N",
        .min = 3),
    ROW(IN_RUN, "progress-fd", OPTION_DESCRIPTOR, AT(limits.progress_fd), "N",
        "hand counters of what is done to COMMAND likewise", .min = 3),
    ROW(PASSES | IN_SLIM, "max-io-mbps", OPTION_DECIMAL, AT(limits.are.io_mbps), "N",
        "megabytes a second, read and written", .line = LIMITS_LINES,
        .says = "megabytes (10^6 bytes, not bits) a second: a number above 0", .min = 0.001, .max = 1e6),
    ROW(PASSES | IN_SLIM, "max-cpu-percent", OPTION_WHOLE, AT(limits.are.cpu_percent), "N",
        "of the whole machine's CPU", .line = BELOW, .min = 1, .max = 100),
    ROW(PASSES | IN_SLIM, "cpu-backoff-above", OPTION_WHOLE, AT(limits.are.backoff_above), "N",
        "use less CPU while the host is busier", .line = BELOW, .max = 100),
    ROW(PASSES | IN_SLIM, "cpu-backoff-strength", OPTION_DECIMAL, AT(limits.are.backoff_strength), "F",
        "how much less, 0.0 to 1.0", .line = BELOW, .says = "a number from 0.0 to 1.0", .max = 1),
    ROW(IN_SCAN | IN_VERIFY, "pace-fd", OPTION_DESCRIPTOR, AT(limits.pace_fd), "N", "share a run's limits",
        .line = SHARED_LINE),
    ROW(IN_TRUNCATE | IN_COMMIT, "pace-fd", OPTION_DESCRIPTOR, AT(limits.pace_fd), "N", "share a run's limits",
        .line = BELOW),
    ROW(PASSES, "progress-fd", OPTION_DESCRIPTOR, AT(limits.progress_fd), "N", "share a run's progress", .line = BELOW),
    /* ---- a run ---- */
    ROW(IN_RUN, "claim-fd", OPTION_DESCRIPTOR, AT(claim_fd), "N", "hand the claims to COMMAND likewise", .min = 3),
    ROW(IN_RUN, "dir", OPTION_TEXT, AT(directory), "DIR", "the directory of the claims (default: this one)"),
    ROW(IN_RUN, "beneath", OPTION_FLAG, AT(beneath), NULL, "--dir leads downwards from here, through no link"),
    ROW(IN_RUN, "nested", OPTION_FLAG, AT(nested), NULL, "be part of another pcap-run, which passes signals on"),
    /* ---- the driver's words ---- */
    ROW(IN_PLAN, "usual", OPTION_TEXT, AT(usual_path), "FILE", "the configuration file where the words name none"),
    ROW(IN_PLAN, "options", OPTION_TEXT, AT(options_of), "PROGRAM", "only print what PROGRAM takes, with tabs between"),
    ROW(IN_ALL, "help", OPTION_HELP, AT(help), NULL, "a summary of the options", .letter = 'h',
        .line = "  --help, --version         or -h, -V\n", .traits = OPTION_HERE_ONLY),
    ROW(IN_ALL, "version", OPTION_VERSION, AT(version), NULL, "the version", .letter = 'V', .line = BELOW,
        .traits = OPTION_HERE_ONLY),
};

const size_t OPTION_ROW_COUNT = sizeof OPTION_ROWS / sizeof OPTION_ROWS[0];

_Static_assert(sizeof OPTION_ROWS / sizeof OPTION_ROWS[0] <= OPTIONS_ROWS_MAX, "a row has no room in struct options");

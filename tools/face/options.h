/*
 * The options of all programs, declared once: option_table.c has a row for each, options.c does with the rows what
 * there is to do with options. What they were set to is one struct, of which each program reads what it takes.
 */
#ifndef PCAPSLIM_OPTIONS_H
#define PCAPSLIM_OPTIONS_H

#include "confine.h"
#include "marker.h"
#include "packing.h"
#include "policy_options.h"
#include "run_limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* As sets: a row says which programs take it. */
enum program {
    IN_SLIM = 1 << 0, /* the driver, whose words pcap-plan takes apart */
    IN_SCAN = 1 << 1,
    IN_TRUNCATE = 1 << 2,
    IN_VERIFY = 1 << 3,
    IN_COMMIT = 1 << 4,
    IN_REPORT = 1 << 5,
    IN_RUN = 1 << 6,
    IN_STATUS = 1 << 7,
    IN_PLAN = 1 << 8,
    IN_ALL = (1 << 9) - 1,
};

enum {
    OPTIONS_ROWS_MAX = 160,
    OPTIONS_WORDS_MAX = 64,       /* of an option that may be there several times */
    OPTIONS_DESCRIPTOR_MAX = 511, /* of those that are handed down: programs keep their own above it */
};

/* A program's help but for its options. */
struct face {
    enum program program;
    const char *usage, *examples;
};

/* What an option was given that may be there several times. A NULL behind the last. */
struct words {
    const char *at[OPTIONS_WORDS_MAX + 1];
    size_t count;
};

struct options {
    const struct face *face; /* NULL: the driver's */
    enum program program;
    char **operands; /* in the words that were given, which are put in order; a NULL behind the last */
    size_t operand_count;
    char *config_text;
    const char *given[OPTIONS_ROWS_MAX]; /* by row: the last value, "" for a flag; NULL: not there */
    bool typed[OPTIONS_ROWS_MAX];        /* on the command line, not in a configuration file */
    bool is_typing;                      /* what comes now is */

    struct limits limits;
    struct policy_options policy;
    struct confine confine;
    /* What to work on, and where. */
    struct words directories;
    const char *directory, *single; /* the first of them; of pcap-run the one */
    struct words globs, excludes;
    const char *files0_from, *stage_directory, *marker_directory, *original_path, *record_path;
    const char *clean_directory, *clean_list, *failed_path, *list_path;
    const char *status_directory, *config_path, *usual_path, *options_of;
    const char *expect_path, *foreseen_path, *taken_path, *metrics_path, *prefix, *left_out;
    bool recursive, beneath, nested, one_filesystem;
    unsigned workers, age_minutes;
    uint64_t until_bytes; /* or, if below 100, percent; 0: no such thing is wanted */
    int claim_fd;         /* -1: none inherited */
    int begin_fd;         /* -1: nobody waits for the first names of a list */
    unsigned accept;      /* what is taken besides whole plain pcap: flags of accept.h */
    struct codec_wish compress;
    /* How. */
    bool records, announce, share_names, pending, retry_failed, dry_run, check_only, print0, packets, mapped, prune,
        no_progress, quiet, all, help, version;
    unsigned report, output, check, hash, log; /* which of the words that the option takes */
};

enum { OUTPUT_HUMAN, OUTPUT_JSON, OUTPUT_NDJSON, OUTPUT_RECORDS };
enum { CHECK_FULL, CHECK_COUNT };
enum { HASH_SHA256, HASH_XXH3 };
enum { REPORT_NONE, REPORT_TEXT, REPORT_HTML };
enum { LOG_AUTO, LOG_PLAIN, LOG_JOURNAL };

enum option_kind {
    OPTION_FLAG,       /* bool: true */
    OPTION_CLEAR,      /* bool: false */
    OPTION_TEXT,       /* const char *: as it is */
    OPTION_PATH,       /* const char *: not empty */
    OPTION_WORD,       /* struct words: one more, as it is */
    OPTION_PATTERN,    /* likewise, a pattern for names on one line */
    OPTION_WHOLE,      /* unsigned: min to max */
    OPTION_DECIMAL,    /* double: min to max */
    OPTION_CHOICE,     /* unsigned: which of the words in takes */
    OPTION_MAY_CHOOSE, /* likewise; without a value the first. Counts from 1 */
    OPTION_DESCRIPTOR, /* int: from min on */
    OPTION_ACCEPT,     /* unsigned: flags of accept.h */
    OPTION_CUT_TAIL,   /* of these, the one that is no word: keep or refuse */
    OPTION_AMOUNT,     /* uint64_t: percent below 100, or bytes */
    OPTION_SETTING,    /* of the policy */
    OPTION_MATCH,      /* likewise the setting match */
    OPTION_CHECKSUM,   /* the setting checksum, to the word in says */
    OPTION_ONCE,       /* const char *, that can be there once */
    OPTION_COMPRESS,   /* struct codec_wish */
    OPTION_HELP,
    OPTION_VERSION,
};

/* For the command line only; may be there several times; is so unless told: then `no` in a file is its opposite. */
enum { OPTION_HERE_ONLY = 1, OPTION_REPEATED = 2, OPTION_ON = 4 };

struct option_row {
    unsigned programs; /* of enum program */
    const char *name;
    char letter; /* behind one dash; 0: there is none */
    enum option_kind kind;
    size_t at;         /* in struct options */
    const char *takes; /* what stands for the value; NULL: it takes none */
    const char *help;  /* what it is for */
    const char *line;  /* the lines of --help where they are not made of these; "": another row's line has it */
    const char *says;  /* what it takes, in a sentence, where the kind does not say so */
    const char *with;  /* another one without which it has no sense */
    double min, max;
    unsigned traits;
};

extern const struct option_row OPTION_ROWS[];
extern const size_t OPTION_ROW_COUNT;

/* What to do with an option (its row) or, row NULL, an operand. Returns 0, or CLI_MISUSE after having said why. */
typedef int options_action(struct options *o, const struct option_row *row, const char *value);

/* The defaults. */
void options_init(struct options *o, enum program program);

/*
 * Take a filter's words: argv is main()'s. --help and --version end the program. Returns 0, or CLI_MISUSE
 * after having said why.
 */
int options_take_all(struct options *o, const struct face *face, char **argv);

/* Hand each option and operand of the words (a NULL behind the last) to act(), as far as it returns 0. */
int options_each(struct options *o, char **words, options_action *act);

/* The one to take what there is: sees that the value is one, and puts it where it goes. */
options_action options_take;

/* The row of that name for o's program, or NULL. */
const struct option_row *options_row(const struct options *o, const char *name);

/* When all are taken: see that no option lacks the one that it goes with. Returns 0, or CLI_MISUSE after having said
 * so. */
int options_check(const struct options *o);

/* The last value of an option ("" for a flag), or NULL where it was not given; whether it was on the command line. */
const char *options_given(const struct options *o, const char *name);
bool options_typed(const struct options *o, const char *name);

/* Say that there is no option or setting (what) of that name, and which one was probably meant, behind dashes. */
int options_unknown(const struct options *o, const char *what, const char *dashes, const char *word, size_t bytes);

/* For completions: name, what it is for, and what stands for its value, with tabs between, a line for each. False: no
 * such program. */
bool options_print(const char *program, FILE *to);

/* Open the directory of --stage-dir; NULL: none was given, *fd becomes -1. Returns 0, or CLI_FAILED after having said
 * why. */
int options_open_stage(const char *path, int *fd);

/*
 * Open the directory of --marker-dir, if it was given, for owner, and let the sandbox have it. Returns 0, or CLI_FAILED
 * after having said why.
 */
int options_open_markers(struct options *o, struct marker_owner *owner);

#endif

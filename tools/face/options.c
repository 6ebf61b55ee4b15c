#include "options.h"

#include "accept.h"
#include "choice.h"
#include "cli.h"
#include "nearest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static const char *const PROGRAM_NAMES[] = {"pcap-slim",   "pcap-scan", "pcap-truncate", "pcap-verify", "pcap-commit",
                                            "pcap-report", "pcap-run",  "pcap-status",   "pcap-plan"};

void options_init(struct options *o, enum program program) {
    memset(o, 0, sizeof *o);
    o->program = program;
    o->is_typing = true;
    o->claim_fd = -1;
    o->begin_fd = -1;
    o->prefix = "";
    o->hash = HASH_XXH3;
    o->accept = program == IN_VERIFY ? ACCEPT_CONTAINERS : ACCEPT_NONE; /* it cuts nothing */
    o->limits = (struct limits){.are.backoff_strength = 0.5, .pace_fd = -1, .progress_fd = -1};
}

/* ---- rows ---- */

/*
 * The row of the first name_bytes of name. As with getopt_long(3), a filter's option may be cut short as long as it is
 * the only one that begins so; the driver's, which a file can hold, may not.
 */
static const struct option_row *find(enum program program, const char *name, size_t name_bytes) {
    const struct option_row *only = NULL;
    size_t candidates = 0;
    for (const struct option_row *r = OPTION_ROWS; r < OPTION_ROWS + OPTION_ROW_COUNT; r++) {
        if ((r->programs & (unsigned)program) != 0 && strncmp(r->name, name, name_bytes) == 0) {
            if (r->name[name_bytes] == '\0') {
                return r;
            }
            only = r;
            candidates++;
        }
    }
    return candidates == 1 && program != IN_SLIM ? only : NULL;
}

const struct option_row *options_row(const struct options *o, const char *name) {
    const struct option_row *r = find(o->program, name, strlen(name));
    return r != NULL && strcmp(r->name, name) == 0 ? r : NULL;
}

const char *options_given(const struct options *o, const char *name) {
    const struct option_row *r = options_row(o, name);
    return r != NULL ? o->given[r - OPTION_ROWS] : NULL;
}

bool options_typed(const struct options *o, const char *name) {
    const struct option_row *r = options_row(o, name);
    return r != NULL && o->typed[r - OPTION_ROWS];
}

/* ---- values ---- */

static int wrong(const struct option_row *r, const char *value) {
    char words[128];
    if (r->says != NULL) {
        return cli_misuse("--%s takes %s, not '%s'", r->name, r->says, value);
    }
    switch ((int)r->kind) {
    case OPTION_PATH:
        return cli_misuse("--%s takes the path of a %s", r->name, strcmp(r->takes, "DIR") == 0 ? "directory" : "file");
    case OPTION_WHOLE:
        return cli_misuse("--%s takes a whole number from %g to %g, not '%s'", r->name, r->min, r->max, value);
    case OPTION_DESCRIPTOR:
        return r->min > 0
                   ? cli_misuse("--%s takes the number of a descriptor from %g on, not '%s'", r->name, r->min, value)
                   : cli_misuse("--%s takes the number of a descriptor, not '%s'", r->name, value);
    default:
        return cli_misuse("--%s takes %s, not '%s'", r->name, choice_sentence(r->takes, words, sizeof words), value);
    }
}

static bool take_whole(const struct option_row *r, const char *value, unsigned long max, unsigned *to) {
    unsigned long number = 0;
    if (!cli_parse_unsigned(value, (unsigned long)r->min, max, &number)) {
        return false;
    }
    *to = (unsigned)number;
    return true;
}

static bool take_choice(const struct option_row *r, const char *value, unsigned from, unsigned *to) {
    const int number = choice_of(r->takes, value);
    *to = number < 0 ? *to : (unsigned)number + from;
    return number >= 0;
}

/* is_over: what was there before does not count. */
static int take_one_more(const struct option_row *r, const char *value, bool is_over, struct words *to) {
    to->count = is_over ? 0 : to->count;
    if (to->count == OPTIONS_WORDS_MAX) {
        return cli_misuse("no more than %d --%s", OPTIONS_WORDS_MAX, r->name);
    }
    to->at[to->count++] = value;
    to->at[to->count] = NULL;
    return 0;
}

/* A share, or an amount: K or KiB and so on are powers of 1024, KB of 1000, as in du(1). */
static bool take_amount(const char *value, uint64_t *to) {
    static const struct {
        const char *unit;
        uint64_t bytes;
    } UNITS[] = {
        {"K", 1ULL << 10},   {"M", 1ULL << 20},   {"G", 1ULL << 30},     {"T", 1ULL << 40},
        {"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30},   {"TiB", 1ULL << 40},
        {"KB", 1000ULL},     {"MB", 1000000ULL},  {"GB", 1000000000ULL}, {"TB", 1000000000000ULL},
    };
    char *unit;
    const unsigned long number = value[0] >= '0' && value[0] <= '9' ? strtoul(value, &unit, 10) : 0;
    if (number < 1 || number > 4000000) {
        return false;
    }
    if (strcmp(unit, "%") == 0) {
        *to = number;
        return number < 100;
    }
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++) {
        if (strcmp(unit, UNITS[i].unit) == 0) {
            *to = number * UNITS[i].bytes;
            return true;
        }
    }
    return false;
}

/* Two options, one set of flags: each leaves the other's alone. */
static bool take_accept(const char *value, unsigned *to) {
    unsigned flags;
    const bool good = accept_of_words(value, &flags);
    *to = good ? flags | (*to & ACCEPT_CUT_TAIL) : *to;
    return good;
}

static bool take_cut_tail(const struct option_row *r, const char *value, unsigned *to) {
    enum { REFUSE, KEEP };
    const int word = choice_of(r->takes, value);
    *to = word == KEEP ? *to | ACCEPT_CUT_TAIL : *to & ~(unsigned)ACCEPT_CUT_TAIL;
    return word >= REFUSE;
}

static int ask(struct policy_options *o, const char *name, const char *value) {
    void *more = realloc(o->asked, (o->asked_count + 1) * sizeof *o->asked);
    if (more == NULL) {
        return cli_fail(NULL, "out of memory");
    }
    o->asked = more;
    o->asked[o->asked_count].name = name;
    o->asked[o->asked_count++].value = value;
    o->given = true;
    return 0;
}

static int take_path_once(struct options *o, const struct option_row *r, const char *value) {
    const char **to = (const char **)((char *)o + r->at);
    if (*to != NULL) {
        return cli_misuse("--%s can be there once", r->name);
    }
    *to = value;
    o->policy.given = true;
    return 0;
}

static int take_compression(const struct option_row *r, const char *value, struct codec_wish *to) {
    struct failure failure;
    return codec_wish_of(value, to, &failure) == 0 ? 0 : cli_misuse("--%s '%s': %s", r->name, value, failure.text);
}

/* word: NULL where there is none. is_over: the command line says it for the first time, and wins over the configuration
 * file. */
static int take_value(struct options *o, const struct option_row *r, const char *word, bool is_over) {
    const char *value = word != NULL ? word : "";
    void *to = (char *)o + r->at;
    bool good = true;
    switch (r->kind) {
    case OPTION_FLAG:
    case OPTION_CLEAR:
    case OPTION_HELP:
    case OPTION_VERSION:
        *(bool *)to = r->kind != OPTION_CLEAR;
        break;
    case OPTION_TEXT:
    case OPTION_PATH:
        *(const char **)to = value;
        good = r->kind == OPTION_TEXT || value[0] != '\0';
        break;
    case OPTION_PATTERN:
        if (value[0] == '\0' || strpbrk(value, "/\n") != NULL) {
            return wrong(r, value);
        }
        return take_one_more(r, value, is_over, to);
    case OPTION_WORD:
        return take_one_more(r, value, is_over, to);
    case OPTION_WHOLE:
        good = take_whole(r, value, (unsigned long)r->max, to);
        break;
    case OPTION_DESCRIPTOR:
        good = take_whole(r, value, OPTIONS_DESCRIPTOR_MAX, to);
        break;
    case OPTION_DECIMAL:
        good = cli_parse_decimal(value, r->min, r->max, to);
        break;
    case OPTION_CHOICE:
        good = take_choice(r, value, 0, to);
        break;
    case OPTION_MAY_CHOOSE:
        *(unsigned *)to = 1;
        good = word == NULL || take_choice(r, value, 1, to);
        break;
    case OPTION_ACCEPT:
        good = take_accept(value, to);
        break;
    case OPTION_CUT_TAIL:
        good = take_cut_tail(r, value, to);
        break;
    case OPTION_AMOUNT:
        good = take_amount(value, to);
        break;
    case OPTION_COMPRESS:
        return take_compression(r, value, to);
    case OPTION_CHECKSUM:
        return ask(&o->policy, "checksum", r->says);
    case OPTION_MATCH:
        return ask(&o->policy, "match", r->says);
    case OPTION_ONCE:
        return take_path_once(o, r, value);
    case OPTION_SETTING:
    default:
        return ask(&o->policy, r->name, value);
    }
    return good ? 0 : wrong(r, value);
}

int options_take(struct options *o, const struct option_row *row, const char *value) {
    if (row == NULL) {
        o->operands[o->operand_count++] = (char *)(uintptr_t)value;
        return 0;
    }
    const size_t at = (size_t)(row - OPTION_ROWS);
    const bool is_over = o->is_typing && !o->typed[at];
    o->given[at] = value;
    o->typed[at] |= o->is_typing;
    return take_value(o, row, value, is_over);
}

/* ---- words ---- */

int options_unknown(const struct options *o, const char *what, const char *dashes, const char *word, size_t bytes) {
    struct nearest n;
    const size_t skip = strlen(dashes) <= bytes ? strlen(dashes) : 0;
    nearest_begin(&n, word + skip, bytes - skip);
    for (size_t i = 0; i < OPTION_ROW_COUNT; i++) {
        if ((OPTION_ROWS[i].programs & (unsigned)o->program) != 0) {
            nearest_offer(&n, OPTION_ROWS[i].name);
        }
    }
    return n.best == NULL
               ? cli_misuse("unknown %s '%.*s'", what, (int)bytes, word)
               : cli_misuse("unknown %s '%.*s'; did you mean '%s%s'?", what, (int)bytes, word, dashes, n.best);
}

/* word: that of the row's name or letter; value: what it holds behind that; next: the word behind it. NULL where there
 * is none. Returns how many words it took, or -1 after having said what is wrong. */
static int take_row(struct options *o, const struct option_row *r, const char *word, const char *value,
                    const char *next, options_action *act) {
    const size_t bytes = strcspn(word, "=");
    int words = 1;
    if (value != NULL && r->takes == NULL) {
        (void)cli_misuse("option '%.*s' takes no value", (int)bytes, word);
        return -1;
    }
    if (value == NULL && r->kind == OPTION_MAY_CHOOSE) { /* what follows may be one of its words, or an operand */
        words = next != NULL && choice_of(r->takes, next) >= 0 ? 2 : 1;
        value = words == 2 ? next : NULL;
    } else if (value == NULL && r->takes != NULL) {
        if (next == NULL) {
            (void)cli_misuse("option '%s' needs a value", word);
            return -1;
        }
        words = 2;
        value = next;
    }
    return act(o, r, r->takes == NULL ? "" : value) == 0 ? words : -1;
}

/* A word with two dashes. */
static int take_long(struct options *o, const char *word, const char *next, options_action *act) {
    const size_t bytes = strcspn(word, "=");
    const struct option_row *r = find(o->program, word + 2, bytes - 2);
    if (r == NULL) {
        (void)options_unknown(o, "option", "--", word, bytes);
        return -1;
    }
    return take_row(o, r, word, word[bytes] == '=' ? word + bytes + 1 : NULL, next, act);
}

/* A word with one dash: a letter, and its value in the same word (-j4) or the next. */
static int take_letter(struct options *o, const char *word, const char *next, options_action *act) {
    const struct option_row *r = OPTION_ROWS;
    const struct option_row *end = OPTION_ROWS + OPTION_ROW_COUNT;
    while (r < end && ((r->programs & (unsigned)o->program) == 0 || r->letter != word[1])) {
        r++;
    }
    if (word[1] == '\0' || r == end || (word[2] != '\0' && r->takes == NULL)) {
        (void)(o->program == IN_SLIM || r < end ? cli_misuse("unknown option '%s'", word)
                                                : cli_misuse("unknown option '%.2s'", word));
        return -1;
    }
    return take_row(o, r, word, word[2] != '\0' ? word + 2 : NULL, next, act);
}

int options_each(struct options *o, char **words, options_action *act) {
    o->operands = words;
    o->operand_count = 0;
    bool options_are_over = false;
    for (int taken = 1; *words != NULL; words += taken, taken = 1) {
        const char *word = *words;
        if (options_are_over || word[0] != '-' || (word[1] == '\0' && o->program != IN_SLIM)) {
            if (act(o, NULL, word) != 0) {
                return CLI_MISUSE;
            }
            options_are_over |= o->program == IN_RUN || o->program == IN_PLAN; /* the rest is somebody else's */
        } else if (strcmp(word, "--") == 0) {
            options_are_over = true;
        } else {
            taken = word[1] == '-' ? take_long(o, word, words[1], act) : take_letter(o, word, words[1], act);
            if (taken < 0) {
                return CLI_MISUSE;
            }
        }
    }
    return 0;
}

/* ---- what a filter does with them ---- */

static void put_help(const struct face *face) {
    (void)fputs(face->usage, stdout);
    for (const struct option_row *r = OPTION_ROWS; r < OPTION_ROWS + OPTION_ROW_COUNT; r++) {
        if ((r->programs & (unsigned)face->program) == 0) {
            continue;
        }
        if (r->line != NULL) {
            (void)fputs(r->line, stdout);
        } else {
            const int room = 24 - (int)strlen(r->name) - (r->takes != NULL ? 1 : 0);
            (void)printf("  --%s%s%-*s%s\n", r->name, r->takes != NULL ? " " : "", room,
                         r->takes != NULL ? r->takes : "", r->help);
        }
    }
    (void)fputs(face->examples, stdout);
}

int options_check(const struct options *o) {
    for (size_t i = 0; i < OPTION_ROW_COUNT; i++) {
        const struct option_row *r = OPTION_ROWS + i;
        if (o->given[i] != NULL && r->with != NULL && options_given(o, r->with) == NULL) {
            return cli_misuse("--%s goes with --%s", r->name, r->with);
        }
    }
    return 0;
}

static int take_or_answer(struct options *o, const struct option_row *row, const char *value) {
    int status = options_take(o, row, value);
    if (o->help) {
        put_help(o->face);
        exit(cli_end(CLI_DONE));
    }
    if (o->version) {
        exit(cli_version());
    }
    return status;
}

int options_take_all(struct options *o, const struct face *face, char **argv) {
    options_init(o, face->program);
    o->face = face;
    int status = options_each(o, argv + 1, take_or_answer);
    o->operands[o->operand_count] = NULL;
    o->limits.are.backoff = options_given(o, "cpu-backoff-above") != NULL;
    return status;
}

bool options_print(const char *program, FILE *to) {
    size_t p = 0;
    while (p < sizeof PROGRAM_NAMES / sizeof PROGRAM_NAMES[0] && strcmp(PROGRAM_NAMES[p], program) != 0) {
        p++;
    }
    for (size_t i = 0; i < OPTION_ROW_COUNT; i++) {
        const struct option_row *r = OPTION_ROWS + i;
        if ((r->programs >> p & 1) != 0) {
            (void)fprintf(to, "--%s\t%s\t%s\n", r->name, r->help, r->takes != NULL ? r->takes : "");
        }
    }
    return p < sizeof PROGRAM_NAMES / sizeof PROGRAM_NAMES[0];
}

int options_open_stage(const char *path, int *fd) {
    *fd = path != NULL ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    return path == NULL || *fd >= 0 ? 0 : cli_fail(path, "cannot open this stage directory: %s", strerror(errno));
}

int options_open_markers(struct options *o, struct marker_owner *owner) {
    if (o->marker_directory == NULL) {
        return 0;
    }
    owner->root_fd = open(o->marker_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (owner->root_fd < 0) {
        return cli_fail(o->marker_directory, "cannot open this directory of markers: %s", strerror(errno));
    }
    owner->is_elsewhere = o->confine.has_markers = true;
    o->confine.markers_fd = owner->root_fd;
    return 0;
}

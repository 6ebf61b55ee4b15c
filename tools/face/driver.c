#include "driver.h"

#include "capture_names.h"
#include "cli.h"
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the configuration file: lines "key = value", where a key is a long option without its dashes ---- */

static int take_flag(struct options *o, const struct option_row *row, const char *value) {
    char opposite[64];
    if (strcmp(value, "yes") == 0) {
        return options_take(o, row, "");
    }
    if (strcmp(value, "no") != 0) {
        return cli_misuse("'%s' takes yes or no, not '%s'", row->name, value);
    }
    (void)snprintf(opposite, sizeof opposite, "no-%s", row->name);
    return (row->traits & OPTION_ON) != 0 ? options_take(o, options_row(o, opposite), "") : 0;
}

static int take_value(struct options *o, const struct option_row *row, const char *value) {
    const size_t bytes = strlen(value);
    if (bytes == 0) {
        return cli_misuse("'%s' needs a value", row->name);
    }
    if (bytes > 1 && (value[0] == '"' || value[0] == '\'') && value[bytes - 1] == value[0]) {
        return cli_misuse("values are written without quotes: %s = %s", row->name, value);
    }
    return options_take(o, row, value);
}

/* Set twice, it is not clear which one is meant: seen has the rows that were there. */
static int take_line(struct options *o, char *line, const struct option_row **seen, size_t *count) {
    char *equals = strchr(line, '=');
    if (line[0] == '\0' || line[0] == '#') {
        return 0;
    }
    if (equals == NULL) {
        return cli_misuse("expected key = value, not '%s'", line);
    }
    *equals = '\0';
    const char *key = text_trimmed(line);
    const char *value = text_trimmed(equals + 1);
    const struct option_row *row = options_row(o, key);
    if (row == NULL) {
        return options_unknown(o, "setting", "", key, strlen(key));
    }
    if ((row->traits & OPTION_HERE_ONLY) != 0) {
        return cli_misuse("'%s' is for the command line only", key);
    }
    for (size_t i = 0; i < *count && (row->traits & OPTION_REPEATED) == 0; i++) {
        if (seen[i] == row) {
            return cli_misuse("'%s' is set twice", key);
        }
    }
    if (*count < OPTIONS_ROWS_MAX) {
        seen[(*count)++] = row;
    }
    return row->takes != NULL ? take_value(o, row, value) : take_flag(o, row, value);
}

static int take_lines(struct options *o, char *text, const char *path) {
    const struct option_row *seen[OPTIONS_ROWS_MAX] = {NULL};
    char origin[512] = "";
    size_t count = 0;
    int status = 0;
    cli_misuse_from(origin);
    for (unsigned long number = 1; text != NULL && status == 0; number++) {
        (void)snprintf(origin, sizeof origin, "%.400s: line %lu: ", path, number);
        status = take_line(o, text_trimmed(strsep(&text, "\n")), seen, &count);
    }
    cli_misuse_from("");
    return status;
}

/* The one that was named must be there; the usual one need not. */
static int take_file(struct options *o, const char *usual) {
    const char *path = o->config_path != NULL ? o->config_path : usual;
    size_t room = 0;
    if (path == NULL || (o->config_path == NULL && access(path, F_OK) != 0)) {
        return 0;
    }
    FILE *file = fopen(path, "re");
    const ssize_t got = file != NULL ? getdelim(&o->config_text, &room, '\0', file) : -1;
    const bool bad = file == NULL || (got < 0 && ferror(file) != 0);
    if (file != NULL) {
        (void)fclose(file);
    }
    if (bad) {
        return cli_misuse("%s: cannot read this configuration file", path);
    }
    return got < 0 ? 0 : take_lines(o, o->config_text, path);
}

/* ---- the command line ---- */

/* Before anything else is known: what says where the rest comes from, or that there is no rest. */
static int take_first(struct options *o, const struct option_row *row, const char *value) {
    const bool is_first = row != NULL && (row == options_row(o, "config") || row == options_row(o, "help") ||
                                          row == options_row(o, "version"));
    return is_first ? options_take(o, row, value) : 0;
}

static int take_now(struct options *o, const struct option_row *row, const char *value) {
    int status = options_take(o, row, value);
    if (status == 0 && row == options_row(o, "log")) {
        (void)setenv("PCAP_SLIM_LOG", value, 1);
        cli_start("pcap-slim");
    }
    return status;
}

/* What the command line replaces as a whole: the target. What is about reports of runs is not about --status. */
static void let_command_line_win(struct options *o, const struct words *set_directories) {
    if (o->status_directory != NULL) {
        o->output = o->output == OUTPUT_NDJSON && !options_typed(o, "output") ? OUTPUT_JSON : o->output;
        return;
    }
    if (o->directory == NULL && o->single == NULL && o->operand_count == 0) {
        o->directories = *set_directories;
        o->directory = o->directories.at[0];
    }
    if (o->globs.count == 0) {
        (void)capture_names(o->accept, o->globs.at);
    }
}

/* ---- what goes together ---- */

static void has_no_effect(const struct options *o, const char *name, const char *with) {
    if (options_typed(o, name)) {
        cli_warn("--%s has no effect with %s", name, with);
    }
}

static int check_target(const struct options *o) {
    const bool has_files = o->operand_count > 0;
    if (o->directory != NULL && o->single != NULL) {
        return cli_misuse("--dir and --single exclude each other");
    }
    if (has_files && (o->directory != NULL || o->single != NULL)) {
        return cli_misuse("--%s and FILE exclude each other", o->directory != NULL ? "dir" : "single");
    }
    if (!has_files && o->directory == NULL && o->single == NULL) {
        return cli_misuse("one of --dir PATH, --single PATH and FILE is needed");
    }
    for (size_t i = 0; i < o->directories.count; i++) {
        if (o->directories.at[i][0] == '\0') {
            return cli_misuse("--dir takes the path of a directory");
        }
    }
    if (o->single != NULL && o->single[0] == '\0') {
        return cli_misuse("--single takes the path of a file");
    }
    return o->stage_directory == NULL || o->stage_directory[0] != '\0'
               ? 0
               : cli_misuse("--stage-dir takes the path of a directory");
}

static int check_status(const struct options *o) {
    if (o->directory != NULL || o->single != NULL) {
        return cli_misuse("--status goes with neither --dir nor --single");
    }
    if (o->operand_count > 0) {
        return cli_misuse("--status takes one directory and goes without FILE");
    }
    return o->output == OUTPUT_NDJSON ? cli_misuse("--status takes --output human or json") : 0;
}

/* What is about a directory says nothing about files that are named. */
static void look_for_effects(struct options *o) {
    static const char *const OF_DIRECTORIES[] = {"age-minutes", "recursive", "glob", "exclude", "until-free"};
    const char *mode = o->dry_run ? "--dry-run" : "--check-only";
    const bool writes = !o->dry_run && !o->check_only;
    if (o->single != NULL) {
        has_no_effect(o, "workers", "--single");
    }
    for (size_t i = 0; i < sizeof OF_DIRECTORIES / sizeof OF_DIRECTORIES[0] && o->directory == NULL; i++) {
        has_no_effect(o, OF_DIRECTORIES[i], o->single != NULL ? "--single" : "FILE");
    }
    if (!writes) {
        has_no_effect(o, "until-free", mode);
        has_no_effect(o, "hash", mode);
    }
    if (options_given(o, "cpu-backoff-strength") != NULL && options_given(o, "cpu-backoff-above") == NULL) {
        cli_warn("--cpu-backoff-strength has no effect without --cpu-backoff-above");
    }
    if (!writes && o->metrics_path != NULL) {
        cli_warn("--metrics has no effect with %s", mode);
        o->metrics_path = NULL;
    }
    o->recursive = o->recursive && o->directory != NULL;
    o->until_bytes = o->directory != NULL && writes ? o->until_bytes : 0;
    o->workers = o->single != NULL || o->workers == 0 ? 1 : o->workers;
}

/* How much is free is asked of one filesystem, and a file of metrics has one directory's. */
static int check_several(const struct options *o) {
    const char *of_one = o->until_bytes > 0 ? "until-free" : o->metrics_path != NULL ? "metrics" : NULL;
    return o->directories.count < 2 || of_one == NULL
               ? 0
               : cli_misuse("--%s goes with one --dir; give each directory a run of its own", of_one);
}

int driver_take(struct options *o, const char *usual, char **words) {
    options_init(o, IN_SLIM);
    if (options_each(o, words, take_first) != 0) {
        return CLI_MISUSE;
    }
    if (o->help || o->version) {
        return 0;
    }
    o->is_typing = false;
    if (take_file(o, usual) != 0) {
        return CLI_MISUSE;
    }
    const struct words set_directories = o->directories;
    o->directories = (struct words){.count = 0};
    o->is_typing = true;
    if (options_each(o, words, take_now) != 0) {
        return CLI_MISUSE;
    }
    if (o->quiet) {
        (void)setenv("PCAP_SLIM_QUIET", "yes", 1);
    }
    o->directory = o->directories.at[0];
    let_command_line_win(o, &set_directories);
    int status = options_check(o);
    if (status == 0) {
        status = o->status_directory != NULL ? check_status(o) : check_target(o);
    }
    if (status == 0 && o->status_directory == NULL) {
        look_for_effects(o);
        status = check_several(o);
    }
    return status;
}

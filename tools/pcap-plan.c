/*
 * pcap-plan: take the words of pcap-slim(1) and its configuration file apart, and say as assignments for sh(1) what is
 * to be done. The driver keeps what a person wants to read: the chain of filters.
 */
#include "accept.h"
#include "assignments.h"
#include "choice.h"
#include "cli.h"
#include "driver.h"
#include "options.h"
#include "reason.h"
#include "scratch.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct face FACE = {
    IN_PLAN,
    .usage = "Usage: pcap-plan [--usual FILE] -- [WORD...]\n"
             "       pcap-plan --options PROGRAM\n"
             "Take the words of pcap-slim(1) and its configuration file apart, and print what\n"
             "is to be done as assignments for sh(1). pcap-slim runs it.\n"
             "\n",
    .examples = "\n"
                "Example:\n"
                "  plan=$(pcap-plan -- --dir /srv/pcap) && eval \"$plan\"\n",
};

static const char SLIM_HELP[] = "Usage: pcap-slim {--dir PATH}... | --single PATH | FILE... [OPTION...]\n"
                                "       pcap-slim --status DIR [OPTION...]\n"
                                "Slim finished captures in place: encrypted payload is cut to its first 24 bytes.\n"
                                "\n"
                                "Files   --dir PATH (oldest first)  --recursive  --single PATH  --age-minutes N\n"
                                "        --glob PATTERN  --exclude PATTERN  --until-free 20%|500G  --retry-failed\n"
                                "Look    -n, --dry-run (only list)  --check-only (what would be saved)\n"
                                "        --status DIR (what is slim, pending, failed, changed)\n"
                                "Work    -j, --workers N (in parallel)  --verify full|count  --mmap  --no-mmap\n"
                                "        --accept NAMES  --compress NAME  --cut-tail keep  --stage-dir DIR\n"
                                "Policy  --policy packet|flow  --length rewrite|snap|zero  --policy-file FILE\n"
                                "        --keep EXPR  --cut EXPR (and more: pcap-slim-policy(5))\n"
                                "Limits  --max-io-mbps N (megabytes a second, read and written)\n"
                                "        --max-cpu-percent N  --cpu-backoff-above N  --cpu-backoff-strength F\n"
                                "Report  -q, --quiet  -v, --all (what is slim, too)  --output human|json|ndjson\n"
                                "        --metrics FILE (for Prometheus)  --no-progress  --log auto|plain|journal\n"
                                "Audit   --hash sha256|xxh3 (in markers)  --marker-dir DIR  --prune-markers\n"
                                "Config  --config FILE, --no-recursive, --progress, --sandbox; --no-sandbox\n"
                                "        -h, --help  -V, --version\n"
                                "\n"
                                "Each is explained in pcap-slim(1). Exit: 0 well, 1 a file failed, 2 misuse.\n"
                                "Examples:\n"
                                "  pcap-slim --dir /data/pcap --check-only\n"
                                "  pcap-slim --dir /data/pcap --age-minutes 15 --workers 2 --max-io-mbps 50";

/* ---- options ---- */

/* The path as it is from another directory, to be freed: the run is in one. NULL after having said why. */
static char *absolute(const char *path) {
    char here[PATH_MAX] = "";
    char *whole = NULL;
    if ((path[0] != '/' && getcwd(here, sizeof here) == NULL) ||
        asprintf(&whole, "%s%s%s", here, here[0] != '\0' ? "/" : "", path) < 0) {
        (void)cli_fail(path, "cannot tell where this is: %s", strerror(errno));
        return NULL;
    }
    return whole;
}

/* Where the metrics go a file is made and removed: rights alone say nothing of a disk without inodes, or of /proc. */
static int try_beside(const char *path) {
    char *tmp;
    if (asprintf(&tmp, "%s.XXXXXX", path) < 0) {
        errno = ENOMEM;
        return -1;
    }
    const int fd = mkostemp(tmp, O_CLOEXEC);
    const int error = errno;
    if (fd >= 0) {
        (void)close(fd);
        (void)unlink(tmp);
    }
    free(tmp);
    errno = error;
    return fd >= 0 ? 0 : -1;
}

/* Before a file is touched: what is written at the end. path: absolute. */
static int check_metrics(const char *path) {
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        return cli_misuse("--metrics: %s is a directory", path);
    }
    if (try_beside(path) != 0) {
        return cli_misuse("--metrics: no file can be made in %.*s: %s", (int)(strrchr(path, '/') - path) + 1, path,
                          strerror(errno));
    }
    return 0;
}

static int put_metrics(const char *path) {
    char *whole = path != NULL ? absolute(path) : NULL;
    const int status = path == NULL ? 0 : whole != NULL ? check_metrics(whole) : CLI_FAILED;
    assign("metrics", whole != NULL ? whole : "");
    free(whole);
    return status;
}

static int put_stage(const char *path) {
    struct stat st;
    char *whole = path != NULL ? absolute(path) : NULL;
    const bool is_there = whole != NULL && stat(whole, &st) == 0 && S_ISDIR(st.st_mode);
    assign("stage", whole != NULL ? whole : "");
    if (whole != NULL && !is_there) {
        (void)cli_fail(whole, "there is no such stage directory");
    }
    free(whole);
    return path == NULL || is_there ? 0 : CLI_FAILED;
}

/* must_write: whether anything is to be put there. Before a file is touched, like the metrics. */
static int put_markers(const char *path, bool must_write) {
    struct stat st;
    int status = 0;
    char *whole = path != NULL ? absolute(path) : NULL;
    assign("markers", whole != NULL ? whole : "");
    if (path != NULL && whole == NULL) {
        status = CLI_FAILED;
    } else if (whole != NULL && (stat(whole, &st) != 0 || !S_ISDIR(st.st_mode))) {
        status =
            cli_fail(whole, "there is no such directory of markers; make it, or name another one with --marker-dir");
    } else if (whole != NULL && access(whole, must_write ? R_OK | W_OK | X_OK : R_OK | X_OK) != 0) {
        status = cli_fail(whole, "markers cannot be kept in this directory: %s", strerror(errno));
    }
    free(whole);
    return status;
}

/* The word of an option that takes one of several; the variable has its name. */
static void put_choice(const struct options *o, const char *option, unsigned number) {
    char word[16];
    assign(option, choice_word(options_row(o, option)->takes, number, word, sizeof word));
}

static void put_names(const struct options *o) {
    assign_if("recursive", o->recursive, "--recursive");
    assign_each("globs", "glob", o->globs.at);
    assign_each("excludes", "exclude", o->excludes.at);
}

static void put_limits(const struct options *o) {
    static const char *const LIMITS[] = {"max-io-mbps", "max-cpu-percent", "cpu-backoff-above", "cpu-backoff-strength"};
    const size_t count = options_given(o, LIMITS[2]) != NULL ? 4 : 3;
    (void)fputs("limits='", stdout);
    for (size_t i = 0; i < count; i++) {
        const char *value = options_given(o, LIMITS[i]); /* digits and a point: it was taken */
        if (value != NULL) {
            (void)printf("--%s %s ", LIMITS[i], value);
        }
    }
    (void)puts("'");
}

static void put_hash(const struct options *o, bool there) {
    assign_if("hash", there, o->hash == HASH_SHA256 ? "--hash sha256" : "--hash xxh3");
}

/* As the filters take it: its value, which was taken, has no blanks. */
static void put_word(const struct options *o, const char *name) {
    struct text words = {.at = NULL};
    const char *value = options_given(o, name);
    if (value != NULL) {
        (void)text_add(&words, "--%s %s", name, value);
    }
    char *whole = value != NULL ? text_take(&words) : NULL;
    assign_if(name, value != NULL, whole);
    free(whole);
}

static int put_options(const struct options *o) {
    const bool is_mapped_or_not = options_given(o, "mmap") != NULL || options_given(o, "no-mmap") != NULL;
    const char *until = options_given(o, "until-free");
    char amount[32];
    (void)snprintf(amount, sizeof amount, "%llu%s", (unsigned long long)o->until_bytes,
                   o->until_bytes < 100 ? "%" : "");
    put_names(o);
    assign_if("age", options_given(o, "age-minutes") != NULL && o->directory != NULL, options_given(o, "age-minutes"));
    assign_if("until", o->until_bytes > 0, amount);
    assign_if("until_typed", o->until_bytes > 0, until);
    assign_number("workers", o->workers);
    put_limits(o);
    assign_if("retry", o->retry_failed, "--retry-failed");
    assign_if("quiet", o->quiet, "yes");
    assign_if("all", o->all, "--all");
    assign_if("sandbox", o->confine.off, "--no-sandbox");
    assign_if("progress", o->no_progress || o->quiet, "--no-progress");
    assign_if("reads", is_mapped_or_not, o->mapped ? "--mmap" : "--no-mmap");
    put_hash(o, options_given(o, "hash") != NULL);
    put_word(o, "accept");
    put_word(o, "compress");
    assign_if("tail", (o->accept & ACCEPT_CUT_TAIL) != 0, "--cut-tail keep");
    put_choice(o, "verify", o->check);
    put_choice(o, "output", o->output);
    int status = put_metrics(o->metrics_path);
    status = status != 0 ? status : put_stage(o->stage_directory);
    return status != 0 ? status : put_markers(o->marker_directory, !o->dry_run && !o->check_only);
}

static void put_log(const struct options *o) {
    assign("error", cli_level(CLI_ERROR));
    assign("warning", cli_level(CLI_WARNING));
    assign("info", cli_level(CLI_INFO));
    assign_if("log", options_given(o, "log") != NULL, options_given(o, "log"));
}

/* ---- files for the run ---- */

static int make_scratch(void) {
    const char *from = getenv("TMPDIR");
    char *within = absolute(from != NULL && from[0] != '\0' ? from : "/tmp");
    const int status = within != NULL ? scratch_make(within) : CLI_FAILED;
    free(within);
    return status;
}

static int write_policy(const struct options *o) {
    assign("kind", policy_kind_name(o->policy.given ? o->policy.settings.policy.kind : POLICY_PACKET));
    if (!o->policy.given) {
        assign("policy", "");
        return 0;
    }
    FILE *file = scratch_create("policy");
    char *path = scratch_path("policy");
    if (file == NULL || path == NULL) {
        free(path);
        return CLI_FAILED;
    }
    (void)fputs(o->policy.text, file);
    assign("policy", path);
    free(path);
    return scratch_end(file);
}

/* The names of files as they are, each with a NUL. */
static int write_list(const char *const *names, size_t count) {
    FILE *file = count > 0 ? scratch_create("list") : NULL;
    if (count > 0 && file == NULL) {
        return CLI_FAILED;
    }
    for (size_t i = 0; i < count; i++) {
        (void)fwrite(names[i], 1, strlen(names[i]) + 1, file);
    }
    assign_number("files", count);
    return file != NULL ? scratch_end(file) : 0;
}

/* ---- what to work on ---- */

/* The first bytes of a path for cd, which takes - for something else; to be freed. NULL where memory runs out. */
static char *where_of(const char *path, size_t bytes) {
    char *where = NULL;
    return asprintf(&where, "%s%.*s", path[0] == '/' ? "" : "./", (int)bytes, path) > 0 ? where : NULL;
}

/* If not, errno says why. */
static bool can_enter(const char *path) {
    const int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    const bool can = fd >= 0 && faccessat(fd, ".", X_OK, AT_EACCESS) == 0;
    const int error = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    errno = error;
    return can;
}

/* Returns 0, or CLI_FAILED or CLI_MISUSE after having said why it cannot be entered. */
static int check_directory(const char *path) {
    struct stat st;
    if (can_enter(path)) {
        return 0;
    }
    const int error = errno;
    return error == ENOTDIR && stat(path, &st) == 0
               ? cli_misuse("--dir: '%s' is a file; name it without --dir", path)
               : cli_fail(path, "cannot enter this directory: %s", strerror(error));
}

/* Paths in reports keep the words of the operator. */
static int put_directory(const char *directory) {
    const size_t bytes = strlen(directory);
    char *prefix = NULL;
    const int status = check_directory(directory);
    if (status != 0) {
        return status;
    }
    char *where = where_of(directory, bytes);
    assign("where", where);
    free(where);
    if (asprintf(&prefix, "%s%s", directory, directory[bytes - 1] == '/' ? "" : "/") < 0) {
        return cli_fail(NULL, "out of memory");
    }
    assign("prefix", prefix);
    free(prefix);
    return write_list(NULL, 0);
}

/* Of several, the driver makes a run in each. One that cannot be entered keeps nobody from the others. */
static int put_directories(const struct words *directories) {
    struct text words = {.at = NULL};
    size_t lost = 0;
    for (size_t i = 0; i < directories->count; i++) {
        const int status = check_directory(directories->at[i]);
        if (status == CLI_MISUSE) {
            text_free(&words);
            return status;
        }
        lost += status != 0;
        if (status == 0) {
            (void)text_add(&words, " ");
            assign_quote(&words, directories->at[i]);
        }
    }
    if (lost == directories->count) {
        return CLI_FAILED;
    }
    assign_number("lost", lost);
    char *whole = text_take(&words);
    assign("dirs", whole);
    free(whole);
    return write_list(NULL, 0);
}

/* In its own directory, or by its whole name where that cannot be entered: a stage will say what is wrong with it. */
static int put_single(const char *path) {
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    char *where = where_of(path, (size_t)(name - path));
    if (where == NULL) {
        return cli_fail(NULL, "out of memory");
    }
    const bool is_within = name[0] != '\0' && can_enter(where);
    assign_if("where", is_within, where);
    free(where);
    if (is_within) {
        char *prefix = strndup(path, (size_t)(name - path));
        assign("prefix", prefix);
        free(prefix);
        return write_list(&name, 1);
    }
    assign("prefix", "");
    return write_list(&path, 1);
}

static int put_files(const struct options *o) {
    struct stat st;
    for (size_t i = 0; i < o->operand_count; i++) {
        if (o->operands[i][0] == '\0') {
            return cli_misuse("'' is not the name of a file");
        }
        if (stat(o->operands[i], &st) == 0 && S_ISDIR(st.st_mode)) {
            return cli_misuse("'%s' is a directory; name it with --dir", o->operands[i]);
        }
    }
    assign("where", "");
    assign("prefix", "");
    return write_list((const char *const *)o->operands, o->operand_count);
}

/* Each of these ends with the mode, by which the driver sees that all is there. */

static int put_run(struct options *o) {
    if (o->policy.given) {
        const int status = policy_options_finish(&o->policy);
        if (status != 0) {
            return status;
        }
    }
    if (o->until_bytes > 0 && o->policy.given && o->policy.settings.cut.mode == CUT_ZERO) {
        return cli_misuse("--until-free does not go with --length zero, which leaves every file as long as it is");
    }
    const bool has_several = o->directories.count > 1;
    assign("target", has_several ? "dirs" : o->directory != NULL ? "dir" : o->single != NULL ? "single" : "files");
    assign_if("named", o->directory != NULL || o->single != NULL, o->directory != NULL ? o->directory : o->single);
    int status = put_options(o);
    status = status != 0 ? status : make_scratch();
    status = status != 0 || o->directory == NULL ? status : scratch_create_pipe("begun");
    status = status != 0 ? status : write_policy(o);
    if (status == 0) {
        status = has_several            ? put_directories(&o->directories)
                 : o->directory != NULL ? put_directory(o->directory)
                 : o->single != NULL    ? put_single(o->single)
                                        : put_files(o);
    }
    if (status == 0) {
        assign("mode", o->dry_run ? "dry-run" : o->check_only ? "check-only" : "run");
    }
    return status;
}

static int put_status(const struct options *o) {
    assign("named", o->status_directory);
    put_names(o);
    assign_if("prune", o->prune, "--prune-markers");
    put_word(o, "accept");
    /* One in the configuration file is for runs: this would read every capture. */
    assign_if("age", options_given(o, "age-minutes") != NULL, options_given(o, "age-minutes"));
    put_hash(o, options_typed(o, "hash"));
    assign_if("sandbox", o->confine.off, "--no-sandbox");
    put_choice(o, "output", o->output);
    const int status = put_markers(o->marker_directory, o->prune);
    assign("mode", "status");
    return status;
}

static int put_answer(const struct options *o) {
    if (o->help) {
        assign("answer", SLIM_HELP);
    } else {
        (void)printf("answer='pcap-slim %s'\n", cli_version_number());
    }
    assign("mode", "answer");
    return 0;
}

/* What was made is removed again by whoever made it, unless the driver is told of it. */
static int give_up(int status) {
    static const char *const FILES[] = {"policy", "list", "begun", NULL};
    scratch_remove(FILES);
    return status;
}

int main(int argc, char **argv) {
    static struct options own;
    static struct options o;
    (void)argc;
    cli_start("pcap-plan");
    int status = options_take_all(&own, &FACE, argv);
    if (status != 0) {
        return status;
    }
    if (own.options_of != NULL) {
        return options_print(own.options_of, stdout)
                   ? cli_end(CLI_DONE)
                   : cli_misuse("--options takes the name of a program, not '%s'", own.options_of);
    }
    cli_start("pcap-slim");
    status = driver_take(&o, own.usual_path, own.operands);
    if (status == 0) {
        put_log(&o);
        status = o.help || o.version ? put_answer(&o) : o.status_directory != NULL ? put_status(&o) : put_run(&o);
    }
    status = status == 0 && assign_lost() ? cli_fail(NULL, "out of memory") : status;
    status = status == 0 ? cli_end(0) : status;
    policy_options_free(&o.policy);
    status = status == 0 ? 0 : give_up(status);
    return status;
}

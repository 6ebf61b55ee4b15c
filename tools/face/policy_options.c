#include "policy_options.h"

#include "cli.h"
#include "linktype.h"
#include "matcher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

static int read_file(struct policy_options *o) {
    struct failure failure;
    if (o->file == NULL) {
        return 0;
    }
    int fd = cli_open(o->file);
    if (fd < 0) {
        return CLI_FAILED;
    }
    int status = settings_read(&o->settings, fd, &failure);
    (void)close(fd);
    return status == 0 ? 0 : cli_misuse("%s: %s", o->file, failure.text);
}

static int apply(struct policy_options *o) {
    struct failure failure;
    for (size_t i = 0; i < o->asked_count; i++) {
        if (settings_set(&o->settings, o->asked[i].name, o->asked[i].value, &failure) != 0) {
            return cli_misuse("--%s", failure.text);
        }
    }
    return settings_check(&o->settings, &failure) == 0 ? 0 : cli_misuse("%s", failure.text);
}

/* Of each expression by itself, so that it can be said where it is from. */
static int check_expressions(const struct policy_options *o, const char *name,
                             const struct settings_expressions *list) {
    for (size_t i = 0; i < list->count; i++) {
        struct failure failure;
        struct matcher *m = matcher_new(list->at + i, 1, &failure);
        if (m == NULL) {
            return cli_fail(NULL, "%s", failure.text);
        }
        int status = matcher_compile(m, LINKTYPE_ETHERNET, &failure);
        matcher_free(m);
        if (status != 0 && list->lines[i] != 0) {
            return cli_misuse("%s: line %lu: %s: %s", o->file, list->lines[i], name, failure.text);
        }
        if (status != 0) {
            return cli_misuse("--%s: %s", name, failure.text);
        }
    }
    return 0;
}

static int make_text(struct policy_options *o) {
    struct settings defaults;
    settings_init(&defaults);
    char *default_text = settings_text(&defaults);
    o->text = settings_text(&o->settings);
    if (o->text == NULL || default_text == NULL) {
        free(default_text);
        return cli_fail(NULL, "out of memory");
    }
    o->digest = XXH3_64bits(o->text, strlen(o->text));
    o->is_default = strcmp(o->text, default_text) == 0;
    free(default_text);
    return 0;
}

int policy_options_finish(struct policy_options *o) {
    settings_init(&o->settings);
    int status = read_file(o);
    status = status != 0 ? status : apply(o);
    status = status != 0 ? status : check_expressions(o, "keep", &o->settings.keep);
    status = status != 0 ? status : check_expressions(o, "cut", &o->settings.cut_always);
    status = status != 0 ? status : make_text(o);
    if (status == 0 && o->print) {
        (void)fputs(o->text, stdout);
        exit(cli_end(CLI_DONE));
    }
    return status;
}

void policy_options_free(struct policy_options *o) {
    settings_free(&o->settings);
    free(o->text);
    free(o->asked);
    memset(o, 0, sizeof *o);
}

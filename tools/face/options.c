#include "options.h"

#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

int options_take_common(int c, char **argv, const struct option *table, const char *help, struct limits *l) {
    if (c == OPTIONS_HELP) {
        exit(cli_help(help));
    }
    if (c == OPTIONS_VERSION) {
        exit(cli_version());
    }
    if (l != NULL && limits_is_option(c)) {
        return limits_take(l, c, optarg) == 0 ? 0 : CLI_MISUSE;
    }
    return cli_bad_option(argv, optind, optopt, table);
}

int options_take_hash(const char *value, bool *sha256) {
    *sha256 = strcmp(value, "sha256") == 0;
    return *sha256 || strcmp(value, "xxh3") == 0 ? 0 : cli_misuse("--hash takes sha256 or xxh3, not '%s'", value);
}

int options_open_stage(const char *path, int *fd) {
    *fd = path != NULL ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    return path == NULL || *fd >= 0 ? 0 : cli_fail(path, "cannot open this stage directory: %s", strerror(errno));
}

int options_take_descriptor(const char *option, const char *value, unsigned long min, int *fd) {
    unsigned long number = 0;
    if (!cli_parse_unsigned(value, min, OPTIONS_DESCRIPTOR_MAX, &number)) {
        return min == 0 ? cli_misuse("%s takes the number of a descriptor, not '%s'", option, value)
                        : cli_misuse("%s takes the number of a descriptor from %lu on, not '%s'", option, min, value);
    }
    *fd = (int)number;
    return 0;
}

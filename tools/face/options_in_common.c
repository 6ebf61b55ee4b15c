#include "options_in_common.h"

#include "cli.h"

int options_take_in_common(int c, int at, char **argv, const struct option *table, const char *help,
                           const struct options_in_common *to) {
    if (confine_take(to->confine, c, optarg)) {
        return 0;
    }
    if (policy_options_is(c)) {
        return policy_options_take(to->policy, table + at, c, optarg) == 0 ? 0 : CLI_MISUSE;
    }
    if (c == OPTIONS_HASH) {
        return options_take_hash(optarg, to->sha256);
    }
    return options_take_common(c, argv, table, help, to->limits);
}

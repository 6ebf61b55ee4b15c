#include "policy_options.h"

#include "cli.h"

bool policy_options_is(int c) {
    return c >= POLICY_OPTION_KIND && c < POLICY_OPTION_LAST;
}

int policy_options_take(struct policy_settings *s, int c, const char *value) {
    unsigned long n = 0;
    switch (c) {
    case POLICY_OPTION_KIND:
        if (!policy_kind_of_name(value, &s->kind)) {
            return cli_misuse("--policy takes packet or flow, not '%s'", value);
        }
        return 0;
    case POLICY_OPTION_FLOWS:
        if (!cli_parse_unsigned(value, 1, POLICY_FLOWS_MAX, &n)) {
            return cli_misuse("--flows takes a whole number from 1 to %d, not '%s'", POLICY_FLOWS_MAX, value);
        }
        s->flows = (uint32_t)n;
        return 0;
    default:
        return 0;
    }
}

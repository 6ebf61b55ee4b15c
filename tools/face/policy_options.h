/*
 * What the options about what to cut and how come to: settings of pcap-slim-policy(5), from a policy file and by name.
 */
#ifndef PCAPSLIM_POLICY_OPTIONS_H
#define PCAPSLIM_POLICY_OPTIONS_H

#include "settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct policy_options {
    struct settings settings; /* right once policy_options_finish() was called */
    char *text;               /* they as text: settings_text() */
    uint64_t digest;          /* XXH3 of the text */
    bool given;               /* whether there was any of these options */
    bool is_default;          /* whether they come to the default */
    /* As they came: what is given on the command line overrides the file, wherever it stands. */
    const char *file;
    bool print;
    struct {
        const char *name;
        const char *value;
    } * asked;
    size_t asked_count;
};

/*
 * When all options have been taken: read the file, apply the options, see that the settings go together and that
 * expressions compile for Ethernet. With --print-policy: print them and end the program.
 * Returns 0, CLI_MISUSE or CLI_FAILED after having said why.
 */
int policy_options_finish(struct policy_options *o);

/* Free what policy_options_finish() made. */
void policy_options_free(struct policy_options *o);

#endif

/*
 * The options about what to cut and how that all programs which decide or judge it have in common. They are the
 * settings of pcap-slim-policy(5), a policy file to read them from, and printing them.
 */
#ifndef PCAPSLIM_POLICY_OPTIONS_H
#define PCAPSLIM_POLICY_OPTIONS_H

#include "settings.h"

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    POLICY_OPTION_SETTING = 0x4000, /* values for struct option, out of the way of letters and of other options */
    POLICY_OPTION_KEEP_CHECKSUM,
    POLICY_OPTION_FILE,
    POLICY_OPTION_PRINT,
    POLICY_OPTION_LAST,
};

#define POLICY_SETTING(name)                                                                                           \
    { name, required_argument, NULL, POLICY_OPTION_SETTING }
#define POLICY_LONG_OPTIONS                                                                                            \
    POLICY_SETTING("policy"), POLICY_SETTING("flows"), POLICY_SETTING("length"), POLICY_SETTING("checksum"),           \
        POLICY_SETTING("payload-bytes"), POLICY_SETTING("tls-ports"), POLICY_SETTING("quic-ports"),                    \
        POLICY_SETTING("ipsec-ports"), POLICY_SETTING("ssh-ports"), POLICY_SETTING("min-packets"),                     \
        POLICY_SETTING("keep"), POLICY_SETTING("cut"),                                                                 \
        {"keep-checksum", no_argument, NULL, POLICY_OPTION_KEEP_CHECKSUM},                                             \
        {"policy-file", required_argument, NULL, POLICY_OPTION_FILE}, {                                                \
        "print-policy", no_argument, NULL, POLICY_OPTION_PRINT                                                         \
    }

#define POLICY_HELP                                                                                                    \
    "  --SETTING VALUE           what to cut and how, as pcap-slim-policy(5) has it:\n"                                \
    "                            --policy flow, --keep EXPR; or --policy-file FILE\n"

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

/* Whether option c is one of ours. */
bool policy_options_is(int c);

/*
 * Take option c, whose entry in the table of long options is `option`, with its value. o: zero-initialised before the
 * first. Returns 0, or CLI_MISUSE after having said why.
 */
int policy_options_take(struct policy_options *o, const struct option *option, int c, const char *value);

/*
 * When all options have been taken: read the file, apply the options, see that the settings go together and that
 * expressions compile for Ethernet. With --print-policy: print them and end the program.
 * Returns 0, CLI_MISUSE or CLI_FAILED after having said why.
 */
int policy_options_finish(struct policy_options *o);

/* Free what policy_options_finish() made. */
void policy_options_free(struct policy_options *o);

#endif

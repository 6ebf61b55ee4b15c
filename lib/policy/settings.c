#include "settings.h"

#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PAYLOAD_BYTES_MAX 65535
#define MIN_PACKETS_MAX 1000000000

static const char BLANKS[] = " \t\r\n\v\f";

enum name {
    NAME_POLICY,
    NAME_FLOWS,
    NAME_LENGTH,
    NAME_CHECKSUM,
    NAME_PAYLOAD_BYTES,
    NAME_TLS_PORTS,
    NAME_QUIC_PORTS,
    NAME_IPSEC_PORTS,
    NAME_SSH_PORTS,
    NAME_MIN_PACKETS,
    NAME_KEEP,
    NAME_CUT,
    NAMES,
};

static const char *const NAME_WORDS[NAMES + 1] = {
    [NAME_POLICY] = "policy",
    [NAME_FLOWS] = "flows",
    [NAME_LENGTH] = "length",
    [NAME_CHECKSUM] = "checksum",
    [NAME_PAYLOAD_BYTES] = "payload-bytes",
    [NAME_TLS_PORTS] = "tls-ports",
    [NAME_QUIC_PORTS] = "quic-ports",
    [NAME_IPSEC_PORTS] = "ipsec-ports",
    [NAME_SSH_PORTS] = "ssh-ports",
    [NAME_MIN_PACKETS] = "min-packets",
    [NAME_KEEP] = "keep",
    [NAME_CUT] = "cut",
};

void settings_init(struct settings *s) {
    memset(s, 0, sizeof *s);
    policy_settings_init(&s->policy);
}

static enum name find_name(const char *word) {
    int n = 0;
    while (n < NAMES && strcmp(word, NAME_WORDS[n]) != 0) {
        n++;
    }
    return (enum name)n;
}

bool settings_is_name(const char *name) {
    return find_name(name) != NAMES;
}

const char *const *settings_names(void) {
    return NAME_WORDS;
}

/* Digits only, from min to max. */
static bool parse_whole(const char *text, uint32_t min, uint32_t max, uint32_t *out) {
    uint64_t value = 0;
    if (text[0] == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return false;
        }
        value = value * 10 + (uint64_t)(*text - '0');
        if (value > max) {
            return false;
        }
    }
    if (value < min) {
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

static int set_whole(const char *name, const char *value, uint32_t min, uint32_t max, uint32_t *out,
                     struct failure *f) {
    return parse_whole(value, min, max, out)
               ? 0
               : failure_set(f, "%s takes a whole number from %" PRIu32 " to %" PRIu32 ", not '%.200s'", name, min, max,
                             value);
}

static int set_mode(struct settings *s, const char *value, struct failure *f) {
    for (int m = 0; m < CUT_MODES; m++) {
        if (strcmp(value, cut_mode_name((enum cut_mode)m)) == 0) {
            s->cut.mode = (enum cut_mode)m;
            return 0;
        }
    }
    return failure_set(f, "length takes rewrite, snap or zero, not '%.200s'", value);
}

static int set_checksum(struct settings *s, const char *value, struct failure *f) {
    for (int c = 0; c < CUT_CHECKSUMS; c++) {
        if (strcmp(value, cut_checksum_name((enum cut_checksum)c)) == 0) {
            s->cut.checksum = (enum cut_checksum)c;
            return 0;
        }
    }
    return failure_set(f, "checksum takes compute, incremental or keep, not '%.200s'", value);
}

/* Insert in ascending order, once. Returns whether there was room. */
static bool insert_port(struct policy_ports *list, uint16_t port) {
    size_t at = 0;
    while (at < list->count && list->at[at] < port) {
        at++;
    }
    if (at < list->count && list->at[at] == port) {
        return true;
    }
    if (list->count == POLICY_PORTS_MAX) {
        return false;
    }
    memmove(list->at + at + 1, list->at + at, (list->count - at) * sizeof list->at[0]);
    list->at[at] = port;
    list->count++;
    return true;
}

/* value: numbers between commas, blanks around each; nothing at all is an empty list. */
static int set_ports(struct policy_ports *out, const char *name, const char *value, struct failure *f) {
    struct policy_ports list = {.count = 0};
    const char *at = value;
    while (value[0] != '\0') {
        char word[8];
        uint32_t port = 0;
        at += strspn(at, BLANKS);
        const size_t digits = strspn(at, "0123456789");
        memcpy(word, at, digits < sizeof word ? digits : 0);
        word[digits < sizeof word ? digits : 0] = '\0';
        at += digits;
        at += strspn(at, BLANKS);
        if (!parse_whole(word, 1, UINT16_MAX, &port) || (*at != ',' && *at != '\0')) {
            return failure_set(f, "%s takes port numbers from 1 to 65535 with commas between them, not '%.200s'", name,
                               value);
        }
        if (!insert_port(&list, (uint16_t)port)) {
            return failure_set(f, "%s takes at most %d ports", name, POLICY_PORTS_MAX);
        }
        if (*at++ == '\0') {
            break;
        }
    }
    *out = list;
    return 0;
}

/* A copy on one line: a line break in an expression means no more than a blank. */
static char *one_line(const char *value) {
    char *copy = strdup(value);
    for (char *c = copy; c != NULL && *c != '\0'; c++) {
        if (strchr(BLANKS, *c) != NULL) {
            *c = ' ';
        }
    }
    return copy;
}

static int add_expression(struct settings_expressions *list, const char *name, const char *value, struct failure *f) {
    if (value[0] == '\0') {
        return failure_set(f, "%s takes an expression, see pcap-filter(7); an empty one would match every packet",
                           name);
    }
    if (list->count == SETTINGS_EXPRESSIONS_MAX) {
        return failure_set(f, "%s is there more than %d times", name, SETTINGS_EXPRESSIONS_MAX);
    }
    list->at[list->count] = one_line(value);
    if (list->at[list->count] == NULL) {
        return failure_errno(f, ENOMEM, "%s", name);
    }
    list->count++;
    return 0;
}

static int set_trimmed(struct settings *s, const char *word, const char *value, struct failure *f) {
    const enum name name = find_name(word);
    switch (name) {
    case NAME_POLICY:
        return policy_kind_of_name(value, &s->policy.kind)
                   ? 0
                   : failure_set(f, "policy takes packet or flow, not '%.200s'", value);
    case NAME_FLOWS:
        return set_whole(word, value, 1, POLICY_FLOWS_MAX, &s->policy.flows, f);
    case NAME_LENGTH:
        return set_mode(s, value, f);
    case NAME_CHECKSUM:
        return set_checksum(s, value, f);
    case NAME_PAYLOAD_BYTES:
        return set_whole(word, value, 0, PAYLOAD_BYTES_MAX, &s->policy.floor_bytes, f);
    case NAME_TLS_PORTS:
    case NAME_QUIC_PORTS:
    case NAME_IPSEC_PORTS:
    case NAME_SSH_PORTS:
        return set_ports(&s->policy.ports[POLICY_TLS_PORTS + (int)(name - NAME_TLS_PORTS)], word, value, f);
    case NAME_MIN_PACKETS:
        return set_whole(word, value, 0, MIN_PACKETS_MAX, &s->min_packets, f);
    case NAME_KEEP:
        return add_expression(&s->keep, word, value, f);
    case NAME_CUT:
        return add_expression(&s->cut_always, word, value, f);
    case NAMES:
    default:
        return failure_set(f, "there is no setting '%.200s'", word);
    }
}

int settings_set(struct settings *s, const char *name, const char *value, struct failure *f) {
    const char *from = value + strspn(value, BLANKS);
    size_t length = strlen(from);
    while (length > 0 && strchr(BLANKS, from[length - 1]) != NULL) {
        length--;
    }
    char *trimmed = strndup(from, length);
    if (trimmed == NULL) {
        return failure_errno(f, ENOMEM, "%s", name);
    }
    int status = set_trimmed(s, name, trimmed, f);
    free(trimmed);
    return status;
}

int settings_check(const struct settings *s, struct failure *f) {
    if (s->cut.checksum == CUT_KEEP && s->cut.mode != CUT_ZERO) {
        return failure_set(f, "checksum keep goes with length zero only");
    }
    if (s->cut.checksum == CUT_INCREMENTAL && s->cut.mode == CUT_SNAP) {
        return failure_set(f, "checksum incremental goes with length rewrite or zero: snap changes no checksum");
    }
    if (s->policy.kind == POLICY_FLOW && s->cut.mode != CUT_REWRITE &&
        s->policy.floor_bytes < SETTINGS_FLOW_FLOOR_MIN_BYTES) {
        return failure_set(f, "payload-bytes takes at least %d with policy flow and length %s",
                           SETTINGS_FLOW_FLOOR_MIN_BYTES, cut_mode_name(s->cut.mode));
    }
    return 0;
}

static void add_ports(struct text *to, const char *name, const struct policy_ports *list) {
    (void)text_add(to, "%s =", name);
    for (size_t i = 0; i < list->count; i++) {
        (void)text_add(to, "%c%u", i == 0 ? ' ' : ',', (unsigned)list->at[i]);
    }
    (void)text_add(to, "\n");
}

static void add_expressions(struct text *to, const char *name, const struct settings_expressions *list) {
    for (size_t i = 0; i < list->count; i++) {
        (void)text_add(to, "%s = %s\n", name, list->at[i]);
    }
}

char *settings_text(const struct settings *s) {
    struct text text = {.at = NULL};
    (void)text_add(&text, "policy = %s\n", policy_kind_name(s->policy.kind));
    (void)text_add(&text, "flows = %" PRIu32 "\n", s->policy.flows);
    (void)text_add(&text, "length = %s\n", cut_mode_name(s->cut.mode));
    (void)text_add(&text, "checksum = %s\n", cut_checksum_name(s->cut.checksum));
    (void)text_add(&text, "payload-bytes = %" PRIu32 "\n", s->policy.floor_bytes);
    for (int i = 0; i < POLICY_PORT_LISTS; i++) {
        add_ports(&text, NAME_WORDS[NAME_TLS_PORTS + i], &s->policy.ports[i]);
    }
    (void)text_add(&text, "min-packets = %" PRIu32 "\n", s->min_packets);
    add_expressions(&text, NAME_WORDS[NAME_KEEP], &s->keep);
    add_expressions(&text, NAME_WORDS[NAME_CUT], &s->cut_always);
    return text_take(&text);
}

static void free_expressions(struct settings_expressions *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->at[i]);
    }
    memset(list, 0, sizeof *list);
}

void settings_free(struct settings *s) {
    free_expressions(&s->keep);
    free_expressions(&s->cut_always);
}

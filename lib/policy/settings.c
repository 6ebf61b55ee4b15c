#include "settings.h"

#include "choice.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { WORD, WHOLE, PORTS, TUNNELS, EXPRESSIONS };

static const struct setting {
    const char *name;
    const char *takes;
    enum kind kind;
    size_t at; /* in struct settings */
    uint32_t min, max;
} SETTINGS[] = {
#define SETTING(NAME, TAKES, HELP, KIND, FIELD, MIN, MAX)                                                              \
    {NAME, TAKES, KIND, offsetof(struct settings, FIELD), MIN, MAX},
    SETTINGS_EACH(SETTING)
#undef SETTING
};

void settings_init(struct settings *s) {
    memset(s, 0, sizeof *s);
    policy_settings_init(&s->policy);
}

int settings_place(const char *name, bool *may_repeat) {
    for (int i = 0; i < SETTINGS_COUNT; i++) {
        if (strcmp(name, SETTINGS[i].name) == 0) {
            *may_repeat = SETTINGS[i].kind == EXPRESSIONS;
            return i;
        }
    }
    return -1;
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

/* An enum whose values are in the order of the words. */
static int set_word(const char *name, const char *value, const char *choices, unsigned *out, struct failure *f) {
    char sentence[128];
    const int number = choice_of(choices, value);
    if (number < 0) {
        return failure_set(f, "%s takes %s, not '%.200s'", name, choice_sentence(choices, sentence, sizeof sentence),
                           value);
    }
    *out = (unsigned)number;
    return 0;
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
        at += strspn(at, TEXT_BLANKS);
        const size_t digits = strspn(at, "0123456789");
        memcpy(word, at, digits < sizeof word ? digits : 0);
        word[digits < sizeof word ? digits : 0] = '\0';
        at += digits;
        at += strspn(at, TEXT_BLANKS);
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

/* value: none, all, or names between commas, blanks around each. */
static int set_tunnels(uint32_t *out, const char *name, const char *value, struct failure *f) {
    uint32_t kinds = strcmp(value, "all") == 0 ? TUNNELS_ALL : 0;
    const char *at = value;
    while (kinds != TUNNELS_ALL && strcmp(value, "none") != 0) {
        char word[16];
        enum tunnel_kind kind;
        at += strspn(at, TEXT_BLANKS);
        const size_t length = strcspn(at, "," TEXT_BLANKS);
        (void)snprintf(word, sizeof word, "%.*s", length < sizeof word ? (int)length : 0, at);
        at += length;
        at += strspn(at, TEXT_BLANKS);
        if (!tunnel_kind_of_name(word, &kind) || (*at != ',' && *at != '\0')) {
            return failure_set(f, "%s takes none, all, or names with commas between them, not '%.200s'", name, value);
        }
        kinds |= UINT32_C(1) << kind;
        if (*at++ == '\0') {
            break;
        }
    }
    *out = kinds;
    return 0;
}

static int add_expression(struct settings_expressions *list, const char *name, const char *value, struct failure *f) {
    if (value[0] == '\0') {
        return failure_set(f, "%s takes an expression, see pcap-filter(7); an empty one would match every packet",
                           name);
    }
    if (list->count == SETTINGS_EXPRESSIONS_MAX) {
        return failure_set(f, "%s is there more than %d times", name, SETTINGS_EXPRESSIONS_MAX);
    }
    list->at[list->count] = text_on_one_line(value); /* a line break in it means no more than a blank */
    if (list->at[list->count] == NULL) {
        return failure_errno(f, ENOMEM, "%s", name);
    }
    list->count++;
    return 0;
}

static int set_trimmed(struct settings *s, const char *name, const char *value, struct failure *f) {
    bool may_repeat;
    const int place = settings_place(name, &may_repeat);
    if (place < 0) {
        return failure_set(f, "there is no setting '%.200s'", name);
    }
    const struct setting *setting = SETTINGS + place;
    void *to = (char *)s + setting->at;
    switch (setting->kind) {
    case WORD:
        return set_word(name, value, setting->takes, to, f);
    case WHOLE:
        return set_whole(name, value, setting->min, setting->max, to, f);
    case PORTS:
        return set_ports(to, name, value, f);
    case TUNNELS:
        return set_tunnels(to, name, value, f);
    case EXPRESSIONS:
    default:
        return add_expression(to, name, value, f);
    }
}

int settings_set(struct settings *s, const char *name, const char *value, struct failure *f) {
    char *copy = strdup(value);
    if (copy == NULL) {
        return failure_errno(f, ENOMEM, "%s", name);
    }
    int status = set_trimmed(s, name, text_trimmed(copy), f);
    free(copy);
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

static void add_tunnels(struct text *to, const char *name, uint32_t kinds) {
    const char *between = " ";
    (void)text_add(to, "%s =%s", name, kinds == 0 ? " none" : kinds == TUNNELS_ALL ? " all" : "");
    for (int k = 0; k < TUNNEL_KINDS && kinds != TUNNELS_ALL; k++) {
        if (kinds >> k & 1) {
            (void)text_add(to, "%s%s", between, tunnel_kind_name((enum tunnel_kind)k));
            between = ",";
        }
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
    for (const struct setting *i = SETTINGS; i < SETTINGS + SETTINGS_COUNT; i++) {
        const void *from = (const char *)s + i->at;
        char word[32];
        switch (i->kind) {
        case WORD:
            choice_word(i->takes, *(const unsigned *)from, word, sizeof word);
            (void)text_add(&text, "%s = %s\n", i->name, word);
            break;
        case WHOLE:
            (void)text_add(&text, "%s = %" PRIu32 "\n", i->name, *(const uint32_t *)from);
            break;
        case PORTS:
            add_ports(&text, i->name, from);
            break;
        case TUNNELS:
            add_tunnels(&text, i->name, policy_settings_tunnels(&s->policy));
            break;
        case EXPRESSIONS:
        default:
            add_expressions(&text, i->name, from);
        }
    }
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
